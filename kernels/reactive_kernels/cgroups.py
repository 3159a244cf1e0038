"""Control groups (version 2) for kernels, where this process may make some: one group a kernel, with its limits.

It may where a part of the tree is its own: in a systemd unit with `Delegate=yes`, in a container whose tree is
writable, as root. Before groups can be made beside it, the service has to move into a group of its own, and does so if
nobody else is where it was found. What can't be had is said once, with the reason.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
import uuid
from contextlib import suppress
from pathlib import Path

import psutil

from .resource_limits import ResourceLimits

logger = logging.getLogger(__name__)

_PREFIX = "rnb-"
_SERVICE = _PREFIX + "service"
_CONTROLLERS = ("memory", "cpu", "pids")
_EMPTY_S = 2.0
_YOUNG_S = 60.0


class NoCgroups(Exception):
    """No groups can be made; the message is the reason."""


class Cgroup:
    """The group of one kernel."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, file: str) -> int | None:
        """A number from one of its files; None if it is not there, or is `max`."""
        with suppress(OSError, ValueError):
            return int((self.path / file).read_text())
        return None

    def event(self, file: str, name: str) -> int:
        """How often something happened, from `memory.events` and the like."""
        with suppress(OSError):
            found = re.search(rf"^{name} (\d+)$", (self.path / file).read_text(), re.MULTILINE)
            return int(found[1]) if found else 0
        return 0

    async def remove(self) -> None:
        """Kill whoever is still in it, and remove it. May be called twice."""
        if not self.path.exists():
            return
        with suppress(OSError):
            (self.path / "cgroup.kill").write_text("1")
        end_at = asyncio.get_running_loop().time() + _EMPTY_S
        while self.event("cgroup.events", "populated") and asyncio.get_running_loop().time() < end_at:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        try:
            self.path.rmdir()
        except OSError as error:
            logger.warning("The control group %s stays behind: %s", self.path, error)


class Cgroups:
    """Where this process may make groups."""

    def __init__(self, base: Path, controllers: frozenset[str]) -> None:
        self._base = base
        self.controllers = controllers
        """Those of memory, cpu and pids that can be had."""

    @classmethod
    def find(cls, proc: Path = Path("/proc/self"), pid: int | None = None) -> Cgroups:
        """The place for groups, made ready. Raises NoCgroups."""
        base = _own_group(proc)
        try:
            offered = frozenset((base / "cgroup.controllers").read_text().split()) & frozenset(_CONTROLLERS)
            if not offered:
                raise NoCgroups(f"{base} has none of the controllers {', '.join(_CONTROLLERS)}")
            if not offered <= frozenset((base / "cgroup.subtree_control").read_text().split()):
                if (base / "cgroup.type").exists():  # all but the root of the whole tree
                    _move_aside(base, os.getpid() if pid is None else pid)
                (base / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in sorted(offered)))
        except OSError as error:
            raise NoCgroups(f"{base} cannot be used ({error.strerror or error})") from None
        if not os.access(base, os.W_OK):
            raise NoCgroups(f"{base} is not writable")
        return cls(base, offered)

    def make(self, limits: ResourceLimits) -> Cgroup | None:
        """A group with those of the limits that it can keep; None if there are none. Raises OSError."""
        files = {file: text for file, text in limits.group_files().items() if file.split(".")[0] in self.controllers}
        if not files:
            return None
        path = self._base / f"{_PREFIX}{uuid.uuid4().hex[:12]}"
        path.mkdir()
        try:
            for file, text in files.items():
                if file != "memory.swap.max" or (path / file).exists():
                    (path / file).write_text(text)
        except OSError:
            path.rmdir()
            raise
        return Cgroup(path)

    def remove_abandoned(self) -> None:
        """Remove the groups in which nobody is, left by services that are gone."""
        for path in self._base.glob(_PREFIX + "*"):
            with suppress(OSError):  # it may be gone
                is_old = time.time() - path.stat().st_ctime > _YOUNG_S  # its kernel may be about to enter it
                if is_old and not Cgroup(path).event("cgroup.events", "populated"):
                    path.rmdir()


def missing(limits: ResourceLimits, controllers: frozenset[str]) -> list[str]:
    """The limits that only controllers could keep which are not there."""
    needed = {"processors": "cpu", "processes": "pids"}
    return [limit for limit, name in needed.items() if getattr(limits, limit) is not None and name not in controllers]


def _own_group(proc: Path) -> Path:
    """The directory of the group that this process is in, or was found in."""
    try:
        group = next(line[3:] for line in (proc / "cgroup").read_text().splitlines() if line.startswith("0::"))
        mounts = [line.split() for line in (proc / "mountinfo").read_text().splitlines()]
        root, mount = next((fields[3], fields[4]) for fields in mounts if _type(fields) == "cgroup2")
    except (OSError, StopIteration):
        raise NoCgroups("this system has no control groups of version 2") from None
    if os.path.commonpath([group, root]) != root:
        raise NoCgroups(f"the group {group} is not below {root}, of which {mount} is the picture")
    own = Path(os.path.normpath(os.path.join(mount, os.path.relpath(group, root))))
    return own.parent if own.name.startswith(_SERVICE) else own


def _type(fields: list[str]) -> str:
    return fields[fields.index("-") + 1]


def _move_aside(base: Path, pid: int) -> None:
    """Move this process and its descendants into a group of their own, for a group with members has no subgroups."""
    members = {int(line) for line in (base / "cgroup.procs").read_text().split()}
    ours = {pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))}
    if strangers := members - ours:
        raise NoCgroups(f"others are in {base} too, such as process {min(strangers)}")
    aside = base / f"{_SERVICE}-{pid}"
    aside.mkdir(exist_ok=True)
    for member in members:
        with suppress(ProcessLookupError):
            (aside / "cgroup.procs").write_text(str(member))
