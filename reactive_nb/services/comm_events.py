"""Comm messages as clients are told of them."""

from __future__ import annotations

from typing import Any, TypeAlias

from reactive_kernels import CommCloseEvent, CommMsgEvent, CommOpenEvent
from reactive_nb.schemas.events import CommClosed, CommMessage, CommOpened, Event

AnyComm: TypeAlias = CommOpenEvent | CommMsgEvent | CommCloseEvent


def comm_event(event: AnyComm, cell_id: str | None, client_id: str | None) -> tuple[Event, tuple[bytes, ...]]:
    """The event, and the buffers that go with it. `client_id`: who sent the message, if not the kernel."""
    buffers = tuple(bytes(buffer) for buffer in event.buffers)
    common: dict[str, Any] = {
        "comm_id": event.comm_id,
        "cell_id": cell_id,
        "data": dict(event.data),
        "metadata": dict(event.metadata),
        "buffers": len(buffers),
    }
    match event:
        case CommOpenEvent():
            return CommOpened(target_name=event.target_name, **common), buffers
        case CommMsgEvent():
            return CommMessage(client_id=client_id, **common), buffers
        case CommCloseEvent():
            return CommClosed(**common), buffers
