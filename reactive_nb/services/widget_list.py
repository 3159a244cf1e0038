"""The widgets of a notebook's kernel, as clients see and name them. Pure: what is known of their state is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reactive_kernels import CommMsgEvent, CommOpenEvent
from reactive_nb.schemas.widgets import Widget, WidgetMoved
from reactive_nb.services import views
from reactive_nb.services.errors import InvalidOperation, NoSuchWidget
from reactive_nb.services.state import SessionState

WIDGET_TARGET = "jupyter.widget"


def widgets(state: SessionState, opened: Iterable[CommOpenEvent]) -> list[Widget]:
    """All of them; `opened` are the open comms, each with its state."""
    names = _names(state)
    return [_widget(state, comm, names.get(comm.comm_id, [])) for comm in opened if comm.target_name == WIDGET_TARGET]


def find(state: SessionState, opened: Iterable[CommOpenEvent], key: str) -> Widget:
    """The widget with that comm, or bound to that name now. Raises NoSuchWidget."""
    known = widgets(state, opened)
    found = next((w for w in known if w.comm_id == key), None) or next((w for w in known if key in w.names), None)
    if found is None:
        named = sorted({name for widget in known for name in widget.names})
        raise NoSuchWidget(f"The kernel has no widget {key!r}; bound to names are: {', '.join(named) or 'none'}.")
    return found


def update(widget: Widget, values: Mapping[str, Any]) -> CommMsgEvent:
    """The message with which a client sets `values`. Raises InvalidOperation for what the widget does not have."""
    for name in values:
        if name not in widget.state:
            has = ", ".join(sorted(widget.state))
            raise InvalidOperation(f"The widget has no {name!r} to be set; it has {has}.", f"state.{name}")
    data = {"method": "update", "state": dict(values), "buffer_paths": []}
    return CommMsgEvent(None, widget.comm_id, data)


def moved(state: SessionState, widget: Widget, *, settled: bool) -> WidgetMoved:
    """What a move has led to so far."""
    cells = {*widget.read_by, *state.graph.descendants(widget.read_by)}
    shown = [views.run_cell(state, cell) for cell in state.graph.in_running_order(cells)]
    return WidgetMoved(widget=widget, settled=settled, cells=shown)


def _names(state: SessionState) -> dict[str, list[str]]:
    """Comm → the names that hold the widget now."""
    found: dict[str, list[str]] = {}
    for name, cell in sorted(state.bound.items()):
        record = state.records.get(cell)
        comm = record.widgets.get(name) if record is not None else None
        if comm is not None:
            found.setdefault(comm, []).append(name)
    return found


def _widget(state: SessionState, comm: CommOpenEvent, names: list[str]) -> Widget:
    traits: dict[str, Any] = comm.data.get("state") or {}
    readers = state.readers.get(comm.comm_id, ())
    reading = [cell for cell in readers if cell in state.graph.nodes and _reads(state, cell, comm.comm_id)]
    return Widget(
        comm_id=comm.comm_id,
        names=names,
        model=str(traits.get("_model_name", "")),
        module=str(traits.get("_model_module", "")),
        state={name: value for name, value in traits.items() if not name.startswith("_")},
        read_by=list(state.graph.in_document_order(reading)),
    )


def _reads(state: SessionState, cell: str, comm_id: str) -> bool:
    record = state.records.get(cell)
    return record is not None and comm_id in record.widgets_read
