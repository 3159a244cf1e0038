"""marimo's own graph, as its runtime uses it: cells are compiled, registered, put in anew, and sorted."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

PACKAGE = "marimo"


class MarimoGraph:
    """The graph of a notebook."""

    def __init__(self, sources: Sequence[str]) -> None:
        self._compile: Any = importlib.import_module("marimo._ast.compiler").compile_cell
        self._dataflow: Any = importlib.import_module("marimo._runtime.dataflow")
        self._graph: Any = self._dataflow.DirectedGraph()
        for place, source in enumerate(sources):
            self._register(place, source)

    def _register(self, place: int, source: str) -> None:
        cell = f"c{place}"
        self._graph.register_cell(cell, self._compile(source, cell_id=cell))

    def edit(self, place: int, source: str) -> set[str]:
        """Give a cell another source; the cells that this makes stale."""
        cell = f"c{place}"
        self._graph.delete_cell(cell)
        self._register(place, source)
        stale: set[str] = self._dataflow.transitive_closure(self._graph, {cell})
        return stale

    def plan(self) -> list[str]:
        """All cells, in an order in which they can run."""
        roots = {cell for cell in self._graph.cells if not self._graph.parents[cell]}
        order: list[str] = self._dataflow.topological_sort(
            self._graph, self._dataflow.transitive_closure(self._graph, roots)
        )
        return order
