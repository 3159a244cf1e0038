"""Answers: contracts as JSON that never fails, with the document's revision as ETag."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import quote

from pydantic import BaseModel
from starlette.responses import Response

from reactive_nb.schemas.encoding import encode
from reactive_nb.services.session import NotebookSession
from reactive_nb.services.views import notebook_response


def answer(
    model: BaseModel, *, status: int = 200, revision: int | None = None, location: str | None = None
) -> Response:
    """`model` as JSON. `revision` becomes the ETag, `location` the Location of what was made."""
    headers = {} if revision is None else {"ETag": etag(revision)}
    if location is not None:
        headers["Location"] = location
    return Response(encode(model).encode(), status_code=status, headers=headers, media_type="application/json")


async def whole_notebook(session: NotebookSession, *, status: int = 200, location: str | None = None) -> Response:
    """The notebook as it is now. Made in a thread: of a long one it takes a while."""
    state = session.state
    return await asyncio.to_thread(
        lambda: answer(notebook_response(state), status=status, revision=state.notebook.revision, location=location)
    )


def nothing(revision: int | None = None) -> Response:
    """204."""
    return Response(status_code=204, headers={} if revision is None else {"ETag": etag(revision)})


def etag(revision: int) -> str:
    """A revision as entity tag, which `If-Match` takes."""
    return f'"{revision}"'


def attachment(content: bytes, *, name: str, media_type: str, headers: Mapping[str, str] | None = None) -> Response:
    """A file to be saved under `name`, whatever characters it has (RFC 6266, RFC 8187)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%;' else "_" for c in name)
    encoded = quote(name.encode("utf-8", "replace"), safe="")
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition, **(headers or {})})
