"""Makes the outputs of two runs of the same cell comparable.

A run leaves traces that say nothing about the notebook: random identifiers, memory addresses, prompt
numbers, temporary folders, clocks, the order in which two streams happened to be flushed. This module
replaces each by a fixed word and leaves everything else alone. It runs nothing and compares nothing.

The rule it keeps: an identifier that occurs twice in a cell gets the same word twice (``<id 1>``), so
outputs that belong together still have to belong together.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from PIL import Image, ImageSequence

Output = dict[str, Any]

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

_TMP = "|".join(
    sorted({re.escape(tempfile.gettempdir().rstrip("/")), "/tmp", "/private/tmp", "/var/tmp"}, reverse=True)
)
_DURATION = r"[\d.,]+ ?(?:[nµμum]?s|min|h)(?: [\d.]+ ?(?:s|min))?"

RULES: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("prompt number in a traceback", re.compile(r"\b(Cell In|Input In ?)\s*\[\d+\]"), r"\1[<n>]"),
    ("source file of a cell", re.compile(rf"(?:{_TMP})/ipykernel_\d+/\d+\.py"), "<cell>"),
    ("source file of a cell, older", re.compile(r"<ipython-input-\d+-[0-9a-f]+>"), "<cell>"),
    ("source file of a cell in a SyntaxError", re.compile(r"\((?:<cell>|\d{5,}\.py), line"), "(<cell>, line"),
    ("address", re.compile(r"\b0x[0-9a-fA-F]{6,16}\b"), "<address>"),
    ("temporary path", re.compile(rf"(?:{_TMP})/[^\s'\",;:<>()\[\]]+"), "<tmp>"),
    ("%%time", re.compile(r"CPU times:.*"), "<cpu times>"),
    ("%%time, wall", re.compile(r"Wall time:.*"), "<wall time>"),
    ("%timeit", re.compile(rf"{_DURATION} ± {_DURATION} per loop \(mean.*?\)"), "<timeit>"),
    ("%timeit, when runs differed much", re.compile(r"The slowest run took .*\n?"), ""),
    ("tqdm", re.compile(r"\[\d\d:\d\d<[^\]]*\]"), "[<rate>]"),
    (
        "datetime repr",
        re.compile(r"datetime\.datetime\(\d{4}, \d+, \d+, \d+, \d+(?:, \d+){0,2}(?=[,)])"),
        "datetime.datetime(<now>",
    ),
    (
        "timestamp",
        re.compile(r"\b20\d\d-\d\d-\d\d[T ,]+\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"),
        "<timestamp>",
    ),
    ("seconds since 1970", re.compile(r"\b1[6-9]\d{8}\.\d+\b"), "<epoch>"),
    ("font cache", re.compile(r"Matplotlib is building the font cache; this may take a moment\.\n?"), ""),
)

IDENTIFIERS = re.compile(
    r"(?<![0-9a-fA-F])(?:"
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"  # UUID: plots, scripts
    r"|[0-9a-f]{32}"  # widget models ("IPY_MODEL_" stands before them), uuid4().hex
    r")(?![0-9a-fA-F])"
    r"|\bT_[0-9a-f]{5}(?=_|\b)"  # tables of pandas' Styler
)
# matplotlib salts every id inside an SVG: <path id="m1f0…">, url(#p3a…), xlink:href="#m1f0…"
SVG_IDENTIFIERS = re.compile(r"(?<=[\"#])[mpCh][0-9a-f]{10}\b")
SVG_DATE = re.compile(r"<dc:date>.*?</dc:date>")
PDF_DATE = re.compile(rb"/CreationDate \([^)]*\)")


class _Names:
    """The words given to the identifiers of one cell, in order of first appearance."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def __call__(self, match: re.Match[str]) -> str:
        return self._known.setdefault(match[0], f"<id {len(self._known) + 1}>")


def normalise(outputs: Iterable[Mapping[str, Any]]) -> list[Output]:
    """Return the outputs of one cell in the form that two runs of it share.

    `outputs` are those of an ipynb file (nbformat 4). Prompt numbers and transient data go, streams that
    follow one another are joined into at most one of each name (stdout first), texts are scrubbed of
    what `RULES` lists, and pictures become their size and a digest of their pixels.
    """
    names = _Names()
    result: list[Output] = []
    run: list[Mapping[str, Any]] = []
    for output in outputs:
        if output["output_type"] == "stream":
            run.append(output)
            continue
        result += _streams(run, names)
        run = []
        result.append(_other(output, names))
    return result + _streams(run, names)


def scrub(text: str) -> str:
    """Return the text without what changes from run to run; identifiers are numbered within this text."""
    return _scrub(text, _Names())


def _scrub(text: str, names: _Names) -> str:
    for _, pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return IDENTIFIERS.sub(names, text)


def _streams(run: Sequence[Mapping[str, Any]], names: _Names) -> list[Output]:
    texts = {"stdout": "", "stderr": ""}
    for output in run:
        texts[output["name"]] += join(output["text"])
    return [
        {"output_type": "stream", "name": name, "text": scrubbed}
        for name, text in texts.items()
        if (scrubbed := _scrub(overwrite(text), names))
    ]


def overwrite(text: str) -> str:
    """Return what a terminal leaves of lines that were rewritten with carriage returns."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(_last_written(line) for line in lines)


def _last_written(line: str) -> str:
    if "\r" not in line:
        return line
    shown = ""
    for part in line.split("\r"):
        shown = part + shown[len(part) :]
    return shown.rstrip()


def _other(output: Mapping[str, Any], names: _Names) -> Output:
    if output["output_type"] == "error":
        traceback = ANSI.sub("", "\n".join(output["traceback"]))
        return {
            "output_type": "error",
            "ename": output["ename"],
            "evalue": _scrub(output["evalue"], names),
            "traceback": _scrub(traceback, names),
        }
    return {
        "output_type": output["output_type"],
        "data": {mime: _payload(mime, output["data"][mime], names) for mime in sorted(output["data"])},
        "metadata": _json(output.get("metadata", {}), names),
    }


def _payload(mime: str, payload: Any, names: _Names) -> Any:
    if mime in {"image/png", "image/jpeg", "image/gif", "image/webp"}:
        return _picture(join(payload))
    if mime == "image/svg+xml":
        svg = SVG_DATE.sub("<dc:date/>", join(payload))
        return _scrub(SVG_IDENTIFIERS.sub(names, svg), names)
    if mime == "application/pdf":
        return _digest(PDF_DATE.sub(b"", base64.b64decode(join(payload))))
    if mime.startswith("text/") or isinstance(payload, str):
        return _scrub(join(payload), names)
    return _json(payload, names)


def _picture(encoded: str) -> dict[str, Any] | str:
    """Return size, number of frames and a digest of the pixels; a broken picture is left as it is."""
    try:
        image = Image.open(io.BytesIO(base64.b64decode(encoded)))
        pixels = b"".join(frame.convert("RGBA").tobytes() for frame in ImageSequence.Iterator(image))
    except (binascii.Error, OSError):
        return encoded
    return {"size": list(image.size), "frames": getattr(image, "n_frames", 1), "pixels": _digest(pixels)}


def _json(value: Any, names: _Names) -> Any:
    """Scrub every text inside a JSON value, keys included (a widget state is keyed by model)."""
    match value:
        case str():
            return _scrub(value, names)
        case Mapping():
            return {_scrub(key, names): _json(value[key], names) for key in sorted(value)}
        case list() | tuple():
            return [_json(item, names) for item in value]
        case _:
            return value


def normalise_widgets(metadata: Mapping[str, Any]) -> list[str]:
    """Return the saved widget models of a notebook as sorted texts, without identifiers.

    `metadata` is the notebook's. Models refer to one another by random ids, so each is described by its
    state with all references replaced by one word: which models exist and what they hold is compared,
    not how they are wired.
    """
    states = metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    texts: list[str] = []
    for model in states.values():
        state = dict(model["state"])
        if "outputs" in state:
            state["outputs"] = normalise(state["outputs"])
        flat = IDENTIFIERS.sub("<id>", json.dumps(state, sort_keys=True, ensure_ascii=False))
        texts.append(f"{model['model_name']} {re.sub('<id [0-9]+>', '<id>', scrub(flat))}")
    return sorted(texts)


def join(text: str | Sequence[str]) -> str:
    """Return a text of an ipynb file as one string; files may hold a list of lines."""
    return text if isinstance(text, str) else "".join(text)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:24]
