"""What only the kernel knows: its variables, completions, what a name is; and what clients tell it beside runs.

Asked for, not remembered, and no part of the document. A kernel that does not run, does not answer or answers nonsense
is `KernelUnavailable`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Iterator, Mapping
from typing import Any, TypeVar

from reactive_kernels import CommCloseEvent, CommMsgEvent, CommOpenEvent, KernelError
from reactive_nb.schemas.commands import CommClose, CommMsg, CommOpen
from reactive_nb.schemas.graph import Variable, VariablePage, VariablesResponse
from reactive_nb.schemas.tables import TableQuestion
from reactive_nb.schemas.widgets import WidgetModule
from reactive_nb.services.comm_events import AnyComm
from reactive_nb.services.errors import InvalidOperation, KernelUnavailable, NoSuchModule, NoSuchVariable
from reactive_nb.services.kernel_link import KernelLink

Answer = TypeVar("Answer")


async def variables(kernel: KernelLink, cells: Mapping[str, str]) -> VariablesResponse:
    """The kernel's variables; none if no kernel runs. `cells` are those that made them, by name."""
    connection = kernel.connection
    if connection is None or not connection.alive or not connection.has_helper:
        return VariablesResponse(variables=[])
    await kernel.settle_names()
    found = await _ask(connection.call("variables"))
    with _kernels_fault():
        return VariablesResponse(variables=[Variable(**row, cell=cells.get(row["name"])) for row in found])


async def variable(kernel: KernelLink, name: str, question: TableQuestion) -> VariablePage:
    """Rows of a table, items of a list, … Raises NoSuchVariable, InvalidOperation."""
    connection = kernel.living()
    await kernel.settle_names()
    if not connection.has_helper:
        raise NoSuchVariable("Of this kernel's variables nothing is known.")
    page = await _ask(connection.call("variable", name=name, **question.arguments()))
    with _kernels_fault():
        problem = page.get("problem")
    if problem is not None:
        raise NoSuchVariable(str(problem)) if page.get("missing") else InvalidOperation(str(problem))
    with _kernels_fault():
        return VariablePage(**page)


async def widget_module(kernel: KernelLink, module: str) -> WidgetModule:
    """The code of a library of widgets for browsers. Raises NoSuchModule."""
    connection = kernel.living()
    found = await _ask(connection.call("widget_module", module=module)) if connection.has_helper else {"source": None}
    with _kernels_fault():
        source = found["source"]
        if source is None:
            raise NoSuchModule(f"Beside the kernel no library with the widgets of {module!r} is installed.")
        return WidgetModule(module=module, source=source)


async def complete(kernel: KernelLink, code: str, cursor_pos: int) -> dict[str, Any]:
    """Jupyter's complete_reply; answered while a cell runs where the kernel can."""
    return await _ask(kernel.living().complete(code, cursor_pos))


async def inspect(kernel: KernelLink, code: str, cursor_pos: int, detail_level: int) -> dict[str, Any]:
    """Jupyter's inspect_reply."""
    return await _ask(kernel.living().inspect(code, cursor_pos, detail_level))


async def debug(kernel: KernelLink, request: Mapping[str, Any]) -> dict[str, Any]:
    """The debugger's response to a request."""
    return await _ask(kernel.living().debug(request))


def comm_of(command: CommOpen | CommMsg | CommClose, buffers: tuple[bytes, ...]) -> AnyComm:
    """A client's comm message as the kernel's protocol has it."""
    match command:
        case CommOpen():
            return CommOpenEvent(None, command.comm_id, command.target_name, command.data, command.metadata, buffers)
        case CommMsg():
            return CommMsgEvent(None, command.comm_id, command.data, command.metadata, buffers)
        case CommClose():
            return CommCloseEvent(None, command.comm_id, command.data, command.metadata, buffers)


async def _ask(request: Awaitable[Answer]) -> Answer:
    try:
        return await request
    except KernelError as error:
        raise KernelUnavailable(str(error)) from None


@contextlib.contextmanager
def _kernels_fault() -> Iterator[None]:
    """An answer that has not the shape it should have is the kernel's fault, not that of who asked."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError):
        raise KernelUnavailable("The kernel gave an answer that makes no sense: restart it.") from None
