"""Who asks, and for which notebook, as dependencies of endpoints. Nothing is looked up for somebody not signed in."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header, Path, Request, Security
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from reactive_nb.api.errors import Refused, invalid_field
from reactive_nb.api.v1.state import ServiceState, service_state
from reactive_nb.core.security import Identity, User, get_identity
from reactive_nb.services.session import NotebookSession

_bearer = HTTPBearer(
    scheme_name="token",
    description="The token that the server printed when it started, or your identity provider's session token.",
    auto_error=False,  # the gate has answered before, for endpoints and empty addresses alike
)
_REVISION = re.compile(r' *(?:\*|(?:W/)?"[0-9]{1,15}"|[0-9]{1,15}) *')


async def current_user(
    request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> User:
    """Whose request this is: as the gate found out, or asked now where there is none before this application."""
    identity: Identity | None = getattr(request.state, "identity", None)
    return (identity or await get_identity(request)).user


Service = Annotated[ServiceState, Depends(service_state)]
CurrentUser = Annotated[User, Depends(current_user)]
NotebookPath = Annotated[
    str, Path(max_length=128, description="The notebook's UUID.", examples=["5f0c8a52-6b0e-4b6e-9a3f-0c6d8f3b2a10"])
]
CellPath = Annotated[str, Path(max_length=64, description="The cell's id.", examples=["load-data"])]


async def notebook_session(
    request: Request, notebook_id: NotebookPath, user: CurrentUser, service: Service
) -> NotebookSession:
    """The open session of the user's notebook. Raises NotebookNotFound."""
    session = await service.session(user, notebook_id)
    request.state.session = session  # for the problem document of a conflict
    return session


Session = Annotated[NotebookSession, Depends(notebook_session)]


async def if_match(
    value: Annotated[
        str | None,
        Header(
            alias="If-Match",
            json_schema_extra={"pattern": f"^{_REVISION.pattern}$"},
            description='The revision you have seen: `12`, `"12"`, `W/"12"`; or `*`. 409 if it is out of date.',
        ),
    ] = None,
) -> int | None:
    """The revision that a write is based on; None if it does not say. Raises Refused for anything else."""
    if value is not None and not _REVISION.fullmatch(value):
        raise invalid_field("If-Match", 'should be the ETag of an answer, for example "7", or * for any revision')
    found = re.search("[0-9]+", value or "")
    return int(found[0]) if found else None


IfMatch = Annotated[int | None, Depends(if_match)]


async def json_only(request: Request) -> None:
    """Refuse bodies that do not say they are JSON, which is also what a form on another page could send."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if has_body and kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise Refused("unsupported-media-type", "The body should be JSON, with Content-Type: application/json.")
