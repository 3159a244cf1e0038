"""DynamoDB-compatible servers on loopback: two that know nothing of each other, and a door between that counts.

moto runs from the tests' own environment, ministack from one of its own, made once: it wants another botocore.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

DEADLINE_S = 120.0
MINISTACK = "ministack>=1.5"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_SESSION_TOKEN": ""}


@contextmanager
def moto(port: int | None = None) -> Iterator[str]:
    """moto's server, at a free port unless one is given; its address."""
    command = [sys.executable, str(Path(__file__).with_name("moto_server.py"))]
    with _running(lambda port: [*command, str(port)], port=port) as url:
        yield url


@contextmanager
def ministack() -> Iterator[str]:
    """ministack's server; its address."""
    python = _environment(MINISTACK)
    with _running(lambda _: [str(python.parent / "ministack")], port_variable="GATEWAY_PORT") as url:
        yield url


def _environment(requirement: str) -> Path:
    """The Python of an environment that has the package, kept between runs of the tests."""
    name = f"reactive-nb-tests-{hashlib.sha256(f'{requirement} {sys.version}'.encode()).hexdigest()[:12]}"
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / name
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    ready = folder / "ready"
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder)
        uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python)]
        subprocess.run([*uv, requirement], check=True, timeout=300)
        ready.touch()
    return python


@contextmanager
def _running(
    command: Callable[[int], Sequence[str]], port_variable: str | None = None, port: int | None = None
) -> Iterator[str]:
    if port is None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
    environment = {**os.environ, **CREDENTIALS} | ({port_variable: str(port)} if port_variable else {})
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        server = subprocess.Popen(command(port), env=environment, stdout=log, stderr=log, cwd=folder)
        try:
            _await_listening(server, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _await_listening(server: subprocess.Popen[bytes], port: int, log: Any) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            log.seek(0)
            raise AssertionError(f"the server ended: {log.read().decode()[-2_000:]}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)  # nothing tells when a port is listened at
        else:
            return
    raise AssertionError("the server does not listen")


class Door:
    """A proxy before a server: it counts the calls and bytes, and can answer some of them itself."""

    def __init__(self, target: str) -> None:
        self.calls: Counter[str] = Counter()
        self.sent_bytes = 0
        self.answers: Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]] | None] = lambda *_: None
        """(operation, request) → (status, answer) instead of the server's."""
        self.loses: Callable[[str], bool] = lambda _: False
        """operation → whether the server does what is asked, and its answer gets lost."""
        host = urlsplit(target)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                operation = self.headers["X-Amz-Target"].partition(".")[2]
                outer.calls[operation] += 1
                outer.sent_bytes += len(body)
                own = outer.answers(operation, json.loads(body))
                if own is not None:
                    self._answer(own[0], json.dumps(own[1]).encode())
                    return
                connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=60)
                connection.request("POST", "/", body, dict(self.headers))
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                if outer.loses(operation):
                    self.close_connection = True
                else:
                    self._answer(answer.status, content)

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def forget(self) -> None:
        self.calls.clear()
        self.sent_bytes = 0

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
