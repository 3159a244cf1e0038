"""From a client's command to a call of the session, and from what comes of it to the one reply."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, assert_never

from reactive_nb.api.errors import Refusal, refusal
from reactive_nb.api.problems import current_state
from reactive_nb.api.v1.operations import KernelspecOf, operation, selection
from reactive_nb.execution.selection import RunScope
from reactive_nb.schemas.commands import (
    Auth,
    AuthRenew,
    Batch,
    BatchItem,
    CellAdd,
    CellMove,
    CellRemove,
    CellRun,
    CellUpdate,
    ClientCommand,
    CommClose,
    CommMsg,
    CommOpen,
    Complete,
    Debug,
    InputReply,
    Inspect,
    KernelInterrupt,
    KernelRestart,
    KernelShutdown,
    NotebookRun,
    NotebookUpdate,
    PresenceUpdate,
)
from reactive_nb.schemas.events import Presence, Reply, ReplyError
from reactive_nb.services import operations
from reactive_nb.services.session import NotebookSession
from reactive_nb.services.views import plan_response

_log = logging.getLogger(__name__)

SessionCommand = (
    CellAdd
    | CellUpdate
    | CellMove
    | CellRemove
    | NotebookUpdate
    | Batch
    | CellRun
    | NotebookRun
    | KernelInterrupt
    | KernelRestart
    | KernelShutdown
    | InputReply
    | Complete
    | Inspect
    | Debug
    | CommOpen
    | CommMsg
    | CommClose
    | PresenceUpdate
)
"""The commands that are about the notebook; the others are about the connection."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Where commands come from, and what they are about."""

    session: NotebookSession
    client: Presence
    kernelspec_of: KernelspecOf


async def carry_out(command: ClientCommand, buffers: tuple[bytes, ...], caller: Caller) -> Reply:
    """Do what a command asks for; its reply, whatever happens."""
    session = caller.session
    if isinstance(command, Auth | AuthRenew):
        return refused(command.id, session, Refusal("invalid", "This connection is signed in: send auth.renew."))
    try:
        result = await _call(command, buffers, caller)
    except Exception as error:
        answer = refusal(error)
        if answer.code == "internal":
            _log.exception("%s failed in notebook %s", command.type, session.id)
        current = current_state(error, session) if answer.code == "conflict" else None
        return refused(command.id, session, answer, current)
    return Reply(id=command.id, ok=True, revision=session.revision, result=result)


def refused(
    command_id: str | None, session: NotebookSession, why: Refusal, current: dict[str, Any] | None = None
) -> Reply:
    """The reply to a command that was not carried out."""
    error = ReplyError(code=why.code, message=why.detail, current=current)
    return Reply(id=command_id, ok=False, revision=session.revision, error=error)


async def _call(command: SessionCommand, buffers: tuple[bytes, ...], caller: Caller) -> dict[str, Any] | None:
    session, client = caller.session, caller.client
    match command:
        case CellAdd() | CellUpdate() | CellMove() | CellRemove() | NotebookUpdate():
            return await _change(caller, command, command.if_match)
        case Batch():
            return await _change_several(caller, command)
        case CellRun():
            return await _run(session, [command.cell_id], RunScope.CELLS)
        case NotebookRun(plan=True):
            return plan_response(session.state, *selection(command)).model_dump(mode="json")
        case NotebookRun():
            return await _run(session, *selection(command))
        case KernelInterrupt():
            return (await session.interrupt()).model_dump(mode="json")
        case KernelRestart():
            return (await session.restart()).model_dump(mode="json")
        case KernelShutdown():
            return (await session.shut_down_kernel()).model_dump(mode="json")
        case InputReply():
            session.reply_input(command.value)
            return None
        case Complete():
            return await session.complete(command.code, command.cursor_pos)
        case Inspect():
            return await session.inspect(command.code, command.cursor_pos, command.detail_level)
        case Debug():
            return await session.debug(command.request)
        case CommOpen() | CommMsg() | CommClose():
            session.comm(command, buffers, client.client_id)
            return None
        case PresenceUpdate():
            where = {"cell_id": command.cell_id, "selection": command.selection}
            session.update_presence(client.model_copy(update=where))
            return {"client_id": client.client_id}
        case _:
            assert_never(command)


async def _change(caller: Caller, item: BatchItem, if_match: int | None) -> dict[str, Any] | None:
    wanted = operation(item, caller.kernelspec_of)
    await caller.session.apply(wanted, if_match=if_match)
    return {"cell_id": wanted.cell_id} if isinstance(wanted, operations.AddCell) else None


async def _change_several(caller: Caller, command: Batch) -> dict[str, Any]:
    wanted = tuple(operation(item, caller.kernelspec_of) for item in command.operations)
    await caller.session.apply(operations.Batch(wanted), if_match=command.if_match)
    return {"cell_ids": [one.cell_id for one in wanted if isinstance(one, operations.AddCell)]}


async def _run(session: NotebookSession, cells: list[str] | None, scope: RunScope) -> dict[str, Any]:
    """The run's id and cells; their outputs come as events."""
    run = await session.run(cells, scope=scope)
    return {"run_id": run.run_id, "state": run.state.value, "cells": [cell.id for cell in run.cells]}
