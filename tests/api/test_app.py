"""The application as a whole: how it is made, under which path it lives, how little it costs to import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reactive_nb.core.config import ConfigurationError
from reactive_nb.main import create_app
from reactive_nb.storage import MemoryStorage
from tests.api.service import People, Service, new_notebook, serve, settings_for

pytestmark = pytest.mark.anyio


async def test_everything_lives_under_the_base_url(tmp_path: Path) -> None:
    app = create_app(settings_for(tmp_path, base_url="/user/ann/"), identity=People(), storage=MemoryStorage())
    with serve(app) as service:
        assert service.base == "/user/ann"
        async with service.client() as client:
            made = await new_notebook(client, "x = 1")
            answer = await client.post(f"notebooks/{made['id']}/cells", json={})
            assert answer.headers["location"].startswith("/user/ann/api/v1/notebooks/")
            assert (await client.get(f"{service.origin}/api/v1/notebooks")).status_code == 404
        async with service.live(made["id"]) as live:
            assert (await live.hear())["type"] == "notebook.state"
        async with service.client(token=None) as client:
            for address in ("/health", "/user/ann/health", "/user/ann/api/v1/health", "/user/ann/metrics"):
                assert (await client.get(service.origin + address)).status_code == 200, address
            page = (await client.get(f"{service.origin}/user/ann/docs")).text
            assert 'src="/user/ann/docs/start.js' in page
            assert 'data-openapi="/user/ann/api/v1/openapi.json"' in page
            openapi = (await client.get("openapi.json")).json()
            assert all(path.startswith("/user/ann/api/v1/") for path in openapi["paths"])
            assert "(/user/ann/api/v1/asyncapi.json)" in openapi["info"]["description"]
            asyncapi = (await client.get("asyncapi.json")).json()
            assert asyncapi["channels"]["notebook"]["address"] == "/user/ann/api/v1/ws/notebooks/{notebook_id}"


async def test_head_is_answered_like_get_without_the_body(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "x = 1")
        origin = service.origin
        for address in (
            f"notebooks/{made['id']}",
            "notebooks",
            "health",
            f"{origin}/",
            f"{origin}/docs",
            f"{origin}/health",
            "nowhere",
        ):
            got, head = await client.get(address), await client.head(address)
            assert (head.status_code, head.content) == (got.status_code, b"")
            for name in ("content-type", "content-length", "etag"):
                assert head.headers.get(name) == got.headers.get(name), (address, name)
        assert (await client.head("notebooks/import")).status_code == 405
    async with service.client(token=None) as client:
        assert (await client.head("notebooks")).status_code == 401
        counted = (await client.get("metrics")).text
    assert 'method="HEAD",route="/api/v1/notebooks/{notebook_id}"' in counted


async def test_what_is_in_memory_is_only_a_cache_of_storage(tmp_path: Path) -> None:
    with serve(create_app(settings_for(tmp_path), identity=People())) as service:
        async with service.client() as client:
            made = await new_notebook(client, "x = 1", name="Kept")
            await client.post(f"notebooks/{made['id']}/cells", json={"id": "added", "source": "y = 2"})
            before = (await client.get(f"notebooks/{made['id']}")).json()
    with serve(create_app(settings_for(tmp_path), identity=People())) as service:
        async with service.client() as client:
            after = (await client.get(f"notebooks/{made['id']}")).json()
            assert [(cell["id"], cell["source"]) for cell in after["cells"]] == [("c0", "x = 1"), ("added", "y = 2")]
            assert (after["name"], after["revision"]) == (before["name"], before["revision"])


def test_a_service_for_one_user_does_not_listen_beyond_this_machine(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="REACTIVE_NB_HOST"):
        create_app(settings_for(tmp_path, host="0.0.0.0"))
    create_app(settings_for(tmp_path, host="0.0.0.0"), identity=People(), storage=MemoryStorage())


def python(code: str, directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = ":".join(entry for entry in sys.path if entry)
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=directory,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_importing_starts_nothing_and_loads_nothing_heavy(tmp_path: Path) -> None:
    heavy = ["IPython", "nbconvert", "nbformat", "jupytext", "boto3", "litellm", "pandas", "matplotlib", "duckdb"]
    told = python(
        "import sys, threading, reactive_nb.main as main; app = main.app; assert main.app is app;"
        "print(threading.active_count(), sorted(set(sys.modules) & set(sys.argv[1:])), type(app).__name__);"
        f"print(sorted(set(sys.modules) & set({heavy!r})))",
        tmp_path,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.split("\n")[:2] == ["1 [] FastAPI", "[]"]


def test_a_token_that_was_made_up_is_told_to_who_starts_the_server(tmp_path: Path) -> None:
    code = "from reactive_nb.main import app; print(app.state.settings.token.get_secret_value())"
    told = python(code, tmp_path)
    assert f"?token={told.stdout.strip()} " in told.stderr
    assert python(code, tmp_path, REACTIVE_NB_TOKEN="chosen-by-me").stderr == ""


def test_a_wrong_setting_ends_the_start_with_one_line(tmp_path: Path) -> None:
    told = python("from reactive_nb.main import app", tmp_path, REACTIVE_NB_PORT="eighty")
    assert told.returncode == 1
    assert told.stdout == ""
    assert len(told.stderr.strip().splitlines()) == 1
    assert "REACTIVE_NB_PORT" in told.stderr
