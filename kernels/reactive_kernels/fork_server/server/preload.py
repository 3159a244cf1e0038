"""What is imported before kernels are forked, found out by trying it in a child that is thrown away.

A module that starts a thread, fails or crashes there is never imported in the fork server itself.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import secrets
import shutil
import sys
import tempfile
from typing import Any

from . import threads


class Rehearsal:
    """One kernel is started for nothing, to learn which modules its start loads late."""

    name = "rehearsal"

    def in_child(self) -> list[str]:
        """Be a kernel up to where it would answer, and run one line."""
        from ipykernel.kernelapp import IPKernelApp

        before = set(sys.modules)
        directory = tempfile.mkdtemp(prefix="rehearsal-")
        try:
            os.environ["IPYTHONDIR"] = os.environ["JUPYTER_RUNTIME_DIR"] = directory
            app: Any = IPKernelApp.instance(parent_handle=1)
            app.initialize(["-f", _connection_file(directory)])
            app.kernel.shell.run_cell("1 + 1", store_history=False)
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        return [name for name in sys.modules if name not in before]

    def afterwards(self, loaded: list[str] | None) -> str:
        """Import in earnest what was loaded."""
        for name in loaded or ():
            # Some are made by other modules, or can only be imported after them.
            _import_quietly(name)
        return ""


class Import:
    """One module of the setting."""

    def __init__(self, name: str) -> None:
        self.name = name

    def in_child(self) -> str:
        """Why the module is not to be imported before a fork; empty if it is."""
        if not _installed(self.name):
            return "it is not installed"
        importlib.import_module(self.name)
        started = threads.others()
        return f"it starts {started} when it is imported" if started else ""

    def afterwards(self, objection: str | None) -> str:
        """Import it in earnest, unless there is an objection (None: the child failed); returns that."""
        if objection is None:
            return "it cannot be imported"
        return objection or _import_quietly(self.name)


def chores(modules: list[str]) -> list[Any]:
    """What to do between requests, in this order."""
    return [Rehearsal(), *(Import(name) for name in modules)]


def _import_quietly(name: str) -> str:
    try:
        importlib.import_module(name)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _connection_file(directory: str) -> str:
    path = os.path.join(directory, "k.json")
    ports = {f"{name}_port": port for port, name in enumerate(("shell", "iopub", "stdin", "control", "hb"), 1)}
    where = {"transport": "ipc", "ip": os.path.join(directory, "k"), "key": secrets.token_hex()}
    with open(path, "w") as file:
        json.dump({**ports, **where, "signature_scheme": "hmac-sha256"}, file)
    return path


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False
