"""Several cells in one request, inside a kernel: each runs as if it had been sent by itself, only faster.

Runs beside `kernel_side`. Each cell gets a message of its own, with its own id, and goes through the kernel's usual
handler: so its input and output are labelled with it, and `input()`, widgets and hooks see nothing unusual. Its reply
is published, after all that it says: who listens gets everything in order on one channel, and needs no more to know
when it began and ended.

Whoever sends a batch says what each cell is expected to do to the namespace; at the first that does something else the
batch ends, for what the next cell needs may then be something else. It also ends when its time is up, so that other
messages get in between, after a cell that has spoken to widgets, which may answer, and when a message on the control
channel says that the plan has changed. A kernel that dies takes with it what was said in its last moments, so it notes
in a file which cell it is at.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

STOP = "reactive_nb_stop_request"
REPLY = "reactive_nb_reply"
NOTE_BYTES = 64

Json = dict[str, Any]


def _message(parent: Json, cell: Json) -> Json:
    """The execute request that this cell would have been."""
    content = {**parent["content"], "code": cell["code"], "silent": False, "store_history": True}
    header = {**parent["header"], "msg_id": cell["id"]}
    return {**parent, "header": header, "msg_id": cell["id"], "content": content, "metadata": cell["metadata"]}


def _as_expected(reply: Json | None, expected: Json) -> bool:
    report = (reply or {}).get("reactive_nb")
    return (
        isinstance(report, dict)
        and reply is not None
        and reply.get("status") == "ok"
        and all(report.get(part) == names for part, names in expected.items())
        and report.get("spoiled") == report.get("missing") == []
        and "ways" not in report
        and "elsewhere" not in report
    )


def _note_file() -> int | None:
    """Where a local kernel notes what it is at: a file beside its connection file."""
    from ipykernel.connect import get_connection_file

    try:
        path = os.path.join(os.path.dirname(get_connection_file()), "at")
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except (OSError, RuntimeError, AttributeError):
        return None


class _Outlet:
    """In the place of the socket that a cell's reply would go to."""


def install(kernel: Any, core: Any, sender: Any) -> None:
    """Take over the kernel's handler of execute requests."""
    execute = kernel.shell_handlers["execute_request"]
    gate, namespace = core.gate, core.namespace
    stopped: set[str] = set()
    outlet = _Outlet()
    note_file = _note_file()

    def note(request: str) -> None:
        if note_file is not None:
            os.pwrite(note_file, request.encode()[:NOTE_BYTES].ljust(NOTE_BYTES), 0)

    def publish_reply(content: Any, parent: Json) -> None:
        kernel.session.send(kernel.iopub_socket, REPLY, content, parent)

    sender.redirected[id(outlet)] = publish_reply

    async def run_cell(ident: Any, parent: Json, cell: Json) -> None:
        message = _message(parent, cell)
        kernel.set_parent(ident, message)
        namespace.last_reply = None
        try:
            await execute(outlet, ident, message)
        except BaseException as error:  # it is no user's: theirs are in the reply
            publish_reply({"status": "error", "ename": type(error).__name__, "evalue": str(error)}, message)
            if not isinstance(error, (Exception, KeyboardInterrupt)):
                raise

    async def run_batch(ident: Any, parent: Json, batch: Json) -> int:
        done = 0
        deadline = time.monotonic() + batch["seconds"]
        signals, said = gate.signals, sender.comm_messages
        for cell in batch["cells"]:
            interrupted = gate.signals != signals  # even if the code took no notice
            if done and (interrupted or parent["header"]["msg_id"] in stopped or time.monotonic() > deadline):
                break
            gate.await_code()
            note(cell["id"])
            await run_cell(ident, parent, cell)
            done += 1
            if sender.comm_messages != said or not _as_expected(namespace.last_reply, cell["expected"]):
                break
        return done

    async def execute_request(stream: Any, ident: Any, parent: Json) -> None:
        request = (parent.get("metadata") or {}).get("reactive_nb")
        batch = request.get("batch") if isinstance(request, dict) else None
        if batch is None:
            await execute(stream, ident, parent)
            return
        done = await run_batch(ident, parent, batch)
        stopped.clear()
        kernel.set_parent(ident, parent)
        content = {"status": "ok", "execution_count": kernel.execution_count, "user_expressions": {}, "payload": []}
        kernel.session.send(stream, "execute_reply", {**content, "reactive_nb": {"done": done}}, parent, ident=ident)

    async def stop(stream: Any, ident: Any, parent: Json) -> None:
        stopped.add(parent["content"].get("batch"))

    kernel.shell_handlers["execute_request"] = execute_request
    kernel.control_handlers[STOP] = stop


if __name__ == "_reactive_nb_batches":
    from IPython import get_ipython

    install(get_ipython().kernel, sys.modules["_reactive_nb"], sys.modules["_reactive_nb_economies"].SENDER)
