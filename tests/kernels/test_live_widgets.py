"""Widgets of a real kernel, kept by the stores as a server would keep them."""

from __future__ import annotations

from typing import Any

import pytest

from reactive_kernels import (
    ClearOutputEvent,
    CommCloseEvent,
    CommMsgEvent,
    CommOpenEvent,
    CommStore,
    KernelConnection,
    KernelEvent,
    OutputEvent,
    OutputStore,
    UpdateDisplayEvent,
)
from tests.kernels.recorder import Recorder

pytestmark = pytest.mark.anyio


class Server:
    """What a server does with events: comms and outputs to their stores, diverted output back to the kernel."""

    def __init__(self, kernel: KernelConnection, recorder: Recorder) -> None:
        self.kernel, self.recorder = kernel, recorder
        self.comms, self.outputs = CommStore(), OutputStore()
        kernel.listener = self.listen

    def listen(self, event: KernelEvent) -> None:
        match event:
            case CommOpenEvent() | CommMsgEvent() | CommCloseEvent():
                self.comms.apply(event)
            case OutputEvent() | ClearOutputEvent() | UpdateDisplayEvent():
                if not self.comms.divert(event) and event.request_id is not None:
                    self.outputs.apply(event.request_id, event)
        self.recorder(event)

    def tick(self) -> None:
        for event in self.comms.drain():
            self.kernel.comm_msg(event.comm_id, event.data)

    def texts(self, run: str) -> list[Any]:
        return [output.get("text", output["output_type"]) for output in self.outputs.outputs(run)]

    def models(self, name: str) -> dict[str, dict[str, Any]]:
        states = {opened.comm_id: opened.data.get("state", {}) for opened in self.comms.open_comms()}
        return {comm_id: state for comm_id, state in states.items() if state.get("_model_name") == name}


@pytest.fixture
async def server(kernel: KernelConnection, recorder: Recorder) -> Server:
    return Server(kernel, recorder)


async def test_an_output_widget_takes_what_is_printed_inside_it(server: Server) -> None:
    code = """
    import ipywidgets
    from IPython.display import display
    out = ipywidgets.Output()
    with out:
        print('inside')
        display({'a': 1})
        print('and on')
    print('outside')
    """
    await server.kernel.execute(code, request_id="with-out")
    assert server.texts("with-out") == ["outside\n"]
    server.tick()
    ((_, state),) = server.models("OutputModel").items()
    assert [output.get("text") for output in state["outputs"]] == ["inside\n", None, "and on\n"]
    reply = await server.kernel.execute("", user_expressions={"known": "len(out.outputs), out.outputs[0]['text']"})
    assert reply.user_expressions["known"]["data"]["text/plain"] == "(3, 'inside\\n')"

    await server.kernel.execute("out.clear_output()\nwith out:\n    1 / 0", request_id="cleared")
    server.tick()
    ((_, state),) = server.models("OutputModel").items()
    assert [output["output_type"] for output in state["outputs"]] == ["error"]


async def test_an_output_widget_takes_what_a_callback_prints(server: Server) -> None:
    code = """
    import ipywidgets
    out, slider = ipywidgets.Output(), ipywidgets.IntSlider()
    @out.capture(clear_output=True)
    def moved(change):
        print('now', change.new)
    slider.observe(moved, 'value')
    """
    await server.kernel.execute(code, request_id="callback")
    ((slider, _),) = server.models("IntSliderModel").items()
    for value in (3, 7):
        move = CommMsgEvent(None, slider, {"method": "update", "state": {"value": value}, "buffer_paths": []})
        server.comms.apply_from_client(move)
        server.kernel.comm_msg(slider, move.data)
    await server.kernel.execute("slider.value")
    server.tick()
    ((_, output),) = server.models("OutputModel").items()
    assert [o["text"] for o in output["outputs"]] == ["now 7\n"]
    assert server.texts("callback") == []
    ((_, state),) = server.models("IntSliderModel").items()
    assert state["value"] == 7


async def test_binary_traits_reach_a_late_client(server: Server) -> None:
    code = """
    import ipywidgets
    picture = ipywidgets.Image(value=b'first', format='png')
    picture.value = bytes(range(256)) * 1000
    """
    await server.kernel.execute(code)
    (opened,) = [o for o in server.comms.open_comms() if o.data["state"].get("_model_name") == "ImageModel"]
    assert opened.data["buffer_paths"] == [["value"]]
    assert opened.buffers == (bytes(range(256)) * 1000,)
    await server.kernel.execute("picture.close()")
    assert not server.models("ImageModel")


async def test_progress_bars_and_updated_displays(server: Server) -> None:
    code = """
    import sys, time
    from IPython.display import display, clear_output
    for n in range(101):
        print(f'\\r{n:>3}%', end='', flush=True)
    print()
    handle = display('start', display_id=True)
    for n in range(3):
        handle.update(n)
    for n in range(3):
        clear_output(wait=True)
        print('frame', n)
    """
    await server.kernel.execute(code, request_id="progress")
    assert server.texts("progress") == ["frame 2\n"]
    await server.kernel.execute(code.split("    for n in range(3):\n        clear")[0], request_id="progress-2")
    assert server.texts("progress-2") == ["100%\n", "display_data"]
    assert server.outputs.outputs("progress-2")[1]["data"] == {"text/plain": "2"}
