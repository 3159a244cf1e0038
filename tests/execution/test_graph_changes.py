"""A graph that is made from the one before is the one that is made from scratch, whatever came before."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from reactive_nb.execution.analysis import analyse_python
from reactive_nb.execution.dependencies import CellNames, Dependencies, GraphChange
from reactive_nb.models import Redefinition
from reactive_nb.models.order import DocumentOrder
from tests.execution.reference_graph import ReferenceGraph, reference_graph

NAMES, FUNCTIONS = "abc", "fgh"
STATEMENTS = st.sampled_from(
    [
        *(f"{a} = {b}" for a in NAMES for b in f"{NAMES}1"),
        *(f"{a} += {b}" for a in NAMES for b in f"{NAMES}1"),
        *(f"{a}.append({b})" for a in NAMES for b in NAMES),
        *(f"if {a}: {b} = 1" for a in NAMES for b in NAMES),
        *(f"if {a}: {b}()" for a in NAMES for b in FUNCTIONS),
        *(f"def {f}(): return {a}" for f in FUNCTIONS for a in NAMES),
        *(f"def {f}(): return {g}()" for f in FUNCTIONS for g in FUNCTIONS),
        *(f"def {f}():\n    global {a}\n    {a} = {g}()" for f in FUNCTIONS for a in NAMES for g in FUNCTIONS),
        *(f"def {f}():\n    global {g}\n    {g} = {a}" for f in FUNCTIONS for a in NAMES for g in FUNCTIONS),
        *(f"{a} = {f}()" for a in NAMES for f in FUNCTIONS),
        *(f"{a} = [{f}]" for a in NAMES for f in FUNCTIONS),
        *(f"{f} = {g}" for f in FUNCTIONS for g in FUNCTIONS),
        *(f"{f}()" for f in FUNCTIONS),
        *(f"{a}" for a in NAMES),
        *(f"del {a}" for a in NAMES + FUNCTIONS),
    ]
)
SOURCES = st.lists(STATEMENTS, min_size=1, max_size=3).map("\n".join)
LEARNED = st.frozensets(st.sampled_from(NAMES + FUNCTIONS), max_size=2)
PLACES = st.integers(0, 30)
STEP = st.one_of(
    st.tuples(st.just("edit"), PLACES, SOURCES),
    st.tuples(st.just("insert"), PLACES, SOURCES),
    st.tuples(st.just("remove"), PLACES, st.none()),
    st.tuples(st.just("move"), PLACES, PLACES),
    st.tuples(st.just("observe"), PLACES, LEARNED),
    st.tuples(st.just("see read"), PLACES, LEARNED),
    st.tuples(st.just("miss"), PLACES, LEARNED),
    st.tuples(st.just("disable"), PLACES, st.none()),
    st.tuples(st.just("redefine"), PLACES, st.sampled_from(Redefinition)),
)
STEPS = st.lists(st.lists(STEP, min_size=1, max_size=3), max_size=8)
"""What is in one list comes as one change."""


def cell(name: str, source: str) -> CellNames:
    return CellNames(name, analyse_python(source))


@dataclass
class Notebook:
    """A document, and its graph as it follows from the one before."""

    cells: dict[str, CellNames]
    order: DocumentOrder
    redefinition: Redefinition = Redefinition.ALLOW
    dependencies: Dependencies = field(default_factory=Dependencies)
    made: int = 0

    @classmethod
    def of(cls, sources: list[str]) -> Notebook:
        cells = {f"c{place}": cell(f"c{place}", source) for place, source in enumerate(sources)}
        notebook = cls(cells, DocumentOrder.of(cells))
        notebook.update(set(cells))
        return notebook

    def update(self, changed: set[str]) -> GraphChange:
        changes = {name: self.cells.get(name) for name in changed}
        self.dependencies, change = self.dependencies.updated(self.order, changes, self.redefinition)
        return change

    def take(self, kind: str, place: int, what: object) -> set[str]:
        """Which cells are concerned."""
        if kind == "redefine":
            assert isinstance(what, Redefinition)
            self.redefinition = what
            return set(self.cells)
        if kind == "insert" or not self.cells:
            self.made += 1
            name = f"n{self.made}"
            self.cells[name] = cell(name, what if isinstance(what, str) else "a = 1")
            self.order = self.order.inserted(name, place % (len(self.order.ids) + 1))
            return {name}
        name = self.order.ids[place % len(self.order.ids)]
        known = self.cells[name]
        match kind, what:
            case "edit", str(source):
                self.cells[name] = replace(cell(name, source), disabled=known.disabled)
            case "remove", _:
                del self.cells[name]
                self.order = self.order.removed(name)
            case "move", int(to):
                self.order = self.order.removed(name).inserted(name, to % len(self.order.ids))
            case "observe", frozenset(names):
                self.cells[name] = replace(known, observed=names)
            case "see read", frozenset(names):
                self.cells[name] = replace(known, read=names)
            case "miss", frozenset(names):
                self.cells[name] = replace(known, missed=names)
            case "disable", _:
                self.cells[name] = replace(known, disabled=not known.disabled)
        return {name}

    def reference(self) -> ReferenceGraph:
        return reference_graph([self.cells[name] for name in self.order.ids])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=max(500, settings().max_examples))
@given(sources=st.lists(SOURCES, max_size=7), steps=STEPS)
def test_the_graph_does_not_depend_on_how_it_came_about(
    sources: list[str], steps: list[list[tuple[str, int, object]]]
) -> None:
    notebook = Notebook.of(sources)
    _assert_same(notebook)
    for step in steps:
        before = notebook.dependencies
        changed: set[str] = set()
        for kind, place, what in step:
            note(f"{kind} {place} {what!r}")
            changed |= notebook.take(kind, place, what)
        change = notebook.update(changed)
        _assert_same(notebook)
        _assert_told(before, notebook.dependencies, change)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=max(200, settings().max_examples))
@given(sources=st.lists(SOURCES, min_size=1, max_size=5), at=PLACES, more=st.lists(SOURCES, min_size=2, max_size=4))
def test_nor_on_labels_that_were_used_up(sources: list[str], at: int, more: list[str]) -> None:
    notebook = Notebook.of(sources)
    for source in more:
        changed = notebook.take("insert", at, source) | notebook.take("move", at + 1, at)
        notebook.order = DocumentOrder.of(notebook.order.ids, notebook.order.generation + 1)
        before = notebook.dependencies
        change = notebook.update(changed)
        _assert_same(notebook)
        _assert_told(before, notebook.dependencies, change)


def _assert_same(notebook: Notebook) -> None:
    graph, reference = notebook.dependencies.graph, notebook.reference()
    note("\n\n".join(f"# {name}\n{notebook.cells[name].analysis}" for name in notebook.order.ids))
    assert graph.order == tuple(reference.nodes)
    assert {name: dict(graph.providers[name]) for name in graph.order} == {
        name: dict(node.providers) for name, node in reference.nodes.items()
    }
    assert {name: graph.nodes[name] for name in graph.order} == reference.nodes
    assert graph.writers == {name: tuple(cells) for name, cells in reference.writers.items()}
    assert set(graph.several) == {name for name, cells in reference.writers.items() if len(cells) > 1}
    assert graph.by_rank == reference.by_rank()
    users = {name: {u for u, sources in reference.sources.items() if name in sources} for name in reference.nodes}
    assert {name: graph.users[name] for name in graph.order} == users
    assert dict(graph.conflicts) == _conflicts(notebook)


def _conflicts(notebook: Notebook) -> dict[str, dict[str, tuple[str, ...]]]:
    if notebook.redefinition is Redefinition.ALLOW:
        return {}
    cells = [notebook.cells[name] for name in notebook.order.ids if not notebook.cells[name].disabled]
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for one in cells:
        for name in one.analysis.defines - one.analysis.mutates:
            others = tuple(other.id for other in cells if other is not one and name in other.analysis.defines)
            if others:
                found.setdefault(one.id, {})[name] = others
    return found


def _assert_told(before: Dependencies, after: Dependencies, change: GraphChange) -> None:
    """What differs is told, and of cells only what differs."""
    old, new = before.graph, after.graph
    different = {name for name in {*old.nodes, *new.nodes} if old.nodes.get(name) != new.nodes.get(name)}
    assert different <= change.cells
    if before.redefinition is after.redefinition:
        conflicts = {name for name in new.nodes if old.conflicts.get(name) != new.conflicts.get(name)}
        assert conflicts <= change.cells
    assert change.names == {n for n in {*old.writers, *new.writers} if old.writers.get(n) != new.writers.get(n)}
    kept = {name for name in old.nodes if name in new.nodes} - change.displaced
    assert [name for name in old.by_rank if name in kept] == [name for name in new.by_rank if name in kept]
    assert {name for name in old.nodes if name not in new.nodes} <= change.displaced
