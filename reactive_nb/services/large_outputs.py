"""Large outputs by content hash, so that a client can fetch one by itself and cache it for ever."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
from typing import Any

import orjson

from reactive_nb.models import Notebook
from reactive_nb.models.output import joined


def digest_of(value: Any) -> str:
    """The hash under which an output's data is known: SHA-256 of its bytes, in hexadecimal."""
    return hashlib.sha256(_bytes_of(value, "")).hexdigest()


def find(notebook: Notebook, digest: str) -> tuple[str, bytes] | None:
    """(media type, bytes) of the output with that hash; images and other binary data are decoded."""
    for cell in notebook.cells:
        for output in cell.outputs:
            for media_type, value in output.get("data", {}).items():
                if digest_of(value) == digest:
                    return media_type, _bytes_of(value, media_type)
    return None


def _bytes_of(value: Any, media_type: str) -> bytes:
    if not isinstance(value, str | list) or (isinstance(value, list) and not all(isinstance(v, str) for v in value)):
        return orjson.dumps(value)
    text = joined(value)
    if media_type.startswith(("image/", "audio/", "video/")) and media_type != "image/svg+xml":
        with contextlib.suppress(binascii.Error):
            return base64.b64decode(text, validate=False)
    return text.encode("utf-8", "replace")
