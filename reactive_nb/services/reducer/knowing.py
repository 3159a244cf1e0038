"""What is known of a cell from its source: of those that take part, which names, and which values their text shows."""

from __future__ import annotations

from reactive_nb.execution.analysis import analyse_markdown, analyse_python, analyse_sql
from reactive_nb.models import Analysis, Cell, CellType, ShownValue, SqlAnalysis
from reactive_nb.models.database_url import engine_of
from reactive_nb.services.state import Knowledge, SessionState

NOTHING_KNOWN = Analysis()


def knowledge_of(cell: Cell, state: SessionState, before: Knowledge | None = None) -> Knowledge | None:
    """What the source says; None if the cell takes no part: raw text, and Markdown that shows no values.

    A source that does not parse leaves what was known `before`.
    """
    values: tuple[ShownValue, ...] = ()
    sql: SqlAnalysis | None = None
    language = state.language
    match cell.type:
        case CellType.PYTHON:
            found = analyse_python(cell.source)
        case CellType.MARKDOWN:
            if language != "python":
                return None
            text = analyse_markdown(cell.source)
            if text.analysis.error is None and not text.values:
                return None
            found, values = text.analysis, text.values
        case CellType.SQL if language == "python":
            sql = analyse_sql(cell.source, engine_of(state.notebook.settings.database), cell.config.result)
            found = sql.analysis
        case CellType.RAW:
            return None
        case _:
            return Knowledge(NOTHING_KNOWN)
    if found.error is not None:
        return Knowledge(before.analysis if before else NOTHING_KNOWN, problem=found.error)
    return Knowledge(found, values=values, sql=sql)
