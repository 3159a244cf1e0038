"""The contracts of REST and WebSocket: one source for OpenAPI, AsyncAPI and generated clients."""

from reactive_nb.schemas.cells import (
    CellConfigModel,
    CellConfigPatch,
    CellErrorModel,
    CellResponse,
    CreateCellRequest,
    UpdateCellRequest,
)
from reactive_nb.schemas.graph import GraphCell, GraphEdge, GraphResponse, Variable, VariablePage, VariablesResponse
from reactive_nb.schemas.notebooks import (
    CreateNotebookRequest,
    DatabaseRequest,
    DatabaseResponse,
    KernelModel,
    NotebookList,
    NotebookResponse,
    NotebookSummaryResponse,
    RenameRequest,
    SettingsModel,
    SettingsRequest,
)
from reactive_nb.schemas.problems import FieldProblem, Health, Problem, Readiness
from reactive_nb.schemas.runs import KernelRequestResponse, RunCell, RunRequest, RunResponse, RunState

__all__ = [
    "CellConfigModel",
    "CellConfigPatch",
    "CellErrorModel",
    "CellResponse",
    "CreateCellRequest",
    "CreateNotebookRequest",
    "DatabaseRequest",
    "DatabaseResponse",
    "FieldProblem",
    "GraphCell",
    "GraphEdge",
    "GraphResponse",
    "Health",
    "KernelModel",
    "KernelRequestResponse",
    "NotebookList",
    "NotebookResponse",
    "NotebookSummaryResponse",
    "Problem",
    "Readiness",
    "RenameRequest",
    "RunCell",
    "RunRequest",
    "RunResponse",
    "RunState",
    "SettingsModel",
    "SettingsRequest",
    "UpdateCellRequest",
    "Variable",
    "VariablePage",
    "VariablesResponse",
]
