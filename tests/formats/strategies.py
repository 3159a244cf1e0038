"""Random notebooks, as wide as the model allows, for laws that hold for all of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from reactive_nb.models import (
    Cell,
    CellConfig,
    CellError,
    CellMode,
    CellType,
    Notebook,
    NotebookSettings,
    Output,
    Redefinition,
    RunMode,
)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
words = st.text("abcdefgh_", min_size=1, max_size=8)
ids = st.text("abcXYZ019_-", min_size=1, max_size=64)
times = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=6
)
metadata = st.dictionaries(words, json_values, max_size=3)

bundles = st.fixed_dictionaries(
    {},
    optional={
        "text/plain": text,
        "text/html": text,
        "image/png": st.just("aGVsbG8=\n"),
        "image/svg+xml": text,
        "application/json": json_values,
        "application/vnd.vega.v5+json": st.dictionaries(words, json_values, max_size=3),
    },
)


def _output(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Output]:
    return st.fixed_dictionaries({"output_type": st.just(kind), **fields})


outputs = st.one_of(
    _output("stream", name=st.sampled_from(["stdout", "stderr"]), text=text),
    _output("display_data", data=bundles, metadata=metadata),
    _output("execute_result", data=bundles, metadata=metadata, execution_count=st.none() | st.integers(0, 99)),
    _output("error", ename=text, evalue=text, traceback=st.lists(text, max_size=3)),
)
configs = st.builds(
    CellConfig,
    mode=st.sampled_from(CellMode),
    timeout=st.none() | st.floats(0.001, 1e6),
    continue_on_error=st.booleans(),
    result=st.none() | words,
    hide_source=st.booleans(),
    hide_output=st.booleans(),
)
errors = st.builds(
    CellError,
    kind=words,
    message=text,
    names=st.lists(words, max_size=3).map(tuple),
    cells=st.lists(ids, max_size=3).map(tuple),
    line=st.none() | st.integers(1, 999),
)


@st.composite
def cells(draw: st.DrawFn, cell_id: str) -> Cell:
    kind = draw(st.sampled_from(CellType))
    shared = {
        "id": cell_id,
        "type": kind,
        "source": draw(text),
        "config": draw(configs),
        "metadata": draw(metadata),
        "revision": draw(st.integers(0, 2**40)),
    }
    if kind.runs:
        return Cell(
            **shared,
            outputs=tuple(draw(st.lists(outputs, max_size=3))),
            execution_count=draw(st.none() | st.integers(0, 2**31)),
            error=draw(st.none() | errors),
            started_at=draw(st.none() | times),
            duration_ms=draw(st.none() | st.floats(0, 1e9)),
        )
    return Cell(**shared, attachments=draw(st.dictionaries(words, st.just({"image/png": "aGVsbG8="}), max_size=2)))


@st.composite
def notebooks(draw: st.DrawFn) -> Notebook:
    made = draw(st.lists(ids, unique=True, max_size=5))
    return Notebook(
        id=draw(st.uuids().map(str)),
        name=draw(text.filter(bool)),
        owner=draw(words),
        kernel_name=draw(st.sampled_from(["python3", "ir", "julia-1.11", "some-environment"])),
        cells=tuple(draw(cells(cell_id)) for cell_id in made),
        settings=NotebookSettings(
            draw(st.sampled_from(RunMode)), draw(st.sampled_from(Redefinition)), draw(st.booleans())
        ),
        metadata=draw(metadata),
        revision=draw(st.integers(0, 2**40)),
        created_at=draw(times),
        updated_at=draw(times),
    )
