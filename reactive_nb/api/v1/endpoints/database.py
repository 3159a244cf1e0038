"""The database that a notebook's SQL cells run on."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from reactive_nb.api.deps import IfMatch, Session
from reactive_nb.api.json_input import JsonRoute
from reactive_nb.api.problems import problems
from reactive_nb.api.responses import answer, nothing
from reactive_nb.models.database_url import engine_of, without_password
from reactive_nb.schemas import DatabaseRequest, DatabaseResponse

router = APIRouter(prefix="/notebooks", tags=["notebooks"], route_class=JsonRoute)


@router.get(
    "/{notebook_id}/db",
    summary="Read the database connection",
    response_model=DatabaseResponse,
    responses=problems("no-such-notebook", "storage-unavailable"),
)
async def read_database(session: Session) -> Response:
    """What SQL cells run on, without its password, and whether it can be reached now."""
    return answer(_told(session.notebook.settings.database, await session.try_database(None)))


@router.put(
    "/{notebook_id}/db",
    summary="Set the database connection",
    response_model=DatabaseResponse,
    responses=problems("no-such-notebook", "conflict", "storage-unavailable"),
)
async def set_database(session: Session, body: DatabaseRequest, revision: IfMatch) -> Response:
    """The connection is tried first; nothing is changed if it can't be made, or with `test`.

    What is kept with the notebook has no password: that is kept apart, and given to nobody but the notebook's kernel.
    """
    problem = await session.try_database(body.url) if body.url is not None else None
    if problem is None and not body.test:
        await session.set_database(body.url, if_match=revision)
    return answer(_told(without_password(body.url and body.url.strip()), problem, changed=not body.test))


@router.delete(
    "/{notebook_id}/db",
    status_code=204,
    summary="Remove the database connection",
    responses=problems("no-such-notebook", "conflict", "storage-unavailable"),
)
async def remove_database(session: Session, revision: IfMatch) -> Response:
    """SQL cells go back to DuckDB over the notebook's dataframes. The password is forgotten."""
    await session.set_database(None, if_match=revision)
    return nothing()


def _told(url: str | None, problem: str | None, *, changed: bool = False) -> DatabaseResponse:
    if url is None:
        message = "SQL cells run on DuckDB, in the notebook's kernel, over its dataframes."
    else:
        message = problem or "Connected."
        if problem is not None and changed:
            message += " The notebook's connection is as it was."
    return DatabaseResponse(url=url, dialect=engine_of(url).name, ok=problem is None, message=message)
