"""Log lines: one a record, with the request they belong to, and without secrets.

`logging_config` is a dictionary for `logging.config.dictConfig` and for uvicorn's `log_config`, so that the server's
own lines and its access log look the same. Nothing here decides what is logged.

The rule: what leaves a formatter has been through `redact`, message and traceback alike. The filter does the same to
the record before, for handlers that somebody else has attached with a formatter of their own.
"""

from __future__ import annotations

import json
import logging
import logging.config
import re
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from reactive_nb.core.config import LogFormat, Settings

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The request being served; set by whoever receives it, seen by everything that runs for it."""

HIDDEN = "***"
_WORDS = r"(?:access_token|refresh_token|id_token|token|api_?key|secret|passwd|password|pwd)"
_PATTERNS = (
    # token=… in a query, a form, a connection string
    (re.compile(rf"(?<![A-Za-z0-9_])({_WORDS}=)[^\s&;,'\"#)\]}}]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    # "token": "…" in JSON or a printed dictionary
    (re.compile(rf"(['\"]{_WORDS}['\"]\s{{0,9}}:\s{{0,9}}b?)(['\"])[^'\"]*\2", re.IGNORECASE), rf"\1\2{HIDDEN}\2"),
    # Authorization: Bearer …, also as a printed header pair
    (
        re.compile(
            r"(\bauthorization\b['\"]?\s{0,9}[:=,]\s{0,9}(?:b?['\"])?(?:(?:bearer|token|basic)\s{1,9})?)[^\s'\",]+",
            re.I,
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(\bbearer[ .])[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"(\breactive_nb_token=)[^\s;,'\"]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    # scheme://user:password@host
    (re.compile(r"(?<=://)([^\s/:@]{0,256}:)[^\s/]{1,1024}@"), rf"\1{HIDDEN}@"),
)
_QUERY = re.compile(r"(?<=\?)[^\s\"'<>]+")
_NAME = re.compile(_WORDS + "|reactive_nb_token", re.IGNORECASE)
_MARKS = re.compile(r"token|key|secret|passw|pwd|authorization|bearer|://", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
_OWN_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {"request_id", "message", "asctime", "color_message"}


class Redaction:
    """Takes secrets out of text: those that look like one, and those we were told."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = tuple(sorted((secret for secret in secrets if len(secret) >= 8), key=len, reverse=True))

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        if "?" in text and "%" in text:
            text = _QUERY.sub(self._query, text)
        if _MARKS.search(text):
            for pattern, replacement in _PATTERNS:
                text = pattern.sub(replacement, text)
        return text

    def _query(self, found: re.Match[str]) -> str:
        """A URL's query as servers read it, where percent signs may stand for any letter of a name or a secret."""
        return "&".join(self._field(field) for field in found[0].split("&"))

    def _field(self, field: str) -> str:
        name, equals, _ = field.partition("=")
        if "%" not in field:
            return field
        if any(secret in unquote_plus(field) for secret in self._secrets):
            return HIDDEN
        return f"{name}={HIDDEN}" if equals and _NAME.fullmatch(unquote_plus(name)) else field


redact = Redaction()
_formatter = logging.Formatter()


class RequestFilter(logging.Filter):
    """Gives each record its `request_id`, and takes secrets out of its message and arguments."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._redact = Redaction(secrets)

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        if isinstance(record.args, tuple):  # kept apart: uvicorn's own formatter wants its five
            record.args = tuple(self._clean(value) for value in record.args)
        elif isinstance(record.args, Mapping):
            record.args = {key: self._clean(value) for key, value in record.args.items()}
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            return True  # arguments that do not fit: logging itself reports them where the record is formatted
        if (clean := self._redact(message)) != message:
            record.msg, record.args = clean, None
        if record.exc_info and not record.exc_text:
            record.exc_text = self._redact(_formatter.formatException(record.exc_info))
        return True

    def _clean(self, value: object) -> object:
        return self._redact(value) if isinstance(value, str) else value


class TextFormatter(logging.Formatter):
    """`2026-01-31T12:00:00.123Z INFO reactive_nb.api [request] message`, and a traceback below where there is one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._redact = Redaction(secrets)

    def format(self, record: logging.LogRecord) -> str:
        request = getattr(record, "request_id", None)
        head = f"{_time_of(record)} {record.levelname} {record.name} " + (f"[{request}] " if request else "")
        line = head + _one_line(record.getMessage())
        trace = _trace_of(self, record)
        return self._redact(f"{line}\n{trace}" if trace else line)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request_id, exception, and what `extra` gave."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._redact = Redaction(secrets)

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": _time_of(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redact(record.getMessage()),
        }
        if request := getattr(record, "request_id", None):
            fields["request_id"] = request
        if trace := _trace_of(self, record):
            fields["exception"] = self._redact(trace)
        for name, value in record.__dict__.items():
            if name not in _OWN_FIELDS and name not in fields:
                fields[name] = value if isinstance(value, (int, float, bool, type(None))) else self._redact(str(value))
        return json.dumps(fields, ensure_ascii=False, default=str)


def logging_config(settings: Settings) -> dict[str, Any]:
    """Describe logging as the settings ask for it, in the form of `logging.config.dictConfig`."""
    secrets = (settings.token.get_secret_value(),)
    formatter = JsonFormatter if settings.log_format is LogFormat.JSON else TextFormatter
    level = settings.log_level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request": {"()": RequestFilter, "secrets": secrets}},
        "formatters": {"line": {"()": formatter, "secrets": secrets}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": "line",
                "filters": ["request"],
            }
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "reactive_nb": {"level": level},
            "reactive_kernels": {"level": level},
            "uvicorn": {"level": level, "propagate": True},
            # the filter here too: should uvicorn attach its own handlers later, what they get is clean
            "uvicorn.error": {"level": level, "propagate": True, "filters": ["request"]},
            "uvicorn.access": {"level": level, "propagate": True, "filters": ["request"]},
        },
    }


def configure_logging(settings: Settings) -> None:
    """Set up logging for this process."""
    logging.config.dictConfig(logging_config(settings))


def _time_of(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _trace_of(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_text:
        parts.append(record.exc_text)
    elif record.exc_info:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return "\n".join(parts)


def _one_line(message: str) -> str:
    """Write control characters out, so that no message can pretend to be several lines or drive a terminal."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), message)
