"""Values for text, made inside a kernel: each of several expressions is evaluated and shown as IPython would show it.

Runs beside `kernel_side`, in the place of a cell's code: names are bound and looked at around it in the same way, and
an interrupt ends it in the same way. The rule: an expression that raises spoils only its own value. Nothing goes into
the history, and no count of executions grows.
"""

from __future__ import annotations

import ast
import base64
import inspect
import sys
from typing import Any

Json = dict[str, Any]


async def _value(shell: Any, expression: str) -> Any:
    # in parentheses it may go over several lines, and a comment at its end hides nothing
    code = compile(f"({expression}\n)", "<text>", "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    value = eval(code, shell.user_ns)  # noqa: S307 - it is the user's own code, as a cell is
    return await value if code.co_flags & inspect.CO_COROUTINE else value


def _shown(shell: Any, value: Any) -> Json:
    data, metadata = shell.display_formatter.format(value)
    for media_type, content in data.items():
        if isinstance(content, bytes):
            data[media_type] = base64.b64encode(content).decode("ascii")
    return {"status": "ok", "data": data, "metadata": metadata}


def _error(error: BaseException) -> Json:
    try:
        said = str(error)
    except BaseException:  # an error may fail in any way when looked at
        said = ""
    return {"status": "error", "ename": type(error).__name__, "evalue": said, "traceback": []}


async def show(shell: Any, gate: Any, expressions: dict[str, str]) -> Json:
    """The reply of a request for these values: `user_expressions` has each of them, or its error; the first is told."""
    values: dict[str, Json] = {}
    reply: Json = {"status": "ok", "execution_count": shell.execution_count - 1, "payload": []}
    if gate.begin_code():
        return {**reply, "user_expressions": {}, **_error(KeyboardInterrupt())}
    first: Json = {}
    for name, expression in expressions.items():
        try:
            values[name] = _shown(shell, await _value(shell, expression))
        except KeyboardInterrupt as error:
            return {**reply, "user_expressions": values, **_error(error)}
        except BaseException as error:
            values[name] = _error(error)
            if not first:
                first = values[name]
                sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    return {**reply, "user_expressions": values, **first}
