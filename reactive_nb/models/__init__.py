"""What a notebook is: plain frozen values, without I/O and without a framework."""

from reactive_nb.models.analysis import Analysis, Late, MarkdownAnalysis, Order, ShownValue, SyntaxProblem
from reactive_nb.models.cell import CELL_ID, Cell, CellConfig, CellError, CellMode, CellStatus, CellType, new_cell_id
from reactive_nb.models.graph import DependencyGraph, Edge
from reactive_nb.models.kernel import Kernelspec, KernelState
from reactive_nb.models.notebook import (
    DEFAULT_KERNEL,
    Notebook,
    NotebookSettings,
    NotebookSummary,
    Redefinition,
    RunMode,
    new_notebook_id,
)
from reactive_nb.models.output import Output, error
from reactive_nb.models.sql import SqlAnalysis, SqlEngine, SqlParameter, SqlStatement

__all__ = [
    "CELL_ID",
    "DEFAULT_KERNEL",
    "Analysis",
    "Cell",
    "CellConfig",
    "CellError",
    "CellMode",
    "CellStatus",
    "CellType",
    "DependencyGraph",
    "Edge",
    "KernelState",
    "Kernelspec",
    "Late",
    "MarkdownAnalysis",
    "Notebook",
    "NotebookSettings",
    "NotebookSummary",
    "Order",
    "Output",
    "Redefinition",
    "RunMode",
    "ShownValue",
    "SqlAnalysis",
    "SqlEngine",
    "SqlParameter",
    "SqlStatement",
    "SyntaxProblem",
    "error",
    "new_cell_id",
    "new_notebook_id",
]
