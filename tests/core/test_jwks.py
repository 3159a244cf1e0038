"""Keys of an identity provider: fetched when needed, rotated, kept through an outage, and never in a storm."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from reactive_nb.core.jwks import KeySet, KeysUnavailable
from tests.core.clerk_instance import Clock, Instance, SigningKey, instance

pytestmark = pytest.mark.anyio

OLD, NEW = SigningKey("old"), SigningKey("new")
HOUR = 3600.0


@pytest.fixture
def clerk() -> Iterator[Instance]:
    with instance(OLD) as running:
        yield running


async def test_keys_are_fetched_once_and_again_when_they_are_old(clerk: Instance) -> None:
    clock = Clock(0)
    keys = KeySet(clerk.url, clock=clock)
    assert clerk.asked == 0
    for _ in range(5):
        assert await keys.get("old") is not None
    assert clerk.asked == 1
    clock.now = HOUR + 1
    clerk.serve(NEW.public())
    assert await keys.get("old") is None
    assert await keys.get("new") is not None
    assert clerk.asked == 2


async def test_many_who_ask_at_once_make_one_fetch(clerk: Instance) -> None:
    keys = KeySet(clerk.url, clock=Clock(0))
    found = await asyncio.gather(*(keys.get("old") for _ in range(50)))
    assert all(found)
    assert clerk.asked == 1


async def test_a_new_key_is_found_though_the_others_are_fresh(clerk: Instance) -> None:
    clock = Clock(0)
    keys = KeySet(clerk.url, clock=clock)
    await keys.get("old")
    clerk.serve(OLD.public(), NEW.public())
    clock.now = 301
    assert await keys.get("new") is not None
    assert clerk.asked == 2


async def test_unknown_ids_make_one_fetch_in_five_minutes(clerk: Instance) -> None:
    clock = Clock(0)
    keys = KeySet(clerk.url, clock=clock)
    await keys.get("old")
    for second in range(1, 1200):
        clock.now = second
        assert await keys.get(f"invented-{second}") is None
    assert clerk.asked <= 1 + 1200 // 300


async def test_an_outage_is_lived_through(clerk: Instance) -> None:
    clock = Clock(0)
    keys = KeySet(clerk.url, clock=clock)
    await keys.get("old")
    clerk.status = 500
    clock.now = 2 * HOUR
    assert await keys.get("old") is not None
    asked = clerk.asked
    for _ in range(10):
        assert await keys.get("old") is not None
    assert clerk.asked == asked, "after a failure it is left in peace for a while"
    clock.now = 25 * HOUR
    with pytest.raises(KeysUnavailable):
        await keys.get("old")
    clerk.serve(OLD.public())
    clock.now += 11
    assert await keys.get("old") is not None


async def test_while_keys_are_fetched_again_nobody_waits_who_has_one(clerk: Instance) -> None:
    clock = Clock(0)
    keys = KeySet(clerk.url, clock=clock)
    await keys.get("old")
    clock.now, clerk.delay_s = 2 * HOUR, 30
    first = asyncio.create_task(keys.get("old"))
    await asyncio.sleep(0)
    async with asyncio.timeout(2):
        assert await keys.get("old") is not None
    clerk.stalled.set()
    assert await first is not None


@pytest.mark.parametrize(
    ("status", "body", "location"),
    [
        (404, b"", None),
        (302, b"", "http://127.0.0.1:9/keys"),
        (200, b"no JSON", None),
        (200, b"[]", None),
        (200, b'{"keys": {}}', None),
        (200, b'{"keys": []}', None),
        (200, json.dumps({"keys": [{"kty": "RSA", "kid": "old", "n": "!", "e": "AQAB"}]}).encode(), None),
        (200, json.dumps({"keys": [{"kty": "oct", "kid": "old", "k": "AAAA"}]}).encode(), None),
        (200, b" " * 100_000, None),
    ],
)
async def test_what_is_no_key_set_is_no_key(clerk: Instance, status: int, body: bytes, location: str | None) -> None:
    clerk.status, clerk.body, clerk.location = status, body, location
    with pytest.raises(KeysUnavailable):
        await KeySet(clerk.url, clock=Clock(0)).get("old")


async def test_nobody_listening_is_no_key() -> None:
    with pytest.raises(KeysUnavailable):
        await KeySet("http://127.0.0.1:9/keys", clock=Clock(0)).get("old")


async def test_a_server_that_stalls_is_given_up(clerk: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reactive_nb.core.jwks.FETCH_TIMEOUT_S", 0.2)
    clerk.delay_s = 30
    with pytest.raises(KeysUnavailable):
        await KeySet(clerk.url, clock=Clock(0)).get("old")
