"""What a page keeps of a notebook's widgets, by their protocol and from nothing but what it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.api.service import Live

State = dict[str, Any]


class Page:
    """The widgets that one client knows. Hears all its messages through `hear`."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self.widgets: dict[str, State] = {}
        self.custom: list[tuple[str, Any, list[bytes]]] = []
        """Messages that are no updates: comm's id, content, buffers."""
        self.outputs: dict[str, str] = {}
        """What cells have shown since, as text."""

    async def hear(self) -> dict[str, Any]:
        message = await self._live.hear()
        buffers = self._live.buffers[-1] if message["type"] != "reply" else []
        match message["type"]:
            case "notebook.state":
                self._take_state(message, list(buffers))
            case "comm.open":
                self._open(message, list(buffers))
            case "comm.msg" if message["client_id"] is None or message["data"].get("method") == "update":
                self._message(message, list(buffers))
            case "comm.close":
                self.widgets.pop(message["comm_id"], None)
            case "output.append":
                shown = [one.get("text") or one.get("data", {}).get("text/plain", "") for one in message["outputs"]]
                self.outputs[message["cell_id"]] = self.outputs.get(message["cell_id"], "") + "".join(shown)
            case "output.clear":
                self.outputs.pop(message["cell_id"], None)
        return message

    async def until(self, holds: Callable[[], Any]) -> Any:
        """Hear until `holds()` is true; its value."""
        while not (value := holds()):
            await self.hear()
        return value

    def of(self, model: str) -> list[str]:
        """The widgets of a kind, by the ids of their comms."""
        return [comm_id for comm_id, state in self.widgets.items() if state.get("_model_name") == model]

    def only(self, model: str) -> tuple[str, State]:
        (comm_id,) = self.of(model)
        return comm_id, self.widgets[comm_id]

    async def move(self, comm_id: str, *, paths: list[list[Any]] | None = None, buffers: tuple[bytes, ...] = (),
                   **state: Any) -> None:  # fmt: skip
        """Change a widget, as its view does."""
        data = {"method": "update", "state": state, "buffer_paths": paths or []}
        await self._ask("comm.msg", comm_id=comm_id, data=data, buffers=buffers)

    async def say(self, comm_id: str, content: Any, buffers: tuple[bytes, ...] = ()) -> None:
        """Send a message of a widget's own."""
        await self._ask("comm.msg", comm_id=comm_id, data={"method": "custom", "content": content}, buffers=buffers)

    async def value(self, expression: str) -> str:
        """What an expression is in the kernel, by a cell of its own."""
        self.outputs.pop("probe", None)
        await self._ask("cell.update", cell_id="probe", changes={"source": f"print(({expression}), end='!')"})
        await self._ask("cell.run", cell_id="probe")
        found: str = await self.until(lambda: self.outputs.get("probe", "").partition("!")[0])
        return found

    async def run(self, cell_id: str) -> None:
        await self._ask("cell.run", cell_id=cell_id)
        while (await self.hear())["type"] != "run.finished":
            pass

    async def _ask(self, kind: str, *, buffers: tuple[bytes, ...] = (), **fields: Any) -> None:
        wanted = await self._live.send(kind, buffers=buffers, **fields)
        message: dict[str, Any] = {}
        while message.get("type") != "reply" or message.get("id") != wanted:
            message = await self.hear()
        assert message["ok"], message

    def _take_state(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        self.widgets.clear()
        for comm in message["comms"]:
            own = [buffers.pop(0) for _ in range(comm["buffers"])]
            self._open(comm, own)

    def _open(self, comm: dict[str, Any], buffers: list[bytes]) -> None:
        if comm["target_name"] == "jupyter.widget":
            self.widgets[comm["comm_id"]] = {}
            self._update(comm["comm_id"], comm["data"], buffers)

    def _message(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        match message["data"].get("method"):
            case "update" | "echo_update":
                self._update(message["comm_id"], message["data"], buffers)
            case "custom":
                self.custom.append((message["comm_id"], message["data"]["content"], buffers))

    def _update(self, comm_id: str, data: dict[str, Any], buffers: list[bytes]) -> None:
        state = data["state"]
        for path, part in zip(data.get("buffer_paths", []), buffers, strict=True):
            place: Any = state
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = part
        self.widgets[comm_id] |= state
