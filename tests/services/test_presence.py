"""Who is connected is told to all, and a crowd does not drown anybody in it."""

from __future__ import annotations

import json

import pytest

from reactive_nb.schemas.events import Presence, PresenceUpdated
from tests.services.live import Live, Open

pytestmark = pytest.mark.anyio


def client(number: int, cell: str | None = None) -> Presence:
    return Presence(client_id=str(number), user_id="ann", user_name="Ann", cell_id=cell)


async def told(notebook: Live, clients: list[Presence]) -> None:
    await notebook.until(lambda: [event.clients for event in notebook.of(PresenceUpdated)][-1:] == [clients])


async def test_who_comes_and_goes_is_told_once(open_notebook: Open) -> None:
    notebook = await open_notebook("1")
    notebook.session.join(client(1))
    await told(notebook, [client(1)])
    notebook.session.update_presence(client(1))
    notebook.session.update_presence(client(1, "c0"))
    await told(notebook, [client(1, "c0")])
    notebook.session.leave("1")
    notebook.session.leave("1")
    await told(notebook, [])
    assert len(notebook.of(PresenceUpdated)) == 3


async def test_a_crowd_is_told_of_together_and_each_sees_itself_at_once(open_notebook: Open) -> None:
    notebook = await open_notebook("1")
    for number in range(500):
        subscription = notebook.session.broadcaster.subscribe()
        notebook.session.join(client(number))
        if number % 100 == 1:
            state = json.loads((await subscription.get()).text)
            assert [one["client_id"] for one in state["presence"]] == [str(one) for one in range(number + 1)]
    await told(notebook, [client(number) for number in range(500)])
    assert len(notebook.of(PresenceUpdated)) < 50
