"""Every client sees the same events in the same order, or a snapshot that stands for those it missed."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactive_nb.schemas.events import CellRemoved, CommMessage, Event, Reply
from reactive_nb.websocket import Broadcaster, Frames, Subscription, SubscriptionClosed
from reactive_nb.websocket.subscription import MAX_REPLIES, MAX_REPLY_BYTES

pytestmark = pytest.mark.anyio


class Whole(Event):
    """A snapshot of the little state below."""

    type: str = "whole"
    cells: list[str]
    buffers: int = 0


class Document:
    """Names, one added by each event: a state whose snapshot can be compared with the events."""

    def __init__(self, *, replay: int = 100, queue: int = 100) -> None:
        self.cells: list[str] = []
        self.snapshots = 0
        self.broadcaster = Broadcaster(replay=replay, queue=queue, snapshot=self.snapshot)

    def snapshot(self) -> Callable[[], tuple[Event, tuple[bytes, ...]]]:
        self.snapshots += 1
        cells = list(self.cells)
        return lambda: (Whole(cells=cells, revision=len(cells)), ())

    def add(self, name: str) -> None:
        self.cells.append(name)
        self.broadcaster.publish(CellRemoved(cell_id=name), revision=len(self.cells))

    def add_many(self, count: int) -> None:
        for _ in range(count):
            self.add(f"c{len(self.cells)}")


async def take(subscription: Subscription) -> dict[str, Any]:
    return dict(json.loads((await asyncio.wait_for(subscription.get(), 5)).text))


async def drained(subscription: Subscription) -> list[dict[str, Any]]:
    """Everything that is there now."""
    subscription.reply(Reply(id="that was all", ok=True, revision=0))
    found: list[dict[str, Any]] = []
    while (message := await take(subscription)).get("id") != "that was all":
        found.append(message)
    return found


def state_from(messages: list[dict[str, Any]], before: list[str] | None = None) -> list[str]:
    """The names a client knows after these messages, checking that no event is missing."""
    cells, seq = list(before or []), None
    for message in messages:
        if message["type"] == "reply":
            continue
        if message["type"] == "whole":
            cells, seq = message["cells"], message["seq"]
            continue
        assert seq is None or message["seq"] == seq + 1
        seq = message["seq"]
        cells.append(message["cell_id"])
    return cells


async def test_a_subscription_begins_with_a_snapshot_that_does_not_count_as_an_event() -> None:
    document = Document()
    document.add_many(3)
    before = document.broadcaster.seq
    first = await take(document.broadcaster.subscribe())
    assert first == {"type": "whole", "cells": ["c0", "c1", "c2"], "seq": before, "revision": 3, "buffers": 0}
    assert document.broadcaster.seq == before


async def test_events_are_numbered_one_by_one_and_carry_the_revision() -> None:
    document = Document()
    subscription = document.broadcaster.subscribe()
    whole = await take(subscription)
    document.add("a")
    document.add("b")
    one, two = await take(subscription), await take(subscription)
    assert (one["cell_id"], one["seq"], one["revision"]) == ("a", whole["seq"] + 1, 1)
    assert (two["cell_id"], two["seq"], two["revision"]) == ("b", whole["seq"] + 2, 2)


async def test_the_published_event_itself_is_not_changed() -> None:
    event = CellRemoved(cell_id="a")
    Document().broadcaster.publish(event, revision=7)
    assert (event.seq, event.revision) == (0, 0)


async def test_an_event_is_serialised_once_for_all_clients() -> None:
    document = Document()
    subscriptions = [document.broadcaster.subscribe() for _ in range(5)]
    states = [await subscription.get() for subscription in subscriptions]
    document.add("a")
    frames = [await subscription.get() for subscription in subscriptions]
    assert all(one is frames[0] for one in frames)
    assert all(one is states[0] for one in states)
    assert document.snapshots == 1


async def test_a_client_that_reconnects_gets_the_events_it_missed() -> None:
    document = Document()
    document.add("a")
    seen = document.broadcaster.seq
    document.add("b")
    document.add("c")
    subscription = document.broadcaster.subscribe(seen)
    assert [message["cell_id"] for message in await drained(subscription)] == ["b", "c"]


async def test_a_client_that_missed_nothing_gets_nothing() -> None:
    for document in (Document(), Document(replay=0)):
        document.add("a")
        subscription = document.broadcaster.subscribe(document.broadcaster.seq)
        assert await drained(subscription) == []
        document.add("b")
        assert (await take(subscription))["cell_id"] == "b"


async def test_what_happens_while_a_snapshot_is_made_follows_it() -> None:
    document, is_made, goes_on = Document(), threading.Event(), threading.Event()
    document.add_many(2)
    make = document.snapshot()

    def slowly() -> tuple[Event, tuple[bytes, ...]]:
        is_made.set()
        assert goes_on.wait(60)
        return make()

    broadcaster = Broadcaster(replay=100, queue=100, snapshot=lambda: slowly)
    first, second = broadcaster.subscribe(), broadcaster.subscribe()
    reading = [asyncio.create_task(take(first)), asyncio.create_task(take(second))]
    assert await asyncio.to_thread(is_made.wait, 60)
    seq = broadcaster.seq
    broadcaster.publish(CellRemoved(cell_id="c2"), revision=3)
    assert not any(task.done() for task in reading)
    goes_on.set()
    for task, subscription in zip(reading, (first, second), strict=True):
        whole = await task
        assert (whole["type"], whole["cells"], whole["seq"]) == ("whole", ["c0", "c1"], seq)
        assert [(told["cell_id"], told["seq"]) for told in await drained(subscription)] == [("c2", seq + 1)]


@pytest.mark.parametrize("since", [-1, 0, 2**60])
async def test_a_number_that_is_not_from_here_gets_a_snapshot(since: int) -> None:
    document = Document()
    document.add_many(2)
    assert (await take(document.broadcaster.subscribe(since)))["type"] == "whole"


async def test_events_too_old_to_be_kept_are_replaced_by_a_snapshot() -> None:
    document = Document(replay=3)
    seen = document.broadcaster.seq
    document.add_many(3)
    assert (await take(document.broadcaster.subscribe(seen)))["cell_id"] == "c0"
    document.add("d")
    assert (await take(document.broadcaster.subscribe(seen)))["type"] == "whole"


async def test_a_number_from_an_earlier_life_of_the_notebook_is_not_mistaken_for_one_of_this() -> None:
    first = Document()
    first.add_many(50)
    await asyncio.sleep(0.001)
    second = Document()
    second.add_many(100)
    assert (await take(second.broadcaster.subscribe(first.broadcaster.seq)))["type"] == "whole"
    assert second.broadcaster.seq < 2**53


async def test_a_slow_client_gets_one_snapshot_made_when_it_reads_again() -> None:
    document = Document(queue=4)
    slow, quick = document.broadcaster.subscribe(), document.broadcaster.subscribe()
    known = {slow: await drained(slow), quick: await drained(quick)}
    for _ in range(20):
        document.add_many(1)
        known[quick] += await drained(quick)
    messages = await drained(slow)
    assert [message["type"] for message in messages] == ["whole"]
    assert messages[0]["seq"] == document.broadcaster.seq
    assert slow.resynchronised == 1
    assert quick.resynchronised == 0
    assert state_from(known[quick]) == state_from(known[slow] + messages) == document.cells


async def test_a_slow_client_is_bounded_in_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reactive_nb.websocket.broadcaster.QUEUE_BYTES", 10_000)
    monkeypatch.setattr("reactive_nb.websocket.broadcaster.REPLAY_BYTES", 10_000)
    document = Document(queue=1_000, replay=1_000)
    slow = document.broadcaster.subscribe()
    await slow.get()
    seen = document.broadcaster.seq
    for _ in range(20):
        document.broadcaster.publish(CommMessage(comm_id="w"), 1, (bytes(1_000),))
    assert (await take(slow))["type"] == "whole"
    assert (await take(document.broadcaster.subscribe(seen)))["type"] == "whole"


async def test_replies_follow_the_events_before_them_and_outlive_a_resynchronisation() -> None:
    document = Document(queue=2)
    subscription = document.broadcaster.subscribe()
    await drained(subscription)
    document.add("a")
    subscription.reply(Reply(id="1", ok=True))
    document.add_many(5)
    subscription.reply(Reply(id="2", ok=True))
    document.add("z")
    messages = await drained(subscription)
    assert [message.get("id", message["type"]) for message in messages] == ["whole", "1", "2"]
    document.add("after")
    assert (await take(subscription))["cell_id"] == "after"
    assert [*state_from(messages), "after"] == document.cells


async def test_a_reply_comes_after_the_events_its_command_caused() -> None:
    document = Document()
    subscription = document.broadcaster.subscribe()
    await drained(subscription)
    document.add("a")
    subscription.reply(Reply(id="1", ok=True, revision=1))
    assert [message["type"] for message in await drained(subscription)] == ["cell.removed", "reply"]


@pytest.mark.parametrize(("count", "size"), [(MAX_REPLIES, 1), (2, MAX_REPLY_BYTES // 2)])
async def test_a_client_that_does_not_read_its_replies_is_asked_for_no_more_commands(count: int, size: int) -> None:
    subscription = Document().broadcaster.subscribe()
    await drained(subscription)
    for number in range(count):
        await asyncio.wait_for(subscription.ready(), 5)
        subscription.reply(Reply(id=str(number), ok=True, result={"text": "x" * size}))
    waiting = asyncio.ensure_future(subscription.ready())
    await asyncio.sleep(0)
    assert not waiting.done()
    await subscription.get()
    await asyncio.wait_for(waiting, 5)


async def test_closing_ends_every_subscription_after_what_is_queued() -> None:
    document = Document()
    subscription = document.broadcaster.subscribe()
    await drained(subscription)
    document.add("a")
    document.broadcaster.close(4409, "deleted")
    document.add("late")
    assert (await take(subscription))["cell_id"] == "a"
    for ended in (subscription, document.broadcaster.subscribe()):
        with pytest.raises(SubscriptionClosed) as closed:
            await asyncio.wait_for(ended.get(), 5)
        assert (closed.value.code, closed.value.reason) == (4409, "deleted")
    await asyncio.wait_for(subscription.ready(), 5)


async def test_closing_wakes_a_client_that_waits() -> None:
    document = Document()
    subscription = document.broadcaster.subscribe()
    await drained(subscription)
    waiting = asyncio.ensure_future(subscription.get())
    await asyncio.sleep(0)
    document.broadcaster.close(1012, "restarting")
    with pytest.raises(SubscriptionClosed):
        await asyncio.wait_for(waiting, 5)


async def test_a_client_that_left_is_forgotten() -> None:
    document = Document()
    subscription = document.broadcaster.subscribe()
    assert document.broadcaster.clients == 1
    subscription.close()
    subscription.close()
    assert document.broadcaster.clients == 0
    document.add("a")
    with pytest.raises(SubscriptionClosed):
        await asyncio.wait_for(subscription.get(), 5)


async def test_buffers_travel_with_their_event_uncopied_and_counted() -> None:
    document = Document()
    subscription = document.broadcaster.subscribe()
    await subscription.get()
    buffers = (b"one", b"two")
    document.broadcaster.publish(CommMessage(comm_id="w"), 1, buffers)
    frames = await subscription.get()
    assert frames.buffers is buffers
    assert json.loads(frames.text)["buffers"] == 2


async def test_an_observer_sees_each_event_once() -> None:
    document = Document()
    seen: list[Event] = []
    document.broadcaster.observe("test", seen.append)
    document.broadcaster.observe("test", seen.append)
    document.add("a")
    assert [type(event) for event in seen] == [CellRemoved]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 5)),
        st.tuples(st.just("read"), st.integers(0, 3)),
        st.tuples(st.just("reconnect"), st.integers(0, 3)),
        st.tuples(st.just("reply"), st.integers(0, 3)),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(steps=steps, queue=st.integers(1, 6), replay=st.integers(0, 8))
def test_whatever_happens_every_client_ends_with_the_same_state(
    steps: list[tuple[str, int]], queue: int, replay: int
) -> None:
    asyncio.run(_play(steps, queue, replay))


async def _play(steps: list[tuple[str, int]], queue: int, replay: int) -> None:
    document = Document(queue=queue, replay=replay)
    clients = [Client(document.broadcaster) for _ in range(4)]
    names = _names()
    for step, which in steps:
        match step:
            case "publish":
                for _ in range(which):
                    document.add(next(names))
            case "read":
                await clients[which].read()
            case "reconnect":
                clients[which].reconnect()
            case "reply":
                clients[which].ask()
    for client in clients:
        await client.read()
        assert client.cells == document.cells
        assert client.answered == client.asked


class Client:
    """Keeps a state by the protocol's rules alone."""

    def __init__(self, broadcaster: Broadcaster) -> None:
        self.broadcaster = broadcaster
        self.subscription = broadcaster.subscribe()
        self.cells: list[str] = []
        self.seq: int | None = None
        self.asked = self.answered = 0

    async def read(self) -> None:
        for message in await drained(self.subscription):
            if message["type"] == "reply":
                self.answered += 1
                continue
            if message["type"] == "whole":
                self.cells = message["cells"]
            else:
                assert self.seq is not None
                assert message["seq"] == self.seq + 1
                self.cells.append(message["cell_id"])
            self.seq = message["seq"]

    def ask(self) -> None:
        self.asked += 1
        self.subscription.reply(Reply(id=str(self.asked), ok=True))

    def reconnect(self) -> None:
        self.subscription.close()
        self.asked = self.answered = 0
        self.subscription = self.broadcaster.subscribe(self.seq)


def _names() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"n{number}"


def test_the_size_of_a_message_counts_text_and_buffers() -> None:
    assert Frames("abc", (b"12", b"3")).size == 6
