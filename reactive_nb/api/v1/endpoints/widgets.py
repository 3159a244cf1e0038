"""Widgets without a browser: what there is, and moving one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from reactive_nb.api.deps import Session
from reactive_nb.api.json_input import JsonRoute
from reactive_nb.api.problems import problems
from reactive_nb.api.responses import answer
from reactive_nb.schemas.widgets import MoveWidgetRequest, WidgetModule, WidgetMoved, WidgetsResponse

router = APIRouter(prefix="/notebooks/{notebook_id}/widgets", tags=["widgets"], route_class=JsonRoute)

REST_CLIENT = "rest"
"""What other clients see as `client_id` of a comm message that came over REST."""


@router.get("", summary="List widgets", response_model=WidgetsResponse, responses=problems("no-such-notebook"))
async def list_widgets(session: Session) -> Response:
    """The widgets in the kernel with their values, the names they are bound to and the cells that look at them."""
    return answer(WidgetsResponse(widgets=session.widgets()))


@router.get(
    "/modules/{module:path}",
    summary="Read a module of widgets",
    response_model=WidgetModule,
    responses=problems("no-such-notebook", "no-such-module", "kernel-unavailable"),
)
async def read_module(
    session: Session,
    module: Annotated[str, Path(max_length=256, description="The module's name.", examples=["ipycanvas"])],
) -> Response:
    """The code that a library of widgets brings along for browsers, from the kernel's own environment."""
    return answer(await session.widget_module(module))


@router.put(
    "/{widget}",
    summary="Move a widget",
    response_model=WidgetMoved,
    responses=problems("no-such-notebook", "no-such-widget", "kernel-unavailable"),
)
async def move_widget(
    session: Session,
    widget: Annotated[str, Path(max_length=256, description="A variable's name, or a comm's id.", examples=["slider"])],
    body: MoveWidgetRequest,
) -> Response:
    """Set values as a person would by moving the handle: the cells that look at the widget run.

    With `wait`, the answer comes when they have run, or after that many seconds as things then stand.
    """
    return answer(await session.move_widget(widget, body.state, REST_CLIENT, body.wait))
