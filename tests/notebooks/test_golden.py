"""What the normaliser takes for the same, what it keeps apart, and that the corpus is as its note says."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.notebooks import corpus, golden
from tests.notebooks.normalise import normalise, normalise_widgets, overwrite, scrub

MODEL_A, MODEL_B, MODEL_C = "0123456789abcdef" * 2, "fedcba9876543210" * 2, "00112233445566778899aabbccddeeff"
UUID_A, UUID_B = "c3a0c0de-1111-4222-8333-0123456789ab", "d4b1d1ef-5555-4666-9777-ba9876543210"
FAST = [
    "nbclient/tests/files/Output.ipynb",
    "nbval/tests/exceptions.ipynb",
    "ipywidgets/docs/source/examples/Widget Alignment.ipynb",
]


def stream(text: str | list[str], name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def shown(**data: Any) -> dict[str, Any]:
    mimes = {"plain": "text/plain", "html": "text/html", "svg": "image/svg+xml", "png": "image/png"}
    return {"output_type": "display_data", "data": {mimes[key]: data[key] for key in data}, "metadata": {}}


def view(model: str) -> dict[str, Any]:
    data = {"application/vnd.jupyter.widget-view+json": {"model_id": model, "version_major": 2}}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def raised(*traceback: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": list(traceback)}


def png(colour: str, comment: str, size: tuple[int, int] = (4, 3)) -> str:
    info = PngInfo()
    info.add_text("Software", comment)
    content = io.BytesIO()
    Image.new("RGB", size, colour).save(content, "PNG", pnginfo=info)
    return base64.b64encode(content.getvalue()).decode()


SAME: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "streams of one name are joined": ([stream("a\n"), stream("b\n")], [stream("a\nb\n")]),
    "lines of a file are a text": ([stream(["a\n", "b"])], [stream("a\nb")]),
    "two streams may interleave": (
        [stream("a"), stream("x", "stderr"), stream("b")],
        [stream("x", "stderr"), stream("ab")],
    ),
    "an empty stream is none": ([stream("")], []),
    "prompt numbers of results": (
        [{"output_type": "execute_result", "execution_count": 1, "data": {"text/plain": "1"}, "metadata": {}}],
        [{"output_type": "execute_result", "execution_count": 9, "data": {"text/plain": ["1"]}, "metadata": {}}],
    ),
    "colours and prompts of a traceback": (
        [raised("\x1b[31mValueError\x1b[39m", "Cell \x1b[32mIn[3]\x1b[39m, line 1")],
        [raised("ValueError", "Cell In[12], line 1")],
    ),
    "files of cells": (
        [stream("/tmp/ipykernel_12/345678.py:2: DeprecationWarning")],
        [stream("/tmp/ipykernel_9/1.py:2: DeprecationWarning")],
    ),
    "files of cells in a SyntaxError": (
        [{**raised(), "evalue": "invalid syntax (1397204736.py, line 1)"}],
        [{**raised(), "evalue": "invalid syntax (871944181.py, line 1)"}],
    ),
    "addresses": ([shown(plain="<A at 0x7f001122aabb>")], [shown(plain="<A at 0x10f3e5d50>")]),
    "temporary paths": ([stream("in /tmp/golden-x/a.py:5")], [stream("in /tmp/pytest-of-me/1/t0/a.py:5")]),
    "%%time": (
        [stream("CPU times: user 1 ms, sys: 0 ns, total: 1 ms\nWall time: 2 s")],
        [stream("CPU times: user 8 µs\nWall time: 1min 2s")],
    ),
    "%timeit": (
        [stream("1.2 μs ± 3 ns per loop (mean ± std. dev. of 7 runs, 100,000 loops each)")],
        [
            stream(
                "The slowest run took 6.08 times longer than the fastest. This could mean so.\n"
                "15.9 ms ± 1.04 ms per loop (mean ± std. dev. of 7 runs, 100 loops each)"
            )
        ],
    ),
    "progress bars": (
        [stream("\r  0%| | 0/9\r100%|#| 9/9 [00:03<00:00,  2.9it/s]", "stderr")],
        [stream("\r100%|#| 9/9 [00:01<00:00, 7.77it/s]", "stderr")],
    ),
    "now": (
        [shown(plain="datetime.datetime(2026, 3, 1, 12, 30, 59, 123456)")],
        [shown(plain="datetime.datetime(2027, 11, 30, 1, 2, 3)")],
    ),
    "time stamps of a log": ([stream("2026-03-01 12:30:59,123 - INFO")], [stream("2026-03-02 01:00:00,9 - INFO")]),
    "seconds since 1970": ([stream("1772368259.123")], [stream("1772368260.5")]),
    "widget models": ([view(MODEL_A), view(MODEL_B), view(MODEL_A)], [view(MODEL_C), view(MODEL_A), view(MODEL_C)]),
    "ids of plots": ([shown(html=f"<p id='{UUID_A}'>")], [shown(html=f"<p id='{UUID_B}'>")]),
    "ids of styled tables": ([shown(html="#T_1a2b3_row0 {}")], [shown(html="#T_fffff_row0 {}")]),
    "ids and date of an SVG": (
        [shown(svg='<dc:date>2026-03-01T12:00:00</dc:date><path id="m0123456789"/><use href="#m0123456789"/>')],
        [shown(svg='<dc:date>2027-03-01T12:00:00</dc:date><path id="mabcdef0123"/><use href="#mabcdef0123"/>')],
    ),
    "pixels, not bytes": ([shown(png=png("red", "one"))], [shown(png=png("red", "another") + "\n")]),
}

DIFFERENT: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "text": ([stream("a")], [stream("b")]),
    "the name of a stream": ([stream("a")], [stream("a", "stderr")]),
    "a stream before and after a display": ([stream("a"), shown(plain="1")], [shown(plain="1"), stream("a")]),
    "a line that is missing": ([stream("a\nb\n")], [stream("a\n")]),
    "colours that were printed": ([stream("\x1b[31ma\x1b[0m")], [stream("a")]),
    "numbers": ([shown(plain="0.1234")], [shown(plain="0.1235")]),
    "dates without a time": ([shown(plain="2026-03-01")], [shown(plain="2026-03-02")]),
    "the line of an error": ([raised("Cell In[1], line 1")], [raised("Cell In[1], line 2")]),
    "result and display": (
        [{"output_type": "execute_result", "execution_count": 1, "data": {"text/plain": "1"}, "metadata": {}}],
        [shown(plain="1")],
    ),
    "a mime type that is missing": ([shown(plain="1", html="1")], [shown(plain="1")]),
    "which of two models is shown": ([view(MODEL_A), view(MODEL_B)], [view(MODEL_A), view(MODEL_A)]),
    "pixels": ([shown(png=png("red", ""))], [shown(png=png("#fe0000", ""))]),
    "the size of a picture": ([shown(png=png("red", "", (4, 3)))], [shown(png=png("red", "", (3, 4)))]),
    "size on the page": (
        [{**shown(png=png("red", "")), "metadata": {"image/png": {"width": 4}}}],
        [shown(png=png("red", ""))],
    ),
}


@pytest.mark.parametrize("case", SAME)
def test_runs_that_differ_by_chance_come_out_equal(case: str) -> None:
    one, another = SAME[case]
    assert normalise(one) == normalise(another)


@pytest.mark.parametrize("case", DIFFERENT)
def test_runs_that_differ_in_substance_stay_apart(case: str) -> None:
    one, another = DIFFERENT[case]
    assert normalise(one) != normalise(another)


@pytest.mark.parametrize("case", [*SAME, *DIFFERENT])
def test_outputs_given_in_are_left_alone(case: str) -> None:
    one, _ = (SAME | DIFFERENT)[case]
    before = repr(one)
    normalise(one)
    assert repr(one) == before


def test_scrubbing_scrubbed_text_changes_nothing() -> None:
    text = f"<A at 0x7f001122aabb> {MODEL_A} /tmp/x/y Cell In[3] 2026-03-01 12:30:59"
    assert scrub(scrub(text)) == scrub(text)


@pytest.mark.parametrize(
    ("written", "left"),
    [("ab\rc", "cb"), ("ab\r\nc", "ab\nc"), ("a\rb\nc\rd\n", "b\nd\n"), ("plain\n", "plain\n"), ("abc\r   ", "")],
)
def test_carriage_returns_overwrite_a_line(written: str, left: str) -> None:
    assert overwrite(written) == left


def widgets(*models: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    state = {model: {"model_name": kind, "state": state} for model, kind, state in models}
    return {"widgets": {"application/vnd.jupyter.widget-state+json": {"state": state}}}


def test_widget_models_are_compared_without_their_ids() -> None:
    one = widgets((MODEL_A, "Box", {"children": [f"IPY_MODEL_{MODEL_B}"]}), (MODEL_B, "Slider", {"value": 1}))
    another = widgets((MODEL_A, "Slider", {"value": 1}), (MODEL_C, "Box", {"children": [f"IPY_MODEL_{MODEL_A}"]}))
    third = widgets((MODEL_A, "Slider", {"value": 2}), (MODEL_C, "Box", {"children": [f"IPY_MODEL_{MODEL_A}"]}))
    assert normalise_widgets(one) == normalise_widgets(another)
    assert normalise_widgets(one) != normalise_widgets(third)
    assert normalise_widgets({}) == []


def cell(index: int, *outputs: dict[str, Any], source: str = "x") -> golden.CellResult:
    return golden.CellResult(index, source, tuple(normalise(outputs)))


def test_a_difference_names_the_cell_and_shows_both_sides() -> None:
    (text,) = golden.differences([cell(2, stream("one\n"))], [cell(2, stream("two\n"))])
    assert text.splitlines()[0] == "cell 2: 'x'"
    assert "-one" in text
    assert "+two" in text


def test_a_volatile_cell_is_compared_by_kind() -> None:
    assert golden.differences([cell(0, shown(plain="1"))], [cell(0, shown(plain="2"))], frozenset({0})) == []
    assert golden.differences([cell(0, shown(plain="1"))], [cell(0, stream("1"))], frozenset({0})) != []


def test_another_source_or_another_cell_is_a_difference() -> None:
    assert golden.differences([cell(0, source="a")], [cell(0, source="b")]) == ["cell 0: another source"]
    assert golden.differences([cell(0)], [cell(1)]) == ["code cells are [0] here and [1] there"]


def test_every_notebook_is_in_the_note_of_sources_and_readable() -> None:
    note = (corpus.REAL / "SOURCES.md").read_text(encoding="utf-8")
    for path in corpus.notebooks():
        assert f"`{corpus.name(path)}`" in note
        assert (corpus.REAL / corpus.name(path).split("/")[0] / "LICENSE").exists()
        assert corpus.read(path).cells


def test_volatile_cells_are_code_cells_of_the_corpus() -> None:
    for name, cells in corpus.VOLATILE.items():
        notebook = corpus.read(corpus.REAL / name)
        assert {notebook.cells[index].cell_type for index in cells} == {"code"}
    assert corpus.VOLATILE_MODELS.keys() <= {corpus.name(path) for path in corpus.notebooks()}


def differences_of_two_runs(path: Path) -> list[str]:
    first, second = golden.run(path), golden.execute(path)
    return golden.compare(path, second, golden=first) + golden.compare_widgets(path, second, golden=first)


@pytest.mark.parametrize("name", FAST)
def test_two_runs_of_a_real_notebook_are_equal(name: str) -> None:
    assert differences_of_two_runs(corpus.REAL / name) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", corpus.notebooks(), ids=corpus.name)
def test_two_runs_of_every_real_notebook_are_equal(path: Path) -> None:
    assert differences_of_two_runs(path) == []


def test_a_run_leaves_the_file_as_it_was(tmp_path: Path, write_notebook: Callable[[Path, str], Path]) -> None:
    path = write_notebook(tmp_path, "open('beside.txt', 'w').close()\nprint('hi')")
    before = path.read_bytes()
    (result,) = golden.expected(path)
    assert result.outputs == ({"output_type": "stream", "name": "stdout", "text": "hi\n"},)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.fixture
def write_notebook() -> Callable[[Path, str], Path]:
    def write(folder: Path, source: str) -> Path:
        code: dict[str, Any] = {
            "cell_type": "code",
            "id": "one",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
        }
        notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{**code, "source": source}]}
        (folder / "one.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        return folder / "one.ipynb"

    return write
