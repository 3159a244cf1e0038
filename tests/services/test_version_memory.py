"""Overwritten versions take no more memory than they may; who needs one that was let go has it made again."""

from __future__ import annotations

import sys

import numpy
import pandas
import polars
import pytest

from reactive_kernels.kernel_memory import VersionMemory, buffers_of
from reactive_nb.services.operations import RemoveCell, UpdateCell
from tests.services.in_process import InProcessNotebook
from tests.services.promise import assert_fresh

MIB = 1 << 20


def _kept(notebook: InProcessNotebook, name: str) -> list[str]:
    return [cell for cell, held in notebook.namespace.versions.items() if name in held]


def test_the_oldest_versions_are_let_go_and_made_again_by_who_needs_them() -> None:
    notebook = InProcessNotebook(
        f"x = bytes({MIB})",
        "print(len(x))",
        "x = x + b'1'",
        "x = x + b'2'",
        "x = x + b'3'",
        "print(len(x))",
        memory_bytes=2 * MIB + 100_000,
    )
    notebook.run()
    assert _kept(notebook, "x") == ["c2", "c3", "c4"]
    assert notebook.run("c1") == ["c0", "c1", "c2", "c3", "c4", "c5"]
    assert notebook.text("c1") == f"{MIB}\n"
    assert notebook.status("c5") == "success"
    assert_fresh(notebook)


def test_what_fits_is_kept() -> None:
    notebook = InProcessNotebook(f"x = bytes({MIB})", "print(len(x))", "x = x + b'1'")
    notebook.run()
    assert notebook.run("c1") == ["c1"]


def test_what_is_in_use_costs_nothing() -> None:
    notebook = InProcessNotebook(f"x = bytearray({MIB})", "y = x", "x = 1", "x = 2", memory_bytes=1000)
    notebook.run()
    assert _kept(notebook, "x") == ["c0", "c2", "c3"]


def test_what_is_left_in_the_end_is_kept() -> None:
    notebook = InProcessNotebook(
        f"x = bytes({MIB})", "print(len(x))", f"x = bytes({2 * MIB})", "print(len(x))", memory_bytes=MIB // 2
    )
    notebook.run()
    notebook.do(UpdateCell("c0", source=f"x = bytes({MIB + 1})"))
    assert notebook.run() == ["c0", "c1"]
    assert _kept(notebook, "x") == ["c0", "c2"]
    assert_fresh(notebook)


def test_what_was_let_go_is_made_again_when_it_is_left_in_the_end() -> None:
    notebook = InProcessNotebook(f"x = bytes({MIB})", "x = x + b'1'", "x = x + b'2'", memory_bytes=MIB + 1000)
    notebook.run()
    assert _kept(notebook, "x") == ["c1", "c2"]
    notebook.do(UpdateCell("c1", source="y = 1"))
    notebook.do(RemoveCell("c2"))
    assert notebook.run() == ["c0", "c1"]
    assert_fresh(notebook)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (numpy.zeros(MIB), 8 * MIB),
        (numpy.zeros((MIB, 2))[:, 0], 16 * MIB),
        (pandas.DataFrame({"a": numpy.zeros(MIB), "b": numpy.zeros(MIB, "int32")}), 12 * MIB),
        (pandas.Series(numpy.zeros(MIB)), 8 * MIB),
        (polars.DataFrame({"a": numpy.zeros(MIB)}), 8 * MIB),
        (bytes(MIB), MIB),
        ([bytes(1024)] * 1024, MIB),
        ({n: bytes(1024) for n in range(1024)}, MIB),
    ],
    ids=["array", "view", "frame", "series", "polars", "bytes", "list", "dict"],
)
def test_sizes_are_about_right(value: object, size: int) -> None:
    found = sum(buffers_of(value).values())
    assert size * 0.99 <= found <= size * 1.3 + sys.getsizeof(value)


def test_frames_that_share_their_blocks_count_once() -> None:
    frame = pandas.DataFrame({"a": numpy.zeros(MIB)})
    memory = VersionMemory({}, MIB)
    versions = {"a": {"x": frame.copy(deep=False)}, "b": {"x": frame}}
    memory.note("a", ["x"], ["x"], versions, versions["a"])
    assert memory.note("b", ["x"], [], versions, versions["b"])
    assert memory.let_go(versions, [frame]) == []
    assert memory.let_go(versions, [1]) == [["a", "x"]]
