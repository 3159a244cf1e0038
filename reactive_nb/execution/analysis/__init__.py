"""What is known of a cell from its source, without running it."""

from reactive_nb.execution.analysis.markdown import analyse_markdown
from reactive_nb.execution.analysis.names import BUILTINS
from reactive_nb.execution.analysis.python import analyse_python
from reactive_nb.execution.analysis.sql import analyse_sql

__all__ = ["BUILTINS", "analyse_markdown", "analyse_python", "analyse_sql"]
