"""Why a cell has no good result, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reactive_nb.execution.records import Outcome
from reactive_nb.execution.unresolved import similar_names
from reactive_nb.models import Cell, CellError, CellStatus
from reactive_nb.schemas.cells import CellErrorModel
from reactive_nb.services.state import SessionState
from reactive_nb.services.views.words import clipped, listed

MOST_BLAMED = 8

STATUS_OF_OUTCOME: Mapping[Outcome, CellStatus] = {
    Outcome.OK: CellStatus.SUCCESS,
    Outcome.ERROR: CellStatus.ERROR,
    Outcome.TIMEOUT: CellStatus.ERROR,
    Outcome.INTERRUPTED: CellStatus.STALE,
    Outcome.KERNEL: CellStatus.STALE,
    Outcome.BLOCKED: CellStatus.BLOCKED,
}


def cell_error(state: SessionState, cell: Cell) -> CellError | None:
    """Why the cell has no good result: as it stands, or as its last run ended."""
    known = state.knowledge.get(cell.id)
    if known is not None and known.problem is not None:
        return CellError("syntax", known.problem.message, line=known.problem.line)
    return cell.error or redefinition_error(state, cell.id)


def error_model(error: CellError | None) -> CellErrorModel | None:
    return None if error is None else CellErrorModel.model_validate(error)


def blocked_error(state: SessionState, names: Mapping[str, Sequence[str]]) -> CellError:
    """`names`: cell to blame → the names that it would have provided."""
    roots: dict[str, list[str]] = {}
    reasons: list[str] = []
    for blame, missing in names.items():
        found = _roots(state, blame)
        for root in found:
            roots.setdefault(root, []).append(blame)
        if len(reasons) < MOST_BLAMED:
            reasons.append(f"{listed(missing)} from cell {blame}, which {_why(state, blame, found)}")
    if len(names) > MOST_BLAMED:
        reasons.append(f"from {len(names) - MOST_BLAMED} other cells")
    blamed = [*list(names)[:MOST_BLAMED], *list(roots)[:MOST_BLAMED]]
    last_first = dict.fromkeys(reversed(blamed))
    return CellError(
        kind="blocked",
        message="It needs " + "; and ".join(reasons) + ".",
        names=tuple(sorted({name for missing in names.values() for name in missing})),
        cells=tuple(reversed(last_first)),
        roots=tuple(roots)[:MOST_BLAMED],
    )


def _roots(state: SessionState, blame: str) -> tuple[str, ...]:
    """The cells that are in the end to blame for what `blame` does not provide."""
    culprit = state.notebook.cell(blame)
    if culprit is None or culprit.error is None or blame not in state.graph.rank:
        return (blame,)
    return culprit.error.roots or (blame,)


def _why(state: SessionState, blame: str, roots: Sequence[str]) -> str:
    record = state.records.get(blame)
    if blame not in state.graph.rank:
        return "is disabled"
    if record is None:
        return "runs only when it is asked to itself, and has not run"
    match record.outcome:
        case Outcome.ERROR:
            culprit = state.notebook.cell(blame)
            told = culprit.error.message if culprit is not None and culprit.error is not None else ""
            return f"raised {clipped(told)}" if told else "raised an error"
        case Outcome.TIMEOUT:
            return "ran out of time"
        case Outcome.BLOCKED if blame in roots:
            return "may not define what other cells define"
        case Outcome.BLOCKED:
            return f"is blocked by cell {' and cell '.join(roots[:2])}"
    return "was interrupted"


def redefinition_error(state: SessionState, cell_id: str) -> CellError | None:
    """The names that this cell and another define, where a notebook does not want that."""
    others = state.graph.conflicts.get(cell_id)
    if not others:
        return None
    cells = tuple(dict.fromkeys(cell for definers in others.values() for cell in definers))
    message = f"{listed(list(others))} {'is' if len(others) == 1 else 'are'} defined in other cells too"
    return CellError("redefinition", f"{message}: {', '.join(cells)}.", tuple(others), cells)


def failure(state: SessionState, cell_id: str, outcome: Outcome, message: str, name: str | None) -> CellError:
    """What to say of a run that ended badly. `name`: the one a NameError was about."""
    kind = {Outcome.INTERRUPTED: "interrupted", Outcome.TIMEOUT: "timeout", Outcome.KERNEL: "kernel"}
    if outcome is not Outcome.ERROR or name is None:
        return CellError(kind.get(outcome, "exception"), message)
    below = state.graph.writers_below(cell_id, name)
    if below:
        hint = f"{name} is first defined further down, in cell {below[0]}, which can't be run before this one"
        return CellError("exception", f"{message} ({hint}).", (name,), (below[0],))
    similar = similar_names(name, state.graph.writers, most=1)
    hint = f". Did you mean {similar[0]}?" if similar and "Did you mean" not in message else ""
    return CellError("exception", f"{message}{hint}", (name,))
