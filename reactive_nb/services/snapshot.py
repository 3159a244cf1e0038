"""Everything that a client has to know to follow a notebook from here on: the first event it is sent."""

from __future__ import annotations

from collections.abc import Callable

from reactive_nb.schemas.events import CommState, NotebookStateEvent, Presence
from reactive_nb.services import views
from reactive_nb.services.kernel_link import KernelLink
from reactive_nb.services.state import SessionState


def state_event(
    state: SessionState, kernel: KernelLink, presence: list[Presence], seq: int
) -> Callable[[], tuple[NotebookStateEvent, tuple[bytes, ...]]]:
    """What makes the event, and the buffers of the open comms that go with it, as everything stands now.

    `seq`: that of the last event it includes. It may be made in another thread, while everything goes on.
    """
    buffers: list[bytes] = []
    comms: list[CommState] = []
    for comm in kernel.comms.open_comms():
        own = [bytes(buffer) for buffer in comm.buffers]
        buffers.extend(own)
        comms.append(
            CommState(
                comm_id=comm.comm_id,
                target_name=comm.target_name,
                data=dict(comm.data),
                metadata=dict(comm.metadata),
                buffers=len(own),
            )
        )
    clients, input_request = list(presence), kernel.input_request

    def make() -> tuple[NotebookStateEvent, tuple[bytes, ...]]:
        event = NotebookStateEvent(
            seq=seq,
            revision=state.notebook.revision,
            notebook=views.notebook_response(state),
            edges=views.all_edges(state),
            comms=comms,
            presence=clients,
            input_request=input_request,
            runs=[run.id for run in state.runs],
            buffers=len(buffers),
        )
        return event, tuple(buffers)

    return make
