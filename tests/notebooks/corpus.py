"""Which real notebooks there are, and which of their cells never say the same twice.

The notebooks lie unchanged under `real/`, at the path they have inside their package's source
distribution; `real/SOURCES.md` says where each came from. This module lists them and runs nothing.
"""

from __future__ import annotations

from pathlib import Path

import nbformat

REAL = Path(__file__).parent / "real"

# Cells whose outputs are compared by kind alone, and why: they draw unseeded random numbers, print the
# time, or ask the network. Every other cell of the corpus has to come out the same in every run.
VOLATILE: dict[str, dict[int, str]] = {
    "ipython/examples/IPython Kernel/Custom Display Logic.ipynb": dict.fromkeys(
        (12, 14, 16, 19, 21, 47), "histograms of unseeded random numbers"
    ),
    "nbsphinx/doc/code-cells.ipynb": {48: "a table of unseeded random numbers"},
    "pandas/doc/source/user_guide/style.ipynb": dict.fromkeys((10, 11), "tables of unseeded random numbers"),
}

# Widget models of which only the kind is compared, and why.
VOLATILE_MODELS: dict[str, dict[str, str]] = {
    "nbsphinx/doc/code-cells.ipynb": {"OutputModel": "one of them shows the table of random numbers"},
}


def notebooks() -> list[Path]:
    """Return every real notebook, in a stable order."""
    return sorted(REAL.rglob("*.ipynb"))


def read(path: Path) -> nbformat.NotebookNode:
    """Return a notebook in nbformat 4, upgraded to its newest minor version if need be."""
    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # has no types
    return notebook


def name(path: Path) -> str:
    """Return a notebook's path below `real/`: what tests and SOURCES.md call it."""
    return path.relative_to(REAL).as_posix()


def volatile_cells(path: Path) -> frozenset[int]:
    """Return the indexes of the cells whose outputs change from run to run."""
    return frozenset(VOLATILE.get(name(path), {})) if path.is_relative_to(REAL) else frozenset()


def volatile_models(path: Path) -> frozenset[str]:
    """Return the names of the widget models whose state changes from run to run."""
    return frozenset(VOLATILE_MODELS.get(name(path), {})) if path.is_relative_to(REAL) else frozenset()
