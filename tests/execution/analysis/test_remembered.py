"""Answers are kept by source, within bounds, for any thread, and can be sent to other processes."""

from __future__ import annotations

import gc
import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

from reactive_nb.execution.analysis import analyse_markdown, analyse_python
from reactive_nb.execution.analysis.remembered import Remembered
from tests.execution.analysis.sources import real_cells

SOURCES = [
    "x = y",
    "def f(): return a\ng()\ndef f(): return b",
    "x = 2\nf()\nx.append(lambda: g)",
    "for i in a: del x, i\n%run b.py",
    "x = (",
    "%%time\nx = {}\nx['a'] = f",
]


def test_an_answer_is_found_once() -> None:
    asked: list[str] = []
    remembered = Remembered(asked.append, 10_000)
    for source in ("a", "b", "a", "b", "a"):
        remembered(source)
    assert asked == ["a", "b"]


def test_what_was_wanted_longest_ago_goes_first() -> None:
    asked: list[str] = []
    remembered = Remembered(asked.append, 2_000)
    for source in ("a", "b", "c", "a", "d", "a", "b"):
        remembered(source)
    assert asked == ["a", "b", "c", "d", "b"]
    assert len(remembered) == 3


def test_a_source_larger_than_all_that_may_be_kept_is_answered_all_the_same() -> None:
    remembered = Remembered(len, 2_000)
    assert remembered("a" * 10_000) == 10_000
    assert remembered("b") == 1
    assert len(remembered) == 1


def test_sources_that_differ_in_half_a_surrogate_pair_differ() -> None:
    remembered = Remembered(ascii, 10_000)
    assert remembered("\ud800") != remembered("\ud801") != remembered("?")


def test_equal_sources_have_one_answer() -> None:
    assert analyse_python("x = y + 1") is analyse_python("x = y + " + "1")
    assert analyse_markdown("{{ x }}") is analyse_markdown("{{ x " + "}}")


def test_many_sources_take_bounded_memory() -> None:
    remembered = Remembered(lambda source: source * 2, 1_000_000)
    tracemalloc.start()
    for number in range(3_000):
        remembered(str(number) * 250)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 8_000_000


@pytest.mark.parametrize("source", SOURCES)
def test_an_answer_survives_pickling(source: str) -> None:
    found = analyse_python(source)
    assert pickle.loads(pickle.dumps(found)) == found
    assert analyse_python(source) == found


def test_a_markdown_answer_survives_pickling() -> None:
    found = analyse_markdown("a {{ x }} {{ f(y) }}")
    assert pickle.loads(pickle.dumps(found)) == found


def test_threads_get_the_answers_that_one_gets() -> None:
    sources = [f"{source}\n# in a thread" for source in real_cells()]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(analyse_python, sources * 2))
    for source, answer in zip(sources * 2, found, strict=True):
        assert answer is analyse_python(source)
        assert answer == analyse_python(source + " ")
