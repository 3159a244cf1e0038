"""Large outputs by content hash: clients are told where they are, and fetch them once, when they need them.

In answers and events the data of a media type that is larger than `LARGE` is left out of an output's bundle, and
`metadata.reactive_nb.large` says for each what its hash and size are. The document itself keeps everything.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
from typing import Any

import orjson

from reactive_nb.models import Notebook, Output
from reactive_nb.models.output import joined

LARGE = 1024 * 1024
"""Characters of one media type's data from which on it is fetched apart."""


def slim(output: Output) -> Output:
    """The output as clients are told of it: itself, unless it is large."""
    large = {
        media_type: value
        for media_type, value in _object(output.get("data")).items()
        if isinstance(value, str) and len(value) > LARGE
    }
    if not large:
        return output
    references = {media_type: {"hash": digest_of(value), "size": len(value)} for media_type, value in large.items()}
    metadata = _object(output.get("metadata"))
    own = {**_object(metadata.get("reactive_nb")), "large": references}
    data = {media_type: value for media_type, value in output["data"].items() if media_type not in large}
    return {**output, "data": data, "metadata": {**metadata, "reactive_nb": own}}


def _object(value: Any) -> dict[str, Any]:
    """What should be an object in a document that others have written."""
    return value if isinstance(value, dict) else {}


def digest_of(value: Any) -> str:
    """The hash under which an output's data is known: SHA-256 of its bytes, in hexadecimal."""
    return hashlib.sha256(_bytes_of(value, "")).hexdigest()


def find(notebook: Notebook, digest: str) -> tuple[str, bytes] | None:
    """(media type, bytes) of the output with that hash; images and other binary data are decoded."""
    for cell in notebook.cells:
        for output in cell.outputs:
            for media_type, value in _object(output.get("data")).items():
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
