"""How much a kernel may use, and how it is told what it has run into.

Memory, processor time and open files are limits of the kernel's processes (`setrlimit`): what goes beyond fails in the
cell that asks for it. Processors, processes and the memory of all of a kernel's processes together are limits of a
control group, where there is one (`cgroups`). The number of processes is never an rlimit, for that counts all of a
user's: one notebook would run into what others have started. Pure: reads and sets nothing.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field

_MIB = 1024 * 1024
_LAST_WORDS_S = 5
_SIGXCPU = getattr(signal, "SIGXCPU", None)
_SIGKILL = getattr(signal, "SIGKILL", None)
_NO_MEMORY = ("[Errno 12]", "std::bad_alloc")
_NO_PROCESS = ("[Errno 11]", "can't start new thread")
_NO_FILE = ("[Errno 24]",)


@dataclass(frozen=True)
class ResourceLimits:
    """Limits of one kernel; None is no limit."""

    memory_bytes: int | None = None
    cpu_seconds: int | None = None
    open_files: int | None = None
    processors: float | None = None
    processes: int | None = None
    """Threads too are counted, as the system does."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What whoever sets them calls them, for messages: `{"memory_bytes": "MY_MEMORY_LIMIT"}`."""

    def rlimits(self) -> dict[str, tuple[int, int]]:
        """Those for `setrlimit`, soft and hard, by the name of the resource.

        Memory is what a process has asked for to write to (`RLIMIT_DATA`), not its address space: that is many times
        as much in a process with threads, and much of it never used.
        """
        limits = {}
        if self.memory_bytes is not None:
            limits["RLIMIT_DATA"] = (self.memory_bytes, self.memory_bytes)
        if self.cpu_seconds is not None:
            limits["RLIMIT_CPU"] = (self.cpu_seconds, self.cpu_seconds + _LAST_WORDS_S)
        if self.open_files is not None:
            limits["RLIMIT_NOFILE"] = (self.open_files, self.open_files)
        return limits

    def group_files(self) -> dict[str, str]:
        """What to write into the files of a control group.

        All processes together may have a little more memory than each of them, so that one alone is refused memory,
        which it can tell its user, before the system kills it.
        """
        files = {}
        if self.memory_bytes is not None:
            files["memory.max"] = str(self.memory_bytes + max(32 * _MIB, self.memory_bytes // 16))
            files["memory.swap.max"] = "0"
        if self.processors is not None:
            files["cpu.max"] = f"{max(1_000, round(self.processors * 100_000))} 100000"
        if self.processes is not None:
            files["pids.max"] = str(self.processes)
        return files

    def say(self, limit: str) -> str:
        """One of the limits with its value and its name: `512 MiB (MY_MEMORY_LIMIT)`."""
        value = getattr(self, limit)
        said = {"memory_bytes": in_mib, "cpu_seconds": "{:g} s".format}.get(limit, "{:g}".format)(value)
        return f"{said} ({self.names[limit]})" if limit in self.names else said


@dataclass(frozen=True)
class Usage:
    """What a kernel uses at a moment; None is not known."""

    memory_bytes: int | None = None
    """What its process has asked for."""
    open_files: int | None = None
    processes: int | None = None
    group_peak_bytes: int | None = None
    """The most that all its processes together have used."""
    killed: int = 0
    """How many of its processes the system has killed because together they used too much memory."""


def explain_error(limits: ResourceLimits, usage: Usage, ename: str, evalue: str) -> str | None:
    """A sentence for the user if an error may come of a limit, None otherwise."""
    wants_memory = ename.endswith("MemoryError") or _speaks_of(_NO_MEMORY, evalue)
    wants_process = _speaks_of(_NO_PROCESS, evalue)
    if wants_process and limits.processes is not None and _is_near(usage.processes, limits.processes):
        has = _with(usage.processes, " and has {:,}")
        return f"The kernel may have {limits.say('processes')} processes and threads{has}."
    if (wants_memory or wants_process) and limits.memory_bytes is not None:
        if usage.memory_bytes is None:
            return f"A process of the kernel may hold {limits.say('memory_bytes')} of memory."
        left = in_mib(max(0, limits.memory_bytes - usage.memory_bytes))
        return (
            f"A process of the kernel may hold {limits.say('memory_bytes')} of memory. This one holds "
            f"{in_mib(usage.memory_bytes)} now, and what it wanted besides does not fit in the {left} that are left."
        )
    if _speaks_of(_NO_FILE, evalue) and limits.open_files is not None:
        has = _with(usage.open_files, "; now it has {:,}")
        return f"A process of the kernel may have {limits.say('open_files')} files open{has}."
    if usage.killed and limits.memory_bytes is not None:
        killed = "one" if usage.killed == 1 else f"{usage.killed:,}"
        return f"The system has killed {killed} of the kernel's processes, for {_together(limits, usage)}."
    return None


def explain_end(limits: ResourceLimits, usage: Usage, code: int | None) -> str | None:
    """Why a kernel's process ended, if it was for a limit: to follow on how it ended."""
    if code is None:
        return None
    if limits.cpu_seconds is not None and code == -int(_SIGXCPU or 0):
        return f"its processor time, {limits.say('cpu_seconds')}, is used up"
    if limits.memory_bytes is not None and usage.killed and code == -int(_SIGKILL or 0):
        return _together(limits, usage)
    return None


def in_mib(size_bytes: int) -> str:
    """A size as people read it."""
    return f"{size_bytes / _MIB:,.0f} MiB"


def _together(limits: ResourceLimits, usage: Usage) -> str:
    peak = _with(usage.group_peak_bytes and usage.group_peak_bytes // _MIB, " and wanted more than {:,} MiB")
    return f"its processes together may use {limits.say('memory_bytes')} of memory{peak}"


def _with(value: int | None, text: str) -> str:
    return text.format(value) if value is not None else ""


def _is_near(value: int | None, limit: int) -> bool:
    return value is None or value >= limit * 0.9


def _speaks_of(signs: tuple[str, ...], text: str) -> bool:
    return any(sign in text for sign in signs)
