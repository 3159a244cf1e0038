"""A session's state as clients see it: from values to the contracts of `reactive_nb.schemas`. Pure."""

from reactive_nb.services.views.documents import cell_response, kernel_model, notebook_response, run_cell
from reactive_nb.services.views.drawing import dot, mermaid
from reactive_nb.services.views.errors import (
    STATUS_OF_OUTCOME,
    blocked_error,
    cell_error,
    error_model,
    failure,
    redefinition_error,
)
from reactive_nb.services.views.events import (
    append_outputs,
    cell_updated,
    clear_outputs,
    notebook_updated,
    status_event,
)
from reactive_nb.services.views.graph import all_edges, cell_names, defined_names, graph_response, used_names
from reactive_nb.services.views.plans import plan_response
from reactive_nb.services.views.reasons import reason_model, stale_because
from reactive_nb.services.views.unresolved import unresolved
from reactive_nb.services.views.why import cell_why
from reactive_nb.services.views.words import label

__all__ = [
    "STATUS_OF_OUTCOME",
    "all_edges",
    "append_outputs",
    "blocked_error",
    "cell_error",
    "cell_names",
    "cell_response",
    "cell_updated",
    "cell_why",
    "clear_outputs",
    "defined_names",
    "dot",
    "error_model",
    "failure",
    "graph_response",
    "kernel_model",
    "label",
    "mermaid",
    "notebook_response",
    "notebook_updated",
    "plan_response",
    "reason_model",
    "redefinition_error",
    "run_cell",
    "stale_because",
    "status_event",
    "unresolved",
    "used_names",
]
