"""Notebooks in a DynamoDB table, for a service whose machines keep nothing.

How a notebook lies in the table is told in `dynamodb_items`. Saving writes the cells that are new or changed, and then
the head, on the condition that it is the one expected; a save that expected another is refused and leaves nothing that
counts. Parts that no head names any more are removed afterwards; what a crash leaves of them is removed an hour later
by whoever loads the notebook.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from reactive_nb.formats.errors import FormatError
from reactive_nb.models import Notebook, NotebookSummary
from reactive_nb.storage import dynamodb_items as items
from reactive_nb.storage.base import (
    BadCursor,
    NotebookNotFound,
    NotebookStorage,
    NotebookUnreadable,
    Page,
    RevisionConflict,
    StorageError,
    StorageUnavailable,
    cursor_after,
    place_of_cursor,
)
from reactive_nb.storage.dynamodb_items import HEAD, PART, SECRET, Item, Layout, MissingPart
from reactive_nb.storage.dynamodb_table import INDEX, ConditionFailed, DynamoTable

_log = logging.getLogger(__name__)

LEFTOVER_S = 3_600
MOST_KNOWN = 1_000
ATTEMPTS = 5
_ID = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True, slots=True)
class _Known:
    """What the table was seen to hold: the next save need not write it again."""

    notebook: Notebook
    layout: Layout
    version: str


class DynamoDBStorage(NotebookStorage):
    """Every notebook of a table."""

    def __init__(self, table: DynamoTable) -> None:
        """The table must be there: see `DynamoTable.create`."""
        self._table = table
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._unsure: dict[str, _Known] = {}
        """What was to be written last of a notebook, and may have been: nobody said."""

    async def open(self) -> None:
        await self._table.open()
        await self.check()

    async def close(self) -> None:
        self._known.clear()
        await self._table.close()

    async def check(self) -> None:
        await self._table.get(items.key("check", "check"))

    async def list(self, owner: str, *, limit: int = 50, cursor: str | None = None) -> Page:
        if limit < 1:
            raise ValueError("a page has at least one item")
        conditions, values = "#owner = :owner", {":owner": {"S": owner}}
        if cursor is not None:
            time_of_last, last = place_of_cursor(cursor)
            if not _ID.fullmatch(last):
                raise BadCursor
            conditions += " AND listed < :last"
            values[":last"] = {"S": items.listed_at(time_of_last, last)}
        found = []
        async for item in self._table.query(
            IndexName=INDEX,
            KeyConditionExpression=conditions,
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues=values,
            ScanIndexForward=False,
            Limit=limit + 1,
        ):
            found.append(_summary(item))
            if len(found) > limit:
                break
        shown = tuple(found[:limit])
        return Page(shown, cursor_after(shown[-1]) if len(found) > limit else None)

    async def load(self, notebook_id: str) -> Notebook:
        for _ in range(ATTEMPTS):
            head = await self._head(notebook_id)
            parts, old = await self._parts(notebook_id)
            try:
                rest, layout = items.layout_of(head, parts)
                notebook = items.notebook_of(rest, layout, parts)
            except MissingPart:
                continue  # it was saved while it was read
            except FormatError as error:
                raise NotebookUnreadable(notebook_id, f"The notebook {notebook_id} is damaged: {error}") from None
            self._remember(_Known(notebook, layout, head["version"]["S"]))
            await self._remove(notebook_id, old - layout.keys)
            return notebook
        raise NotebookUnreadable(notebook_id, f"The notebook {notebook_id} is damaged: parts of it are missing.")

    async def create(self, notebook: Notebook) -> Notebook:
        _check_id(notebook.id)
        try:
            await self._write(notebook, None, "attribute_not_exists(pk)", {})
        except ConditionFailed:
            raise RevisionConflict(await self.load(notebook.id), None) from None
        return notebook

    async def save(self, notebook: Notebook, *, expected: int | None) -> Notebook:
        for _ in range(ATTEMPTS):
            known = self._known.get(notebook.id)
            if known is None or (expected is not None and known.notebook.revision != expected):
                head = await self._head(notebook.id, only=("version", "revision"))
                if self._was_ours(notebook.id, head):
                    expected = None if expected is None else int(head["revision"]["N"])
                    continue
                if expected is not None and int(head["revision"]["N"]) != expected:
                    raise RevisionConflict(await self.load(notebook.id), expected)
                known, version = None, head["version"]["S"]
            else:
                version = known.version
            try:
                await self._write(notebook, known, "#version = :version", {":version": {"S": version}})
            except ConditionFailed as failed:
                self._known.pop(notebook.id, None)
                if failed.item is None:
                    raise NotebookNotFound(notebook.id) from None
                continue  # somebody else has saved: look again
            return notebook
        raise StorageUnavailable("The notebook is being changed by too many others at once: try again.")

    async def delete(self, notebook_id: str) -> None:
        _check_id(notebook_id)
        self._known.pop(notebook_id, None)
        self._unsure.pop(notebook_id, None)
        was_there = True
        try:
            await self._table.delete(items.key(notebook_id, HEAD), "attribute_exists(pk)")
        except ConditionFailed:  # or it was, and the answer that said so got lost
            was_there = False
        await self.save_secret(notebook_id, None)
        await self._remove_all(notebook_id)
        if not was_there:
            raise NotebookNotFound(notebook_id)

    async def _remove_all(self, notebook_id: str) -> None:
        keys = {
            item["sk"]["S"].removeprefix(PART)
            async for item in self._table.query(**_parts_query(notebook_id), ProjectionExpression="sk")
        }
        await self._remove(notebook_id, keys)

    async def save_secret(self, notebook_id: str, secret: str | None) -> None:
        """In an item of its own: permission to read the table is permission to read it."""
        key = items.key(notebook_id, SECRET)
        if secret is None:
            await self._table.delete(key, "attribute_exists(pk) OR attribute_not_exists(pk)")
        else:
            await self._table.put(
                {**key, "secret": {"S": secret}}, "attribute_exists(pk) OR attribute_not_exists(pk)", {}
            )

    async def load_secret(self, notebook_id: str) -> str | None:
        item = await self._table.get(items.key(notebook_id, SECRET))
        return None if item is None else str(item["secret"]["S"])

    async def changed_outside(self, notebook: Notebook) -> Notebook | None:
        head = await self._head(notebook.id, only=("revision",))
        return await self.load(notebook.id) if int(head["revision"]["N"]) > notebook.revision else None

    # -- parts and heads
    async def _head(self, notebook_id: str, *, only: tuple[str, ...] = ()) -> Item:
        _check_id(notebook_id)
        head = await self._table.get(items.key(notebook_id, HEAD), only=only)
        if head is None:
            raise NotebookNotFound(notebook_id)
        return head

    async def _parts(self, notebook_id: str) -> tuple[dict[str, bytes], frozenset[str]]:
        """All parts by key, and the keys of those that are no longer new."""
        parts: dict[str, bytes] = {}
        old = set()
        before = time.time() - LEFTOVER_S
        async for item in self._table.query(**_parts_query(notebook_id)):
            name = item["sk"]["S"].removeprefix(PART)
            parts[name] = bytes(item["content"]["B"])
            if int(item["at"]["N"]) < before:
                old.add(name)
        return parts, frozenset(old)

    async def _write(self, notebook: Notebook, known: _Known | None, condition: str, values: Item) -> None:
        """Parts first, then the head; then what it replaced is removed. Raises ConditionFailed."""
        version = secrets.token_hex(8)
        writing = items.written(notebook, version, (known.notebook, known.layout) if known else None)
        await self._table.write(items.put_requests(notebook.id, writing.parts, time.time()))
        new = _Known(notebook, writing.layout, version)
        try:
            before = await self._table.put(writing.head, condition, values)
        except ConditionFailed as failed:
            if failed.item is None or failed.item["version"]["S"] != version:
                named = None if failed.item is None else await self._named(notebook.id, failed.item)
                await self._remove(notebook.id, frozenset(writing.parts) - named if named is not None else frozenset())
                raise
            before = None  # it was written, the answer got lost, and it was asked for again
        except StorageUnavailable:
            self._unsure[notebook.id] = new
            raise
        self._unsure.pop(notebook.id, None)
        self._remember(new)
        if known is not None:
            await self._remove(notebook.id, known.layout.keys - writing.layout.keys)
        elif before is not None:
            named = await self._named(notebook.id, before)
            await self._remove(notebook.id, named - writing.layout.keys if named is not None else frozenset())

    async def _named(self, notebook_id: str, head: Item) -> frozenset[str] | None:
        """The parts that a head names, if that can be told. What is not told is removed with what is left over."""
        overflow = {}
        for name in items.overflow_of(head):
            item = await self._table.get(items.key(notebook_id, PART + name))
            overflow[name] = bytes(item["content"]["B"]) if item else b""
        try:
            return items.layout_of(head, overflow)[1].keys
        except (FormatError, MissingPart):
            return None

    def _was_ours(self, notebook_id: str, head: Item) -> bool:
        """Whether the head was written by us though we were told nothing; it is known from now on."""
        unsure = self._unsure.pop(notebook_id, None)
        if unsure is None or unsure.version != head["version"]["S"]:
            return False
        self._remember(unsure)
        return True

    async def _remove(self, notebook_id: str, keys: frozenset[str] | set[str]) -> None:
        """Remove parts that count no more. That it fails harms nobody."""
        try:
            await self._table.write(items.delete_requests(notebook_id, keys))
        except StorageError as error:
            _log.warning("parts of notebook %s are left over: %s", notebook_id, error)

    def _remember(self, known: _Known) -> None:
        self._known[known.notebook.id] = known
        self._known.move_to_end(known.notebook.id)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)


def _parts_query(notebook_id: str) -> Item:
    return {
        "KeyConditionExpression": "pk = :pk AND begins_with(sk, :part)",
        "ExpressionAttributeValues": {":pk": {"S": items.partition(notebook_id)}, ":part": {"S": PART}},
        "ConsistentRead": True,
    }


def _check_id(notebook_id: str) -> None:
    if not _ID.fullmatch(notebook_id):
        raise NotebookNotFound(notebook_id)


def _summary(item: Item) -> NotebookSummary:
    return NotebookSummary(
        id=item["pk"]["S"].removeprefix(items.partition("")),
        name=item["name"]["S"],
        owner=item["owner"]["S"],
        kernel_name=item["kernel_name"]["S"],
        cell_count=int(item["cell_count"]["N"]),
        revision=int(item["revision"]["N"]),
        created_at=datetime.fromisoformat(item["created_at"]["S"]),
        updated_at=datetime.fromisoformat(item["updated_at"]["S"]),
    )
