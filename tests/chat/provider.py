"""A provider of language models: a real HTTP server on loopback that speaks OpenAI's streaming protocol, by script."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DEADLINE_S = 30


@dataclass
class Turn:
    """One answer of the model."""

    deltas: Sequence[dict[str, Any]] = ()
    status: int = 200
    breaks_off: bool = False
    """Whether the connection is cut before the end."""
    stalls: bool = False
    """Whether it says no more, and does not end."""
    waits: bool = False
    """Whether it says nothing before it is `released`."""
    tells_the_key: bool = False
    """Whether what is refused is refused with the key in the message."""
    raw: bytes | None = None
    """Instead of chunks."""


def says(*pieces: str) -> Turn:
    return Turn([{"content": piece} for piece in pieces])


def calls(*tools: tuple[str, dict[str, Any] | str], piece_chars: int = 7, text: str = "") -> Turn:
    """The tools called in one turn, their arguments in pieces, those of several tools mixed."""
    deltas: list[dict[str, Any]] = [{"content": text}] if text else []
    rest = []
    for index, (name, arguments) in enumerate(tools):
        written = arguments if isinstance(arguments, str) else json.dumps(arguments)
        function = {"name": name, "arguments": ""}
        deltas.append(
            {"tool_calls": [{"index": index, "id": f"call-{index}", "type": "function", "function": function}]}
        )
        rest.append([written[at : at + piece_chars] for at in range(0, len(written), piece_chars)])
    for round_ in range(max(map(len, rest), default=0)):
        for index, pieces in enumerate(rest):
            if round_ < len(pieces):
                deltas.append({"tool_calls": [{"index": index, "function": {"arguments": pieces[round_]}}]})
    return Turn(deltas)


@dataclass
class Provider:
    """The server: its script, and what it was asked."""

    url: str = ""
    script: list[Turn] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when a client has gone while it was being answered."""
    released: threading.Event = field(default_factory=threading.Event)

    def told(self, request: int = -1) -> list[dict[str, Any]]:
        """The messages of a request."""
        return list(self.asked[request]["messages"])


@contextmanager
def provider(*script: Turn) -> Iterator[Provider]:
    made = Provider(script=list(script))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            made.keys.append(self.headers.get("Authorization"))
            turn = made.script.pop(0) if made.script else says("(nothing more)")
            self.send_response(turn.status)
            self.send_header("Content-Type", "text/event-stream" if turn.status == 200 else "application/json")
            self.end_headers()
            if turn.status != 200:
                said = f"no to {self.headers.get('Authorization')}" if turn.tells_the_key else "no"
                self.wfile.write(json.dumps({"error": {"message": said, "code": str(turn.status)}}).encode())
                return
            self._answer(turn)

        def _answer(self, turn: Turn) -> None:
            try:
                if turn.waits:
                    made.released.wait(DEADLINE_S)
                if turn.raw is not None:
                    self.wfile.write(turn.raw)
                    return
                for delta in ({"role": "assistant"}, *turn.deltas):
                    self._chunk(delta)
                if turn.stalls:
                    while not made.released.wait(0.05):
                        self.wfile.write(b": waiting\n\n")
                        self.wfile.flush()
                    return
                if not turn.breaks_off:
                    self._chunk({}, "stop")
                    self.wfile.write(b"data: [DONE]\n\n")
                else:
                    self.connection.close()
            except OSError:
                made.gone.set()

        def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> None:
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield made
    finally:
        made.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
