"""A child of the fork server becomes a kernel: as if its command had been run by itself.

All that a new process would have of its own is given to it anew: session, descriptors, signals, limits, directory,
environment and what was derived from it, arguments, random numbers. What a process can only be given at its birth
(`unsuited`) is refused, so that the owner starts it the ordinary way.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import signal
import site
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from . import memory
from .confinement import confine, set_rlimits
from .wire import send

_LONGEST_TRACEBACK = 8_000
_BORN_WITH = dict(os.environ)


class Unsuited(Exception):
    """What was loaded before the fork would differ in a process of its own."""


def run(job: Any) -> None:
    """Be the kernel of `job` until it ends, telling over its lifeline how the start went. Leave by returning."""
    request, lifeline = job.request, job.lifeline
    os.setsid()
    try:
        news = {name: request[name] for name in ("refused", "prepared")}
        send(lifeline, {"event": "forked", "pid": os.getpid(), **news})
        _take_descriptors(job.output)
        _end_with_owner(lifeline)
        _reset_signals()
        set_rlimits(request["limits"])
        confine(request["confinement"])
        os.chdir(request["cwd"])
        _set_environment(request["env"])
        _reseed()
        _set_arguments(request)
        from ipykernel.kernelapp import IPKernelApp

        app: Any = IPKernelApp.instance(parent_handle=1)  # 1: whoever is the parent, do not watch it
        app.initialize(request["arguments"])
        _settle_matplotlib()
        memory.give_back()
    except Unsuited as error:
        send(lifeline, {"event": "unsuited", "why": str(error)})
        os._exit(0)
    except Exception as error:
        told = traceback.format_exc()[-_LONGEST_TRACEBACK:]
        send(lifeline, {"event": "failed", "error": f"{type(error).__name__}: {error}", "traceback": told})
        raise
    send(lifeline, {"event": "ready"})
    os.close(request["started"])
    app.start()


def try_out(work: Callable[[], Any], result: int) -> None:
    """In a child: do `work` without a sound, write what it returns to the pipe `result`, and end. Never returns."""
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        _reset_signals()
        answer = json.dumps(work()).encode()
        while answer:
            answer = answer[os.write(result, answer) :]
    finally:
        os._exit(0)


def what_came_out(answer: bytes) -> Any:
    """What `try_out` was to write; None if it failed."""
    return json.loads(answer) if answer else None


def _take_descriptors(output: tuple[int, int]) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    for descriptor, standard in ((null, 0), (output[0], 1), (output[1], 2)):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    sys.stdout.reconfigure(line_buffering=os.isatty(1))  # type: ignore[union-attr]


def _end_with_owner(lifeline: socket.socket) -> None:
    """When the owner has closed the lifeline, end with all the process group: the fork server may be gone."""

    def watch() -> None:
        while lifeline.recv(1):
            pass
        os.killpg(os.getpid(), signal.SIGKILL)

    watcher = threading.Thread(target=watch, name="kernel owner watch", daemon=True)
    watcher.pydev_do_not_trace = watcher.is_pydev_daemon_thread = True  # type: ignore[attr-defined]
    watcher.start()
    os.register_at_fork(after_in_child=lifeline.close)


def _reset_signals() -> None:
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _set_environment(environment: Mapping[str, str]) -> None:
    """Replace the environment, and what was derived from the old one. Raises Unsuited if that cannot be done."""
    old = dict(os.environ)
    set_by_imports = {name: value for name, value in old.items() if _BORN_WITH.get(name) != value}
    os.environ.clear()
    os.environ.update({**set_by_imports, **environment})
    if "LC_CTYPE" in old:  # Python sets it at its start where no other locale is set
        os.environ.setdefault("LC_CTYPE", old["LC_CTYPE"])
    tempfile.tempdir = None
    time.tzset()
    _set_user_site()
    if not sys.flags.ignore_environment:
        _set_path(_entries(old.get("PYTHONPATH")), _entries(environment.get("PYTHONPATH")))
    if "matplotlib" in sys.modules:
        names = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR", "MATPLOTLIBRC")
        if os.path.exists("matplotlibrc") or any(old.get(name) != environment.get(name) for name in names):
            raise Unsuited("matplotlib was imported with another configuration")


def _set_user_site() -> None:
    if site.ENABLE_USER_SITE:
        old = site.getusersitepackages()
        site.USER_BASE = site.USER_SITE = None
        if site.getusersitepackages() != old:
            raise Unsuited("its user's own packages are in another place")


def _set_path(old: list[str], new: list[str]) -> None:
    if old == new:
        return
    places = {name: getattr(module, "__file__", None) or "" for name, module in list(sys.modules.items())}
    gone = tuple(os.path.join(entry, "") for entry in old if entry not in new)
    if gone and any(place.startswith(gone) for place in places.values()):
        raise Unsuited("modules were imported from another PYTHONPATH")
    loaded = {name.partition(".")[0] for name in places} - {"__main__"}
    for entry in new:
        if entry not in old and not loaded.isdisjoint(name.partition(".")[0] for name in _listing(entry)):
            raise Unsuited(f"in its PYTHONPATH, {entry} has modules of its own for some that were imported")
    sys.path[:] = [*new, *(entry for entry in sys.path if entry not in old and entry not in new)]


def _entries(variable: str | None) -> list[str]:
    return [os.path.abspath(entry) for entry in variable.split(os.pathsep)] if variable else []


def _listing(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _reseed() -> None:
    """Random numbers and keys must not be those of the other children."""
    random.seed()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    if "multiprocessing.process" in sys.modules:
        sys.modules["multiprocessing.process"].current_process().authkey = os.urandom(32)


def _set_arguments(request: Mapping[str, Any]) -> None:
    module = importlib.util.find_spec("ipykernel_launcher")
    origin = module.origin if module is not None else None
    sys.argv[:] = [origin or "ipykernel_launcher", *request["arguments"]]
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = request["command"]


def _settle_matplotlib() -> None:
    """What matplotlib does with MPLBACKEND when it is imported; the variable may have been set only now."""
    matplotlib: Any = sys.modules.get("matplotlib")
    if matplotlib is not None and os.environ.get("MPLBACKEND"):
        matplotlib.rcParams["backend"] = os.environ["MPLBACKEND"]
