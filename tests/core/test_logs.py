from __future__ import annotations

import asyncio
import io
import json
import logging
import logging.config
import re
import time
from collections.abc import Iterator

import pytest
from uvicorn.config import LOGGING_CONFIG
from uvicorn.logging import AccessFormatter

from reactive_nb.core.config import load_settings
from reactive_nb.core.logs import (
    JsonFormatter,
    Redaction,
    RequestFilter,
    TextFormatter,
    configure_logging,
    logging_config,
    redact,
    request_id,
)

SECRET = "s3cr3t-value"


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger of its own with our filter and text formatter, and where its lines go."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RequestFilter())
    handler.setFormatter(TextFormatter())
    logger = logging.Logger("reactive_nb.test")
    logger.addHandler(handler)
    yield logger, stream
    handler.close()


@pytest.mark.parametrize(
    "text",
    [
        f"GET /api/v1/ws/notebooks/1?token={SECRET} HTTP/1.1",
        f"GET /?a=1&token={SECRET}&b=2",
        f"authorization: Bearer {SECRET}",
        f"Authorization: token {SECRET}",
        f"Authorization: Basic {SECRET}=",
        f"[(b'authorization', b'Bearer {SECRET}')]",
        f"{{'authorization': 'Bearer {SECRET}'}}",
        f"Sec-WebSocket-Protocol: reactive-nb.v1, bearer.{SECRET}",
        f"cookie: a=b; reactive_nb_token={SECRET}; c=d",
        f"postgresql+psycopg://ann:{SECRET}@db.example:5432/x",
        f"could not connect to mysql://ann:p@{SECRET}@db.example/x",
        f"redis://:{SECRET}@127.0.0.1",
        f"host=db password={SECRET} user=ann",
        f'{{"api_key": "{SECRET}", "model": "x"}}',
        f"{{'password': '{SECRET}'}}",
        f"?access_token={SECRET}",
        f"GET /?%74oken={SECRET} HTTP/1.1",
        f"GET /?a=1&%74%6F%6b%65n={SECRET}&b=2",
        f"GET /x?a=%3F&reactive_nb_t%6fken={SECRET}",
    ],
)
def test_secrets_do_not_survive(text: str) -> None:
    clean = redact(text)
    assert SECRET not in clean
    assert "***" in clean


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/v1/notebooks?limit=50 HTTP/1.1",
        "GET /api/v1/notebooks?name=%C3%9Cber&%74ok=1 HTTP/1.1",
        "what? 5 % of token",
        "the token is not valid",
        "max_tokens=500 and tokens=7",
        "https://example.org/a:b@c",
        "http://127.0.0.1:8000/",
        "KeyError: 'x'",
        "a monkey=business",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert redact(text) == text


def test_a_secret_we_were_told_goes_wherever_it_stands() -> None:
    hide = Redaction(["a-token-of-mine"])
    assert hide("/x/a-token-of-mine/y") == "/x/***/y"
    assert hide("GET /x?a=1&b=%61-token-of-mine HTTP") == "GET /x?a=1&*** HTTP"


@pytest.mark.parametrize(
    "text", ["a" * 1_000_000, "token" * 200_000, "://" * 300_000, "://a:" + "b" * 1_000_000, "?%" * 500_000]
)
def test_redaction_is_quick_on_hostile_text(text: str) -> None:
    begun = time.perf_counter()
    redact(text)
    assert time.perf_counter() - begun < 10


def test_secret_split_between_message_and_arguments(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.warning("token=%s after %d tries", SECRET, 3)
    logger.warning("%(url)s", {"url": f"x://u:{SECRET}@h"})
    assert SECRET not in stream.getvalue()
    assert stream.getvalue().count("***") == 2


def test_secret_in_a_traceback(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    try:
        raise ValueError(f"cannot reach x://u:{SECRET}@h")
    except ValueError:
        logger.exception("failed")
    assert "Traceback" in stream.getvalue()
    assert SECRET not in stream.getvalue()


def test_line_in_text(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.warning("first\nsecond \x1b[31m")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING reactive_nb\.test first\\nsecond \\x1b\[31m\n",
        stream.getvalue(),
    )


def test_arguments_that_do_not_fit_are_no_accident_of_ours(
    log: tuple[logging.Logger, io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    logger, stream = log
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logger.warning("%d", "x")
    logger.warning("next")
    assert stream.getvalue().endswith("next\n")


def test_line_in_json() -> None:
    record = logging.LogRecord("a.b", logging.ERROR, "f.py", 1, "said %s", ("ü\n",), None)
    record.request_id = "r1"
    record.duration_ms = 3
    record.url = f"/?token={SECRET}"
    line = JsonFormatter().format(record)
    assert "\n" not in line
    fields = json.loads(line)
    assert fields.pop("time").endswith("Z")
    assert fields == {
        "level": "error",
        "logger": "a.b",
        "message": "said ü\n",
        "request_id": "r1",
        "duration_ms": 3,
        "url": "/?token=***",
    }


@pytest.mark.anyio
async def test_each_line_carries_the_request_it_belongs_to(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log

    async def serve(name: str, other: asyncio.Barrier) -> None:
        request_id.set(name)
        await other.wait()
        logger.warning("in %s", name)

    barrier = asyncio.Barrier(2)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(serve("r1", barrier))
        tasks.create_task(serve("r2", barrier))
    logger.warning("outside")
    lines = [line.partition("reactive_nb.test ")[2] for line in stream.getvalue().splitlines()]
    assert sorted(lines) == ["[r1] in r1", "[r2] in r2", "outside"]


def test_uvicorns_own_access_lines_are_clean_too() -> None:
    record = logging.LogRecord(
        "uvicorn.access",
        logging.INFO,
        "f.py",
        1,
        '%s - "%s %s HTTP/%s" %d',
        ("127.0.0.1:1", "GET", f"/?token={SECRET}", "1.1", 200),
        None,
    )
    assert RequestFilter().filter(record)
    line = AccessFormatter('%(client_addr)s "%(request_line)s" %(status_code)s', use_colors=False).format(record)
    assert line == '127.0.0.1:1 "GET /?token=*** HTTP/1.1" 200 OK'


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    names = ["", "reactive_nb", "reactive_kernels", "uvicorn", "uvicorn.error", "uvicorn.access"]
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger.level, logger.handlers[:], logger.filters[:], logger.propagate) for logger in loggers]
    yield
    for logger, (level, handlers, filters, propagate) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers[:], logger.filters[:], logger.propagate = handlers, filters, propagate


@pytest.mark.usefixtures("logging_as_it_was")
def test_configured_logging_goes_to_stderr_without_the_token(capsys: pytest.CaptureFixture[str]) -> None:
    settings = load_settings(token="a-token-of-mine", log_format="json", log_level="info")
    configure_logging(settings)
    logging.getLogger("reactive_nb.api").info("open /lab/%s", "a-token-of-mine")
    logging.getLogger("uvicorn.access").info('%s - "%s"', "127.0.0.1", "GET /?token=a-token-of-mine")
    logging.getLogger("reactive_nb.api").debug("too fine")
    logging.getLogger("somebody.else").info("not ours")
    captured = capsys.readouterr()
    messages = [json.loads(line)["message"] for line in captured.err.splitlines()]
    assert messages == ["open /lab/***", '127.0.0.1 - "GET /?token=***"']
    assert captured.out == ""


@pytest.mark.usefixtures("logging_as_it_was")
def test_what_uvicorn_logs_by_handlers_of_its_own_is_clean_too(capsys: pytest.CaptureFixture[str]) -> None:
    """As when a program imports the application, and then runs uvicorn with its own configuration of logs."""
    configure_logging(load_settings(token="a-token-of-mine"))
    logging.config.dictConfig(LOGGING_CONFIG)
    where = ("127.0.0.1:1", "GET", "/?%74oken=somebody-elses&a=%61-token-of-mine", "1.1", 200)
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', *where)
    logging.getLogger("uvicorn.error").info('%s - "WebSocket %s" [accepted]', where[0], "/ws?token=a-token-of-mine")
    captured = capsys.readouterr()
    assert "/?%74oken=***&***" in captured.out
    assert "/ws?token=***" in captured.err


def test_configuration_leaves_other_peoples_loggers_alone() -> None:
    config = logging_config(load_settings())
    assert config["disable_existing_loggers"] is False
    assert set(config["loggers"]) == {"reactive_nb", "reactive_kernels", "uvicorn", "uvicorn.error", "uvicorn.access"}
