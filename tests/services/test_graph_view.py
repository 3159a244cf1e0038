"""The graph as clients get it: nodes, kinds of edges, and the languages it is drawn from."""

from __future__ import annotations

import re
from functools import partial

import pytest

from reactive_nb.models import Cell, CellConfig, CellMode, CellType, Notebook, NotebookSettings, Redefinition
from reactive_nb.services import views
from reactive_nb.services.reducer import initial_state
from reactive_nb.services.state import SessionState
from tests.services.test_reducer import state_of
from tests.services.test_work import LARGE, SMALL, calls


def edges(*sources: str) -> list[str]:
    return [
        f"{edge.from_} {','.join(edge.names)} {edge.to} {edge.kind}" + (" below" if edge.below else "")
        for edge in views.graph_response(state_of(*sources)).edges
    ]


EDGES: list[tuple[str, list[str], list[str]]] = [
    ("a name that is read", ["x = 1", "x"], ["c0 x c1 reads"]),
    ("an object that is changed", ["x = []", "x.append(1)"], ["c0 x c1 reads"]),
    ("what a function needs", ["g = 1", "def f(): return g", "f()"], ["c0 g c2 late", "c1 f c2 reads"]),
    (
        "read, and needed by a function",
        ["g = h = 1", "def f(): return g", "f() + h"],
        ["c0 g,h c2 reads", "c1 f c2 reads"],
    ),
    ("perhaps bound anew", ["x = 1", "if len('a'): x = 2"], ["c0 x c1 passes"]),
    ("from further down", ["f()", "def f(): pass"], ["c1 f c0 reads below"]),
]


@pytest.mark.parametrize(("sources", "expected"), [pytest.param(*row[1:], id=row[0]) for row in EDGES])
def test_kinds_of_edges(sources: list[str], expected: list[str]) -> None:
    assert edges(*sources) == expected


def test_a_node_has_all_that_drawing_it_needs() -> None:
    cells = (
        Cell("head", CellType.MARKDOWN, "\n## Load *it* ##\ntext"),
        Cell("off", source="# first\nx = 1", config=CellConfig(mode=CellMode.DISABLED)),
        Cell("a", source="\n  y = x\n", config=CellConfig(mode=CellMode.MANUAL)),
        Cell("b", source="y = 2; z.append(lenn(z))"),
        Cell("c", source="from m import *"),
    )
    notebook = Notebook(id="n", cells=cells, settings=NotebookSettings(redefinition=Redefinition.WARN))
    nodes = {cell.id: cell for cell in views.graph_response(initial_state(notebook)).cells}
    assert [nodes[cell].label for cell in nodes] == [
        "Load *it*",
        "# first",
        "y = x",
        "y = 2; z.append(lenn(z))",
        "from m import *",
    ]
    assert [nodes[cell].position for cell in nodes] == [0, 1, 2, 3, 4]
    assert [nodes[cell].mode.value for cell in nodes] == ["auto", "disabled", "manual", "auto", "auto"]
    assert nodes["a"].withheld == {"x": "off"}
    assert (nodes["a"].conflicts, nodes["b"].conflicts) == ({"y": ["b"]}, {"y": ["a"]})
    assert nodes["b"].changes == ["z"]
    assert [(one.name, one.similar) for one in nodes["b"].unresolved] == [("lenn", ["len"]), ("z", [])]
    assert nodes["c"].opaque
    assert nodes["head"].unresolved == []


@pytest.mark.parametrize(
    ("type_", "source", "label"),
    [
        (CellType.PYTHON, "", ""),
        (CellType.PYTHON, "x" * 100, "x" * 59 + "…"),
        (CellType.PYTHON, "a\tb\x00\ud800", "a b"),
        (CellType.MARKDOWN, "Just text\n# Title", "Just text"),
        (CellType.MARKDOWN, "#hashtag", "#hashtag"),
        (CellType.PYTHON, "# Title", "# Title"),
    ],
)
def test_labels(type_: CellType, source: str, label: str) -> None:
    assert views.label(Cell("c", type_, source)) == label


HOSTILE = Cell("end", source='x = """</script>[]{}|"\\n\\\\ # -->"""; "click"')


def hostile() -> SessionState:
    return initial_state(Notebook(id="n", cells=(HOSTILE, Cell("c-1", source="x"), Cell("t", CellType.RAW, "x"))))


def test_dot() -> None:
    assert views.dot(views.graph_response(hostile())).splitlines() == [
        "digraph notebook {",
        '  node [shape=box, style="rounded,filled", fillcolor="#ffffff"];',
        '  "end" [label="x = \\"\\"\\"</script>[]{}|\\"\\\\n\\\\\\\\ # -->\\"\\"\\"; \\"click\\"\\n→ x"];',
        '  "c-1" [label="x"];',
        '  "end" -> "c-1" [label="x"];',
        "}",
    ]


def test_mermaid() -> None:
    text = views.mermaid(views.graph_response(hostile()))
    first, *nodes, edge = text.splitlines()
    assert (first, edge) == ("flowchart TD", "  n0 -->|x| n1")
    for node in nodes:
        assert re.fullmatch(r'  n\d\["([\w ]|#\d+;|<br/>)*"\]', node), node


def test_edges_that_are_not_read_are_dashed_and_states_have_colours() -> None:
    graph = views.graph_response(state_of("g = 1", "def f(): return g", "f()"))
    graph.cells[0] = graph.cells[0].model_copy(update={"status": "success"})
    assert 'label="g", style=dashed' in views.dot(graph)
    assert "n0 -.->|g| n2" in views.mermaid(graph)
    assert views.dot(graph).count("fillcolor") == 2
    assert "style n0 fill:#e6f4ea" in views.mermaid(graph)


def test_a_graph_costs_in_proportion_to_its_cells() -> None:
    costs = []
    for cells in (SMALL, LARGE):
        sources = ["x = 1", *(f"x = x + missing_{n} + below_{n % 7}" for n in range(cells))]
        sources += [f"below_{n} = x" for n in range(7)]
        costs.append(calls(partial(views.graph_response, state_of(*sources))))
    assert costs[1] < costs[0] * (LARGE / SMALL) * 1.5 + 50_000
