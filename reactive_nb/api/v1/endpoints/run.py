"""Runs and the kernel: run, interrupt, restart; variables; completion, documentation, input and comms."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from reactive_nb.api.deps import Session
from reactive_nb.api.json_input import JsonRoute
from reactive_nb.api.problems import problems
from reactive_nb.api.responses import answer, nothing
from reactive_nb.api.v1.operations import selection
from reactive_nb.schemas import (
    CommRequest,
    CompleteRequest,
    CompleteResponse,
    DebugRequest,
    DebugResponse,
    InputRequest,
    InspectRequest,
    InspectResponse,
    KernelRequestResponse,
    PlanResponse,
    RunRequest,
    RunResponse,
    VariablePage,
    VariablesResponse,
)
from reactive_nb.schemas.commands import CommClose, CommMsg, CommOpen
from reactive_nb.schemas.tables import TableQuestion
from reactive_nb.services.views import plan_response

router = APIRouter(prefix="/notebooks/{notebook_id}", tags=["run"], route_class=JsonRoute)
_KERNEL = problems("no-such-notebook", "kernel-unavailable")

REST_CLIENT = "rest"
"""What other clients see as `client_id` of a comm message that came over REST."""


@router.post(
    "/run",
    summary="Run cells",
    response_model=RunResponse | PlanResponse,
    responses=problems("no-such-notebook", "no-such-cell", "too-many-runs", "kernel-unavailable"),
)
async def run(session: Session, body: RunRequest | None = None) -> Response:
    """Those named, with their stale ancestors and what depends on them; from a cell on; up to one; all; or the stale.

    With `wait`, the answer comes when the run has ended, or after that many seconds as it then stands. With `plan`,
    nothing is run, and no kernel started: the answer is what would run, in which order and why.
    """
    wanted = body or RunRequest()
    cells, scope = selection(wanted)
    if wanted.plan:
        state = session.state
        plan = await asyncio.to_thread(plan_response, state, cells, scope)
        return answer(plan, revision=state.notebook.revision)
    return answer(await session.run(cells, scope=scope, wait=wanted.wait))


@router.post("/interrupt", summary="Interrupt the run", response_model=KernelRequestResponse, responses=_KERNEL)
async def interrupt(session: Session) -> Response:
    """The running cell is interrupted, and what was still to run is dropped."""
    return answer(await session.interrupt())


@router.post("/restart", summary="Restart the kernel", response_model=KernelRequestResponse, responses=_KERNEL)
async def restart(session: Session) -> Response:
    """A fresh kernel: every cell becomes stale, outputs stay until cells run again."""
    return answer(await session.restart())


@router.post("/shutdown", summary="Shut the kernel down", response_model=KernelRequestResponse, responses=_KERNEL)
async def shut_down(session: Session) -> Response:
    """Its memory is free again, and its place among the kernels that may run; the next run starts another."""
    return answer(await session.shut_down_kernel())


@router.get("/variables", summary="List variables", response_model=VariablesResponse, responses=_KERNEL)
async def list_variables(session: Session) -> Response:
    """Name, type, shape, size and a short preview of each of the kernel's variables."""
    return answer(await session.variables())


@router.get(
    "/variables/{name}",
    summary="Read a variable",
    response_model=VariablePage,
    responses=problems("no-such-notebook", "no-such-variable", "kernel-unavailable"),
)
async def read_variable(
    session: Session,
    name: Annotated[str, Path(max_length=256, description="The variable's name.", examples=["df"])],
    question: Annotated[TableQuestion, Query()],
) -> Response:
    """A page of a table, an array or a list, sorted and filtered where it is; other values whole.

    `_5` names the result that the execution with that count displayed.
    """
    return answer(await session.variable(name, question))


@router.post("/complete", summary="Complete code", response_model=CompleteResponse, responses=_KERNEL)
async def complete(session: Session, body: CompleteRequest) -> Response:
    """The kernel's completions at a place in a source."""
    return answer(CompleteResponse.model_validate(await session.complete(body.code, body.cursor_pos)))


@router.post("/inspect", summary="Look up documentation", response_model=InspectResponse, responses=_KERNEL)
async def inspect(session: Session, body: InspectRequest) -> Response:
    """The kernel's documentation for what stands at a place in a source."""
    found = await session.inspect(body.code, body.cursor_pos, body.detail_level)
    return answer(InspectResponse.model_validate(found))


@router.post("/debug", summary="Ask the debugger", response_model=DebugResponse, responses=_KERNEL)
async def debug(session: Session, body: DebugRequest) -> Response:
    """A request of the debug adapter protocol, for kernels that have a debugger; answered while a cell runs."""
    return answer(DebugResponse(response=await session.debug(body.request)))


@router.post("/input", status_code=204, summary="Answer an input request", responses=_KERNEL)
async def reply_input(session: Session, body: InputRequest) -> Response:
    """The line of text for which `input()` in a cell waits."""
    session.reply_input(body.value)
    return nothing()


@router.post("/comms/{comm_id}", status_code=204, summary="Speak on a comm", responses=_KERNEL)
async def speak(
    session: Session, comm_id: Annotated[str, Path(max_length=256, description="The comm's id.")], body: CommRequest
) -> Response:
    """Open a comm towards the kernel, send a message on it, or close it."""
    session.comm(_comm_command(comm_id, body), tuple(body.buffers), REST_CLIENT)
    return nothing()


def _comm_command(comm_id: str, body: CommRequest) -> CommOpen | CommMsg | CommClose:
    """What a WebSocket client would have sent."""
    said = {"id": "", "comm_id": comm_id, "data": body.data, "metadata": body.metadata, "buffers": len(body.buffers)}
    match body.action:
        case "open":
            return CommOpen.model_validate(said | {"type": "comm.open", "target_name": body.target_name})
        case "msg":
            return CommMsg.model_validate(said | {"type": "comm.msg"})
        case "close":
            return CommClose.model_validate(said | {"type": "comm.close"})
