"""One kernel's limits, put on its processes and asked after: rlimits, and a control group if there is one."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .cgroups import Cgroup
from .resource_limits import ResourceLimits, Usage, explain_end, explain_error

_PROGRAM = Path(__file__).parent / "fork_server" / "server" / "confinement.py"


class Confinement:
    """What a kernel's processes are confined by, from before their first instruction."""

    def __init__(self, limits: ResourceLimits, group: Cgroup | None = None) -> None:
        self._limits = limits
        self._group = group
        self._killed = 0

    @property
    def options(self) -> Mapping[str, Any]:
        """For whoever starts a process; empty if there is nothing to do."""
        rlimits = self._limits.rlimits()
        group = {"cgroup": str(self._group.path)} if self._group is not None else {}
        return {**({"rlimits": rlimits} if rlimits else {}), **group}

    def explain_error(self, pid: int | None, ename: str, evalue: str) -> str | None:
        """A sentence for the user if an error may come of a limit."""
        return explain_error(self._limits, self._usage(pid), ename, evalue) if self.options else None

    def explain_end(self, code: int | None) -> str | None:
        """Why the kernel's process has ended, if that was for a limit."""
        return explain_end(self._limits, self._usage(None), code) if self.options else None

    async def lift(self) -> None:
        """The kernel has ended: end what is left in its group, and remove that."""
        if self._group is not None:
            await self._group.remove()

    def _usage(self, pid: int | None) -> Usage:
        group = self._group
        killed = group.event("memory.events", "oom_kill") if group is not None else 0
        new, self._killed = killed - self._killed, killed
        return Usage(
            memory_bytes=_data_bytes(pid),
            open_files=_open_files(pid),
            processes=group.read("pids.current") if group is not None else None,
            group_peak_bytes=group.read("memory.peak") if group is not None else None,
            killed=new,
        )


def confined(command: Sequence[str], options: Mapping[str, Any]) -> list[str]:
    """A command that runs `command` within limits (see `Confinement.options`)."""
    if not options or sys.platform == "win32":
        return list(command)
    return [sys.executable, "-S", str(_PROGRAM), json.dumps(options), *command]


def _data_bytes(pid: int | None) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:")), None)
    return None


def _open_files(pid: int | None) -> int | None:
    with suppress(OSError):
        return len(os.listdir(f"/proc/{pid}/fd"))
    return None
