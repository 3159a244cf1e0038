"""Where control groups can be made is found out, and said: with trees of ordinary files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reactive_kernels import KernelPool, PoolLimits, ResourceLimits
from reactive_kernels.cgroups import Cgroups, NoCgroups, missing
from tests.kernels.launchers import kernel_of, value

pytestmark = pytest.mark.anyio

MIB = 2**20
LIMITS = ResourceLimits(memory_bytes=512 * MIB, processors=0.5, processes=60, names={"memory_bytes": "MY_MEMORY"})


class Tree:
    """What a process finds under /proc/self, and a tree of groups."""

    def __init__(self, folder: Path, group: str, root: str = "/", controllers: str = "cpu io memory pids") -> None:
        self.proc, self.mount = folder / "proc", folder / "cgroup"
        self.base = self.mount / group.lstrip("/")
        self.base.mkdir(parents=True)
        self.proc.mkdir()
        (self.proc / "cgroup").write_text(f"1:name=systemd:/elsewhere\n0::{group}\n")
        mounts = "21 28 0:20 / /proc rw shared:12 - proc proc rw\n"
        (self.proc / "mountinfo").write_text(f"{mounts}30 29 0:26 {root} {self.mount} rw,nosuid - cgroup2 cgroup2 rw\n")
        (self.base / "cgroup.controllers").write_text(controllers + "\n")
        (self.base / "cgroup.subtree_control").write_text("\n")
        (self.base / "cgroup.procs").write_text(f"{os.getpid()}\n")


def test_what_a_service_has_of_its_own_is_made_ready(tmp_path: Path) -> None:
    tree = Tree(tmp_path, "/system.slice/nb.service")
    (tree.base / "cgroup.type").write_text("domain\n")
    cgroups = Cgroups.find(tree.proc)
    assert cgroups.controllers == {"cpu", "memory", "pids"}
    assert (tree.base / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"
    assert (tree.base / f"rnb-service-{os.getpid()}" / "cgroup.procs").read_text() == str(os.getpid())
    (tree.base / "memory.swap.max").touch()
    group = cgroups.make(LIMITS)
    assert group is not None
    assert group.path.parent == tree.base
    assert {file.name: file.read_text() for file in group.path.iterdir()} == {
        "memory.max": str(544 * MIB),
        "cpu.max": "50000 100000",
        "pids.max": "60",
    }


def test_the_groups_of_who_was_found_in_one_of_ours_are_beside_it(tmp_path: Path) -> None:
    tree = Tree(tmp_path, "/nb.service/rnb-service-7")
    (tree.base.parent / "cgroup.controllers").write_text("pids")
    (tree.base.parent / "cgroup.subtree_control").write_text("pids")
    group = Cgroups.find(tree.proc).make(LIMITS)
    assert group is not None
    assert group.path.parent == tree.mount / "nb.service"
    assert [file.name for file in group.path.iterdir()] == ["pids.max"]


def test_a_part_of_the_tree_that_is_mounted_is_known(tmp_path: Path) -> None:
    tree = Tree(tmp_path, "/docker/abc", root="/docker/abc")
    (tree.mount / "cgroup.controllers").write_text("memory")
    (tree.mount / "cgroup.subtree_control").write_text("memory")
    assert Cgroups.find(tree.proc).controllers == {"memory"}


def refused(tree: Tree) -> str:
    with pytest.raises(NoCgroups) as error:
        Cgroups.find(tree.proc)
    return str(error.value)


def test_why_there_are_no_groups_is_said(tmp_path: Path) -> None:
    for name in "abcde":
        (tmp_path / name).mkdir()
    assert "has none of the controllers" in refused(Tree(tmp_path / "a", "/x", controllers="hugetlb"))
    old = Tree(tmp_path / "b", "/x")
    (old.proc / "cgroup").write_text("4:memory:/x\n")
    assert refused(old) == "this system has no control groups of version 2"
    crowded = Tree(tmp_path / "c", "/user.slice/session-1.scope")
    (crowded.base / "cgroup.type").write_text("domain\n")
    (crowded.base / "cgroup.procs").write_text(f"1\n{os.getpid()}\n")
    assert "others are in" in refused(crowded)
    assert "process 1" in refused(crowded)
    bare = Tree(tmp_path / "d", "/x")
    (bare.base / "cgroup.controllers").unlink()
    assert "cannot be used (No such file or directory)" in refused(bare)
    assert "is not below" in refused(Tree(tmp_path / "e", "/x", root="/docker/abc"))


def test_limits_that_nothing_keeps_are_named() -> None:
    assert missing(LIMITS, frozenset()) == ["processors", "processes"]
    assert missing(LIMITS, frozenset({"cpu"})) == ["processes"]
    assert missing(ResourceLimits(memory_bytes=1), frozenset()) == []


async def test_a_pool_says_once_what_it_can_not_limit(caplog: pytest.LogCaptureFixture) -> None:
    limits = ResourceLimits(processors=1, names={"processors": "MY_PROCESSORS"})
    async with KernelPool(PoolLimits(spares=0), resources=limits) as pool, kernel_of(pool, "python3") as kernel:
        assert await value(kernel, "6 * 7") == 42
    reason = why_not()
    assert caplog.text.count("MY_PROCESSORS") == (1 if reason else 0)
    assert (reason or "") in caplog.text


def why_not() -> str | None:
    try:
        Cgroups.find()
    except NoCgroups as why:
        return str(why)
    return None
