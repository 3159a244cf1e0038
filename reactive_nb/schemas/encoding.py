"""Contracts as JSON text, whatever a notebook holds.

Kernels and files bring values that JSON has no words for: NaN, halves of surrogate pairs, raw bytes, nesting without
end. None of them may keep a client from being answered, so they become null, U+FFFD or text. What JSON can say is
written unchanged.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json

MAX_DEPTH = 150
"""Deeper values are cut off; parsers on the other side have limits too."""


def encode(value: BaseModel | Mapping[str, Any]) -> str:
    """`value` as JSON, standing for itself or, where JSON cannot say it, for the nearest that it can. Never raises."""
    try:
        if isinstance(value, BaseModel):
            return value.model_dump_json()
        return to_json(value, inf_nan_mode="null").decode()
    except (PydanticSerializationError, ValueError, RecursionError):
        return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def plain(value: Any, depth: int = 0) -> Any:
    """`value` made of what JSON knows."""
    match value:
        case None | bool():
            return value
        case Enum():
            return plain(value.value, depth)
        case str():
            return well_formed(value)
        case int():
            return int(value) if value.bit_length() < 4096 else None
        case float():
            return float(value) if math.isfinite(value) else None
        case bytes() | bytearray() | memoryview():
            return bytes(value).decode("utf-8", "replace")
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
    if depth >= MAX_DEPTH:
        return "…"
    match value:
        case BaseModel():
            return {
                field.serialization_alias or field.alias or name: plain(getattr(value, name), depth + 1)
                for name, field in type(value).model_fields.items()
            } | {name: plain(extra, depth + 1) for name, extra in (value.model_extra or {}).items()}
        case Mapping():
            return {well_formed(str(key)): plain(item, depth + 1) for key, item in value.items()}
        case Sequence() | AbstractSet():
            return [plain(item, depth + 1) for item in value]
    return well_formed(str(value))


def well_formed(text: str) -> str:
    """`text` with pairs of surrogates joined and single ones replaced by U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
