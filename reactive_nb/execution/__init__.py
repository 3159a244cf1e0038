"""From sources to results: analysis, dependencies, plans, and the execution of one cell."""

from reactive_nb.execution import scheduler
from reactive_nb.execution.executor import CellResult, execute_python_cell

__all__ = ["CellResult", "execute_python_cell", "scheduler"]
