"""The code that runs inside an IPython kernel: sent as source at the start, it wraps the kernel's way to run a cell.

Around a cell it gives every name the version that belongs at the cell's place on the page, and afterwards says which
names were bound, removed or spoiled; and it lets the server call functions by name. It reads what to do from
`metadata["reactive_nb"]` of a request and answers under the same key of the reply. Rules: works on Python 3.9 and later
with nothing but the standard library, leaves no name in the user's namespace, never lets a fault of its own cost the
user a cell, and never touches a name that the kernel had before the first cell.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from .kernel_ambient import AmbientState
from .kernel_later import later
from .kernel_namespace import Json, Namespace, library_state
from .kernel_step import WATCHERS as WATCHERS
from .kernel_step import Step

VERSION = 1

# Functions of a module that is loaded when one is called.
_LATER = {
    "variables": "_reactive_nb.kernel_variables",
    "variable": "_reactive_nb.kernel_table_pages",
    "database": "_reactive_nb.kernel_sql",
    "widget_module": "_reactive_nb.kernel_widget_modules",
}

FUNCTIONS: dict[str, Callable[..., Any]] = {}


def function(target: Callable[..., Any]) -> Callable[..., Any]:
    """Register a function that the server may call, under its own name; JSON in, JSON out."""
    FUNCTIONS[target.__name__] = target
    return target


def _error_reply(kernel: Any, error: BaseException) -> Json:
    return {
        "status": "error",
        "ename": type(error).__name__,
        "evalue": str(error),
        "traceback": [],
        "execution_count": kernel.shell.execution_count - 1,
        "user_expressions": {},
        "payload": [],
    }


def _call(request: Json) -> Json:
    if request["call"] in _LATER and request["call"] not in FUNCTIONS:
        later(_LATER[request["call"]])
    target = FUNCTIONS.get(str(request["call"]))
    if target is None:
        return {"error": "there is no function of that name in the kernel"}
    try:
        return {"result": target(**(request.get("arguments") or {}))}
    except BaseException as error:  # without an answer the server would wait for one
        return {"error": f"{type(error).__name__}: {error}"}


def _request_of(kernel: Any) -> Json:
    try:
        request = kernel.get_parent("shell")["metadata"].get("reactive_nb")
    except Exception:  # a request without a parent, or a kernel of another make: nothing is asked of us
        return {}
    return request if isinstance(request, dict) else {}


def _wrap(kernel: Any, namespace: Namespace, gate: Any) -> Callable[..., Any]:
    original = kernel.do_execute
    streams = sys.modules["_reactive_nb_streams"].Streams()

    async def run(*args: Any, **kwargs: Any) -> Any:
        reply = original(*args, **kwargs)
        return await reply if inspect.isawaitable(reply) else reply

    async def do_execute(*args: Any, **kwargs: Any) -> Any:
        request = _request_of(kernel)
        if "call" in request:
            reply = {"status": "ok", "execution_count": kernel.shell.execution_count - 1}
            return {**reply, "user_expressions": {}, "payload": [], "reactive_nb": _call(request)}
        if "cell" not in request:
            return await run(*args, **kwargs)
        source = args[0] if args else kwargs.get("code", "")
        streams.mend()
        step = Step(namespace, request, source)
        step.prepare()
        try:
            if "show" in request:
                reply = await sys.modules["_reactive_nb_text"].show(kernel.shell, gate, request["show"])
            else:
                reply = await run(*args, **kwargs)
        except BaseException as error:  # without a reply the server would wait for one
            reply = _error_reply(kernel, error)
        finally:
            gate.end_code()
            streams.mend()
        reply["reactive_nb"] = step.report(reply)
        namespace.last_reply = reply
        return reply

    return do_execute


def install() -> None:
    """Wrap the kernel that this runs in. Done once, at the end of this source."""
    from IPython import get_ipython

    shell = get_ipython()
    kernel = shell.kernel
    namespace = Namespace(shell)
    gate = sys.modules["_reactive_nb_interrupts"].InterruptGate()
    gate.guard(kernel, lambda: bool(_request_of(kernel)))
    kernel.do_execute = _wrap(kernel, namespace, gate)

    @function
    def bind(bind: dict[str, str | None], forget: Iterable[str] = ()) -> Json:
        """Bind names as at the beginning of a cell; returns the names whose version is not there."""
        namespace.forget(forget)
        return {"missing": namespace.bind(bind)}

    @function
    def limit_memory(size_bytes: int) -> Json:
        """How much memory overwritten versions may take, in bytes."""
        namespace.memory_limit = size_bytes
        return {"limit": size_bytes}

    @function
    def setup(cwd: str | None = None, environ: dict[str, str] | None = None) -> Json:
        """Make a kernel that was started in advance look as if started in this directory and environment."""
        os.environ.update(environ or {})
        if cwd is not None:
            old = os.getcwd()
            os.chdir(cwd)
            sys.path[:] = [os.getcwd() if entry == old else entry for entry in sys.path]
            shell.starting_dir = os.getcwd()
            if len(shell.user_ns.get("_dh", ())) == 1:
                shell.user_ns["_dh"][:] = [type(shell.user_ns["_dh"][0])(os.getcwd())]
        namespace.ambient = AmbientState(library_state)
        return {"cwd": os.getcwd()}

    core: Any = sys.modules["_reactive_nb"]
    core.namespace, core.gate = namespace, gate


if __name__ == "_reactive_nb":
    install()
