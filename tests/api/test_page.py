"""How the page and its files are served: signed in, compressed, kept, and under which policies."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from reactive_nb.core.security import COOKIE
from reactive_nb.main import create_app
from reactive_nb.storage import MemoryStorage
from tests.api.service import LOCAL, Service, serve, settings_for

pytestmark = pytest.mark.anyio

FIRST_LOAD_BYTES = 600_000


async def test_the_page_runs_only_its_own_scripts_and_asks_no_other_host(service: Service) -> None:
    async with service.client(token=None) as client:
        page = await client.get(f"{service.url}/")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert page.headers["cache-control"] == "no-cache"
        policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
        assert (policy["default-src"], policy["script-src"], policy["connect-src"]) == ("'none'", "'self'", "'self'")
        assert "http" not in page.headers["content-security-policy"]
        assert not re.search(r"<script(?![^>]*\bsrc=)", page.text), "no script stands in the page itself"
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(loaded) >= 3
        assert all(address.startswith("./") for address in loaded)


async def test_files_are_kept_for_ever_and_sent_compressed(service: Service) -> None:
    async with service.client(token=None) as client:
        page = await client.get(f"{service.url}/")
        sent = 0
        for address in re.findall(r'(?:src|href)="\./(assets/[^"]+)"', page.text):
            async with client.stream("GET", f"{service.url}/{address}", headers={"Accept-Encoding": "gzip"}) as answer:
                packed = b"".join([part async for part in answer.aiter_raw()])
            assert answer.headers["content-encoding"] == "gzip"
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            plain = await client.get(f"{service.url}/{address}", headers={"Accept-Encoding": "identity"})
            assert gzip.decompress(packed) == plain.content
            again = await client.get(f"{service.url}/{address}", headers={"If-None-Match": plain.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
            sent += len(packed)
        assert 0 < sent <= FIRST_LOAD_BYTES


async def test_only_files_of_the_page_are_served(service: Service) -> None:
    async with service.client(token=None) as client:
        for path in ("assets/nothing.js", "assets/..%2findex.html", "assets/..%2f..%2f__init__.py"):
            assert (await client.get(f"{service.url}/{path}")).status_code == 404, path


async def test_the_frame_of_outputs_has_an_origin_of_its_own(service: Service) -> None:
    async with service.client(token=None) as client:
        policy = (await client.get(f"{service.url}/frame.html")).headers["content-security-policy"]
        assert policy.startswith("sandbox allow-scripts")
        assert "allow-same-origin" not in policy
        assert "default-src 'none'" in policy
        assert "connect-src" not in policy


async def test_the_front_door_signs_a_browser_in_by_a_cookie(tmp_path: Path) -> None:
    with serve(create_app(settings_for(tmp_path), storage=MemoryStorage())) as local:
        async with local.client(token=None) as client:
            front = await client.get(f"{local.url}/", params={"token": LOCAL})
            assert front.status_code == 200
            cookie = front.headers["set-cookie"].lower()
            assert "httponly" in cookie
            assert "samesite=strict" in cookie
            client.cookies.clear()
            wrong = await client.get(f"{local.url}/", params={"token": "wrong"})
            assert (wrong.status_code, "set-cookie" in wrong.headers) == (200, False)
            with_cookie = {"Cookie": f"{COOKIE}={LOCAL}"}
            assert (await client.get("notebooks", headers=with_cookie)).status_code == 200
            assert (await client.post("notebooks", headers=with_cookie)).status_code == 401
            own_page = with_cookie | {"Origin": local.origin}
            made = await client.post("notebooks", headers=own_page)
            assert made.status_code == 201
        async with local.live(made.json()["id"], None, headers=own_page) as live:
            assert (await live.hear())["type"] == "notebook.state"


async def test_the_page_is_found_under_the_base_url_with_and_without_its_slash(tmp_path: Path) -> None:
    app = create_app(settings_for(tmp_path, base_url="/user/ann/"), storage=MemoryStorage())
    with serve(app) as under:
        async with under.client(token=None) as client:
            assert (await client.get(f"{under.origin}/user/ann/")).status_code == 200
            short = await client.get(f"{under.origin}/user/ann", params={"token": LOCAL})
            assert (short.status_code, short.headers["location"]) == (308, f"/user/ann/?token={LOCAL}")
