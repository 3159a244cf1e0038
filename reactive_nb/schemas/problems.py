"""Errors, as RFC 9457 problem documents."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from reactive_nb.schemas.base import Response


class FieldProblem(Response):
    """One field that was refused."""

    field: str = Field(description="Where it stands, as a path with dots.", examples=["cells.0.source"])
    message: str = Field(description="What is wrong with it.", examples=["is required"])


class Problem(Response):
    """What went wrong and what to do about it. See RFC 9457."""

    type: str = Field(description="Stable and machine-readable.", examples=["/problems/not-found"])
    title: str = Field(description="What kind of problem it is.", examples=["Not found"])
    status: int = Field(description="The answer's status.", examples=[404])
    detail: str = Field(
        description="What is wrong this time, for people.", examples=["There is no notebook with this id."]
    )
    instance: str | None = Field(None, description="The path that was asked for.")
    request_id: str | None = Field(None, description="The id under which the server's log knows the request.")
    errors: list[FieldProblem] | None = Field(None, description="The fields that were refused.")
    current: dict[str, Any] | None = Field(None, description="The current state, when a write was out of date.")

    model_config = ConfigDict(extra="allow")


class Health(Response):
    """Whether the service answers, and how it is."""

    status: str = Field(description="`ok`.", examples=["ok"])
    version: str = Field(description="Of reactive-nb.", examples=["0.1.0"])


class Readiness(Response):
    """Whether the service can do its work; each part says `ok` or what is wrong."""

    status: str = Field(description="`ready`.", examples=["ready"])
    checks: dict[str, str] = Field(description="By part.", examples=[{"storage": "ok", "kernels": "ok"}])
