"""What becomes of files when processes die, disks fill up, and two processes save at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reactive_nb.formats import read_ipynb
from reactive_nb.formats.libraries import library
from reactive_nb.models import Cell
from reactive_nb.storage import FileStorage, StorageUnavailable, file_storage
from reactive_nb.storage.file_storage import THREADS
from tests.storage.contract import edited, notebook

pytestmark = pytest.mark.anyio

SAVER = Path(__file__).with_name("saver.py")
RENAMER = Path(__file__).with_name("renamer.py")
KILLS = 30
NOBODY = 65534
DEADLINE_S = 60


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def saver(directory: Path, notebook_id: str, count: int, *mark: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(SAVER), str(directory), notebook_id, str(count), *mark]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)


def rename_up_to(step: int, directory: Path, notebook_id: str) -> int:
    """The exit status of a process that renames a notebook, and dies before that step."""
    command = [sys.executable, str(RENAMER), str(directory), notebook_id, str(step)]
    return subprocess.run(command, env=environment(), timeout=DEADLINE_S, check=False).returncode


def notebook_texts(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in directory.glob("*.ipynb")]


async def test_killed_at_any_instant_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    """The process is killed at random moments. Every third save renames the file."""
    async with FileStorage(tmp_path) as storage:
        stored = await storage.create(notebook("n0"))
    chance = random.Random(7)
    for _ in range(KILLS):
        process = saver(tmp_path, stored.id, 10_000)
        assert process.stdout is not None
        with process, process.stdout:
            acknowledged = [int(process.stdout.readline()) for _ in range(chance.randint(1, 8))]
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0, 0.02))
            process.send_signal(signal.SIGKILL)
            acknowledged += [int(line) for line in process.stdout.read().split("\n") if line]
        for data in notebook_texts(tmp_path):
            library("nbformat").validate(json.loads(data))
            assert read_ipynb(data).id == stored.id
        async with FileStorage(tmp_path) as storage:
            loaded = await storage.load(stored.id)
            assert len((await storage.list("local")).items) == 1
        assert acknowledged[-1] <= loaded.revision <= acknowledged[-1] + 1
        assert [cell.source.split()[0] for cell in loaded.cells] == [str(n + 1) for n in range(loaded.revision)]
        assert [name for name in os.listdir(tmp_path) if name.startswith(".")] == []


async def test_killed_before_any_step_of_a_renaming_save_there_is_one_notebook(tmp_path: Path) -> None:
    """Each time the process gets one step further; the next process then saves without a renaming."""
    steps = 0
    while True:
        directory = tmp_path / str(steps)
        async with FileStorage(directory) as storage:
            stored = await storage.create(notebook("before"))
        steps += 1
        status = await asyncio.to_thread(rename_up_to, steps, directory, stored.id)
        async with FileStorage(directory) as storage:
            loaded = await storage.load(stored.id)
            assert (loaded.revision, loaded.name) in [(0, "before"), (1, "before"), (1, "after")]
            await storage.save(edited(loaded), expected=loaded.revision)
            assert [item.id for item in (await storage.list("local")).items] == [stored.id]
        assert os.listdir(directory) == [f"{loaded.name}.ipynb"]
        if status == 0:
            break
        assert status == -signal.SIGKILL
    assert (loaded.revision, loaded.name) == (1, "after")
    assert steps > 5


async def test_two_processes_lose_none_of_each_other_s_saves(tmp_path: Path) -> None:
    async with FileStorage(tmp_path) as storage:
        stored = await storage.create(notebook("n0"))
        processes = [saver(tmp_path, stored.id, 40, mark) for mark in "ab"]
        for process in processes:
            assert process.wait(DEADLINE_S) == 0
            assert process.stdout is not None
            process.stdout.close()
        loaded = await storage.load(stored.id)
    assert loaded.revision == 80
    for mark in "ab":
        own = [cell.id for cell in loaded.cells if cell.id.startswith(mark)]
        assert [cell_id.partition("-")[0] for cell_id in own] == [f"{mark}{number}" for number in range(40)]
    assert len(os.listdir(tmp_path)) == 1


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that another user can reach (pytest's own cannot be)."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


@contextlib.contextmanager
def without_privileges() -> Iterator[None]:
    """Run as somebody whom permissions bind."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


async def test_a_directory_that_is_not_ours_to_write_is_said_to_be_so(open_directory: Path) -> None:
    async with FileStorage(open_directory) as storage:
        stored = await storage.create(notebook())
        os.chmod(open_directory, 0o555)
        try:
            with without_privileges():
                for action in (
                    storage.save(edited(stored), expected=0),
                    storage.create(notebook("other")),
                    storage.delete(stored.id),
                    storage.check(),
                ):
                    with pytest.raises(StorageUnavailable, match="permission is denied"):
                        await action
                assert await storage.load(stored.id) == stored
        finally:
            os.chmod(open_directory, 0o755)
        assert os.listdir(open_directory) == ["Sales.ipynb"]
        await storage.save(edited(stored), expected=0)


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[FileStorage]:
    async with FileStorage(tmp_path) as opened:
        yield opened


@contextlib.contextmanager
def files_up_to(size_bytes: int) -> Iterator[None]:
    """Let the system refuse to write files larger than this, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


async def test_a_full_disk_leaves_the_old_file_and_no_other(storage: FileStorage, tmp_path: Path) -> None:
    stored = await storage.create(notebook())
    larger = replace(edited(stored), cells=(Cell("a", source="x" * 500_000),))
    with files_up_to(100_000), pytest.raises(StorageUnavailable, match="no space left"):
        await storage.save(larger, expected=0)
    assert await storage.load(stored.id) == stored
    assert os.listdir(tmp_path) == ["Sales.ipynb"]
    assert await storage.save(larger, expected=0) == larger


async def test_a_directory_that_has_gone_is_said_to_be_gone(tmp_path: Path) -> None:
    place = tmp_path / "notebooks"
    async with FileStorage(place) as storage:
        stored = await storage.create(notebook())
        place.rename(tmp_path / "elsewhere")
        for action in (
            storage.list("local"),
            storage.load(stored.id),
            storage.save(edited(stored), expected=0),
            storage.create(notebook()),
            storage.check(),
        ):
            with pytest.raises(StorageUnavailable, match="not there"):
                await action
        (tmp_path / "elsewhere").rename(place)
        assert await storage.load(stored.id) == stored


async def test_a_file_in_the_directory_s_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageUnavailable):
        await FileStorage(tmp_path / "file").open()


def lock_holder(*paths: Path) -> subprocess.Popen[str]:
    """A process that says `held` and keeps the locks until it is told something."""
    code = """
import fcntl, os, sys
files = [os.open(path, os.O_RDONLY) for path in sys.argv[1:]]
for file in files:
    fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
input()
"""
    command = [sys.executable, "-c", code, *map(str, paths)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


async def test_a_lock_held_by_another_process_is_waited_for(storage: FileStorage, tmp_path: Path) -> None:
    stored = await storage.create(notebook())
    with lock_holder(tmp_path / "Sales.ipynb") as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        saving = asyncio.create_task(storage.save(edited(stored), expected=0))
        done, _ = await asyncio.wait([saving], timeout=0.2)
        assert done == set()
        holder.communicate("\n", timeout=DEADLINE_S)
        assert await asyncio.wait_for(saving, DEADLINE_S) == edited(stored)


async def test_a_file_that_another_process_is_renaming_is_not_taken_for_gone(
    storage: FileStorage, tmp_path: Path
) -> None:
    stored = await storage.create(notebook())
    with lock_holder(tmp_path) as renamer:
        assert renamer.stdout is not None
        assert renamer.stdout.readline() == "held\n"
        (tmp_path / "Sales.ipynb").rename(tmp_path / "seen by no walk")
        loading = asyncio.create_task(storage.load(stored.id))
        done, _ = await asyncio.wait([loading], timeout=0.2)
        assert done == set()
        assert (await storage.list("local")).items == ()
        (tmp_path / "seen by no walk").rename(tmp_path / "Renamed.ipynb")
        renamer.communicate("\n", timeout=DEADLINE_S)
        assert (await asyncio.wait_for(loading, DEADLINE_S)).name == "Renamed"


async def test_locks_held_by_others_hold_up_nobody_else_s_saving(storage: FileStorage, tmp_path: Path) -> None:
    names = [f"held {number}" for number in range(2 * THREADS)]
    held = [await storage.create(notebook(name)) for name in names]
    free = await storage.create(notebook("free"))
    with lock_holder(*(tmp_path / f"{name}.ipynb" for name in names)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        saving = [asyncio.create_task(storage.save(edited(one), expected=0)) for one in held]
        await asyncio.wait(saving, timeout=0.2)
        assert await storage.save(edited(free), expected=0) == edited(free)
        assert [task for task in saving if task.done()] == []
        holder.communicate("\n", timeout=DEADLINE_S)
        assert await asyncio.wait_for(asyncio.gather(*saving), DEADLINE_S) == [edited(one) for one in held]


async def test_a_lock_that_is_never_let_go_is_told_by_the_file_s_name(
    storage: FileStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_storage, "LOCK_TIMEOUT_S", 0.1)
    stored = await storage.create(notebook())
    with lock_holder(tmp_path / "Sales.ipynb") as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for action in (storage.save(edited(stored), expected=0), storage.delete(stored.id)):
            with pytest.raises(StorageUnavailable, match=r"'Sales\.ipynb' is locked by another program"):
                await action
        assert await storage.load(stored.id) == stored
        holder.communicate("\n", timeout=DEADLINE_S)
