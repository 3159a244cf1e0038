"""One copy keeps every text that other programs stored, whatever the order in which they did."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactive_nb.models import Cell, CellMode, Notebook
from reactive_nb.services import set_aside as module
from reactive_nb.services.set_aside import set_aside, with_earlier
from reactive_nb.storage import MemoryStorage

pytestmark = pytest.mark.anyio

VERSIONS = st.lists(st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["", "1", "2", "3"])), min_size=1)


def version(sources: dict[str, str]) -> Notebook:
    cells = tuple(Cell(cell_id, source=source) for cell_id, source in sources.items())
    return Notebook("n", "shared", cells=cells)


@given(VERSIONS)
def test_no_text_is_lost_and_none_is_there_twice(versions: list[dict[str, str]]) -> None:
    copy = version(versions[0])
    for sources in versions[1:]:
        copy = with_earlier(copy, version(sources))
    kept = [cell.source for cell in copy.cells]
    latest = versions[-1]
    assert {source for sources in versions for source in sources.values() if source} <= set(kept)
    assert [cell.source for cell in copy.cells if cell.id in latest] == list(latest.values())
    earlier = [cell for cell in copy.cells if cell.id not in latest]
    assert len({cell.source for cell in earlier}) == len(earlier)
    assert len({cell.id for cell in copy.cells}) == len(copy.cells)
    assert {cell.config.mode for cell in earlier} <= {CellMode.DISABLED}


async def test_a_long_copy_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_EARLIER", 3)
    storage = MemoryStorage()
    for number in range(10):
        await set_aside(storage, version({"a": f"theirs {number}"}))
    copies = (await storage.list("local")).items
    assert [item.cell_count for item in copies].count(4) == 2
    kept = [cell.source for item in copies for cell in (await storage.load(item.id)).cells]
    assert sorted(kept) == [f"theirs {number}" for number in range(10)]
