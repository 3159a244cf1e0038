"""What nbformat's schema wants of outputs and metadata: kept where a file is read, so that what is written is valid.

Files in the wild break it here and there, and one that is refused for a tag that is no text helps nobody. So a value
of the wrong kind becomes the nearest of the right kind, or is left out where there is none; what the schema leaves
open passes through as it is. A file of a `later` minor version than ours may have more fields and kinds of outputs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reactive_nb.models import DEFAULT_KERNEL, Output

_NAME = re.compile("^.+$")
_TAG = re.compile("^[^,]+$")


def outputs(raw: Iterable[dict[str, Any]], *, later: bool) -> tuple[Output, ...]:
    """The outputs that there are, text whole."""
    return tuple(made for one in raw if (made := _output(one, later=later)) is not None)


def _output(raw: dict[str, Any], *, later: bool) -> Output | None:
    kind = raw.get("output_type")
    own: dict[str, Any]
    match kind:
        case "stream":
            own = {"name": _text_or(raw.get("name"), "stdout"), "text": _text_or(joined(raw.get("text")), "")}
        case "display_data" | "execute_result":
            own = {"data": bundle(raw.get("data")), "metadata": _object(raw.get("metadata"))}
            if kind == "execute_result":
                own["execution_count"] = count(raw.get("execution_count"))
        case "error":
            said = raw.get("traceback")
            lines = [line for line in said if isinstance(line, str)] if isinstance(said, list) else []
            own = {
                "ename": _text_or(raw.get("ename"), ""),
                "evalue": _text_or(raw.get("evalue"), ""),
                "traceback": [said] if isinstance(said, str) else lines,
            }
        case str() if later:
            return raw
        case _:
            return None
    if later:
        return {**raw, **own}
    return {"output_type": kind, **own}


def bundle(value: Any) -> dict[str, Any]:
    """A MIME bundle with its text whole. What is JSON by its type stays as it is, lists of strings included."""
    return {mime: item if _is_json(mime) else _whole(item) for mime, item in _object(value).items()}


def attachments(value: Any) -> dict[str, Any]:
    """A cell's attachments, without what is no bundle."""
    return {name: bundle(item) for name, item in _object(value).items() if isinstance(item, dict)}


def count(value: Any) -> int | None:
    """An execution count."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def joined(value: Any) -> Any:
    """Text that may be a list of lines, whole; anything else as it is."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return value


def cell_metadata(metadata: dict[str, Any], kind: str) -> dict[str, Any]:
    """The metadata of a cell of the nbformat type `kind`."""
    return _checked(metadata, _OF_CELL | _OF_KIND.get(kind, {}))


def notebook_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """The metadata of a notebook."""
    return _checked(metadata, _OF_NOTEBOOK)


def _checked(metadata: dict[str, Any], rules: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """`metadata` with what each rule makes of its key, without those of which it makes None; itself if all is well."""
    changed = {key: rule(metadata[key]) for key, rule in rules.items() if key in metadata}
    if all(item == metadata[key] and item is not None for key, item in changed.items()):
        return metadata
    return {key: item for key, item in {**metadata, **changed}.items() if key not in changed or item is not None}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text_or(value: Any, default: str) -> str:
    return value if isinstance(value, str) else default


def _is_json(mime: str) -> bool:
    return mime == "application/json" or (mime.startswith("application/") and mime.endswith("+json"))


def _whole(value: Any) -> str:
    text = joined(value)
    return text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and _NAME.search(value) else None


def _tags(value: Any) -> list[str] | None:
    if not isinstance(value, list):
        return None
    return list(dict.fromkeys(tag for tag in value if isinstance(tag, str) and _TAG.search(tag)))


def _dictionary(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _texts(value: Any) -> dict[str, str] | None:
    return {key: item for key, item in value.items() if isinstance(item, str)} if isinstance(value, dict) else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _scrolled(value: Any) -> bool | str | None:
    return value if isinstance(value, bool) or value == "auto" else None


def _version(value: Any) -> int | None:
    return count(value) or None


def _list(value: Any) -> list[Any] | None:
    return value if isinstance(value, list) else None


def _mode(value: Any) -> str | dict[str, Any] | None:
    return value if isinstance(value, str | dict) else None


def _kernelspec(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict) or not value:
        return None
    name = _text_or(value.get("name"), "") or DEFAULT_KERNEL
    return {**value, "name": name, "display_name": _text_or(value.get("display_name"), name)}


def _language_info(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    return _checked(value, _OF_LANGUAGE)


_OF_CELL: dict[str, Callable[[Any], Any]] = {"name": _name, "tags": _tags, "jupyter": _dictionary}
_OF_KIND: dict[str, dict[str, Callable[[Any], Any]]] = {
    "code": {"execution": _texts, "collapsed": _flag, "scrolled": _scrolled},
    "raw": {"format": _text},
}
_OF_LANGUAGE: dict[str, Callable[[Any], Any]] = {
    "codemirror_mode": _mode,
    "file_extension": _text,
    "mimetype": _text,
    "pygments_lexer": _text,
}
_OF_NOTEBOOK: dict[str, Callable[[Any], Any]] = {
    "kernelspec": _kernelspec,
    "language_info": _language_info,
    "orig_nbformat": _version,
    "title": _text,
    "authors": _list,
}
