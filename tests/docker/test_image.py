from __future__ import annotations

import fnmatch
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.docker.replay import Image, Replay

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Built:
    """An image as replayed, and what of the Dockerfile was not."""

    image: Image
    environment: dict[str, str]
    left_out: list[str]

    def run(self, command: list[str], **settings: str) -> subprocess.Popen[str]:
        """Start a command as `docker run -e …` would."""
        environment = {**self.environment, **settings}
        program = shutil.which(command[0], path=environment["PATH"])
        assert program, f"{command[0]} is not in the image"
        return subprocess.Popen(
            [program, *command[1:]],
            cwd=self.image.directory,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


@pytest.fixture(scope="session")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository, or where the tests run beside a built distribution, the sdist's copy of it."""
    if not (dist := os.environ.get("DIST_DIR")):
        return ROOT
    directory = tmp_path_factory.mktemp("context")
    [sdist] = Path(dist).glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(directory, filter="data")
    [top] = directory.iterdir()
    return top


@pytest.fixture(scope="session")
def built(context: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    directory = tmp_path_factory.mktemp("image")
    replay = Replay(context, directory)
    image = replay.run(context / "docker/Dockerfile")
    yield Built(image, replay.environment(), replay.left_out)
    shutil.rmtree(directory)  # some 800 MB


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def healthy(built: Built, **settings: str) -> bool:
    with built.run(built.image.healthcheck, **settings) as check:
        return check.wait(timeout=30) == 0


def test_only_debian_packages_and_the_user_are_not_replayed(built: Built) -> None:
    assert [command.split()[:2] for command in built.left_out] == [
        ["apt-get", "update"],
        ["apt-get", "install"],
        ["rm", "-rf"],
        ["useradd", "--uid"],
    ]


def test_image_is_small_and_unprivileged_and_keeps_no_secret(built: Built) -> None:
    image = built.image
    assert image.base == "python:3.13-slim"
    assert image.user == "1000:1000"
    assert image.entrypoint == ["tini", "--"]
    assert (image.volumes, image.ports) == (["/notebooks"], ["8000"])
    assert image.environment["REACTIVE_NB_HOST"] == "127.0.0.1"
    assert not [name for name in image.environment if "TOKEN" in name or "KEY" in name or "SECRET" in name]
    assert not (image.root / "src").exists()


def test_build_context_is_what_the_image_is_made_of(context: Path) -> None:
    rules = [line for line in (context / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert rules[0] == "*"
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {
        source
        for line in (context / "docker/Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    }
    assert let_in == copied
    for secret in (".env", "reactive_nb/.env", "kernels/reactive_kernels/.env"):
        assert any(fnmatch.fnmatch(f"/{secret}", f"*{rule[2:]}") for rule in rules if rule.startswith("**"))


def test_container_answers_its_health_check_and_stops_when_told(built: Built) -> None:
    settings = {"REACTIVE_NB_PORT": str(free_port()), "REACTIVE_NB_TOKEN": "a-token-of-mine"}
    assert not healthy(built, **settings)
    with built.run(built.image.command, **settings) as service:
        try:
            deadline = time.monotonic() + 30
            while not healthy(built, **settings):
                assert service.poll() is None, service.communicate()[0]
                assert time.monotonic() < deadline
            service.send_signal(signal.SIGTERM)
            said = service.communicate(timeout=20)[0]
        finally:
            service.kill()
    assert service.returncode in (0, -signal.SIGTERM), said
    assert "Traceback" not in said
    assert not healthy(built, **settings)


def test_container_does_not_listen_beyond_itself_without_sign_in(built: Built) -> None:
    with built.run(built.image.command, REACTIVE_NB_HOST="0.0.0.0", REACTIVE_NB_PORT=str(free_port())) as service:
        try:
            said = service.communicate(timeout=30)[0]
        finally:
            service.kill()
    assert service.returncode not in (0, None)
    assert said.startswith("REACTIVE_NB_HOST: ")
    assert said.count("\n") == 1


class Health(BaseHTTPRequestHandler):
    """Answers one path."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/user/ann/health" else 503)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a server that is healthy below /user/ann/ alone."""
    with HTTPServer(("127.0.0.1", 0), Health) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        yield server.server_port
        server.shutdown()
        serving.join(timeout=10)


@pytest.mark.parametrize(
    ("host", "base_url", "status"),
    [("0.0.0.0", "/user/ann/", 0), ("127.0.0.1", "user/ann", 0), ("127.0.0.1", "/", 1), ("::1", "/user/ann/", 1)],
)
def test_health_check_asks_where_the_settings_say(
    context: Path, port: int, host: str, base_url: str, status: int
) -> None:
    settings = {"REACTIVE_NB_HOST": host, "REACTIVE_NB_PORT": str(port), "REACTIVE_NB_BASE_URL": base_url}
    done = subprocess.run(
        [sys.executable, str(context / "docker/healthcheck.py")],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert bool(done.stderr) is bool(status)
