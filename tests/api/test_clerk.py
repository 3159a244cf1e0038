"""The service with Clerk: every address and the live socket, for people who are signed in, and for all others."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from websockets.exceptions import ConnectionClosed

from reactive_nb.main import create_app
from reactive_nb.schemas.commands import ClientCommand
from tests.api.service import Service, new_notebook, serve, settings_for
from tests.api.test_access import COMMANDS, closed_addresses, kind_of, nothing_is_there_for
from tests.core.clerk_instance import HOST, PAGE, SigningKey, claims, instance, valid_now

pytestmark = pytest.mark.anyio

KEY = SigningKey("ins_1")
STRANGER = SigningKey("ins_1")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("notebooks")
    with instance(KEY) as clerk:
        settings = settings_for(
            folder, clerk_frontend_api=HOST, clerk_jwks_url=clerk.url, allowed_origins=(PAGE,), warm_kernels=1
        )
        with serve(create_app(settings)) as running:
            yield running


def bad_tokens() -> dict[str, str | None]:
    return {
        "none": None,
        "the local one": "the-local-token",
        "forged": STRANGER.sign(claims(time.time())),
        "expired": KEY.sign(claims(time.time() - 120)),
        "another page's": valid_now(KEY, azp="https://evil.example"),
    }


async def test_every_address_wants_a_session_token(service: Service) -> None:
    async with service.client(token=None) as client:
        for method, path in closed_addresses(service):
            address = service.origin + re.sub(r"\{\w+\}", "x", path)
            for kind, token in bad_tokens().items():
                headers = {} if token is None else {"Authorization": f"Bearer {token}"}
                answer = await client.request(method, address, headers=headers)
                assert answer.status_code == 401, (method, path, kind)


async def test_a_token_in_the_address_or_a_cookie_counts_for_nothing(service: Service) -> None:
    token = valid_now(KEY)
    async with service.client(token=None) as client:
        assert (await client.get("notebooks", params={"token": token})).status_code == 401
        assert (await client.get("notebooks", headers={"Cookie": f"reactive_nb_token={token}"})).status_code == 401


async def test_people_see_their_own_notebooks_only(service: Service) -> None:
    ann, bob = valid_now(KEY, sub="user_ann"), valid_now(KEY, sub="user_bob")
    async with service.client(ann) as as_ann, service.client(bob) as as_bob:
        made = await new_notebook(as_ann, "mine = 1")
        assert await nothing_is_there_for(as_bob, service, made["id"]) >= 20
        assert (await as_ann.get(f"notebooks/{made['id']}")).json() == made
        assert [one["id"] for one in (await as_bob.get("notebooks")).json()["notebooks"]] == []
        assert made["id"] in [one["id"] for one in (await as_ann.get("notebooks")).json()["notebooks"]]


@pytest.mark.parametrize("command", COMMANDS)
async def test_no_command_is_taken_with_a_bad_token_or_at_anothers_notebook(service: Service, command: str) -> None:
    """As the first thing that is said, and beside a token in a header."""
    fields: dict[str, Any] = {
        "cell_id": "c0",
        "cell": {},
        "changes": {"source": "2"},
        "value": "",
        "code": "",
        "cursor_pos": 0,
    }
    fields |= {"index": 0, "operations": [{"type": "cell.remove", "cell_id": "c0"}], "name": "x"}
    known = next(one for one in get_args(get_args(ClientCommand)[0]) if kind_of(one) == command).model_fields
    fields = {name: value for name, value in fields.items() if name in known}
    bob = valid_now(KEY, sub="user_bob")
    async with service.client(valid_now(KEY)) as client:
        made = await new_notebook(client, "mine = 1")
        for kind, token in {**bad_tokens(), "another's": bob}.items():
            async with service.live(made["id"], None) as live:
                await live.send(command, **fields | ({"token": token or ""} if "token" in known else {}))
                code = 4404 if command == "auth" and kind == "another's" else 4401
                assert ((await live.closed())[0], live.events) == (code, []), kind
            if token is not None:
                async with service.live(made["id"], token) as live:
                    with contextlib.suppress(ConnectionClosed):
                        await live.send(command, **fields | ({"token": token} if "token" in known else {}))
                    code = 4404 if kind == "another's" else 4401
                    assert ((await live.closed())[0], live.events) == (code, []), kind
        assert (await client.get(f"notebooks/{made['id']}")).json() == made


@pytest.mark.parametrize("kind", [kind for kind in bad_tokens() if kind != "none"])
async def test_a_socket_with_a_bad_token_is_closed(service: Service, kind: str) -> None:
    async with service.live("11111111-1111-4111-8111-111111111111", bad_tokens()[kind]) as live:
        assert (await live.closed())[0] == 4401


async def test_a_socket_of_another_page_is_closed(service: Service) -> None:
    async with service.client(valid_now(KEY)) as client:
        made = await new_notebook(client)
    async with service.live(made["id"], valid_now(KEY), headers={"Origin": "https://evil.example"}) as live:
        assert (await live.closed())[0] == 4403
    async with service.live(made["id"], valid_now(KEY), headers={"Origin": PAGE}) as live:
        await live.until("notebook.state")


async def test_a_socket_is_renewed_by_the_same_session_and_lapses_without_its_kernel(service: Service) -> None:
    async with service.client(valid_now(KEY)) as client:
        made = await new_notebook(client, "import time\nprint('begun', flush=True)\ntime.sleep(4)\nprint('end')")
        now = time.time()
        ends_soon = KEY.sign(claims(now - 62))  # it counts for the leeway's last seconds
        async with service.live(made["id"], ends_soon) as live:
            await live.until("notebook.state")
            renewed = await live.ask("auth.renew", token=KEY.sign(claims(now - 61)))
            assert renewed["ok"]
            refused = await live.ask("auth.renew", token=STRANGER.sign(claims(now)))
            assert (refused["ok"], refused["error"]["code"]) == (False, "unauthenticated")
            await live.ask("notebook.run")
            assert (await live.closed())[0] == 4401
        run = (await client.post(f"notebooks/{made['id']}/run", json={"wait": 30})).json()
        assert run["state"] == "finished"
        text = "".join(
            output["text"] for output in (await client.get(f"notebooks/{made['id']}")).json()["cells"][0]["outputs"]
        )
        assert text == "begun\nend\n"


@pytest.mark.parametrize("other", [{"sub": "user_bob"}, {"sid": "sess_2"}])
async def test_another_person_s_token_renews_nothing(service: Service, other: dict[str, str]) -> None:
    async with service.client(valid_now(KEY)) as client:
        made = await new_notebook(client)
    async with service.live(made["id"], valid_now(KEY)) as live:
        await live.until("notebook.state")
        await live.send("auth.renew", token=valid_now(KEY, **other))
        assert (await live.closed())[0] == 4403


async def test_while_clerk_is_away_nobody_is_taken_for_anybody(tmp_path: Path) -> None:
    with instance() as clerk:
        clerk.status = 503
        settings = settings_for(tmp_path, clerk_frontend_api=HOST, clerk_jwks_url=clerk.url, allowed_origins=(PAGE,))
        with serve(create_app(settings)) as away:
            async with away.client(valid_now(KEY)) as client:
                answer = await client.get("notebooks")
                assert (answer.status_code, answer.json()["type"]) == (503, "/problems/identity-unavailable")
                assert answer.headers["retry-after"] == "10"
            async with away.live("11111111-1111-4111-8111-111111111111", valid_now(KEY)) as live:
                assert (await live.closed())[0] == 1013
