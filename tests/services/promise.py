"""What the tests of the promise share: edits of a notebook, and what it means to be as a fresh run leaves it."""

from __future__ import annotations

from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st

from reactive_nb.models import CellMode, CellType, Redefinition, RunMode
from reactive_nb.services.operations import AddCell, MoveCell, RemoveCell, RunCells, UpdateCell, UpdateNotebook
from tests.services.in_process import InProcessNotebook

Edit = tuple[str, int, str]


def edits_with(sources: st.SearchStrategy[str], texts: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Edit]:
    """Edits whose new cells have such sources, or are such texts that show values."""
    return st.one_of(
        *([] if texts is None else [st.tuples(st.just("text"), st.integers(0, 20), texts)]),
        st.tuples(st.just("edit"), st.integers(0, 20), sources),
        st.tuples(st.just("insert"), st.integers(0, 20), sources),
        st.tuples(st.just("delete"), st.integers(0, 20), st.just("")),
        st.tuples(st.just("move"), st.integers(0, 20), st.integers(0, 20).map(str)),
        st.tuples(st.just("disable"), st.integers(0, 20), st.just("")),
        st.tuples(st.just("redefine"), st.integers(0, 20), st.sampled_from(["allow", "error"])),
        st.tuples(st.just("mode"), st.integers(0, 20), st.sampled_from(["auto", "lazy"])),
        st.tuples(st.just("run"), st.integers(0, 20), st.just("")),
        st.tuples(st.just("interrupt"), st.integers(0, 20), st.integers(0, 2).map(str)),
    )


def edit(notebook: InProcessNotebook, kind: str, where: int, what: str, new: str) -> None:
    cells = notebook.state.notebook.cells
    cell = cells[where % len(cells)] if cells else None
    if currently_in_test_context():
        note(f"{kind} {cell.id if cell else ''} {what!r}")
    if kind == "insert" or cell is None:
        notebook.do(AddCell(new, source=what if kind in ("edit", "insert") else "", index=where % (len(cells) + 1)))
        return
    match kind:
        case "edit":
            notebook.do(UpdateCell(cell.id, type=CellType.PYTHON, source=what))
        case "text":
            notebook.do(UpdateCell(cell.id, type=CellType.MARKDOWN, source=what))
        case "delete":
            notebook.do(RemoveCell(cell.id))
        case "move":
            notebook.do(MoveCell(cell.id, int(what) % len(cells)))
        case "disable":
            mode = CellMode.AUTO if cell.config.mode is CellMode.DISABLED else CellMode.DISABLED
            notebook.do(UpdateCell(cell.id, config={"mode": mode}))
        case "redefine":
            notebook.do(UpdateNotebook(settings={"redefinition": Redefinition(what)}))
        case "mode":
            notebook.do(UpdateNotebook(settings={"mode": RunMode(what)}))
        case "run":
            notebook.run(cell.id)
        case "interrupt":
            notebook.interrupt_after = int(what)
            if where % 2:  # what is stale is asked for before the interrupted cell has ended
                notebook.meanwhile.append(RunCells(f"{new} meanwhile", None))
            notebook.run(cell.id)
            notebook.interrupt_after = None


def assert_fresh(notebook: InProcessNotebook) -> None:
    fresh = notebook.fresh()
    sources = "\n\n".join(f"# {cell.id}\n{cell.source}" for cell in notebook.state.notebook.cells)
    assert notebook.shown() == fresh.shown(), sources
    disabled = any(cell.config.mode is CellMode.DISABLED for cell in notebook.state.notebook.cells)
    assert disabled or notebook.variables() == fresh.variables(), sources
