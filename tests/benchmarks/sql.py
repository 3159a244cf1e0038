"""What an SQL cell costs over the same query, asked by Python in a cell: sent to output received, over the WebSocket.

DuckDB reads a dataframe and binds a value; SQLite is asked through SQLAlchemy. Both cells leave a dataframe and show
something.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.benchmarks.peers import reactive_nb
from tests.benchmarks.rounds import Contestant, Turn, in_rounds
from tests.benchmarks.samples import Result, Row

ROUNDS, QUICK_ROUNDS = 8, 2
A_TURN = 25
GOAL = "at most 5 ms more than the bare query"
QUERY = "select sum(n) as total from sales where n > {{ least }}"
PYTHON = "total = connection.execute('select sum(n) as total from sales where n > ?', [least]).df()\ntotal"
OVER = """
from sqlalchemy import text
total = pd.read_sql(text("select :least as total"), engine, params={"least": least})
total
"""


async def measure(*, quick: bool) -> list[Result]:
    """Each engine with the bare query beside it."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "bench.db"
        duckdb = "import duckdb\nconnection = duckdb.connect(); connection.register('sales', sales)"
        sqlite = f"from sqlalchemy import create_engine\nengine = create_engine('sqlite:///{file}')"
        contestants = [
            Contestant("SQL cell, DuckDB", lambda: _turns("sql", QUERY, "", None)),
            Contestant("duckdb in a Python cell", lambda: _turns("python", PYTHON, duckdb, None)),
            Contestant(
                "SQL cell, SQLite", lambda: _turns("sql", "select {{ least }} as total", "", f"sqlite:///{file}")
            ),
            Contestant("SQLAlchemy in a Python cell", lambda: _turns("python", OVER, sqlite, None)),
        ]
        first, second, third, fourth = await in_rounds(contestants, QUICK_ROUNDS if quick else ROUNDS)
    rows = (first, second, third, Row(fourth.contestant, fourth.samples, fourth.problem, third.contestant))
    return [Result("sql", "A query of one row: command sent to output received", "ms", rows, goal=GOAL)]


@asynccontextmanager
async def _turns(kind: str, source: str, setup: str, database: str | None) -> AsyncIterator[Turn]:
    start = "import pandas as pd\nsales = pd.DataFrame({'n': [1, 2, 3]})\nleast = 1\n" + setup
    async with reactive_nb.service() as server, reactive_nb.rest(server) as client:
        cells = [{"id": "c0", "source": start}, {"id": "c1", "type": kind, "source": source}]
        made = await client.post("/api/v1/notebooks", json={"name": "Benchmark", "cells": cells})
        notebook = str(made.raise_for_status().json()["id"])
        if database is not None:
            set_ = await client.put(f"/api/v1/notebooks/{notebook}/db", json={"url": database})
            assert set_.raise_for_status().json()["ok"]
        async with reactive_nb.live(server, notebook) as live:

            async def run() -> float:
                began = time.perf_counter()
                await live.say("cell.run", cell_id="c1")
                await live.until(lambda message: reactive_nb.shown(message, "c1") is not None)
                took = time.perf_counter() - began
                await live.until(reactive_nb.finished)
                return took

            await run()

            async def turn() -> list[float]:
                return [await run() for _ in range(A_TURN)]

            yield turn
