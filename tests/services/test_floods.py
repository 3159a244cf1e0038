"""A notebook whose kernel floods: memory stays bounded, and another notebook goes on."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from tests.services.live import Live, Open

pytestmark = pytest.mark.anyio

MEMORY_BYTES = 250_000_000
OTHER_S = 5.0  # 0.1 on a machine of its own
STALL_S = 0.3

FLOODS = {
    "lines": "for i in range({n}): print(i)",
    "flushed": "for i in range({n} // 10): print(i, flush=True)",
    "displays": "from IPython.display import display\nfor i in range({n} // 40): display(i)",
    "updates": "from IPython.display import display\nh = display(0, display_id=True)\n"
    "for i in range({n} // 40): h.update(i)",
    "text": "print('x' * ({n} * 100))",
    "widget": "import ipywidgets\ns = ipywidgets.IntText()\nfor i in range({n} // 40): s.value = i",
    "captured": "import ipywidgets\nwith ipywidgets.Output():\n    for i in range({n} // 20): print(i, flush=True)",
    "names": "for i in range({n} // 4): globals()[f'n{{i}}'] = i",
}


class Watch:
    """What a flood cost: memory, how long we kept the loop at most, and how long a cell of another notebook took."""

    def __init__(self) -> None:
        self.memory_bytes = 0
        self.stall_s = 0.0
        self.other_s = 0.0
        self.others = 0


@asynccontextmanager
async def watching(other: Live) -> AsyncIterator[Watch]:
    watch = Watch()
    process = psutil.Process()
    gc.collect()
    before = process.memory_info().rss

    async def look() -> None:
        while True:
            began = time.thread_time()
            await asyncio.sleep(0.005)
            watch.stall_s = max(watch.stall_s, time.thread_time() - began)
            watch.memory_bytes = max(watch.memory_bytes, process.memory_info().rss - before)

    async def run_other() -> None:
        while True:
            began = time.perf_counter()
            await other.run("c0")
            watch.other_s = max(watch.other_s, time.perf_counter() - began)
            watch.others += 1
            await asyncio.sleep(0.02)

    tasks = [asyncio.create_task(look()), asyncio.create_task(run_other())]
    try:
        yield watch
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended


@pytest.mark.parametrize("lines", [100_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("flood", FLOODS)
async def test_memory_is_bounded_and_others_go_on(open_notebook: Open, flood: str, lines: int) -> None:
    other = await open_notebook("1 + 1")
    await other.run()
    flooding = await open_notebook("0", FLOODS[flood].format(n=lines))
    await flooding.run("c0")
    flooding.session.broadcaster.observe("test", lambda event: None)  # it would keep everything
    other.session.broadcaster.observe("test", lambda event: None)
    async with watching(other) as watch:
        ended = await flooding.session.run(["c1"], wait=280)
    assert [cell.status for cell in ended.cells] == ["success"]
    assert watch.memory_bytes < MEMORY_BYTES
    assert watch.stall_s < STALL_S
    assert watch.others > 0
    assert watch.other_s < OTHER_S


async def test_what_is_kept_of_a_flood_is_its_beginning_and_its_end(open_notebook: Open) -> None:
    notebook = await open_notebook("for i in range(300_000): print(i)")
    await notebook.run()
    text = notebook.text("c0")
    assert text.startswith("0\n1\n2\n")
    assert text.endswith("299998\n299999\n")
    assert "characters left out" in text
    assert len(text) < 1_500_000


async def test_of_very_many_names_it_is_said_that_they_are_not_followed(open_notebook: Open) -> None:
    notebook = await open_notebook("for i in range(10_500): globals()[f'n{i:05}'] = i", "n00001")
    await notebook.run()
    assert "501 of them are not followed" in notebook.text("c0")
    assert notebook.text("c1") == "1"
