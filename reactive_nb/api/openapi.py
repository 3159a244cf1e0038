"""The OpenAPI document: FastAPI's own, with our problems in place of its errors."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from reactive_nb import __version__
from reactive_nb.api.examples import add_examples
from reactive_nb.api.problems import MEDIA_TYPE, PROBLEM_SCHEMA
from reactive_nb.schemas import FieldProblem, Problem

TITLE = "reactive-nb"
SUMMARY = "Reactive notebooks on real Jupyter kernels."
_DESCRIPTION = """
A notebook is a list of cells. Which cell depends on which follows from the names they define and use; editing a cell
makes it and what depends on it *stale*, and running runs what is stale, in the right order.

Start here: list the notebooks, take one's `id` (the demo's is there already), **run** it with `{"wait": 60}`, change a
cell, run only that one, and see what followed; **export** it as `html` to look at it.

* **Sign in** with `Authorization: Bearer TOKEN`; the Authorize button does it for this page.
* **Writes** may carry `If-Match: REVISION` (every answer about a notebook has its revision as `ETag`): one that is out
  of date is refused with 409 and the current state, and nothing is lost.
* **Errors** are problem documents (RFC 9457): `type` is for programs, `detail` for people, `request_id` for the log.
* **Live**: the WebSocket `PREFIX/ws/notebooks/{notebook_id}` sends every change as it happens; its messages are
  described by [asyncapi.json](PREFIX/asyncapi.json).
"""
TAGS = [
    {"name": "notebooks", "description": "Documents: list, make, read, rename, set, delete; several changes at once."},
    {"name": "cells", "description": "The cells of a notebook. No edit runs anything."},
    {"name": "run", "description": "Runs, and the kernel: variables, completion, documentation, input, comms."},
    {"name": "widgets", "description": "Values of widgets, read and set without a browser."},
    {"name": "files", "description": "Import, export, large outputs."},
    {"name": "chat", "description": "Chat about a notebook."},
    {"name": "health", "description": "For whoever operates the service; needs no sign-in."},
]
_EVERYWHERE = {"401": "Not signed in", "403": "Origin or host not allowed", "500": "Internal error"}
_WITH_INPUT = {"422": "Invalid request"}
_WITH_BODY = {"400": "Malformed request", "413": "Too large", "415": "Unsupported media type"}
_FRAMEWORK = ("HTTPValidationError", "ValidationError")


def install_openapi(app: FastAPI) -> None:
    """Make `app.openapi()` give our document, made once."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _document(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(
        title=TITLE,
        version=__version__,
        summary=SUMMARY,
        description=_DESCRIPTION.replace("PREFIX", (app.openapi_url or "").rpartition("/")[0]),
        routes=app.routes,
        tags=TAGS,
    )
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for name in _FRAMEWORK:
        schemas.pop(name, None)
    for model in (FieldProblem, Problem):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        schemas[model.__name__] = schema
    add_examples(schemas)
    for operations in found["paths"].values():
        for operation in operations.values():
            _add_problems(operation)
    return found


def _add_problems(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    shared: dict[str, str] = dict(_EVERYWHERE) if operation.get("security") else {"500": _EVERYWHERE["500"]}
    if operation.get("parameters") or "requestBody" in operation:
        shared |= _WITH_INPUT
    if "requestBody" in operation:
        shared |= _WITH_BODY
    for status, description in shared.items():
        if status not in responses:
            content = {MEDIA_TYPE: {"schema": {"$ref": PROBLEM_SCHEMA}}}
            responses[status] = {"description": description, "content": content}
    operation["responses"] = dict(sorted(responses.items()))
