"""Notebooks as other programs have saved them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from reactive_nb.formats import FormatError, read_ipynb, write_ipynb
from reactive_nb.formats.json_text import has_more_containers
from reactive_nb.formats.libraries import library
from reactive_nb.models import Cell, CellConfig, CellType, Notebook
from reactive_nb.models.output import filled_text
from tests.notebooks.corpus import name, notebooks

nbformat = library("nbformat")
v4 = nbformat.v4

TIME = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def text_of(cells: list[dict[str, Any]], metadata: dict[str, Any] | None = None, **fields: Any) -> str:
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata or {}, "cells": cells, **fields}
    return json.dumps(document)


def code(source: Any = "", **fields: Any) -> dict[str, Any]:
    plain = {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
    return {**plain, **fields}


def without_ours(data: bytes | str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(data)
    document["metadata"].pop("reactive_nb", None)
    for cell in document["cells"]:
        cell["metadata"].pop("reactive_nb", None)
    return document


def test_everything_jupyter_keeps_in_a_notebook_comes_back() -> None:
    saved = nbformat.writes(
        v4.new_notebook(
            metadata={
                "kernelspec": {"name": "python3", "display_name": "My Python", "language": "python"},
                "language_info": {"name": "python", "version": "3.13", "codemirror_mode": {"name": "ipython"}},
                "colab": {"provenance": []},
                "vscode": {"interpreter": {"hash": "abc"}},
                "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}, "version_major": 2}},
                "toc": {"base_numbering": 1, "nav_menu": {}},
            },
            cells=[
                v4.new_code_cell(
                    "import pandas\npandas.DataFrame()\n",
                    id="one",
                    execution_count=7,
                    metadata={"tags": ["parameters"], "collapsed": True, "scrolled": "auto"},
                    outputs=[
                        v4.new_output("stream", name="stderr", text="a\nb\n"),
                        v4.new_output(
                            "display_data",
                            data={"image/png": "aGVsbG8=\n", "text/plain": "<Figure>", "application/json": ["a", "b"]},
                            metadata={"image/png": {"width": 300}, "isolated": True},
                        ),
                        v4.new_output("execute_result", data={"text/html": "<p>\n</p>"}, execution_count=7),
                        v4.new_output("error", ename="E", evalue="v", traceback=["\x1b[31mx", "y"]),
                    ],
                ),
                v4.new_markdown_cell("![x](attachment:x.png)", id="two", attachments={"x.png": {"image/png": "aGk="}}),
                v4.new_raw_cell("\\LaTeX", id="three", metadata={"raw_mimetype": "text/latex"}),
            ],
        )
    )
    notebook = read_ipynb(saved, fallback_name="Analysis")
    assert (notebook.name, notebook.kernel_name) == ("Analysis", "python3")
    assert [cell.type for cell in notebook.cells] == [CellType.PYTHON, CellType.MARKDOWN, CellType.RAW]
    assert notebook.cells[0].outputs[0] == {"output_type": "stream", "name": "stderr", "text": "a\nb\n"}
    assert notebook.cells[0].outputs[1]["data"]["application/json"] == ["a", "b"]
    assert without_ours(write_ipynb(notebook)) == json.loads(saved)


@pytest.mark.parametrize("path", notebooks(), ids=name)
def test_a_real_notebook_comes_back_as_nbformat_itself_would_write_it(path: Any) -> None:
    data = path.read_bytes()
    written = without_ours(write_ipynb(read_ipynb(data)))
    nbformat.validate(written)
    expected = json.loads(nbformat.writes(nbformat.reads(data.decode(), as_version=4)))
    if json.loads(data)["nbformat"] == 4:
        expected["metadata"] = json.loads(data)["metadata"]
    stated = json.loads(data)
    if stated["nbformat"] == 4 and stated["nbformat_minor"] == 5:
        assert [cell["id"] for cell in written["cells"]] == [cell["id"] for cell in stated["cells"]]
    for cell in (*written["cells"], *expected["cells"]):
        cell.pop("id", None)
    assert written["cells"] == expected["cells"]
    kernelspec = written["metadata"].pop("kernelspec")
    assert expected["metadata"].pop("kernelspec", {}).items() <= kernelspec.items()
    assert written["metadata"] == expected["metadata"]


def test_nothing_of_ours_is_put_into_cells_that_use_nothing_of_ours() -> None:
    notebook = Notebook("n", cells=(Cell("a", source="1"), Cell("m", CellType.MARKDOWN, "x")))
    written = json.loads(write_ipynb(notebook))
    assert [cell["metadata"] for cell in written["cells"]] == [{}, {}]
    assert written["metadata"]["kernelspec"] == {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }


def test_sql_cells_and_configs_are_kept_in_metadata() -> None:
    sql = Cell("q", CellType.SQL, "select 1", CellConfig(result="df"))
    written = json.loads(write_ipynb(Notebook("n", cells=(sql,))))["cells"][0]
    assert (written["cell_type"], written["source"]) == ("code", ["select 1"])
    assert written["metadata"]["reactive_nb"] == {"type": "sql", "config": {"result": "df"}}


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, CellType.PYTHON),
        ({"kernelspec": {"name": "python3"}}, CellType.PYTHON),
        ({"kernelspec": {"name": "my-env", "display_name": "x"}}, CellType.PYTHON),
        ({"kernelspec": {"name": "conda-root-py", "language": "python"}}, CellType.PYTHON),
        ({"kernelspec": {"name": "x"}, "language_info": {"name": "ipython"}}, CellType.PYTHON),
        ({"kernelspec": {"name": "ir", "language": "R"}}, CellType.CODE),
        ({"kernelspec": {"name": "ir"}}, CellType.CODE),
        ({"kernelspec": {"name": "julia-1.11"}}, CellType.CODE),
        ({"kernelspec": {"name": ".net-csharp"}}, CellType.CODE),
        ({"kernelspec": {"name": "irene"}}, CellType.PYTHON),
        ({"language_info": {"name": "julia"}}, CellType.CODE),
        ({"kernelspec": "nonsense", "language_info": 3}, CellType.PYTHON),
    ],
)
def test_the_language_decides_what_code_cells_are(metadata: dict[str, Any], expected: CellType) -> None:
    assert read_ipynb(text_of([code("x")], metadata)).cells[0].type is expected


def test_a_new_kernel_replaces_the_kernelspec() -> None:
    notebook = read_ipynb(text_of([], {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}))
    written = json.loads(write_ipynb(replace(notebook, kernel_name="julia")))
    assert written["metadata"]["kernelspec"] == {"display_name": "julia", "name": "julia"}


def test_missing_repeated_and_impossible_ids_become_valid_ones_always_the_same() -> None:
    text = text_of([code("1", id="a"), code("2", id="a"), code("3", id="x y"), code("4"), code("4"), code("5", id=5)])
    first, second = read_ipynb(text), read_ipynb(text)
    ids = [cell.id for cell in first.cells]
    assert ids[0] == "a"
    assert len(set(ids)) == 6
    assert ids == [cell.id for cell in second.cells]
    nbformat.validate(json.loads(write_ipynb(first)))


def test_a_cell_without_an_id_keeps_it_when_cells_are_put_above() -> None:
    before = read_ipynb(text_of([code("1"), code("2")], nbformat_minor=4))
    after = read_ipynb(text_of([code("0"), code(["1"]), code("2")], nbformat_minor=4))
    assert [cell.id for cell in after.cells[1:]] == [cell.id for cell in before.cells]


@pytest.mark.parametrize("minor", range(5))
def test_earlier_minor_versions_are_read(minor: int) -> None:
    notebook = read_ipynb(text_of([code(["a = 1\n", "a"])], nbformat_minor=minor))
    assert notebook.cells[0].source == "a = 1\na"
    assert json.loads(write_ipynb(notebook))["nbformat_minor"] == 5


def test_nbformat_3_is_upgraded() -> None:
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "old", "kernelspec": {"name": "python3", "display_name": "P"}},
        "worksheets": [
            {
                "metadata": {},
                "cells": [
                    {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Title"]},
                    {
                        "cell_type": "code",
                        "collapsed": False,
                        "input": ["print 1\n", "2"],
                        "language": "python",
                        "metadata": {},
                        "prompt_number": 3,
                        "outputs": [
                            {"output_type": "stream", "stream": "stdout", "text": ["1\n"]},
                            {"output_type": "pyout", "prompt_number": 3, "metadata": {}, "text": ["2"]},
                        ],
                    },
                ],
            }
        ],
    }
    first, second = read_ipynb(json.dumps(old)), read_ipynb(json.dumps(old))
    assert [cell.source for cell in first.cells] == ["## Title", "print 1\n2"]
    assert first.cells[1].outputs[0] == {"output_type": "stream", "name": "stdout", "text": "1\n"}
    assert first.cells[1].outputs[1]["data"] == {"text/plain": "2"}
    assert [cell.id for cell in first.cells] == [cell.id for cell in second.cells]
    nbformat.validate(json.loads(write_ipynb(first)))


def test_numbers_of_any_size_are_kept() -> None:
    big = 123456789012345678901234567890
    notebook = read_ipynb(text_of([], {"other": [big, 1.5e-7, 0.1, -0.0, 1e300, True]}))
    assert json.loads(write_ipynb(notebook))["metadata"]["other"] == [big, 1.5e-7, 0.1, -0.0, 1e300, True]


def test_what_is_no_json_number_becomes_null() -> None:
    notebook = read_ipynb('{"nbformat": 4, "metadata": {"a": NaN, "b": [-Infinity, 1e999]}, "cells": []}')
    assert b"Infinity" not in write_ipynb(notebook)
    assert notebook.metadata["a"] is None
    assert json.loads(write_ipynb(notebook))["metadata"]["b"] == [None, None]


def test_fields_of_later_versions_are_kept() -> None:
    text = text_of([code("x", id="a", lock="me"), code("y", id="b")], nbformat_minor=7, signature_block={"k": 1})
    assert without_ours(write_ipynb(read_ipynb(text))) == {
        **json.loads(text),
        "metadata": {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}},
        "cells": [
            {**json.loads(text)["cells"][0], "source": ["x"]},
            {**json.loads(text)["cells"][1], "source": ["y"]},
        ],
    }


def test_keys_under_our_name_that_we_do_not_know_are_kept() -> None:
    metadata = {"reactive_nb": {"id": "n", "later": {"a": 1}}}
    written = json.loads(write_ipynb(read_ipynb(text_of([code("x", metadata={"reactive_nb": {"new": 2}})], metadata))))
    assert written["metadata"]["reactive_nb"]["later"] == {"a": 1}
    assert written["cells"][0]["metadata"]["reactive_nb"] == {"new": 2}


def test_nonsense_under_our_name_counts_as_absent() -> None:
    ours = {"id": "../x", "owner": 3, "settings": {"mode": "warp"}, "revision": -1, "created_at": "yesterday"}
    cell = {"type": "markdown", "config": {"mode": [], "timeout": "1", "result": 5}, "error": 1, "duration_ms": "x"}
    text = text_of([code("x", metadata={"reactive_nb": cell})], {"reactive_nb": ours})
    notebook = read_ipynb(text, fallback_id="n", fallback_time=TIME)
    assert replace(notebook, cells=()) == Notebook("n", created_at=TIME, updated_at=TIME)
    assert replace(notebook.cells[0], id="") == Cell("", source="x")


def test_a_byte_order_mark_and_other_encodings_are_read() -> None:
    text = text_of([code("ö")])
    for data in ("\ufeff" + text, b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16"), text.encode("utf-32")):
        assert read_ipynb(data).cells[0].source == "ö"


def test_lone_surrogates_do_no_harm() -> None:
    escaped = text_of([code("x")]).replace('"x"', '"\\ud83d and \\ud83d\\ude00"')
    assert read_ipynb(escaped).cells[0].source == "\ufffd and \U0001f600"
    assert read_ipynb(escaped.encode()).cells[0].source == "\ufffd and \U0001f600"
    written = write_ipynb(Notebook("n", name="\udce4", cells=(Cell("a", source="\ud800"),)))
    assert b"\\ud800" in written
    assert read_ipynb(written).cells[0].source == "\ufffd"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"hello", r"Not JSON: .*line 1, column 1"),
        (b'{"nbformat": 4,\n "cells": [}', r"line 2, column 12"),
        (b"\xff\xfe\xfd", "UTF"),
        (b"\x80abc", "UTF-8 text"),
        (b"[]", "no JSON object"),
        (b"{}", "no format version"),
        (b'{"nbformat": "4"}', "no format version"),
        (b'{"nbformat": 5, "cells": []}', "nbformat 5, which is newer than 4"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 3, "worksheets": 1}', "not valid nbformat 3"),
        (b'{"nbformat": 4, "cells": [1]}', "Cell 1 is not"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "heading"}]}', "Cell 1 is of the type 'heading'"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "raw", "source": [1]}]}', "source of cell 1"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "outputs": 1}]}', "outputs of cell 1"),
        (b'{"nbformat": 4, "metadata": {"a": ' + b"[" * 300 + b"]" * 300 + b'}, "cells": []}', "nested"),
        (b"[" * 100_000, "nested"),
        (b'{"a": ' + b"1" * 5000 + b"}", "number"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(data: bytes, sentence: str) -> None:
    with pytest.raises(FormatError, match=sentence):
        read_ipynb(data)


def test_a_value_that_json_cannot_express_is_refused() -> None:
    with pytest.raises(FormatError, match="JSON cannot express"):
        write_ipynb(Notebook("n", metadata={"a": object()}))


def test_nothing_given_is_changed() -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "a\nb"}
    metadata = {"reactive_nb": {"fields": {"x": 1}}}
    cell = Cell("a", source="1\n2", outputs=(output,), metadata=metadata, config=CellConfig(timeout=3))
    write_ipynb(Notebook("n", cells=(cell,), metadata={"kernelspec": {"name": "other"}}))
    assert output == {"output_type": "stream", "name": "stdout", "text": "a\nb"}
    assert metadata == {"reactive_nb": {"fields": {"x": 1}}}


def test_lists_without_end_are_refused_and_brackets_in_text_are_none() -> None:
    with pytest.raises(FormatError, match="more than 2,000,000 lists and objects"):
        read_ipynb('{"nbformat": 4, "cells": [' + "[],{}," * 1_000_000 + "[]]}")
    source = '[\\"' * 2_000_001
    assert read_ipynb('{"nbformat": 4, "cells": [{"cell_type": "raw", "source": "' + source + '"}]}').cells[0].source


@pytest.mark.parametrize("text", ['"', '"\\', '"\\"' * 5, "[{" * 9, '["[{", [], "\\"[", {}]'])
def test_lists_are_counted_outside_of_strings(text: str) -> None:
    expected = {'["[{", [], "\\"[", {}]': 3, "[{" * 9: 18}.get(text, 0)
    for given in (text, text.encode()):
        assert has_more_containers(given, expected - 1)
        assert not has_more_containers(given, expected)


def test_a_text_that_is_one_broken_string_is_looked_through_once() -> None:
    endless = "[" * 10 + '"' + '\\"' * 1_000_000
    assert has_more_containers(endless, 1)  # in hours, were each quote tried as a beginning


OUTPUTS = [
    ({"output_type": "stream", "text": 5}, {"output_type": "stream", "name": "stdout", "text": ""}),
    (
        {"output_type": "display_data", "data": {"text/plain": {"a": 1}}, "transient": {"display_id": "x"}},
        {"output_type": "display_data", "data": {"text/plain": '{"a": 1}'}, "metadata": {}},
    ),
    (
        {"output_type": "execute_result", "data": None, "execution_count": -1},
        {"output_type": "execute_result", "data": {}, "metadata": {}, "execution_count": None},
    ),
    (
        {"output_type": "error", "ename": "E", "traceback": "line"},
        {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["line"]},
    ),
    ({"output_type": "pyout", "text": "1"}, None),
    ({"text": "1"}, None),
]


@pytest.mark.parametrize(("given", "expected"), OUTPUTS)
def test_outputs_that_nbformat_refuses_are_mended_or_left_out(given: Any, expected: Any) -> None:
    notebook = read_ipynb(text_of([code("x", outputs=[given])]))
    assert notebook.cells[0].outputs == (() if expected is None else (expected,))
    nbformat.validate(json.loads(write_ipynb(notebook)))


def test_attachments_of_a_cell_that_became_code_are_kept() -> None:
    cell = Cell("a", source="x", attachments={"a.png": {"image/png": "aGVsbG8="}})
    written = write_ipynb(Notebook("n", cells=(cell,)))
    nbformat.validate(json.loads(written))
    assert read_ipynb(written).cells == (cell,)


def test_fields_that_the_files_own_version_does_not_have_are_kept_where_it_has_room() -> None:
    text = text_of([code("x", id="a", lock="me")], nbformat_minor=5, extra=1)
    written = json.loads(write_ipynb(read_ipynb(text)))
    nbformat.validate(written)
    assert written["cells"][0]["metadata"]["reactive_nb"]["fields"] == {"lock": "me"}
    assert written["metadata"]["reactive_nb"]["fields"] == {"extra": 1}


def test_what_text_shows_is_kept_with_our_metadata() -> None:
    shown = filled_text("a 3", "a 3")
    cell = Cell("t", CellType.MARKDOWN, "a {{ x }}", outputs=(shown,), started_at=TIME)
    data = write_ipynb(Notebook(id="n", cells=(cell,)))
    written = json.loads(data)["cells"][0]
    assert (written["source"], "outputs" in written) == (["a {{ x }}"], False)
    nbformat.validate(nbformat.reads(data.decode(), as_version=4))
    assert read_ipynb(data).cells[0] == cell


@pytest.mark.parametrize("outputs", [3, [3], [{"output_type": "fun"}], {"a": 1}, None])
def test_outputs_of_text_that_are_none_are_left_out(outputs: Any) -> None:
    cell = {"cell_type": "markdown", "id": "t", "metadata": {"reactive_nb": {"outputs": outputs}}, "source": "{{ x }}"}
    assert read_ipynb(text_of([cell])).cells[0].outputs == ()
