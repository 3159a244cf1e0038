"""`reactive-nb serve` and `reactive-nb`: the service as a process, from its start to its end."""

from __future__ import annotations

import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from reactive_nb.core.config import variables
from reactive_nb.demo import DEMO_ID
from tests.cli.command import DEADLINE_S, TOKEN, Json, Server, gone, reactive_nb, serving

STOPPED_WITHIN_S = 10.0


def new_notebook(server: Server, *sources: str) -> str:
    with server.client() as client:
        answered = client.post("notebooks", json={"name": "Test", "cells": [{"source": source} for source in sources]})
        assert answered.status_code == 201, answered.text
        return str(answered.json()["id"])


def run(server: Server, notebook_id: str, wait: float) -> Json:
    with server.client() as client:
        answered = client.post(f"notebooks/{notebook_id}/run", json={"wait": wait})
        assert answered.status_code == 200, answered.text
        return dict(answered.json())


# -- start
def test_it_says_where_it_is_and_answers(tmp_path: Path) -> None:
    with serving(tmp_path, REACTIVE_NB_WARM_KERNELS="0") as server:
        assert f"?token={TOKEN}" in "\n".join(server.lines)
        assert f"Notebooks are in {tmp_path / 'notebooks'}" in server.lines
        with server.client() as client:
            assert client.get("health").status_code == 200
            assert client.get("notebooks").json()["notebooks"] == []
        assert (tmp_path / "notebooks").is_dir()


def test_the_demo_notebook_runs_to_success(tmp_path: Path) -> None:
    with serving(tmp_path, start="demo") as server:
        result = run(server, DEMO_ID, wait=120)
        assert result["state"] == "finished"
        assert {cell["id"]: cell["status"] for cell in result["cells"] if cell["status"] != "success"} == {}


def test_a_changed_demo_notebook_is_the_users(tmp_path: Path) -> None:
    with serving(tmp_path, start="demo", REACTIVE_NB_WARM_KERNELS="0") as server, server.client() as client:
        assert client.put(f"notebooks/{DEMO_ID}/name", json={"name": "Mine"}).status_code == 200
    with serving(tmp_path, start="demo", REACTIVE_NB_WARM_KERNELS="0") as server, server.client() as client:
        assert client.get(f"notebooks/{DEMO_ID}").json()["name"] == "Mine"
        assert len(list((tmp_path / "notebooks").glob("*.ipynb"))) == 1


def test_it_takes_another_port_if_none_was_asked_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = reactive_nb("serve", "--no-browser", "--port", port, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr == (
            f"--port: 127.0.0.1:{port} can't be listened on (Address already in use); "
            "another may be free, for example --port 8010\n"
        )


BAD = [
    (["--port", "99999"], {}, "--port: should be less than or equal to 65535; for example --port 8000"),
    ([], {"REACTIVE_NB_PORT": "99999"}, "REACTIVE_NB_PORT: should be less than or equal to 65535 (it is '99999'); "),
    (["--port", "http"], {}, "argument --port: invalid int value: 'http'"),
    (["--host", "no host"], {}, "--host: is neither an IP address nor a host name"),
    (["--host", "0.0.0.0"], {}, "--host: listening at 0.0.0.0 lets others in"),
    (["--host", "0.0.0.0"], {}, "; set --host 127.0.0.1 (and put a proxy"),
    ([], {"REACTIVE_NB_HOST": "0.0.0.0"}, "REACTIVE_NB_HOST: listening at 0.0.0.0 lets others in"),
    (["--token", "short"], {}, "--token: should be 8 to 512 characters of A-Z a-z 0-9 . _ ~ -; for example --token a-"),
    ([], {"REACTIVE_NB_TOKEN": "short"}, "REACTIVE_NB_TOKEN: should be 8 to 512 characters"),
    (["--storage-dir", "file"], {}, "--storage-dir: is a file, not a directory"),
    (["--storage-dir", "file/inner"], {}, "--storage-dir: Notebooks in "),
    (["--storage-dir", "/proc/nowhere"], {}, "--storage-dir: Notebooks in /proc/nowhere"),
    ([], {"NOTEBOOK_STORAGE_DIR": "file"}, "NOTEBOOK_STORAGE_DIR: is a file, not a directory"),
    ([], {"REACTIVE_NB_MAX_CELLS": "many"}, "REACTIVE_NB_MAX_CELLS: should be a valid integer"),
    ([], {"DYNAMODB_ENABLED": "true"}, "DYNAMODB_TABLE_NAME: is needed when DYNAMODB_ENABLED is true"),
    (["--nonsense"], {}, "unrecognized arguments: --nonsense"),
]


@pytest.mark.parametrize("start", ["serve", "demo"])
@pytest.mark.parametrize(("arguments", "settings", "said"), BAD)
def test_wrong_settings_are_told_in_a_line(
    tmp_path: Path, start: str, arguments: list[str], settings: dict[str, str], said: str
) -> None:
    (tmp_path / "file").touch()
    done = reactive_nb(start, "--no-browser", *arguments, cwd=tmp_path, **settings)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1 or done.stderr.startswith("usage:")


def test_all_wrong_settings_are_told_at_once(tmp_path: Path) -> None:
    done = reactive_nb("serve", "--port", "0", cwd=tmp_path, REACTIVE_NB_MAX_CELLS="x", REACTIVE_NB_LOG_LEVEL="loud")
    assert done.returncode == 2
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == [
        "REACTIVE_NB_MAX_CELLS",
        "REACTIVE_NB_LOG_LEVEL",
    ]


def test_settings_are_listed(tmp_path: Path) -> None:
    done = reactive_nb("serve", "--settings", cwd=tmp_path)
    assert done.returncode == 0
    assert [name for name in (v.name for v in variables()) if f"{name}=" not in done.stdout] == []


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["run", "--help"], ["convert", "--help"]])
def test_help(tmp_path: Path, arguments: list[str]) -> None:
    done = reactive_nb(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: reactive-nb")
    assert len(done.stdout.splitlines()) > 10


def test_options_go_before_or_after_the_command(tmp_path: Path) -> None:
    for arguments in (["--port", "99999", "serve"], ["serve", "--port", "99999"], ["--port", "99999"]):
        assert reactive_nb(*arguments, cwd=tmp_path).stderr.startswith("--port: should be")


# -- end
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_with_its_kernels_and_keeps_what_was_shown(
    tmp_path: Path, signal_number: signal.Signals
) -> None:
    with serving(tmp_path) as server:
        notebook_id = new_notebook(server, "print('kept')", "import time; time.sleep(600)")
        assert run(server, notebook_id, wait=3)["state"] == "running"
        kernels = server.kernels()
        assert kernels
        started = time.monotonic()
        server.process.send_signal(signal_number)
        code = server.process.wait(STOPPED_WITHIN_S + 5)
        assert time.monotonic() - started < STOPPED_WITHIN_S
        assert code == (0 if signal_number is signal.SIGINT else -signal.SIGTERM)
        assert gone(kernels) == []
        assert not [line for line in server.lines if "Traceback" in line]
    with serving(tmp_path, REACTIVE_NB_WARM_KERNELS="0") as server, server.client() as client:
        cells = client.get(f"notebooks/{notebook_id}").json()["cells"]
        assert cells[0]["outputs"][0]["text"] == "kept\n"
        assert [cell["status"] for cell in cells] == ["stale", "stale"]


def test_a_request_that_waits_does_not_hold_it_up(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        os.mkfifo(tmp_path / "notebooks" / "pipe")
        notebook_id = new_notebook(server, "open('pipe', 'w').write('begun')\nimport time; time.sleep(600)")
        with ThreadPoolExecutor() as others:
            waiting = others.submit(run, server, notebook_id, 60)
            assert (tmp_path / "notebooks" / "pipe").read_text() == "begun"
            started = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(DEADLINE_S)
            assert time.monotonic() - started < STOPPED_WITHIN_S
            assert waiting.exception(DEADLINE_S) is not None


def test_a_server_that_is_killed_leaves_no_kernel(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        notebook_id = new_notebook(server, "1", "import time; time.sleep(600)")
        assert run(server, notebook_id, wait=3)["state"] == "running"
        children = psutil.Process(server.process.pid).children(recursive=True)
        assert server.kernels()
        server.process.kill()
        assert gone(children) == []
