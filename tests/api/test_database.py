"""`/notebooks/{id}/db`: set, tried and removed over HTTP; the password comes back nowhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import databases
from tests.api.service import Service, new_notebook
from tests.databases import PASSWORD, Server

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with databases.postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


async def test_a_connection_is_set_used_and_removed(
    service: Service, postgres: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    answers = []
    async with service.client() as client:
        made = await new_notebook(client)
        place = f"notebooks/{made['id']}"
        before = (await client.get(f"{place}/db")).json()
        assert (before["url"], before["dialect"], before["ok"]) == (None, "duckdb", True)
        tried = await client.put(f"{place}/db", json={"url": postgres.url, "test": True})
        assert (tried.status_code, tried.json()["ok"], tried.json()["url"]) == (200, True, postgres.shown)
        assert (await client.get(f"{place}/db")).json()["url"] is None
        put = await client.put(f"{place}/db", json={"url": postgres.url})
        assert put.json() == {"url": postgres.shown, "dialect": "postgresql", "ok": True, "message": "Connected."}
        cell = {"type": "sql", "source": "select current_user as me", "config": {"result": "who"}}
        await client.post(f"{place}/cells", json=cell)
        ran = await client.post(f"{place}/run", json={"wait": 90}, timeout=100)
        assert ran.json()["cells"][0]["status"] == "success", ran.text
        for path in (
            "",
            "/db",
            "/graph",
            "/variables",
            "/export?format=ipynb",
            "/export?format=py",
            "/export?format=html",
        ):
            answers.append(await client.get(f"{place}{path}"))
            assert answers[-1].status_code == 200
        assert answers[0].json()["settings"]["database"] == postgres.shown
        long = await client.put(f"{place}/db", json={"url": postgres.url + "?" + "x" * 5_000})
        odd = await client.put(f"{place}/db", json={"url": postgres.url, "tset": True})
        bad = await client.put(f"{place}/db", json={"url": postgres.url.replace("@", "@h:port/")})
        assert (long.status_code, odd.status_code) == (422, 422)
        for answer in (put, tried, ran, long, odd, bad, *answers):
            assert PASSWORD not in answer.text
        assert (await client.delete(f"{place}/db")).status_code == 204
        assert (await client.get(f"{place}/db")).json()["url"] is None
        stale = (await client.get(place)).json()["cells"][0]["status"]
        assert stale == "stale"
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://ann:secret-9@127.0.0.1:1/shop", "Nothing answers at 127.0.0.1:1: is the server running"),
        ("postgresql://ann:secret-9@no-such-host.invalid/shop", "There is no host 'no-such-host.invalid'"),
        ("mysql://ann:secret-9@127.0.0.1:1/shop", "Nothing answers at 127.0.0.1:1"),
        ("postgresql+psycopg2://ann:secret-9@127.0.0.1/shop", "%pip install psycopg2-binary"),
        ("nonsense://ann:secret-9@127.0.0.1/shop", "knows no kind of database 'nonsense'"),
        ("sqlite:////no/such/directory/shop.db", "The file '/no/such/directory/shop.db' can't be opened"),
        ("sqlite:////etc/hostname", "is no SQLite database"),
    ],
)
async def test_what_is_wrong_is_told_and_nothing_is_changed(service: Service, url: str, said: str) -> None:
    async with service.client() as client:
        made = await new_notebook(client)
        answer = await client.put(f"notebooks/{made['id']}/db", json={"url": url})
        assert (answer.status_code, answer.json()["ok"]) == (200, False)
        assert said in answer.json()["message"]
        assert "as it was" in answer.json()["message"]
        assert "secret-9" not in answer.text
        assert (await client.get(f"notebooks/{made['id']}/db")).json()["url"] is None


async def test_a_database_that_is_not_there_is_told(service: Service, postgres: Server) -> None:
    async with service.client() as client:
        made = await new_notebook(client)
        url = postgres.url.rpartition("/")[0] + "/nowhere"
        answer = await client.put(f"notebooks/{made['id']}/db", json={"url": url})
        assert "no database 'nowhere'" in answer.json()["message"]


async def test_what_is_no_address_is_refused(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client)
        answer = await client.put(f"notebooks/{made['id']}/db", json={"url": "my password is secret-9"})
        assert answer.status_code == 422
        assert "postgresql://user:password@host" in answer.json()["detail"]
        assert "secret-9" not in answer.text
