"""Names of notebooks as names of files."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactive_nb.storage import FileStorage, file_names
from tests.storage.contract import notebook

NAMES = [
    ("Sales", "Sales"),
    ("a/b", "a-b"),
    ("a\\b:c*d?e", "a-b-c-d-e"),
    ("..", "Untitled"),
    (".", "Untitled"),
    ("", "Untitled"),
    ("  ", "Untitled"),
    (".hidden", "hidden"),
    ("trailing. . ", "trailing"),
    ("con", "_con"),
    ("COM1.backup", "_COM1.backup"),
    ("console", "console"),
    ("report.ipynb", "report"),
    ("line\nbreak\x00", "line-break-"),
    ("\U0001f600 Übung", "\U0001f600 Übung"),
    ("U\u0308bung", "Übung"),
    ("\ud800x", "-x"),
    ("x" * 300, "x" * 200),
    ("\U0001f600" * 300, "\U0001f600" * 50),
]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_a_name_becomes_one_that_every_system_accepts(name: str, expected: str) -> None:
    assert file_names.possible(name) == expected


@given(st.text())
def test_any_name_becomes_a_possible_one_that_stays_as_it_is(name: str) -> None:
    stem = file_names.possible(name)
    assert stem
    assert not set(stem) & set('<>:"/\\|?*\0\n')
    assert not stem.startswith(".")
    assert len(f"{stem} (999999).ipynb".encode()) < 255
    assert file_names.possible(stem) == stem


def test_further_candidates_are_numbered() -> None:
    assert list(islice(file_names.candidates("a/b"), 3)) == ["a-b", "a-b (2)", "a-b (3)"]


@pytest.mark.anyio
async def test_odd_names_are_stored_listed_and_kept(tmp_path: Path) -> None:
    async with FileStorage(tmp_path) as storage:
        made = [await storage.create(notebook(name)) for name, _ in NAMES]
        for item in made:
            assert await storage.load(item.id) == item
            assert (await storage.save(item, expected=0)).name == item.name
        listed = (await storage.list("local")).items
    assert sorted(item.name for item in listed) == sorted(item.name for item in made)
    assert sorted(os.listdir(tmp_path)) == sorted(f"{item.name}.ipynb" for item in made)


@pytest.mark.anyio
async def test_a_file_of_any_name_keeps_it(tmp_path: Path) -> None:
    odd = [b"con", b"trailing .", b"a:b", b"\xff not UTF-8", b"y" * 240]
    (tmp_path / "template").mkdir()
    async with FileStorage(tmp_path / "template") as storage:
        await storage.create(notebook("t"))
    data = (tmp_path / "template" / "t.ipynb").read_bytes().replace(b'"id"', b'"was"')
    (tmp_path / "odd").mkdir()
    names = [os.fsdecode(name + b".ipynb") for name in odd]
    for name in names:
        (tmp_path / "odd" / name).write_bytes(data)
    async with FileStorage(tmp_path / "odd") as storage:
        for item in (await storage.list("local")).items:
            item.name.encode()
            loaded = await storage.load(item.id)
            assert (await storage.save(loaded, expected=loaded.revision)).name == item.name
    assert sorted(os.listdir(tmp_path / "odd")) == sorted(names)
