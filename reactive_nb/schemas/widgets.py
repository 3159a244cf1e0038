"""Widgets of a notebook's kernel, for clients that show none: their values, to be read and set."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from reactive_nb.schemas.base import CellId, Request, Response
from reactive_nb.schemas.runs import RunCell


class Widget(Response):
    """A widget that lives in the kernel."""

    comm_id: str = Field(description="Its comm, by which `comm.msg` speaks to it.")
    names: list[str] = Field(description="The variables that it is bound to, sorted.", examples=[["slider"]])
    model: str = Field(description="Its model's name.", examples=["IntSliderModel"])
    module: str = Field(description="Where that comes from.", examples=["@jupyter-widgets/controls"])
    state: dict[str, Any] = Field(
        description="Its traits, without private and binary ones.", examples=[{"value": 7, "min": 0, "max": 100}]
    )
    read_by: list[CellId] = Field(description="Cells that have looked at it, and run when it is moved.")


class WidgetModule(Response):
    """The code of a library of widgets for browsers, as it is installed beside the kernel.

    It is to be trusted as little as an output: where it runs it should reach nothing.
    """

    module: str = Field(description="As widgets name it in `_model_module`.", examples=["ipycanvas"])
    source: str = Field(description="A module for AMD loaders.")


class WidgetsResponse(Response):
    """The kernel's widgets, in the order of their making."""

    widgets: list[Widget]


class MoveWidgetRequest(Request):
    """New values of some of a widget's traits."""

    state: dict[str, Any] = Field(min_length=1, description="Traits and their new values.", examples=[{"value": 7}])
    wait: float | None = Field(
        None,
        ge=0,
        le=3_600,
        description="Seconds to wait for the cells that follow; left out, none.",
    )


class WidgetMoved(Response):
    """The widget, and the cells that look at it with all that depends on them."""

    widget: Widget
    settled: bool = Field(description="Whether all that follows has run.")
    cells: list[RunCell]
