"""The outputs of many cells as they stand, and what changed since somebody last looked.

The semantics of Jupyter's output messages, once and for all: streams joined and shown as a terminal would, displays
updated wherever they stand, clearing now or before the next output, and limits, so that no cell fills the memory.
Pure: no I/O, no clock. A key is whatever the caller calls a cell. Dictionaries that were handed out are never changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .displays import Displays, PlaceOf, Word
from .error_limits import bounded_error
from .events import JSON, ClearOutputEvent, OutputEvent, UpdateDisplayEvent
from .terminal import TerminalText


@dataclass(frozen=True, slots=True)
class OutputLimits:
    """How much of a cell's output is kept. The last error is kept always, with bounded text."""

    stream_head: int = 500_000
    """Characters kept from the beginning of a stream…"""
    stream_tail: int = 500_000
    """…and from its end; up to half as many more at times, so that cutting is rare."""
    outputs: int = 10_000
    """Outputs of one cell."""
    size_bytes: int = 100_000_000
    """Size of one cell's outputs together, roughly."""


@dataclass(frozen=True, slots=True)
class Clear:
    """All outputs vanish."""


@dataclass(frozen=True, slots=True)
class Append:
    """These outputs come after the last one."""

    outputs: tuple[JSON, ...]


@dataclass(frozen=True, slots=True)
class Replace:
    """The output at `index` is now this one."""

    index: int
    output: JSON


@dataclass(frozen=True, slots=True)
class Splice:
    """The stream output at `index` keeps its first `keep` characters (code points), then comes `text`."""

    index: int
    keep: int
    text: str


OutputChange = Clear | Append | Replace | Splice


@dataclass(slots=True)
class _Slot:
    """One output: a stream being written, or a finished dictionary."""

    output: JSON | None
    stream: TerminalText | None = None
    name: str = ""
    display_id: str | None = None
    size: int = 0

    def shown(self) -> JSON:
        if self.output is None:
            text = "" if self.stream is None else self.stream.text
            self.output = {"output_type": "stream", "name": self.name, "text": text}
        return self.output


@dataclass(slots=True)
class _Cell:
    slots: list[_Slot] = field(default_factory=list)
    clear_before_next: bool = False
    cleared: bool = False  # since the last drain
    known: int = 0  # how many of the slots the last drain told of
    changed: set[int] = field(default_factory=set)  # of those
    size: int = 0
    left_out: int = 0
    notice: int | None = None  # the slot that tells how many were left out
    last_error: int | None = None  # the slot of the last error, if there was no room for it


class OutputStore:
    """Outputs by key. Apply events as they come; `drain` at each tick tells what to show."""

    def __init__(self, limits: OutputLimits | None = None, place_of: PlaceOf | None = None) -> None:
        """Hold nothing yet. `place_of`: where a key's cell stands, for displays of which several cells speak."""
        self._limits = limits or OutputLimits()
        self._cells: dict[str, _Cell] = {}
        self._dirty: dict[str, None] = {}
        self._places: dict[str, set[tuple[str, int]]] = {}
        self._displays = Displays(place_of)

    def begin(self, key: str) -> None:
        """A new run: its outputs begin with none, and what it did to others' displays is undone."""
        self._displays.take_back(key)
        cell = self._cell(key)
        self._clear(key, cell)
        cell.clear_before_next = False
        cell.cleared = True
        self._dirty[key] = None

    def load(self, key: str, outputs: Iterable[JSON]) -> None:
        """Take outputs as they were stored; whoever drains is taken to know them."""
        self.forget(key)
        cell = self._cell(key)
        for output in outputs:
            stream = output.get("output_type") == "stream"
            slot = self._new_stream(output) if stream else _Slot(output, size=_size(output))
            if slot.stream is not None:
                slot.stream.settle()
            cell.slots.append(slot)
            cell.size += slot.size
        cell.known = len(cell.slots)

    def forget(self, key: str) -> None:
        """The cell is gone."""
        self._displays.take_back(key)
        cell = self._cells.get(key)
        if cell is not None:
            self._clear(key, cell)
            del self._cells[key]
        self._dirty.pop(key, None)

    def forget_displays(self) -> None:
        """Nobody will update what is shown any more."""
        self._displays.forget_all()

    def reconsider_displays(self) -> None:
        """Cells stand elsewhere than they did, or count no more."""
        self._displays.reconsider()

    @property
    def displays_in_doubt(self) -> bool:
        """Whether a drain may tell of displays of cells that have said nothing since the last."""
        return self._displays.in_doubt

    def apply(self, key: str, event: OutputEvent | UpdateDisplayEvent | ClearOutputEvent) -> None:
        """Take an event of the cell's run."""
        match event:
            case OutputEvent():
                self._add(key, self._cell(key), event)
            case UpdateDisplayEvent():
                self._displays.say(event.display_id, key, Word(event.data, event.metadata))
            case ClearOutputEvent():
                cell = self._cell(key)
                cell.clear_before_next = event.wait
                if not event.wait:
                    self._clear(key, cell)

    def outputs(self, key: str) -> list[JSON]:
        """The cell's outputs as they stand, in nbformat shape; [] for an unknown key."""
        self._carry_out_updates()
        cell = self._cells.get(key)
        return [slot.shown() for slot in cell.slots] if cell is not None else []

    def size(self, key: str) -> int:
        """How many bytes the cell's outputs take, roughly."""
        cell = self._cells.get(key)
        return cell.size if cell is not None else 0

    def drain(self) -> dict[str, list[OutputChange]]:
        """What changed since the last drain, by key; carried out in order, it leads from then to now."""
        self._carry_out_updates()
        dirty, self._dirty = self._dirty, {}
        changes = {key: self._changes(self._cells[key]) for key in dirty}
        return {key: told for key, told in changes.items() if told}

    def _changes(self, cell: _Cell) -> list[OutputChange]:
        told: list[OutputChange] = [Clear()] if cell.cleared else []
        for index in sorted(cell.changed):
            slot = cell.slots[index]
            if slot.stream is None:
                told.append(Replace(index, slot.shown()))
            elif slot.stream.settled < len(slot.stream.text) or slot.output is None:
                keep = slot.stream.settled
                told.append(Splice(index, keep, slot.stream.text[keep:]))
                slot.stream.settle()
        new = cell.slots[cell.known :]
        if new:
            told.append(Append(tuple(slot.shown() for slot in new)))
            for slot in new:
                if slot.stream is not None:
                    slot.stream.settle()
        cell.cleared = False
        cell.known = len(cell.slots)
        cell.changed.clear()
        return told

    def _cell(self, key: str) -> _Cell:
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = _Cell()
        return cell

    def _add(self, key: str, cell: _Cell, event: OutputEvent) -> None:
        output = event.output
        kind = output.get("output_type")
        if kind == "stream" and not output.get("text"):
            return
        if cell.clear_before_next:
            cell.clear_before_next = False
            self._clear(key, cell)
        if event.display_id is not None:
            data, metadata = output.get("data", {}), output.get("metadata", {})
            self._displays.say(event.display_id, key, Word(data, metadata))
        last = cell.slots[-1] if cell.slots else None
        if kind == "stream" and last is not None and last.stream is not None and last.name == output["name"]:
            if cell.notice is None:
                self._write(key, cell, len(cell.slots) - 1, last.stream, output["text"])
            else:
                self._leave_out(key, cell)
            return
        if kind == "error":
            output = bounded_error(output)
        size = 0 if kind == "stream" else _size(output)
        full = len(cell.slots) >= self._limits.outputs or cell.size + size > self._limits.size_bytes
        if full or cell.notice is not None:
            if kind != "error" or cell.last_error is not None:
                self._leave_out(key, cell)
            if kind != "error":
                return
            if cell.last_error is not None:
                self._put(key, cell, cell.last_error, output, size)
                return
            cell.last_error = len(cell.slots)
        slot = self._new_stream(output) if kind == "stream" else _Slot(output, display_id=event.display_id, size=size)
        if event.display_id is not None:
            self._places.setdefault(event.display_id, set()).add((key, len(cell.slots)))
        cell.slots.append(slot)
        cell.size += slot.size
        self._dirty[key] = None

    def _new_stream(self, output: JSON) -> _Slot:
        text = TerminalText(self._limits.stream_head, self._limits.stream_tail)
        text.write(output["text"] if isinstance(output["text"], str) else "".join(output["text"]))
        return _Slot(None, text, output["name"], size=text.size)

    def _write(self, key: str, cell: _Cell, index: int, stream: TerminalText, text: str) -> None:
        slot = cell.slots[index]
        stream.write(text)
        slot.output = None
        cell.size += stream.size - slot.size
        slot.size = stream.size
        self._mark(key, cell, index)

    def _leave_out(self, key: str, cell: _Cell) -> None:
        cell.left_out += 1
        if cell.notice is None:
            cell.notice = len(cell.slots)
            cell.slots.append(_Slot({}))
        many = "outputs are" if cell.left_out > 1 else "output is"
        text = f"[… {cell.left_out:,} further {many} not kept: this cell has too many, or too large ones …]\n"
        cell.slots[cell.notice].output = {"output_type": "stream", "name": "stderr", "text": text}
        self._mark(key, cell, cell.notice)

    def _carry_out_updates(self) -> None:
        for display_id, word in self._displays.to_show():
            places = self._places.get(display_id)
            if not places:
                continue
            size = _size({"data": word.data, "metadata": word.metadata})
            for key, index in places:
                cell = self._cells[key]
                slot = cell.slots[index]
                shown = slot.shown()
                if shown.get("data") is word.data and shown.get("metadata") is word.metadata:
                    continue
                if cell.size + max(0, size - slot.size) > self._limits.size_bytes:
                    self._leave_out(key, cell)
                else:
                    self._put(key, cell, index, {**shown, "data": word.data, "metadata": word.metadata}, size)

    def _put(self, key: str, cell: _Cell, index: int, output: JSON, size: int) -> None:
        slot = cell.slots[index]
        slot.output = output
        cell.size += size - slot.size
        slot.size = size
        self._mark(key, cell, index)

    def _mark(self, key: str, cell: _Cell, index: int) -> None:
        self._dirty[key] = None
        if index < cell.known:
            cell.changed.add(index)

    def _clear(self, key: str, cell: _Cell) -> None:
        for index, slot in enumerate(cell.slots):
            if slot.display_id is not None:
                places = self._places[slot.display_id]
                places.discard((key, index))
                if not places:
                    del self._places[slot.display_id]
                    self._displays.forget(slot.display_id, key)
        if cell.known:
            cell.cleared = True
        if cell.slots:
            self._dirty[key] = None
        cell.slots.clear()
        cell.changed.clear()
        cell.known = cell.size = cell.left_out = 0
        cell.notice = cell.last_error = None


def _size(output: Mapping[str, Any]) -> int:
    """Roughly how many bytes an output takes."""
    data = output.get("data")
    if not isinstance(data, dict):
        return _json_size(output)
    metadata = output.get("metadata")
    return sum(map(_json_size, data.values())) + (_json_size(metadata) if metadata else 0)


def _json_size(part: Any) -> int:
    return len(part if isinstance(part, str) else json.dumps(part, ensure_ascii=False, default=str))
