"""What storing one edit asks of DynamoDB: calls, and bytes that are sent with them.

A notebook of 100 cells with a page of output each; one cell's source is changed, and that is saved. Counted between
the storage and a DynamoDB-compatible server on this machine (moto). That server's speed is nobody's, so it is not told.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from reactive_nb.models import Cell, new_notebook_id
from reactive_nb.models import Notebook as Document
from reactive_nb.storage.dynamodb_storage import DynamoDBStorage
from reactive_nb.storage.dynamodb_table import DynamoTable
from tests.benchmarks.rounds import Contestant, Turn, in_rounds
from tests.benchmarks.samples import Result, Row
from tests.storage.dynamodb_servers import CREDENTIALS, Door, moto

ROUNDS, QUICK_ROUNDS = 5, 2
CELLS, OUTPUT_CHARS = 100, 2_000
OURS = "one cell edited"
WHOLE = "the same notebook stored anew"


async def measure(*, quick: bool) -> list[Result]:
    """Calls are the samples of the first table, bytes of the second."""
    sent: dict[str, list[float]] = {OURS: [], WHOLE: []}
    contestants = [
        Contestant(OURS, lambda: _storing(sent[OURS], edits=True), "moto"),
        Contestant(WHOLE, lambda: _storing(sent[WHOLE], edits=False), "moto"),
    ]
    rows = await in_rounds(contestants, QUICK_ROUNDS if quick else ROUNDS, scale=1)
    sizes = tuple(Row(row.contestant, tuple(sent[row.contestant][1:]), row.problem) for row in rows)
    title = f"DynamoDB, a notebook of {CELLS} cells"
    return [
        Result("dynamodb-calls", f"{title}: calls", "calls", rows),
        Result("dynamodb-bytes", f"{title}: sent", "bytes", sizes),
    ]


@asynccontextmanager
async def _storing(sent: list[float], *, edits: bool) -> AsyncIterator[Turn]:
    os.environ.update(CREDENTIALS)  # botocore asks for some, whatever it talks to
    with moto() as url:
        door = Door(url)
        table = DynamoTable("benchmark", region="us-east-1", endpoint=door.url)
        await table.open()
        await table.create()
        try:
            async with DynamoDBStorage(table) as storage:
                numbers = itertools.count()
                stored = await storage.create(_document())

                async def turn() -> list[float]:
                    nonlocal stored
                    changed = _edited(stored, next(numbers)) if edits else _document()
                    door.forget()
                    if edits:
                        stored = await storage.save(changed, expected=stored.revision)
                    else:
                        await storage.create(changed)
                    sent.append(door.sent_bytes)
                    return [door.calls.total()]

                yield turn
        finally:
            door.close()


def _document() -> Document:
    output = {"output_type": "stream", "name": "stdout", "text": "x" * OUTPUT_CHARS}
    cells = (Cell(f"c{place}", source=f"print({place})", outputs=(output,)) for place in range(CELLS))
    return Document(new_notebook_id(), "Benchmark", cells=tuple(cells))


def _edited(stored: Document, number: int) -> Document:
    revision = stored.revision + 1
    cell = replace(stored.cells[CELLS // 2], source=f"print({number}, 'edited')", revision=revision)
    return replace(stored.with_cell(cell), revision=revision)
