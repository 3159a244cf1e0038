"""The graph as text that well-known programs draw: Graphviz' DOT, and Mermaid.

Shows the cells that take part, each with its label and what it defines; an edge that is not read by the code itself is
dashed. Whatever a label holds, it is nothing but a label in either language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reactive_nb.models import CellStatus
from reactive_nb.schemas.graph import EdgeKind, GraphCell, GraphEdge, GraphResponse
from reactive_nb.services.views.words import listed

FILLS = {
    CellStatus.SUCCESS: "#e6f4ea",
    CellStatus.ERROR: "#fce8e6",
    CellStatus.BLOCKED: "#fef0e0",
    CellStatus.STALE: "#fef9d7",
    CellStatus.RUNNING: "#e8f0fe",
    CellStatus.QUEUED: "#e8f0fe",
    CellStatus.DISABLED: "#eeeeee",
}


def dot(graph: GraphResponse) -> str:
    """In the language of Graphviz."""
    lines = ["digraph notebook {", '  node [shape=box, style="rounded,filled", fillcolor="#ffffff"];']
    for cell in _drawn(graph):
        fill = f', fillcolor="{FILLS[cell.status]}"' if cell.status in FILLS else ""
        lines.append(f"  {_quoted(cell.id)} [label={_quoted(*_lines(cell))}{fill}];")
    for edge in graph.edges:
        style = "" if edge.kind is EdgeKind.READS else ", style=dashed"
        lines.append(f"  {_quoted(edge.from_)} -> {_quoted(edge.to)} [label={_quoted(listed(edge.names))}{style}];")
    return "\n".join([*lines, "}", ""])


def mermaid(graph: GraphResponse) -> str:
    """In the language of Mermaid."""
    cells = list(_drawn(graph))
    node = {cell.id: f"n{cell.position}" for cell in cells}  # its ids may be no words of the language
    lines = ["flowchart TD"]
    lines += [f'  {node[cell.id]}["{"<br/>".join(map(_entities, _lines(cell)))}"]' for cell in cells]
    lines += [
        f"  {node[edge.from_]} {_arrow(edge)}|{_entities(listed(edge.names))}| {node[edge.to]}" for edge in graph.edges
    ]
    lines += [f"  style {node[cell.id]} fill:{FILLS[cell.status]}" for cell in cells if cell.status in FILLS]
    return "\n".join([*lines, ""])


def _drawn(graph: GraphResponse) -> Iterator[GraphCell]:
    ends = {end for edge in graph.edges for end in (edge.from_, edge.to)}
    return (cell for cell in graph.cells if cell.type.runs or cell.id in ends)


def _lines(cell: GraphCell) -> Iterable[str]:
    yield cell.label or cell.id
    if cell.defines:
        yield f"→ {listed(cell.defines)}"


def _arrow(edge: GraphEdge) -> str:
    return "-->" if edge.kind is EdgeKind.READS else "-.->"


def _quoted(*lines: str) -> str:
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines) + '"'


def _entities(text: str) -> str:
    """Text in which nothing but letters, digits and spaces stands for itself."""
    return "".join(char if char.isalnum() or char in " _" else f"#{ord(char)};" for char in text)
