"""What nbclient makes of a notebook, and how another executed copy of it differs.

Whatever nbclient leaves in a file after running all cells in order is what a reader of that file
expects. This module compares; it runs nothing of ours and knows nothing of how the other copy came about.

The rule it keeps: a difference is told in words that name the cell and show both sides.
"""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.notebooks.corpus import volatile_cells, volatile_models
from tests.notebooks.normalise import Output, join, normalise, normalise_widgets
from tests.notebooks.peer import copy_of, execute

__all__ = [
    "CellResult",
    "Run",
    "compare",
    "compare_widgets",
    "copy_of",
    "differences",
    "execute",
    "expected",
    "normalise",
    "results",
    "run",
]

SHOWN_DIFF_LINES = 12
SHOWN_MODEL_CHARS = 400


@dataclass(frozen=True, slots=True)
class CellResult:
    """One code cell of an executed notebook; `index` counts all cells, `outputs` are normalised."""

    index: int
    source: str
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """An executed notebook: its code cells and its widget models, both normalised."""

    cells: tuple[CellResult, ...]
    widgets: tuple[str, ...]


def results(notebook_json: Mapping[str, Any]) -> list[CellResult]:
    """Return the code cells of an executed ipynb (nbformat 4, as JSON) with normalised outputs."""
    return [
        CellResult(index, join(cell["source"]), tuple(normalise(cell["outputs"])))
        for index, cell in enumerate(notebook_json["cells"])
        if cell["cell_type"] == "code"
    ]


def run(path: Path) -> Run:
    """Return what nbclient makes of the notebook: cells and widgets."""
    executed = execute(path)
    return Run(tuple(results(executed)), tuple(normalise_widgets(executed["metadata"])))


def expected(path: Path) -> list[CellResult]:
    """Return the code cells of the notebook as nbclient leaves them."""
    return list(run(path).cells)


def compare(path: Path, notebook_json: Mapping[str, Any], *, golden: Run | None = None) -> list[str]:
    """Say how another executed copy of `path` differs from nbclient's outputs; empty means not at all.

    nbclient is run unless its `golden` run is at hand. Outputs of the cells that `corpus.VOLATILE` lists
    for the file are compared by kind alone. Widget models are left to `compare_widgets`.
    """
    golden = golden or run(path)
    return differences(golden.cells, results(notebook_json), volatile_cells(path))


def compare_widgets(path: Path, notebook_json: Mapping[str, Any], *, golden: Run | None = None) -> list[str]:
    """Say which saved widget models only one of the two copies has; empty means the same models."""
    golden = golden or run(path)
    by_name = volatile_models(path)
    ours, theirs = (
        Counter(name if (name := model.partition(" ")[0]) in by_name else model for model in models)
        for models in (golden.widgets, normalise_widgets(notebook_json["metadata"]))
    )
    return [
        f"widget model {word}: {model[:SHOWN_MODEL_CHARS]}"
        for word, models in (("missing", ours - theirs), ("unexpected", theirs - ours))
        for model in models.elements()
    ]


def differences(
    golden: Sequence[CellResult], other: Sequence[CellResult], volatile: frozenset[int] = frozenset()
) -> list[str]:
    """Say in words how `other` differs from `golden`; one text a cell, empty if there are none."""
    if [cell.index for cell in golden] != [cell.index for cell in other]:
        return [f"code cells are {[c.index for c in golden]} here and {[c.index for c in other]} there"]
    found: list[str] = []
    for ours, theirs in zip(golden, other, strict=True):
        if ours.source != theirs.source:
            found.append(f"cell {ours.index}: another source")
            continue
        form = kind if ours.index in volatile else readable
        here, there = form(ours.outputs), form(theirs.outputs)
        if here != there:
            lines = difflib.unified_diff(here, there, "nbclient", "other", lineterm="", n=1)
            shown = [line[:200] for line in lines][: SHOWN_DIFF_LINES + 2]
            found.append("\n".join([f"cell {ours.index}: {ours.source[:60]!r}", *shown]))
    return found


def kind(outputs: Sequence[Output]) -> list[str]:
    """Return which outputs there are, without what they say."""
    return [
        " ".join([o["output_type"], o.get("name", ""), o.get("ename", ""), *o.get("data", {})]).strip() for o in outputs
    ]


def readable(outputs: Sequence[Output]) -> list[str]:
    """Return the outputs as lines that a diff of them can be read in."""
    lines: list[str] = []
    for output in outputs:
        match output["output_type"]:
            case "stream":
                lines += [f"[{output['name']}]", *output["text"].split("\n")]
            case "error":
                lines += [f"[error] {output['ename']}: {output['evalue']}", *output["traceback"].split("\n")]
            case other:
                lines.append(f"[{other}] metadata {json.dumps(output['metadata'], sort_keys=True)}")
                for mime, payload in output["data"].items():
                    text = payload if isinstance(payload, str) else json.dumps(payload, sort_keys=True)
                    lines += [f"[{mime}]", *text.split("\n")]
    return lines
