"""Which fork server a kernel's command can be served by, if by any: decided from the command and its options alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_LAUNCHER = "ipykernel_launcher"
# Variables heeded only when a program starts, or loads a library that may have been imported before the fork.
_START_ONLY = (
    *("PYTHON", "LD_", "DYLD_", "LC_ALL", "LC_CTYPE", "LANG", "MALLOC_", "GLIBC_", "PYDEVD_", "CUDA_"),
    *("OMP_", "KMP_", "MKL_", "OPENBLAS_", "GOTO_", "BLIS_", "VECLIB_", "NUMEXPR_", "NUMBA_", "POLARS_", "RAYON_"),
)
_APPLIED_LATER = frozenset(["PYTHONPATH", "PYTHONSTARTUP"])
# What the fork server can do of what `subprocess.Popen` can, and options of jupyter_client's that mean nothing to it.
_OPTIONS = frozenset(["env", "cwd", "stdout", "stderr", "independent", "kernel_id", "extra_arguments"])


@dataclass(frozen=True)
class ServerKind:
    """What tells fork servers apart: kernels that agree in all of this are forked by the same one."""

    interpreter: str
    flags: tuple[str, ...]
    preload: tuple[str, ...]
    environment: frozenset[tuple[str, str]]
    """The variables that only a new process would heed."""


@dataclass(frozen=True)
class Launch:
    """A kernel to be forked."""

    kind: ServerKind
    command: tuple[str, ...]
    arguments: tuple[str, ...]
    """What follows the module's name in the command."""
    cwd: str
    environment: Mapping[str, str]
    stdout: int
    stderr: int
    confinement: Mapping[str, Any] = field(default_factory=dict)
    """Its limits beyond ours (see `server.confinement`)."""


def plan(
    command: Sequence[str],
    options: Mapping[str, Any],
    preload: Sequence[str],
    confinement: Mapping[str, Any] | None = None,
) -> Launch | None:
    """How to fork the kernel of `command`, with the options it would be given as `Popen`'s; None if only that can.

    So it is on systems without a fork that is worth it, for a program that is not `python -m ipykernel_launcher`, and
    for options beyond the usual ones. `preload` names the modules to have been imported.
    """
    if sys.platform == "win32" or options.keys() - _OPTIONS or options.get("independent"):
        return None
    output = _outputs(options.get("stdout"), options.get("stderr"))
    environment = dict(options["env"]) if options.get("env") is not None else dict(os.environ)
    environment.setdefault("JPY_PARENT_PID", str(os.getpid()))
    interpreter = shutil.which(os.path.expanduser(command[0]), path=environment.get("PATH")) if command else None
    if output is None or interpreter is None or "-m" not in command or "python" not in Path(interpreter).name:
        return None
    at = list(command).index("-m")
    if command[at + 1 : at + 2] != [_LAUNCHER] or not all(flag.startswith("-") for flag in command[1:at]):
        return None
    start_only = {name: value for name, value in environment.items() if _is_start_only(name)}
    kind = ServerKind(os.path.abspath(interpreter), tuple(command[1:at]), tuple(preload), frozenset(start_only.items()))
    cwd = os.path.abspath(options.get("cwd") or os.getcwd())
    return Launch(kind, tuple(command), tuple(command[at + 2 :]), cwd, environment, *output, confinement or {})


def _is_start_only(name: str) -> bool:
    return name.startswith(_START_ONLY) and name not in _APPLIED_LATER


def _outputs(stdout: Any, stderr: Any) -> tuple[int, int] | None:
    """The descriptors that `Popen` would take for its options; None for those that it makes itself."""
    out = _descriptor(stdout, inherited=1)
    error = out if stderr == subprocess.STDOUT else _descriptor(stderr, inherited=2)
    return (out, error) if out is not None and error is not None else None


def _descriptor(wanted: Any, *, inherited: int) -> int | None:
    if wanted is None:
        return inherited
    descriptor = wanted if isinstance(wanted, int) else wanted.fileno()
    return descriptor if isinstance(descriptor, int) and descriptor >= 0 else None
