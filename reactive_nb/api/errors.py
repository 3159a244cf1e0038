"""What went wrong, in the words and numbers of the interface: the one place where errors get a code and a status.

REST shows an error as a problem document, the WebSocket as a refused reply; both come from `refusal`. Whatever is not
listed here is a mistake of ours and says nothing of itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from reactive_kernels.errors import KernelError, KernelLimitError, NoSuchKernel
from reactive_nb.core.security import AuthenticationError, IdentityUnavailable
from reactive_nb.formats import FormatError
from reactive_nb.services.errors import InvalidOperation, SessionError
from reactive_nb.storage import (
    BadCursor,
    NotebookNotFound,
    NotebookUnreadable,
    RevisionConflict,
    StorageError,
    StorageUnavailable,
)

TITLES: Mapping[str, tuple[int, str]] = {
    "malformed": (400, "Malformed request"),
    "unauthenticated": (401, "Not signed in"),
    "exposed": (403, "Only on its own machine"),
    "forbidden-origin": (403, "Origin not allowed"),
    "forbidden-host": (403, "Host not allowed"),
    "forbidden": (403, "Not allowed"),
    "not-found": (404, "Not found"),
    "no-such-notebook": (404, "No such notebook"),
    "no-such-cell": (404, "No such cell"),
    "no-such-variable": (404, "No such variable"),
    "no-such-module": (404, "No such module of widgets"),
    "no-such-widget": (404, "No such widget"),
    "no-such-output": (404, "No such output"),
    "method-not-allowed": (405, "Method not allowed"),
    "too-slow": (408, "Too slow"),
    "conflict": (409, "Out of date"),
    "too-large": (413, "Too large"),
    "unsupported-media-type": (415, "Unsupported media type"),
    "invalid": (422, "Invalid request"),
    "too-many-runs": (429, "Too many runs"),
    "too-many-chats": (429, "Too many conversations"),
    "internal": (500, "Internal error"),
    "notebook-unreadable": (500, "Notebook damaged"),
    "not-implemented": (501, "Not available"),
    "identity-unavailable": (503, "Signing in not available"),
    "kernel-unavailable": (503, "Kernel not available"),
    "storage-unavailable": (503, "Storage not available"),
    "notebook-closed": (503, "Notebook closed"),
    "chat-unavailable": (503, "Chat not available"),
    "not-ready": (503, "Not ready"),
}
"""Code → HTTP status and title. The code is the last part of a problem's `type`, and a refused reply's `code`."""

_OF_STATUS = {400: "malformed", 401: "unauthenticated", 403: "forbidden", 404: "not-found", 405: "method-not-allowed"}
_OF_STATUS |= {413: "too-large", 415: "unsupported-media-type", 422: "invalid", 501: "not-implemented"}

INTERNAL = "The server made a mistake. Its log says more under this request's id."


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as clients see it."""

    code: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[tuple[str, str], ...] = ()
    """Field and message, where some were refused."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further members of the problem document."""
    status: int = 0
    """0: that of the code."""

    @property
    def http_status(self) -> int:
        return self.status or TITLES[self.code][0]

    @property
    def title(self) -> str:
        if self.code in TITLES:
            return TITLES[self.code][1]
        return HTTPStatus(self.status).phrase


class Refused(Exception):
    """Raised by the interface itself."""

    def __init__(self, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.refusal = Refusal(code, detail, headers or {}, more=more)


def invalid_field(name: str, message: str) -> Refused:
    """The refusal of one field that no schema can check."""
    refused = Refused("invalid", f"{name}: {message}")
    refused.refusal = Refusal("invalid", f"{name}: {message}", fields=((name, message),))
    return refused


EXPECTED: tuple[type[Exception], ...] = (
    Refused,
    AuthenticationError,
    SessionError,
    StorageError,
    FormatError,
    KernelError,
    RequestValidationError,
    HTTPException,
)
"""The errors that `refusal` has words for."""


def refusal(error: Exception) -> Refusal:
    """How `error` is shown. One that is not expected is `internal` and shows nothing of itself."""
    match error:
        case Refused():
            return error.refusal
        case IdentityUnavailable():
            return Refusal("identity-unavailable", str(error), {"Retry-After": "10"})
        case AuthenticationError():
            return _unauthenticated(error)
        case SessionError():
            name = error.field if isinstance(error, InvalidOperation) else None
            return Refusal(error.code, str(error), fields=((name, str(error)),) if name else ())
        case StorageError():
            return _of_storage(error)
        case FormatError():
            return Refusal("invalid", str(error))
        case NoSuchKernel():
            return Refusal("invalid", str(error), fields=(("kernel_name", str(error)),))
        case KernelError():
            waiting = {"Retry-After": "10"} if isinstance(error, KernelLimitError) else {}
            return Refusal("kernel-unavailable", str(error), waiting)
        case RequestValidationError():
            return invalid(error.errors())
        case ValidationError():
            return invalid(error.errors(include_url=False, include_input=False))
        case HTTPException():
            return _of_http(error)
    return Refusal("internal", INTERNAL)


MAX_TOLD = 100
"""Fields that a refusal names, at most."""
MAX_NAME_CHARS = 100
_IN_DETAIL = 3
_SHAPES = {
    "changes": """what to change of the cell, for example {"source": "x = 2"}""",
    "cell": """the cell to add, for example {"source": "x = 1"}""",
    "operations": """a list, for example [{"type": "cell.remove", "cell_id": "load-data"}]""",
}
"""Of fields that are objects and easily left out, because what is in them was given beside them."""


def invalid(errors: Sequence[ErrorDetails]) -> Refusal:
    """The refusal of a body or a command whose fields are wrong, each named. Says nothing of the values."""
    fields = tuple((_path(error), _message(error)) for error in errors[:MAX_TOLD])
    said = "; ".join(f"{name}: {message}" if name else message for name, message in fields[:_IN_DETAIL])
    rest = f" (and {len(errors) - _IN_DETAIL} more)" if len(errors) > _IN_DETAIL else ""
    return Refusal("invalid", f"{said}{rest}", fields=fields)


def _unauthenticated(error: AuthenticationError) -> Refusal:
    known = 'Bearer realm="reactive-nb"'
    if error.reason != "missing_token":
        known += f', error="invalid_token", error_description="{error.reason}"'
    return Refusal("unauthenticated", str(error), {"WWW-Authenticate": known}, more={"reason": error.reason})


def _of_storage(error: StorageError) -> Refusal:
    match error:
        case NotebookNotFound():
            return Refusal("no-such-notebook", "There is no notebook with this id, or it is not yours.")
        case RevisionConflict():
            return Refusal("conflict", str(error))
        case BadCursor():
            return Refusal("invalid", str(error), fields=(("cursor", str(error)),))
        case NotebookUnreadable():
            return Refusal("notebook-unreadable", str(error))
        case StorageUnavailable():
            return Refusal("storage-unavailable", str(error), {"Retry-After": "5"})
    return Refusal("storage-unavailable", str(error))


def _of_http(error: HTTPException) -> Refusal:
    code = _OF_STATUS.get(error.status_code, "http")
    detail = str(error.detail)
    if error.status_code == 404 and detail == "Not Found":
        detail = "There is nothing at this address."
    elif error.status_code == 405 and detail == "Method Not Allowed":
        detail = "This address does not answer this method."
    return Refusal(code, detail, dict(error.headers or {}), status=error.status_code)


def _path(error: ErrorDetails) -> str:
    parts = [str(part)[:MAX_NAME_CHARS] for part in error["loc"]]
    if parts and parts[0] in ("body", "query", "path", "header"):
        parts = [] if error["type"] == "json_invalid" else parts[1:]
    return ".".join(part for part in parts if "." not in part)  # a part with a dot is no field but a command's type


def _message(error: ErrorDetails) -> str:
    match error["type"]:
        case "json_invalid":
            why, place = error.get("ctx", {}).get("error", ""), error["loc"][-1]
            return f"The body is no valid JSON ({why}, at character {place})."
        case "missing":
            shape = _SHAPES.get(str(error["loc"][-1]))
            return f"is required: {shape}" if shape else "is required"
        case "extra_forbidden":
            return "there is no such field here"
        case "union_tag_not_found":
            return "should be an object with a type, such as cell.update"
        case "union_tag_invalid":
            known = error.get("ctx", {})
            return f"there is no type {str(known.get('tag'))[:MAX_NAME_CHARS]!r}, only {known.get('expected_tags')}"
    return error["msg"].removeprefix("Value error, ")
