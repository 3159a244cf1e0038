"""What a kernel's language makes of a notebook's cells: those in it are `python` if it is Python, and else `code`.

Decides nothing about how either is run, and asks no installation: a kernelspec is given.
"""

from __future__ import annotations

from dataclasses import replace

from reactive_nb.formats import kernelspecs
from reactive_nb.models import Cell, CellType, Kernelspec, Notebook


def cell_type(language: str, wanted: CellType) -> CellType:
    """The type of a cell that is wanted to be of that type, on a kernel of that language."""
    if wanted in (CellType.PYTHON, CellType.CODE):
        return CellType.PYTHON if kernelspecs.is_python(language) else CellType.CODE
    return wanted


def in_language(notebook: Notebook, language: str) -> Notebook:
    """`notebook` with its cells typed for a kernel of that language, whatever its file takes them for."""
    if all(cell.type is cell_type(language, cell.type) for cell in notebook.cells):
        return notebook
    return replace(notebook, cells=tuple(_typed(cell, language) for cell in notebook.cells))


def on_kernel(notebook: Notebook, spec: Kernelspec) -> Notebook:
    """`notebook` as it is when it is given that kernel."""
    metadata = notebook.metadata
    if kernelspecs.kernel_name(metadata) != spec.name:
        metadata = kernelspecs.of_kernel(metadata, spec)
    return replace(in_language(notebook, spec.language), kernel_name=spec.name, metadata=metadata)


def _typed(cell: Cell, language: str) -> Cell:
    type_ = cell_type(language, cell.type)
    return cell if type_ is cell.type else replace(cell, type=type_)
