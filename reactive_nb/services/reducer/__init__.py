"""`apply(state, operation) → (state, events, effects)`: the only place where a session's state changes.

Pure: no kernel, no network, no clock, no storage. Each family of operations has a module of its own, which says what
it does to a `Transition`; then follows what follows from any of them: `settle` finds the next cell to run, `tell` says
what has changed. That is once for several that a kernel did: what it runs next, it was given before.
"""

from __future__ import annotations

from reactive_nb.services.effects import Effect
from reactive_nb.services.operations import Operation, Several
from reactive_nb.services.reducer import document, kernel, outputs, runs, widgets
from reactive_nb.services.reducer.planning import settle
from reactive_nb.services.reducer.telling import tell
from reactive_nb.services.reducer.transition import Applied, Transition
from reactive_nb.services.state import SessionState

__all__ = ["Applied", "Effect", "apply", "initial_state"]


_HANDLERS = document.HANDLERS | runs.HANDLERS | kernel.HANDLERS | outputs.HANDLERS | widgets.HANDLERS


def apply(state: SessionState, operation: Operation) -> Applied:
    """What `operation` makes of `state`. Raises `SessionError`, and then nothing has changed."""
    transition = Transition(state)
    for part in operation.operations if isinstance(operation, Several) else (operation,):
        _HANDLERS[type(part)](part, transition)
    settle(transition)
    tell(transition)
    return transition.result()


initial_state = document.initial_state
