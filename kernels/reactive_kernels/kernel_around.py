"""The kernel-side code in a Python kernel that is no ipykernel, and so has no requests that could be wrapped.

To the other kernel-side modules this is the kernel: it has what they look for, and runs nothing. The server says in
requests of their own, before a cell and after it, what these modules would have heard around it; so they do the same
here as anywhere. Needs a kernel that runs code in the module that it calls `__main__` and answers user expressions.
"""

from __future__ import annotations

import json
import re
import sys
import types
from collections.abc import Generator
from typing import Any

Json = dict[str, Any]

_NAMED = re.compile(r"<class '(?:\w+\.)*(\w+)'>")
"""How some kernels name an error."""


class _CellRuns:
    """Awaited where the cell would run: lets go until the server says how the run ended, and is that reply."""

    def __await__(self) -> Generator[None, Json, Json]:
        reply = yield
        return reply


class _Shell:
    """What the other modules look for in IPython's shell."""

    execution_count = 1
    starting_dir = ""

    def __init__(self, names: Json) -> None:
        self.user_ns = names
        self.kernel = _Kernel(self)

    def run_code(self, *_: Any) -> None:
        """The kernel runs code by itself."""

    def showtraceback(self, *_: Any, **__: Any) -> None:
        """The kernel shows it by itself."""


class _Kernel:
    """What the other modules look for in a kernel."""

    def __init__(self, shell: _Shell) -> None:
        self.shell = shell
        self.request: Json = {}
        self.shell_handlers: Json = {}
        self.control_handlers: Json = {}

    def get_parent(self, _: str = "shell") -> Json:
        return {"header": {}, "content": {}, "metadata": {"reactive_nb": self.request}}

    def pre_handler_hook(self) -> None:
        """Signals are the kernel's own matter."""

    async def do_execute(self) -> Json:
        return await _CellRuns()


class _Around:
    """The kernel-side code's end of the conversation."""

    def __init__(self) -> None:
        self._shell: Any = None
        self._running: Any = None

    def load(self, names: Json, code: str) -> None:
        """Run the code that loads the other modules, which get this kernel when they ask for IPython's."""
        self._shell = _Shell(names)
        ipython = sys.modules.get("IPython")
        stand_in: Any = types.ModuleType("IPython")
        stand_in.get_ipython = lambda: self._shell
        sys.modules["IPython"] = stand_in
        try:
            exec(code, {})  # noqa: S102  # our own, sent by the server
        finally:
            del sys.modules["IPython"]
            if ipython is not None:
                sys.modules["IPython"] = ipython

    def ask(self, text: str) -> str:
        """Do what the server wants: a call, what comes before a cell, or what comes after the one that has run."""
        request = json.loads(text)
        if "ended" in request:
            return json.dumps(self._finish(request["ended"]))
        if self._running is not None:  # whose end nobody has told
            self._running.close()
        self._shell.kernel.request = request
        self._running = self._shell.kernel.do_execute()
        try:
            self._running.send(None)
        except StopIteration as stop:  # there was nothing to wait for
            self._running = None
            return json.dumps(stop.value["reactive_nb"])
        return "{}"

    def _finish(self, reply: Json) -> Json:
        running, self._running = self._running, None
        if running is None:
            return {}
        named = _NAMED.fullmatch(str(reply.get("ename")))
        try:
            running.send({**reply, "ename": named.group(1)} if named else reply)
        except StopIteration as stop:
            report: Json = stop.value["reactive_nb"]
            return report
        return {}


AROUND = _Around()
load, ask = AROUND.load, AROUND.ask
