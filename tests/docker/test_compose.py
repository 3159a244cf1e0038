"""The compose file: right by its specification, and what it says brings up a service that keeps notebooks."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from tests.docker.test_image import context, free_port  # noqa: F401  the fixture
from tests.storage.dynamodb_servers import moto

TOKEN = "a-token-of-the-compose-test"
DEADLINE_S = 60


@pytest.fixture
def compose_file(context: Path) -> Path:  # noqa: F811
    return context / "docker/compose.yaml"


@pytest.fixture
def services(compose_file: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(compose_file.read_text())["services"])


def test_it_is_right_by_the_specification(compose_file: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(compose_file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_this_machine_reaches_it_and_it_holds_no_secret(services: dict[str, Any]) -> None:
    assert [port for one in services.values() for port in one.get("ports", ())] == ["127.0.0.1:8000:8080"]
    assert services["service"]["network_mode"] == "service:door"
    token = services["service"]["environment"]["REACTIVE_NB_TOKEN"]
    assert token.startswith("${REACTIVE_NB_TOKEN:?")


def test_build_context_is_the_repository(compose_file: Path, services: dict[str, Any]) -> None:
    for name in ("service", "table"):
        build = services[name]["build"]
        directory = compose_file.parent / build["context"]
        assert (directory / build["dockerfile"]).is_file()
        assert (directory / "pyproject.toml").is_file()


def test_what_it_says_keeps_notebooks(services: dict[str, Any], tmp_path: Path) -> None:
    """Its commands with its environments, in its order: the table's waits until there is a server."""
    table = services["table"]
    assert services["service"]["depends_on"] == {"table": {"condition": "service_completed_successfully"}}
    with elsewhere(table["environment"]) as address:
        made = started(table["command"], table["environment"] | address, tmp_path)
        said = made.communicate(timeout=DEADLINE_S)[0]
        assert made.returncode == 0, said
        assert said.startswith("Table notebooks in us-east-1 is made")

        environment = services["service"]["environment"] | address | {"REACTIVE_NB_TOKEN": TOKEN}
        with serving(environment, tmp_path) as client:
            kept = client.post("/api/v1/notebooks", json={"name": "kept"}).raise_for_status().json()["id"]
        with serving(environment, tmp_path) as client:
            assert client.get(f"/api/v1/notebooks/{kept}").raise_for_status().json()["name"] == "kept"
    assert not list(tmp_path.rglob("*.ipynb"))


@contextmanager
def elsewhere(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """A store as the file's, which comes up after a while; its address, in the variable that names it."""
    port = free_port()
    leave = threading.Event()

    def later() -> None:
        time.sleep(2)
        with moto(port):
            leave.wait()

    store = threading.Thread(target=later)
    store.start()
    assert environment["REACTIVE_NB_DYNAMODB_ENDPOINT"] == "http://dynamodb:8000"
    yield {"REACTIVE_NB_DYNAMODB_ENDPOINT": f"http://127.0.0.1:{port}"}
    leave.set()
    store.join()


def started(command: list[str], environment: dict[str, str], directory: Path) -> subprocess.Popen[str]:
    assert command[0] == "reactive-nb"
    return subprocess.Popen(
        [sys.executable, "-m", "reactive_nb", *command[1:]],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def serving(environment: dict[str, str], directory: Path) -> Iterator[httpx2.Client]:
    """The service as the image starts it."""
    port = free_port()
    service = started(["reactive-nb", "serve"], environment | {"REACTIVE_NB_PORT": str(port)}, directory)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
            deadline = time.monotonic() + DEADLINE_S
            while not ready(client):
                assert service.poll() is None, service.communicate()[0]
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield client
        service.terminate()
        service.communicate(timeout=30)
    finally:
        service.kill()


def ready(client: httpx2.Client) -> bool:
    try:
        return client.get("/health/ready").status_code == 200
    except httpx2.TransportError:
        return False
