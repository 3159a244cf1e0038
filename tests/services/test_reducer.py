"""`apply(state, operation)`: for each operation the events that clients are told and the effects that follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactive_kernels import Append, Clear, ExecuteReply, Replace, Splice
from reactive_nb.execution.records import Outcome
from reactive_nb.execution.selection import RunScope
from reactive_nb.models import Cell, CellConfig, CellMode, CellType, KernelState, Notebook, NotebookSettings, RunMode
from reactive_nb.services.effects import (
    BindNames,
    Effect,
    Execute,
    ExecuteBatch,
    ForgetOutputs,
    InterruptKernel,
    ReplaceKernel,
    Save,
    StartKernel,
    StopBatch,
)
from reactive_nb.services.errors import Conflict, InvalidOperation, NoSuchCell, SessionError
from reactive_nb.services.operations import (
    AddCell,
    Batch,
    CellFinished,
    CellStarted,
    ChangeOutputs,
    DocumentOperation,
    ForeignRun,
    InterruptRun,
    KernelChanged,
    MoveCell,
    Operation,
    RemoveCell,
    ReplaceNotebook,
    RestartKernel,
    RunCells,
    UpdateCell,
    UpdateNotebook,
)
from reactive_nb.services.reducer import Applied, apply, initial_state
from reactive_nb.services.state import SessionState
from tests.services.client import Client, WatchedNotebook

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def state_of(*sources: str, **fields: Any) -> SessionState:
    cells = tuple(Cell(id=f"c{place}", source=source) for place, source in enumerate(sources))
    return initial_state(Notebook(id="n", cells=cells, **fields))


def after(state: SessionState, *operations: Operation) -> SessionState:
    for operation in operations:
        state = apply(state, operation).state
    return state


def told(applied: Applied) -> list[str]:
    """Events in short: `cell.status c0 stale`."""
    return [_short(event.model_dump(mode="json")) for event in applied.events]


def _short(event: dict[str, Any]) -> str:
    parts = (event.get("cell_id"), event.get("index"), event.get("status"), event.get("run_id"), event.get("state"))
    words = [str(part) for part in parts if part is not None]
    if event["type"] == "cell.added":
        words.insert(0, event["cell"]["id"])
    if event["type"] == "graph.updated":
        words = [cell["id"] for cell in event["cells"]]
    if event["type"] == "kernel.status":
        words = [event["kernel"]["state"]]
    return " ".join([event["type"], *words])


def done(effects: tuple[Effect, ...]) -> list[str]:
    """Effects in short: `execute c0`."""
    return [_short_effect(effect) for effect in effects]


def _short_effect(effect: Effect) -> str:
    match effect:
        case Save(urgent):
            return "save now" if urgent else "save"
        case Execute():
            return f"execute {effect.cell_id}"
        case ExecuteBatch(cells):
            return f"execute {' '.join(cell.cell_id for cell in cells)}"
        case BindNames(step):
            return f"bind {dict(step.bind)} forget {list(step.forget)}"
        case StopBatch():
            return "stop batch"
        case StartKernel():
            return "start kernel"
        case InterruptKernel():
            return "interrupt"
        case ReplaceKernel(start):
            return "restart kernel" if start else "end kernel"
        case ForgetOutputs(cells):
            return f"forget outputs {' '.join(cells)}"


def finished(number: int, *, ok: bool = True, **report: Any) -> CellFinished:
    """Run `number` is over; `report` is what the kernel says it did to names."""
    reply = ExecuteReply(status="ok" if ok else "error", execution_count=number, report=report)
    if not ok:
        reply = replace(reply, ename="ValueError", evalue="no")
    return CellFinished(number, Outcome.OK if ok else Outcome.ERROR, reply, 1.0)


def wrote(*names: str) -> dict[str, Any]:
    return {"bound": list(names), "kept": list(names)}


IDLE = KernelChanged(KernelState.IDLE)


def ran(*sources: str, **fields: Any) -> SessionState:
    """A notebook whose cells have all run, each binding what it defines."""
    state = after(state_of(*sources, **fields), RunCells("first"), IDLE)
    while state.running is not None:
        names = state.knowledge[state.running.cell].analysis.defines
        state = after(state, CellStarted(state.running.number, NOW), finished(state.running.number, **wrote(*names)))
    assert not state.runs
    return state


# -- the document
DOCUMENT: list[tuple[str, DocumentOperation, list[str], list[str]]] = [
    ("add", AddCell("new", source="x"), ["cell.added new 2", "graph.updated c0 new"], ["save now"]),
    ("add at a place", AddCell("new", index=0), ["cell.added new 0", "graph.updated new"], ["save now"]),
    ("add after a cell", AddCell("new", after="c0"), ["cell.added new 1", "graph.updated new"], ["save now"]),
    ("add far beyond the end", AddCell("new", index=99), ["cell.added new 2", "graph.updated new"], ["save now"]),
    ("add text", AddCell("new", CellType.MARKDOWN, "# a"), ["cell.added new 2"], ["save now"]),
    (
        "edit",
        UpdateCell("c0", source="x = 2"),
        ["cell.updated c0", "graph.updated c0", "cell.status c0 stale", "cell.status c1 stale"],
        ["save now"],
    ),
    ("edit to the same", UpdateCell("c0", source="x = 1"), [], []),
    ("nothing", UpdateCell("c0"), [], []),
    (
        "edit to what does not parse",
        UpdateCell("c1", source="x ("),
        ["cell.updated c1", "graph.updated c1", "cell.status c1 stale"],
        ["save now"],
    ),
    ("hide the source", UpdateCell("c0", config={"hide_source": True}), ["cell.updated c0"], ["save now"]),
    (
        "disable",
        UpdateCell("c0", config={"mode": CellMode.DISABLED}),
        ["cell.updated c0", "graph.updated c0 c1", "cell.status c0 disabled", "cell.status c1 stale"],
        ["bind {'x': None} forget []", "save now"],
    ),
    (
        "retype",
        UpdateCell("c0", type=CellType.MARKDOWN),
        ["cell.updated c0", "graph.updated c0 c1", "cell.status c0 idle", "cell.status c1 stale"],
        ["forget outputs c0", "bind {'x': None} forget ['c0']", "save now"],
    ),
    ("move to where it is", MoveCell("c0", 0), [], []),
    ("move", MoveCell("c0", 1), ["cell.moved c0 1"], ["save now"]),
    (
        "remove",
        RemoveCell("c0"),
        ["cell.removed c0", "graph.updated c1", "cell.status c1 stale"],
        ["forget outputs c0", "bind {'x': None} forget ['c0']", "save now"],
    ),
    ("rename", UpdateNotebook(name="Other"), ["notebook.updated"], ["save now"]),
    ("rename to the same", UpdateNotebook(name="Untitled"), [], []),
    ("settings", UpdateNotebook(settings={"mode": RunMode.LAZY}), ["notebook.updated"], ["save now"]),
    (
        "another kernel",
        UpdateNotebook(kernel_name="ir", language="R"),
        [
            "cell.updated c0",
            "cell.updated c1",
            "notebook.updated",
            "kernel.status none",
            "graph.updated c0 c1",
            "cell.status c0 stale",
            "cell.status c1 stale",
        ],
        ["end kernel", "save now"],
    ),
    (
        "several",
        Batch((UpdateCell("c1", source="y"), AddCell("new", source="y = 2", index=0), MoveCell("c1", 0))),
        ["cell.updated c1", "cell.added new 0", "cell.moved c1 0", "graph.updated c1 new c0", "cell.status c1 stale"],
        ["save now"],
    ),
    ("nothing in several", Batch(()), [], []),
]


@pytest.mark.parametrize(("operation", "events", "effects"), [pytest.param(*row[1:], id=row[0]) for row in DOCUMENT])
def test_a_change_of_the_document(operation: DocumentOperation, events: list[str], effects: list[str]) -> None:
    state = ran("x = 1", "x")
    applied = apply(state, operation)
    assert told(applied) == events
    assert done(applied.effects) == effects
    assert applied.state.notebook.revision == state.notebook.revision + ("save now" in effects)


REFUSED: list[tuple[str, Operation, type[SessionError]]] = [
    ("a cell that is there", AddCell("c0"), InvalidOperation),
    ("after a cell that is not", AddCell("new", after="x"), NoSuchCell),
    ("edit what is not there", UpdateCell("x", source=""), NoSuchCell),
    ("move what is not there", MoveCell("x", 0), NoSuchCell),
    ("remove what is not there", RemoveCell("x"), NoSuchCell),
    ("run what is not there", RunCells("r", ("c0", "x")), NoSuchCell),
    ("run from what is not there", RunCells("r", ("x",), RunScope.FROM), NoSuchCell),
    ("run up to two cells", RunCells("r", ("c0", "c1"), RunScope.UP_TO), InvalidOperation),
    ("run from nowhere", RunCells("r", None, RunScope.FROM), InvalidOperation),
    ("a config of no kind", UpdateCell("c0", config={"colour": "red"}), InvalidOperation),
    ("a setting of no kind", UpdateNotebook(settings={"colour": "red"}), InvalidOperation),
    ("seen at an older revision", UpdateCell("c0", source="y", base_revision=0), Conflict),
    (
        "all of several for one",
        Batch((RemoveCell("c1"), UpdateCell("c0", source="lost"), AddCell("c0"))),
        InvalidOperation,
    ),
]


@pytest.mark.parametrize(("operation", "error"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_what_is_refused_changes_nothing(operation: Operation, error: type[SessionError]) -> None:
    state = after(ran("x = 1", "x"), UpdateCell("c0", source="x = 3"))
    kept = replace(state)
    with pytest.raises(error):
        apply(state, operation)
    assert state == kept


def test_a_conflict_tells_the_cells_revision_and_other_cells_do_not_conflict() -> None:
    state = after(state_of("x = 1", "x"), UpdateCell("c0", source="x = 2"))
    with pytest.raises(Conflict) as caught:
        apply(state, UpdateCell("c0", source="x = 3", base_revision=0))
    assert (caught.value.revision, caught.value.cell_id) == (1, "c0")
    assert apply(state, UpdateCell("c1", source="y", base_revision=0)).state.notebook.revision == 2
    assert apply(state, UpdateCell("c0", source="y", base_revision=1)).state.notebook.revision == 2


# -- runs
def test_a_run_from_its_start_to_its_end() -> None:
    state = state_of("x = 1", "print(x)")
    applied = apply(state, RunCells("r"))
    assert told(applied) == [
        "run.started r",
        "kernel.status starting",
        "cell.status c0 queued",
        "cell.status c1 queued",
    ]
    assert done(applied.effects) == ["start kernel"]

    applied = apply(applied.state, IDLE)
    assert told(applied) == ["kernel.status busy"]
    assert done(applied.effects) == ["execute c0"]

    applied = apply(applied.state, CellStarted(1, NOW))
    assert (told(applied), done(applied.effects)) == (["cell.status c0 running"], [])

    applied = apply(applied.state, finished(1, **wrote("x")))
    assert told(applied) == ["cell.status c0 success"]
    assert done(applied.effects) == ["execute c1"]

    applied = apply(
        applied.state, ChangeOutputs({"c1": (Append(({"output_type": "stream", "name": "stdout", "text": "1"},)),)})
    )
    assert (told(applied), done(applied.effects)) == (["output.append c1"], ["save"])

    applied = apply(applied.state, CellStarted(2, NOW))
    assert told(applied) == ["output.clear c1", "cell.status c1 running"]
    applied = apply(applied.state, finished(2))
    assert told(applied) == ["kernel.status idle", "cell.status c1 success", "run.finished r finished"]
    assert done(applied.effects) == ["save"]
    assert applied.state.runs == ()


def test_a_step_says_what_is_bound_written_and_changed() -> None:
    state = ran("p = [1]", "p.append(2)", "p = 5", "p")
    applied = apply(state, RunCells("again", ("c1",)))
    (effect,) = [effect for effect in applied.effects if isinstance(effect, Execute)]
    assert effect.cell_id == "c1"
    assert dict(effect.step.bind) == {"p": "c0"}
    assert (effect.step.writes, effect.step.mutates) == (("p",), ("p",))


def test_nothing_to_run_is_a_run_all_the_same() -> None:
    applied = apply(ran("x = 1"), RunCells("r"))
    assert told(applied) == ["run.started r", "run.finished r finished"]
    assert done(applied.effects) == []


def test_a_blank_cell_needs_no_kernel() -> None:
    applied = apply(state_of("", "  \n"), RunCells("r"))
    assert done(applied.effects) == ["save"]
    assert set(applied.state.statuses.values()) == {"success"}


def test_text_is_never_run() -> None:
    state = initial_state(Notebook(id="n", cells=(Cell("m", CellType.MARKDOWN, "x"), Cell("r", CellType.RAW, "x"))))
    applied = apply(state, RunCells("r", ("m", "r")))
    assert told(applied) == ["run.started r", "run.finished r finished"]


def test_an_interrupt_drops_the_rest_and_waits_for_the_running_cell() -> None:
    state = after(state_of("1", "2", "3"), RunCells("a"), IDLE, CellStarted(1, NOW), RunCells("b", ("c2",)))
    applied = apply(state, InterruptRun())
    assert done(applied.effects) == ["interrupt"]
    assert [event for event in told(applied) if event.startswith("run.")] == ["run.finished b interrupted"]
    assert applied.state.statuses == {"c0": "running", "c1": "idle", "c2": "idle"}
    reply = ExecuteReply(status="error", ename="KeyboardInterrupt", evalue="")
    applied = apply(applied.state, CellFinished(1, Outcome.INTERRUPTED, reply, 1.0))
    assert "run.finished a interrupted" in told(applied)
    assert applied.state.statuses["c0"] == "stale"


def test_an_interrupt_of_nothing() -> None:
    applied = apply(ran("x = 1"), InterruptRun())
    assert (told(applied), done(applied.effects)) == ([], [])


def test_a_restart_ends_runs_and_forgets_all() -> None:
    state = after(ran("x = 1", "x"), RunCells("r", ("c0",)))
    applied = apply(state, RestartKernel())
    assert told(applied)[0] == "kernel.status restarting"
    assert told(applied)[-1] == "run.finished r interrupted"
    assert done(applied.effects) == ["restart kernel"]
    assert not applied.state.records
    assert not applied.state.bound
    assert applied.state.running is None
    assert set(applied.state.statuses.values()) == {"stale"}
    late = apply(applied.state, finished(3))
    assert (told(late), done(late.effects), late.state) == ([], [], applied.state)


def test_a_run_asked_for_during_a_restart_waits_for_the_kernel() -> None:
    state = after(ran("x = 1"), RestartKernel())
    applied = apply(state, RunCells("r"))
    assert done(applied.effects) == []
    assert done(apply(applied.state, IDLE).effects) == ["execute c0"]


def test_a_kernel_that_dies_fails_its_runs() -> None:
    state = after(ran("x = 1", "x"), RunCells("r", ("c0",)))
    applied = apply(state, KernelChanged(KernelState.DEAD, "It died."))
    assert told(applied)[0] == "kernel.status dead"
    assert told(applied)[-1] == "run.finished r failed"
    assert done(applied.effects) == []
    cell = applied.state.notebook.cell("c0")
    assert cell is not None
    assert cell.error is not None
    assert (cell.error.kind, cell.error.message) == ("kernel", "It died.")
    assert done(apply(applied.state, RunCells("again")).effects) == ["start kernel"]


def test_a_kernel_that_dies_is_started_again_once_if_that_is_wanted() -> None:
    state = after(ran("x = 1"), UpdateNotebook(settings={"restart_dead_kernel": True}))
    applied = apply(state, KernelChanged(KernelState.DEAD, "It died."))
    assert done(applied.effects) == ["start kernel"]
    assert applied.state.kernel is KernelState.STARTING
    assert done(apply(applied.state, KernelChanged(KernelState.DEAD, "It does not start.")).effects) == []


def test_the_same_news_of_a_kernel_twice_is_told_once() -> None:
    state = after(state_of("1"), IDLE)
    applied = apply(state, IDLE)
    assert (told(applied), done(applied.effects)) == ([], [])


def test_what_another_client_ran_makes_all_stale_and_touches_no_name() -> None:
    state = ran("x = 1", "x")
    applied = apply(state, ForeignRun())
    assert told(applied) == ["cell.status c0 stale", "cell.status c1 stale"]
    assert done(applied.effects) == ["bind {} forget ['c0', 'c1']"]
    (execute,) = [e for e in apply(applied.state, RunCells("r")).effects if isinstance(e, Execute)]
    assert execute.cell_id == "c0"


def test_in_lazy_mode_descendants_wait() -> None:
    state = ran("x = 1", "y = x", "y", settings=NotebookSettings(mode=RunMode.LAZY))
    state = after(state, UpdateCell("c0", source="x = 2"), RunCells("r", ("c0",)))
    assert state.pending == {"c0"}
    state = after(state, finished(4, **wrote("x")))
    assert (state.statuses["c0"], state.statuses["c1"], state.statuses["c2"]) == ("success", "stale", "stale")
    assert after(state, RunCells("s", ("c2",))).pending == {"c1", "c2"}


def test_a_run_up_to_a_cell_leaves_what_is_below_stale_even_if_it_learns_of_more() -> None:
    state = ran("exec(s)", "w = 1", "y")
    state = after(state, UpdateCell("c0", source="exec(t)"), RunCells("r", ("c1",), RunScope.UP_TO))
    assert state.running is not None
    applied = apply(state, finished(state.running.number, **wrote("y")))
    assert "run.finished r finished" in told(applied)
    assert applied.state.graph.providers["c2"] == {"y": "c0"}
    assert applied.state.statuses == {"c0": "success", "c1": "success", "c2": "stale"}


def test_a_run_from_a_cell_goes_on_when_that_cell_is_removed() -> None:
    state = after(ran("x = 1", "y = x", "y"), RunCells("r", ("c0",), RunScope.FROM))
    applied = apply(state, RemoveCell("c0"))
    assert applied.state.pending == {"c1", "c2"}


# -- what a run shows
def test_names_seen_only_in_a_run_make_an_edge_and_run_who_waited() -> None:
    state = ran("exec(s)", "y")
    state = after(state, RunCells("r", ("c0",)))
    assert state.running is not None
    state = after(state, finished(state.running.number, **wrote("y")))
    assert state.graph.providers["c1"] == {"y": "c0"}
    assert state.running is not None
    assert state.running.cell == "c1"


def test_what_was_observed_is_forgotten_with_the_source() -> None:
    state = ran("exec(s)", "y")
    state = after(state, RunCells("r", ("c0",)))
    assert state.running is not None
    state = after(state, finished(state.running.number, **wrote("y")), InterruptRun())
    state = after(state, UpdateCell("c0", source="exec(t)"))
    assert state.graph.providers["c1"] == {}


def test_a_missing_name_from_below_runs_the_cell_again() -> None:
    state = after(state_of("def f(): return g", "f()", "g = 1"), RunCells("r"), IDLE, finished(1, **wrote("f")))
    applied = apply(state, finished(2, ok=False, name_error="g"))
    assert done(applied.effects) == ["execute c2"]
    applied = apply(applied.state, finished(3, **wrote("g")))
    assert done(applied.effects) == ["execute c1"]
    assert "run.finished r finished" in told(apply(applied.state, finished(4)))


def test_an_object_changed_in_place_is_made_again_for_who_needs_it_as_it_was() -> None:
    state = after(state_of("p = []", "p.append(1)", "len(p)"), RunCells("r"), IDLE, finished(1, **wrote("p")))
    state = after(state, finished(2, kept=["p"], spoiled=[["c0", "p"]]), finished(3))
    applied = apply(state, RunCells("again", ("c1",)))
    assert done(applied.effects) == ["execute c0"]


# -- outputs
def test_outputs_are_appended_replaced_spliced_and_cleared() -> None:
    state = state_of("1")
    client = Client(state)
    stream = {"output_type": "stream", "name": "stdout", "text": "abc"}
    shown = {"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": {}}
    for changes in (
        (Append((stream, shown)),),
        (Splice(0, 2, "X\n"), Replace(1, shown | {"data": {"text/plain": "2"}})),
        (Clear(), Append((shown,))),
        (Clear(),),
        (Clear(),),
    ):
        applied = apply(state, ChangeOutputs({"c0": changes, "gone": changes}))
        state = applied.state
        for event in applied.events:
            client.hear(event)
        assert client.differences(state) == []
    cell = state.notebook.cell("c0")
    assert cell is not None
    assert cell.outputs == ()


# -- a document changed by somebody else
SHAPES = st.lists(
    st.tuples(st.sampled_from([f"c{i}" for i in range(8)]), st.sampled_from(["x = 1", "x", "y = x", "y", "# a", ""])),
    max_size=7,
    unique_by=lambda cell: cell[0],
)
TYPES = st.sampled_from([CellType.PYTHON, CellType.PYTHON, CellType.MARKDOWN])


@given(ours=SHAPES, theirs=SHAPES, types=st.lists(TYPES, min_size=7, max_size=7))
def test_a_document_changed_by_somebody_else_is_taken_over_whole(
    ours: list[tuple[str, str]], theirs: list[tuple[str, str]], types: list[CellType]
) -> None:
    notebook = WatchedNotebook()
    notebook.do(Batch(tuple(AddCell(cell_id, source=source) for cell_id, source in ours)))
    notebook.run()
    cells = tuple(
        Cell(cell_id, type_, source, metadata={"tags": [source]})
        for (cell_id, source), type_ in zip(theirs, types, strict=False)
    )
    new = replace(notebook.state.notebook, cells=cells, name="Theirs", metadata={"theirs": 1}, revision=9)
    notebook.do(ReplaceNotebook(new))
    now = notebook.state.notebook
    assert [(c.id, c.type, c.source, c.metadata) for c in now.cells] == [
        (c.id, c.type, c.source, c.metadata) for c in cells
    ]
    assert (now.name, now.metadata, now.revision) == ("Theirs", {"theirs": 1}, 10)
    notebook.run()
    if CellType.MARKDOWN not in types:
        assert notebook.shown() == notebook.fresh().shown()


def test_what_somebody_else_set_is_taken_over() -> None:
    state = ran("x = 1", "x")
    cells = tuple(replace(cell, config=CellConfig(timeout=3)) for cell in state.notebook.cells[:1])
    theirs = replace(state.notebook, cells=cells, settings=NotebookSettings(mode=RunMode.LAZY), kernel_name="ir")
    applied = apply(state, ReplaceNotebook(theirs, language="R"))
    assert done(applied.effects) == ["forget outputs c1", "end kernel", "save now"]
    now = applied.state
    assert (now.notebook.settings.mode, now.notebook.kernel_name, now.language) == (RunMode.LAZY, "ir", "R")
    assert [(cell.type, cell.config.timeout) for cell in now.notebook.cells] == [(CellType.CODE, 3)]


def test_what_is_the_same_keeps_its_results() -> None:
    state = ran("x = 1", "x")
    theirs = replace(state.notebook, cells=(*state.notebook.cells, Cell("new", source="x")))
    assert after(state, ReplaceNotebook(theirs)).statuses == {"c0": "success", "c1": "success", "new": "idle"}
