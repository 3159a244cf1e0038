"""Directories for sockets: locked by those who live, removed after those who were killed. Real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reactive_kernels import KernelPool, PoolLimits
from reactive_kernels.runtime_directory import RuntimeDirectory, remove_abandoned
from tests.kernels.recorder import DEADLINE_S

OWNER = """
from reactive_kernels.runtime_directory import RuntimeDirectory
print(RuntimeDirectory().path, flush=True)
input()
"""
SERVICE = """
import asyncio
from reactive_kernels import KernelPool, PoolLimits
async def main():
    async with KernelPool(PoolLimits(spares=0)) as pool:
        kernel = await pool.acquire(listener=lambda event: None)
        print(kernel.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where directories are made in this test and in processes that it starts; of short name, as sockets need it."""
    with tempfile.TemporaryDirectory(prefix="k-") as name:
        monkeypatch.setenv("XDG_RUNTIME_DIR", name)
        yield Path(name)


def start(program: str) -> tuple[subprocess.Popen[str], str]:
    """A process that runs `program`, and the first line that it printed."""
    process = subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def inside(base: Path) -> list[Path]:
    return sorted(base.iterdir())


def make_old(directory: Path) -> Path:
    os.utime(directory, (1_000_000_000, 1_000_000_000))
    return directory


def test_a_directory_stays_as_long_as_its_owner_lives(base: Path) -> None:
    process, name = start(OWNER)
    directory = make_old(Path(name))
    try:
        assert directory.parent == base
        remove_abandoned(base)
        assert directory.is_dir()
    finally:
        end(process)
    remove_abandoned(base)
    assert not directory.exists()


def test_our_own_directory_is_not_swept(base: Path) -> None:
    directory = RuntimeDirectory()
    make_old(directory.path)
    remove_abandoned(base)
    assert (directory.path / "lock").is_file()
    directory.remove()
    assert inside(base) == []


def test_without_a_lock_only_old_directories_where_nobody_listens_are_removed(base: Path) -> None:
    for name in ("rnb-young", "rnb-old", "rnb-old/kernel", "rnb-busy", "other"):
        (base / name).mkdir()
    (base / "rnb-old/kernel/k.json").write_text("{}")
    (base / "rnb-file").write_text("")
    (base / "rnb-link").symlink_to(base / "other", target_is_directory=True)
    with socket.socket(socket.AF_UNIX) as gone, socket.socket(socket.AF_UNIX) as listening:
        gone.bind(str(base / "rnb-old/kernel/s"))
        listening.bind(str(base / "rnb-busy/s"))
        listening.listen()
        for name in ("rnb-old", "rnb-busy", "other"):
            make_old(base / name)
        remove_abandoned(base)
    assert [path.name for path in inside(base)] == ["other", "rnb-busy", "rnb-file", "rnb-link", "rnb-young"]


@pytest.mark.anyio
async def test_a_new_pool_removes_what_a_killed_service_left(base: Path) -> None:
    service, kernel_pid = await asyncio.to_thread(start, SERVICE)
    kernel = os.pidfd_open(int(kernel_pid))
    (left,) = inside(base)
    service.send_signal(signal.SIGKILL)
    await asyncio.to_thread(service.communicate)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(kernel, ended.set)
    await asyncio.wait_for(ended.wait(), DEADLINE_S)  # a kernel whose parent is gone ends by itself
    asyncio.get_running_loop().remove_reader(kernel)
    os.close(kernel)
    assert left.is_dir()
    async with KernelPool(PoolLimits(spares=0)) as pool:
        await pool.ready()
        assert not left.exists()
        assert len(inside(base)) == 1
    assert inside(base) == []
