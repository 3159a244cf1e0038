"""Two versions of a notebook that were both made from a third, as one: by the ids of the cells, field by field.

Pure. What only one side changed is as that side has it. What both changed, and not alike, is as it is here, and is
named, so that the other version can be kept beside it; results of runs, which can be made again, are never named.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from reactive_nb.models import Cell, Notebook

WRITTEN = ("type", "source", "config", "metadata", "attachments")
"""The fields of a cell that people write…"""
RESULTS = ("outputs", "execution_count", "error", "started_at", "duration_ms")
"""…and those that follow from runs."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What has become of two versions."""

    notebook: Notebook
    """Ours, with what the others changed; its revision is theirs."""
    conflicts: tuple[str, ...]
    """What both sides changed, and not alike: ids of cells, or `settings`, `metadata`, `kernel`, `order`."""


def merge(base: Notebook, ours: Notebook, theirs: Notebook) -> Merged:
    """`ours` and `theirs`, both made from `base`. Of two new names ours is kept, and that is no conflict."""
    conflicts: dict[str, None] = {}

    def decided(what: str, before: Any, here: Any, there: Any) -> Any:
        if here == before:
            return there
        if there not in (before, here):
            conflicts[what] = None
        return here

    def cell(cell_id: str) -> Cell | None:
        before, here, there = (side.cell(cell_id) for side in (base, ours, theirs))
        if here is None or there is None:
            kept = decided(cell_id, _written(before), _written(here), _written(there))
            return None if kept is None else here or there
        merged = {
            name: decided(cell_id, before and getattr(before, name), getattr(here, name), getattr(there, name))
            for name in WRITTEN
        }
        results = there if before is None or _results(here) == _results(before) else here
        return replace(here, **merged, **{name: getattr(results, name) for name in RESULTS})

    settings = {
        field.name: decided("settings", *(getattr(side.settings, field.name) for side in (base, ours, theirs)))
        for field in fields(ours.settings)
    }
    common = base.by_id.keys() & ours.by_id.keys() & theirs.by_id.keys()
    orders = [[one.id for one in side.cells if one.id in common] for side in (base, ours, theirs)]
    leading = (ours, theirs) if decided("order", *orders) == orders[1] != orders[2] else (theirs, ours)
    merged = replace(
        ours,
        name=theirs.name if ours.name == base.name else ours.name,
        kernel_name=decided("kernel", base.kernel_name, ours.kernel_name, theirs.kernel_name),
        settings=replace(ours.settings, **settings),
        metadata=decided("metadata", base.metadata, ours.metadata, theirs.metadata),
        cells=tuple(found for cell_id in woven(*leading) if (found := cell(cell_id)) is not None),
        revision=theirs.revision,
    )
    return Merged(merged, tuple(conflicts))


def same_results(one: Notebook, other: Notebook) -> bool:
    """Whether the same cells show the same outputs."""
    return [_results(cell) for cell in one.cells] == [_results(cell) for cell in other.cells]


def _results(cell: Cell) -> tuple[Any, ...]:
    return cell.outputs, cell.execution_count


def same_document(one: Notebook, other: Notebook) -> bool:
    """Whether both say the same, whatever the outputs and revisions."""
    return (one.name, one.kernel_name, one.settings, one.metadata) == (
        other.name,
        other.kernel_name,
        other.settings,
        other.metadata,
    ) and [(cell.id, _written(cell)) for cell in one.cells] == [(cell.id, _written(cell)) for cell in other.cells]


def _written(cell: Cell | None) -> tuple[Any, ...] | None:
    return None if cell is None else tuple(getattr(cell, name) for name in WRITTEN)


def woven(leading: Notebook, other: Notebook) -> list[str]:
    """The ids of `leading` in order, and those only `other` has, each after the one that it follows there."""
    following: dict[str | None, list[str]] = {None: []}
    place: str | None = None
    for cell in other.cells:
        if cell.id in leading.by_id:
            place = cell.id
        else:
            following.setdefault(place, []).append(cell.id)
    woven = following[None]
    for cell in leading.cells:
        woven += [cell.id, *following.get(cell.id, ())]
    return woven
