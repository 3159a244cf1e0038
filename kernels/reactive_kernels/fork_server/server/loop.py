"""The fork server's loop: requests in, children out, ends told; between requests, the chores of `preload`.

Every kernel has a lifeline, a socket whose other end its owner holds. What becomes of the kernel is told over it, and
when the owner closes it, the kernel is killed with all its process group. An ended kernel is left as a zombie until
then, so that its process id cannot become another's while the owner may still signal it. When the owner itself is gone,
so is everything here.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from . import kernel, memory, preload, threads
from .installed import Installed
from .wire import Message, receive, send

_SLOW_S = 3.0


class Job(NamedTuple):
    """A kernel to start: what with, its lifeline, and where its output goes."""

    request: Message
    lifeline: socket.socket
    output: tuple[int, int]


class _Kernel:
    """A child that is, or was, a kernel."""

    def __init__(self, pid: int, lifeline: socket.socket) -> None:
        self.pid = pid
        self.lifeline = lifeline
        self.status: int | None = None
        self.reaped = self.released = False


class _Chore:
    """A child that tries something out."""

    def __init__(self, work: Any, pid: int, pipe: int) -> None:
        self.work = work
        self.pid = pid
        self.pipe = pipe
        self.began = time.monotonic()
        self.is_late = False
        self.answer = b""


class ForkServer:
    """Forks kernels for whoever holds the other end of `control`."""

    def __init__(self, control: socket.socket, modules: list[str], import_s: float) -> None:
        """Import what every kernel needs; raises ImportError if it is not there.

        `modules` are imported as well, unless their trial fails or takes longer than `import_s`.
        """
        self._installed = Installed()
        import ipykernel.kernelapp  # noqa: F401 (the first of what all this is for)

        gc.disable()
        self._control = control
        self._selector = selectors.DefaultSelector()
        self._waiting: deque[Job] = deque()
        self._kernels: dict[int, _Kernel] = {}
        self._starting: dict[int, float] = {}  # pipes that close when a kernel has started, and since when it has been
        self._chores = deque(preload.chores(modules))
        self._import_s = import_s
        self._chore: _Chore | None = None
        self._refused: dict[str, str] = {}
        self._curious: list[socket.socket] = []
        self._owned = True
        self._most_starting = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._woken, self._wake = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._on_news(control, self._take_request)
        self._on_news(self._woken, self._look_after_children)
        gc.freeze()
        memory.give_back()

    def serve(self) -> Job | None:
        """Serve until nobody needs us: None. In every child that is to be a kernel, returns its job."""
        while self._owned and not (self._installed.changed and not self._kernels):
            for key, _ in self._selector.select(self._patience()):
                key.data()
            while self._waiting and self._starting_now() < self._most_starting:
                job = self._waiting.popleft()
                started = self._fork(job)
                if started is not None:
                    self._leave_to_child()
                    news = {"started": started, "refused": self._refused, "prepared": self._prepared}
                    return job._replace(request={**job.request, **news})
            if self._may_do_chore():
                self._begin_chore(self._chores.popleft())
            self._end_slow_chore()
            self._answer_the_curious()
        self._end()
        return None

    @property
    def _prepared(self) -> bool:
        """Whether all is imported that shall be."""
        return self._chore is None and not self._chores

    def _may_do_chore(self) -> bool:
        return bool(self._chores) and self._chore is None and not self._waiting and not self._starting_now()

    def _starting_now(self) -> int:
        """How many kernels are starting. One that takes long waits for something: others need not wait for it."""
        since = time.monotonic() - _SLOW_S
        return sum(began > since for began in self._starting.values())

    def _patience(self) -> float | None:
        """How long to wait for news; None if nothing is to be done without any."""
        if self._may_do_chore():
            return 0
        now = time.monotonic()
        if self._chore is not None and not self._chore.is_late:
            return max(0.0, self._chore.began + self._import_s - now)
        if (self._waiting or self._chores) and self._starting:
            return max(0.0, max(self._starting.values()) + _SLOW_S - now)
        return None

    def _on_news(self, source: socket.socket | int, act: Callable[[], None]) -> None:
        self._selector.register(source, selectors.EVENT_READ, act)

    def _take_request(self) -> None:
        try:
            received = receive(self._control)
        except OSError:
            received = None
        if received is None:
            self._owned = False
            return
        request, descriptors = received
        lifeline = socket.socket(fileno=descriptors[0])
        if request["op"] == "ping":
            lifeline.close()
        elif request["op"] == "report":
            self._curious.append(lifeline)
        else:
            self._waiting.append(Job(request, lifeline, (descriptors[1], descriptors[2])))

    def _fork(self, job: Job) -> int | None:
        """Fork a kernel, unless it is no longer wanted. In the child, returns the pipe to close when it has started."""
        if _is_closed(job.lifeline):
            self._drop(job)
            return None
        if self._installed.look():
            self._drop(job, {"event": "stale"})
            return None
        if started_by_import := threads.others():
            raise RuntimeError(f"The fork server must have no threads, but has {started_by_import}.")
        done, started = os.pipe()
        try:
            pid = os.fork()
        except OSError as error:
            self._drop(job, {"event": "failed", "error": f"{type(error).__name__}: {error}", "traceback": ""})
            os.close(done)
            os.close(started)
            return None
        if pid == 0:
            os.close(done)
            return started
        os.close(started)
        _close(*job.output)
        self._kernels[pid] = child = _Kernel(pid, job.lifeline)
        self._starting[done] = time.monotonic()
        self._on_news(job.lifeline, partial(self._let_go, child))
        self._on_news(done, partial(self._has_started, done))
        return None

    def _leave_to_child(self) -> None:
        """In a child: hold nothing of the server's any more, and be told nothing of it."""
        signal.set_wakeup_fd(-1)
        _close(*self._starting)
        lifelines = [child.lifeline for child in self._kernels.values()]
        for held in (self._control, self._woken, self._wake, *lifelines, *self._curious):
            held.close()
        for waiting in self._waiting:
            waiting.lifeline.close()
            _close(*waiting.output)
        if self._chore is not None:
            os.close(self._chore.pipe)
        with suppress(OSError):
            self._selector.close()
        gc.enable()

    def _has_started(self, done: int) -> None:
        self._selector.unregister(done)
        os.close(done)
        del self._starting[done]

    def _let_go(self, child: _Kernel) -> None:
        """The owner of a kernel has closed its lifeline."""
        self._selector.unregister(child.lifeline)
        child.released = True
        if child.status is None:
            _kill_group(child.pid)
        else:
            self._forget(child)

    def _look_after_children(self) -> None:
        with suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass
        for child in [child for child in self._kernels.values() if child.status is None]:
            child.status, child.reaped = _status(child.pid)
            if child.status is not None:
                self._tell_end(child, child.status)

    def _tell_end(self, child: _Kernel, status: int) -> None:
        _kill_group(child.pid)
        with suppress(OSError):
            send(child.lifeline, {"event": "exit", "code": status})
        if child.released:
            self._forget(child)

    def _forget(self, child: _Kernel) -> None:
        if not child.reaped:
            os.waitpid(child.pid, 0)
        child.lifeline.close()
        del self._kernels[child.pid]

    def _drop(self, job: Job, message: Message | None = None) -> None:
        if message is not None:
            with suppress(OSError):
                send(job.lifeline, message)
        job.lifeline.close()
        _close(*job.output)

    def _begin_chore(self, work: Any) -> None:
        answer, result = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(answer)
            self._leave_to_child()
            kernel.try_out(work.in_child, result)
        os.close(result)
        self._chore = _Chore(work, pid, answer)
        self._on_news(answer, partial(self._hear_of_chore, self._chore))

    def _hear_of_chore(self, chore: _Chore) -> None:
        data = os.read(chore.pipe, 65536)
        chore.answer += data
        if data:
            return
        self._selector.unregister(chore.pipe)
        os.close(chore.pipe)
        os.waitpid(chore.pid, 0)
        self._chore = None
        result = None if chore.is_late else kernel.what_came_out(chore.answer)
        objection = chore.work.afterwards(result)
        if objection and chore.is_late:
            objection = f"it takes more than {self._import_s:g} s"
        if objection:
            self._refused[chore.work.name] = objection
        gc.collect()
        gc.freeze()
        memory.give_back()

    def _end_slow_chore(self) -> None:
        chore = self._chore
        if chore is not None and not chore.is_late and time.monotonic() > chore.began + self._import_s:
            chore.is_late = True
            os.kill(chore.pid, signal.SIGKILL)  # which closes its pipe

    def _answer_the_curious(self) -> None:
        if self._prepared:
            told = {"event": "report", "modules": sorted(sys.modules), "refused": self._refused, "prepared": True}
            for curious in self._curious:
                with suppress(OSError):
                    send(curious, told)
                curious.close()
            self._curious.clear()

    def _end(self) -> None:
        """End all that is still there."""
        if self._chore is not None:
            os.kill(self._chore.pid, signal.SIGKILL)
        for job in self._waiting:
            self._drop(job, {"event": "stale"} if self._owned else None)
        for child in self._kernels.values():
            if child.status is None:
                _kill_group(child.pid)


def _is_closed(lifeline: socket.socket) -> bool:
    try:
        return not lifeline.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _kill_group(pid: int) -> None:
    for kill in (os.killpg, os.kill):  # before it has called `setsid` it is in no group of its own
        with suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def _status(pid: int) -> tuple[int | None, bool]:
    """The exit code of a child, negative for a signal, None while it lives; and whether it has been reaped to know."""
    if hasattr(os, "waitid"):
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is None:
            return None, False
        return (ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status), False
    reaped, status = os.waitpid(pid, os.WNOHANG)
    return (os.waitstatus_to_exitcode(status), True) if reaped else (None, False)


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
