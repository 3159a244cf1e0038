"""Notebooks as files: import and export, and large outputs by content hash."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from reactive_nb.api.deps import CurrentUser, Service, Session
from reactive_nb.api.errors import Refused, invalid_field
from reactive_nb.api.problems import problems
from reactive_nb.api.responses import attachment, whole_notebook
from reactive_nb.api.v1.endpoints.notebooks import location
from reactive_nb.formats import FORMATS, Format
from reactive_nb.models import Notebook
from reactive_nb.schemas import NotebookResponse

router = APIRouter(prefix="/notebooks", tags=["files"])

_MEDIA_TYPES = {
    "application/json": "ipynb",
    "application/x-ipynb+json": "ipynb",
    "application/octet-stream": "ipynb",
    "text/x-python": "py",
    "text/x-python-script": "py",
    "application/x-python-code": "py",
}
_OPAQUE = "sandbox; default-src 'none'"
_SHOWN_INLINE = re.compile(r"image/(?:png|jpeg|gif|webp|bmp|avif)|text/plain|application/json")
_BODY = {
    "requestBody": {
        "required": True,
        "description": "The file itself.",
        "content": {
            "application/x-ipynb+json": {"schema": {"type": "object"}},
            "application/json": {"schema": {"type": "object"}},
            "text/x-python": {"schema": {"type": "string"}},
        },
    }
}


class ExportFormat(StrEnum):
    """What a notebook can leave as."""

    IPYNB = "ipynb"
    PY = "py"
    HTML = "html"
    MD = "md"


@router.post(
    "/import",
    status_code=201,
    summary="Import a notebook",
    response_model=NotebookResponse,
    responses=problems("too-large", "unsupported-media-type", "storage-unavailable"),
    openapi_extra=_BODY,
)
async def import_notebook(
    request: Request,
    user: CurrentUser,
    service: Service,
    name: Annotated[
        str | None, Query(min_length=1, max_length=200, description="The name it gets; left out, the file's own.")
    ] = None,
) -> Response:
    """An `.ipynb` (nbformat 3 to 4.5) or a Python script in percent format, as the body. It gets a new id."""
    reader = _format_of(request)
    data = await request.body()
    notebook = await asyncio.to_thread(_read, reader, data, name)
    session = service.watched(await service.registry.adopt(user, notebook))
    return await whole_notebook(session, status=201, location=location(request, session.id))


@router.api_route("/import", methods=["GET", "PUT", "DELETE", "PATCH"], include_in_schema=False)
async def import_only() -> None:
    """There is no notebook with this id, whatever its address looks like."""
    raise Refused("method-not-allowed", "Files are imported with POST.", headers={"Allow": "POST"})


@router.get(
    "/{notebook_id}/export",
    summary="Export a notebook",
    response_class=Response,
    responses=problems("no-such-notebook")
    | {200: {"description": "The file.", "content": {made.media_type: {} for made in FORMATS.values()}}},
)
async def export_notebook(
    session: Session,
    file_format: Annotated[ExportFormat, Query(alias="format", description="What to make of it.")] = ExportFormat.IPYNB,
    outputs: Annotated[bool, Query(description="Whether with what its runs have left.")] = True,
) -> Response:
    """The notebook as a file, outputs included: nbformat 4.5, a Python script, a page, or Markdown."""
    chosen = FORMATS[file_format.value]
    notebook = session.notebook if outputs else session.notebook.without_results()
    content = await asyncio.to_thread(chosen.write, notebook)
    return attachment(content, name=f"{notebook.name}{chosen.suffixes[0]}", media_type=chosen.media_type)


@router.get(
    "/{notebook_id}/outputs/{digest}",
    summary="Fetch a large output",
    response_class=Response,
    responses=problems("no-such-notebook", "no-such-output")
    | {200: {"description": "The output, in its own media type."}},
)
async def read_output(
    session: Session, digest: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{8,128}$", description="Its content hash.")]
) -> Response:
    """An output that was too large to stand in the notebook's cells. It never changes under its hash."""
    found = await asyncio.to_thread(session.output, digest)
    if found is None:
        raise Refused("no-such-output", "This notebook has no output with that hash.")
    media_type, content = found
    headers = {"Cache-Control": "private, max-age=31536000, immutable", "Content-Security-Policy": _OPAQUE}
    if not _SHOWN_INLINE.fullmatch(media_type):
        headers["Content-Disposition"] = "attachment"
    if not re.fullmatch(r"[\w.+-]{1,64}/[\w.+-]{1,64}(?:; ?[\w=\"-]{1,64})?", media_type, re.ASCII):
        media_type = "application/octet-stream"
    return Response(content, media_type=media_type, headers=headers)


def _format_of(request: Request) -> Format:
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind not in _MEDIA_TYPES:
        known = ", ".join(_MEDIA_TYPES)
        raise Refused("unsupported-media-type", f"Send an .ipynb or .py file, with one of these media types: {known}.")
    return FORMATS[_MEDIA_TYPES[kind]]


def _read(chosen: Format, data: bytes, name: str | None) -> Notebook:
    if chosen.read is None:  # no media type stands for such a format
        raise invalid_field("Content-Type", f"{chosen.name} can't be imported")
    notebook = chosen.read(data, fallback_name=name)
    return notebook if name is None else replace(notebook, name=name)
