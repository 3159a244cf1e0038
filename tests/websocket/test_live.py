"""A notebook, live: commands, replies and events over real sockets, with real kernels."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import pytest

from tests.api.service import BOB, Live, Service, new_notebook

pytestmark = pytest.mark.anyio


async def made(service: Service, *sources: str) -> str:
    async with service.client() as client:
        return str((await new_notebook(client, *sources))["id"])


async def document(service: Service, notebook_id: str) -> dict[str, Any]:
    async with service.client() as client:
        return dict((await client.get(f"notebooks/{notebook_id}")).json())


async def test_the_first_message_is_everything(service: Service) -> None:
    notebook = await made(service, "x = 1", "y = x")
    async with service.live(notebook) as live:
        state = await live.hear()
        assert (state["type"], state["protocol"]) == ("notebook.state", 1)
        assert state["notebook"] == await document(service, notebook)
        assert state["edges"] == [{"from": "c0", "to": "c1", "names": ["x"], "kind": "reads", "below": False}]
        assert [one["user_name"] for one in state["presence"]] == ["Ann"]


async def test_each_kind_of_change_is_an_event_to_all(service: Service) -> None:
    notebook = await made(service, "x = 1", "y = x")
    async with service.live(notebook) as one, service.live(notebook) as other:
        start = await one.hear()
        assert (await one.ask("cell.add", cell={"id": "new", "source": "z = y", "after": "c0"}))["result"] == {
            "cell_id": "new"
        }
        await one.ask("cell.update", cell_id="c0", changes={"source": "x = 2"})
        await one.ask("cell.move", cell_id="new", index=2)
        await one.ask("notebook.update", name="Live", settings={"mode": "lazy"})
        last = await one.ask("cell.remove", cell_id="c1")
        assert last["revision"] == start["revision"] + 5
        await other.until("cell.removed", cell_id="c1")
        for kind, fields in (
            ("cell.added", {"index": 1}),
            ("cell.updated", {"cell_id": "c0", "source": "x = 2"}),
            ("cell.moved", {"cell_id": "new", "index": 2}),
            ("notebook.updated", {"name": "Live"}),
            ("cell.removed", {"cell_id": "c1"}),
        ):
            heard = [event for event in other.events if event["type"] == kind]
            assert len(heard) == 1, kind
            assert fields.items() <= heard[0].items()


async def test_a_run_is_told_as_it_goes(service: Service) -> None:
    notebook = await made(service, "x = 1", "print(x)\nx + 1")
    async with service.live(notebook) as live:
        run = (await live.ask("cell.run", cell_id="c1"))["result"]
        assert run["cells"] == ["c0", "c1"]
        over = await live.until("run.finished", run_id=run["run_id"])
        assert (over["state"], over["cells"]) == ("finished", ["c0", "c1"])
        outputs = [event for event in live.events if event["type"] == "output.append"]
        assert {event["cell_id"] for event in outputs} == {"c1"}
        states = [event["kernel"]["state"] for event in live.events if event["type"] == "kernel.status"]
        assert states[0] == "starting"


async def test_a_reply_comes_after_the_events_its_command_caused(service: Service) -> None:
    notebook = await made(service, "x = 1")
    async with service.live(notebook) as live:
        await live.hear()
        for number in range(20):
            command = await live.send("cell.update", cell_id="c0", changes={"source": f"x = {number}"})
            reply = await live.reply(command)
            told = [event for event in live.events if event["type"] == "cell.updated"]
            assert told[-1]["source"] == f"x = {number}"
            assert told[-1]["revision"] == reply["revision"]


async def test_commands_sent_without_waiting_are_carried_out_in_order(service: Service) -> None:
    notebook = await made(service, "x = 0")
    async with service.live(notebook) as live:
        sent = [await live.send("cell.update", cell_id="c0", changes={"source": f"x = {n}"}) for n in range(1, 301)]
        replies = [await live.reply(command) for command in sent]
        assert all(reply["ok"] for reply in replies)
        told = [event["source"] for event in live.events if event["type"] == "cell.updated"]
        assert told == [f"x = {number}" for number in range(1, 301)]
    assert (await document(service, notebook))["cells"][0]["source"] == "x = 300"


async def test_all_clients_hear_the_same_in_the_same_order(service: Service) -> None:
    notebook = await made(service, "x = 1", "print(x)", "y = x")
    async with (
        service.live(notebook) as one,
        service.live(notebook) as two,
        service.live(notebook) as three,
        service.live(notebook) as four,
    ):
        everyone = (one, two, three, four)
        for live in everyone:
            await live.hear()

        async def edit(live: Live, seed: int) -> None:
            choose = random.Random(seed)
            for number in range(12):
                kind = choose.choice(["update", "update", "add", "move", "run", "batch"])
                match kind:
                    case "update":
                        changes = {"source": f"x = {seed}{number}"}
                        await live.send("cell.update", cell_id=f"c{choose.randrange(3)}", changes=changes)
                    case "add":
                        await live.send("cell.add", cell={"source": f"a{seed} = {number}"})
                    case "move":
                        await live.send("cell.move", cell_id=f"c{choose.randrange(3)}", index=choose.randrange(3))
                    case "run":
                        await live.send("notebook.run")
                    case "batch":
                        change = {"type": "cell.update", "cell_id": "c1", "changes": {"source": f"print({number})"}}
                        await live.send("batch", operations=[change, change | {"cell_id": "c2"}])
                await live.hear()

        await asyncio.gather(*(edit(live, seed) for seed, live in enumerate(everyone)))
        await one.ask("notebook.run")
        await one.ask("cell.add", cell={"id": "the-end"})
        for live in everyone:
            if not any(event["type"] == "cell.added" and event["cell"]["id"] == "the-end" for event in live.events):
                while (await live.until("cell.added"))["cell"]["id"] != "the-end":
                    pass
        heard = [
            {event["seq"]: event for event in live.events if event["type"] != "notebook.state"} for live in everyone
        ]
        for live, events in zip(everyone, heard, strict=True):
            numbers = [event["seq"] for event in live.events[1:]]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "no gap, no repetition"
            shared = events.keys() & heard[0].keys()
            assert len(shared) > 40
            assert all(events[seq] == heard[0][seq] for seq in shared)


async def test_a_batch_is_all_or_nothing(service: Service) -> None:
    notebook = await made(service, "x = 1")
    async with service.live(notebook) as live:
        await live.hear()
        before = await document(service, notebook)
        good = {"type": "cell.add", "cell": {"id": "new"}}
        refused = await live.ask("batch", operations=[good, {"type": "cell.remove", "cell_id": "missing"}])
        assert (refused["ok"], refused["error"]["code"]) == (False, "no-such-cell")
        assert await document(service, notebook) == before
        done = await live.ask("batch", operations=[good, {"type": "cell.remove", "cell_id": "c0"}])
        assert (done["ok"], done["revision"], done["result"]) == (True, before["revision"] + 1, {"cell_ids": ["new"]})
        changes = [event for event in live.events if event["type"] in ("cell.added", "cell.removed")]
        assert [event["revision"] for event in changes] == [before["revision"] + 1] * 2


async def test_a_conflict_carries_the_current_state_and_changes_nothing(service: Service) -> None:
    notebook = await made(service, "x = 1")
    async with service.live(notebook) as one, service.live(notebook) as other:
        seen = (await one.hear())["revision"]
        await other.ask("cell.update", cell_id="c0", changes={"source": "x = 2"})
        lost = await one.ask("cell.update", cell_id="c0", changes={"source": "x = 3"}, if_match=seen)
        assert (lost["ok"], lost["error"]["code"]) == (False, "conflict")
        assert lost["error"]["current"]["notebook"]["cells"][0]["source"] == "x = 2"
        lost = await one.ask("cell.update", cell_id="c0", changes={"source": "x = 3", "base_revision": seen})
        assert lost["error"]["current"]["cell"]["source"] == "x = 2"
        won = await one.ask("cell.update", cell_id="c0", changes={"source": "x = 3"}, if_match=lost["revision"])
        assert won["ok"]


async def test_who_reconnects_hears_what_it_missed(service: Service) -> None:
    notebook = await made(service, "x = 1")
    async with service.live(notebook) as live:
        await live.hear()
        await live.ask("cell.update", cell_id="c0", changes={"source": "x = 2"})
        seen = live.events[-1]["seq"]
    async with service.client() as client:
        await client.put(f"notebooks/{notebook}/cells/c0", json={"source": "x = 3"})
    async with service.live(notebook, query=f"?since={seen}") as live:
        first = await live.hear()
        assert first["seq"] == seen + 1
        missed = first if first["type"] == "cell.updated" else await live.until("cell.updated")
        assert missed["source"] == "x = 3"
        assert "notebook.state" not in {event["type"] for event in live.events}
    for lost in ("0", str(2**52)):
        async with service.live(notebook, query=f"?since={lost}") as live:
            assert (await live.hear())["type"] == "notebook.state"
    async with service.live(notebook, query="?since=yesterday") as live:
        assert (await live.closed())[0] == 4400


async def test_presence_comes_and_goes(service: Service) -> None:
    notebook = await made(service, "x = 1")
    async with service.live(notebook) as one:
        await one.hear()
        async with service.live(notebook) as other:
            told = await one.until("presence.updated")
            assert len(told["clients"]) == 2 or len((await one.until("presence.updated"))["clients"]) == 2
            mine = (await other.ask("presence.update", cell_id="c0", selection=[0, 3]))["result"]["client_id"]
            while not (found := [c for c in told["clients"] if c["client_id"] == mine]) or found[0]["cell_id"] != "c0":
                told = await one.until("presence.updated")
            assert found[0]["selection"] == [0, 3]
        while len(told["clients"]) > 1:
            told = await one.until("presence.updated")


async def test_completion_documentation_and_input(service: Service) -> None:
    notebook = await made(service, "answer = input('name? ')")
    async with service.live(notebook) as live:
        refused = await live.ask("complete", code="ans", cursor_pos=3)
        assert refused["error"]["code"] == "kernel-unavailable"
        await live.ask("notebook.run")
        asked = await live.until("input.requested")
        assert (asked["cell_id"], asked["prompt"], asked["password"]) == ("c0", "name? ", False)
        async with service.live(notebook) as late:
            assert (await late.hear())["input_request"]["prompt"] == "name? "
        assert (await live.ask("input.reply", value="Ann"))["ok"]
        await live.until("run.finished")
        found = await live.ask("complete", code="answ", cursor_pos=4)
        assert "answer" in found["result"]["matches"]
        told = await live.ask("inspect", code="len", cursor_pos=3)
        assert told["result"]["found"]


async def test_a_run_can_be_interrupted_and_the_kernel_restarted_and_shut_down(service: Service) -> None:
    notebook = await made(service, "print('go', flush=True)\nwhile True: pass")
    async with service.live(notebook) as live:
        await live.ask("notebook.run")
        await live.until("output.append")
        assert (await live.ask("kernel.interrupt"))["ok"]
        assert (await live.until("run.finished"))["state"] == "interrupted"
        assert (await live.ask("kernel.restart"))["ok"]
        assert (await live.ask("kernel.shutdown"))["result"]["state"] == "none"


ECHO = """
import comm
def opened(made, message):
    def echo(said):
        made.send({"echo": said["content"]["data"]}, buffers=[bytes(part)[::-1] for part in said["buffers"]])
    made.on_msg(echo)
comm.get_comm_manager().register_target("echo", opened)
"""


async def test_comms_carry_binary_buffers_both_ways(service: Service) -> None:
    notebook = await made(service, ECHO)
    async with service.live(notebook) as one, service.live(notebook) as other:
        await one.ask("notebook.run")
        await one.until("run.finished")
        assert (await one.ask("comm.open", comm_id="k", target_name="echo"))["ok"]
        big = bytes(range(256)) * 4_000
        said = await one.send("comm.msg", comm_id="k", data={"n": 1}, buffers=(b"\x01\x02", big, b""))
        assert (await one.reply(said))["ok"]
        echo = await other.until("comm.msg", client_id=None)
        assert echo["data"] == {"echo": {"n": 1}}
        assert other.buffers[other.events.index(echo)] == [b"\x02\x01", big[::-1], b""]
        assert (await one.ask("comm.close", comm_id="k"))["ok"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ({"type": "cell.fly", "id": "1"}, "unknown-command"),
        ({"id": "1"}, "unknown-command"),
        ({"type": 5, "id": "1"}, "unknown-command"),
        ({"type": "cell.update", "id": "1", "cell_id": "c0"}, "invalid"),
        ({"type": "cell.update", "id": "1", "cell_id": "c0", "changes": {}}, "invalid"),
        ({"type": "cell.move", "id": "1", "cell_id": "c0", "index": "first"}, "invalid"),
        ({"type": "cell.run", "id": "1", "cell_id": "missing"}, "no-such-cell"),
        ({"type": "cell.add", "id": "1", "cell": {"id": "c0"}}, "invalid"),
        ({"type": "cell.add", "id": "1", "cell": {"source": "#" * 1_500_000}}, "too-large"),
        ({"type": "notebook.update", "id": "1", "settings": {"kernel_name": "cobol"}}, "invalid"),
        ({"type": "input.reply", "id": "1", "value": "x"}, "invalid"),
        ({"type": "auth", "id": "1", "token": "x"}, "invalid"),
        ({"type": "batch", "id": "1", "operations": []}, "invalid"),
        ({"type": "comm.msg", "id": "1", "comm_id": "x"}, "kernel-unavailable"),
    ],
)
async def test_a_command_that_can_t_be_carried_out_gets_a_reason(
    service: Service, text: dict[str, Any], code: str
) -> None:
    notebook = await made(service, "x = 1")
    async with service.live(notebook) as live:
        await live.socket.send(json.dumps(text))
        reply = await live.reply("1")
        assert (reply["ok"], reply["error"]["code"]) == (False, code)
        assert reply["error"]["message"]
        assert (await live.ask("cell.update", cell_id="c0", changes={"source": "y = 1"}))["ok"], "and life goes on"


@pytest.mark.parametrize(
    "frame",
    [
        "no json",
        "[]",
        '"text"',
        "{}",
        '{"type": "cell.run"}',
        '{"type": "cell.run", "id": 7, "cell_id": "c0"}',
        '{"type": "cell.run", "id": "' + "x" * 200 + '", "cell_id": "c0"}',
        '{"type": "comm.msg", "id": "1", "comm_id": "x", "data": {"n": NaN}}',
        '{"type": "comm.msg", "id": "1", "comm_id": "x", "buffers": 1e9}',
        '{"type": "comm.msg", "id": "1", "comm_id": "x", "buffers": -1}',
        '{"type": "comm.msg", "id": "1", "comm_id": "x", "buffers": 5000}',
        "[" * 100_000,
        '{"a":' * 100_000,
        b"\x00",
    ],
)
async def test_what_can_t_be_understood_ends_the_connection(service: Service, frame: str | bytes) -> None:
    notebook = await made(service, "x = 1")
    async with service.live(notebook) as live:
        await live.hear()
        await live.socket.send(frame)
        assert (await live.closed())[0] == 4400


async def test_a_refused_command_takes_its_buffers_with_it(service: Service) -> None:
    notebook = await made(service, "x = 1")
    async with service.live(notebook) as live:
        refused = await live.reply(await live.send("comm.shout", buffers=(b"1", b"2")))
        assert refused["error"]["code"] == "unknown-command"
        assert (await live.ask("cell.update", cell_id="c0", changes={"source": "y"}))["ok"]
    async with service.live(notebook) as live:
        await live.hear()
        await live.socket.send('{"type": "comm.msg", "id": "1", "comm_id": "x", "buffers": 1}')
        await live.socket.send('{"type": "notebook.run", "id": "2"}')
        assert (await live.closed())[0] == 4400


async def test_halves_of_surrogate_pairs_are_replaced(service: Service) -> None:
    notebook = await made(service, "x = 1")
    async with service.live(notebook) as live:
        changes = r"""{"source": "s = '\ud800|\ud83d\ude00'"}"""
        await live.socket.send('{"type": "cell.update", "id": "1", "cell_id": "c0", "changes": ' + changes + "}")
        assert (await live.reply("1"))["ok"]
    assert (await document(service, notebook))["cells"][0]["source"] == "s = '\ufffd|😀'"


async def test_a_deleted_notebook_sends_its_clients_away(service: Service) -> None:
    notebook = await made(service, "x = 1")
    async with service.live(notebook) as live:
        await live.hear()
        async with service.client() as client:
            await client.delete(f"notebooks/{notebook}")
        assert (await live.closed())[0] == 4409


async def test_a_client_that_leaves_does_not_stop_a_run(service: Service) -> None:
    notebook = await made(service, "input()", "done = 1")
    async with service.live(notebook) as live:
        await live.ask("notebook.run")
        await live.until("input.requested")
    async with service.live(notebook) as live:
        state = await live.hear()
        assert len(state["runs"]) == 1
        await live.ask("input.reply", value="")
        await live.until("run.finished")
    assert [cell["status"] for cell in (await document(service, notebook))["cells"]] == ["success", "success"]


async def test_another_user_can_t_even_see_that_it_is_there(service: Service) -> None:
    notebook = await made(service, "x = 1")
    async with service.live(notebook, BOB) as live:
        assert await live.closed() == (4404, "There is no notebook with this id, or it is not yours.")
