"""Widgets as inputs on a real kernel: moved by clients and callbacks, while cells run; and how two updates join."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from reactive_kernels import CommMsgEvent
from reactive_nb.schemas.commands import CommMsg
from reactive_nb.schemas.events import RunFinished
from reactive_nb.services.widget_inputs import joined
from tests.services.live import Live, Open

pytestmark = pytest.mark.anyio

SLIDER = "import ipywidgets as w\ns = w.IntSlider(value=1)"


def comm_of(notebook: Live, name: str) -> str:
    """The comm of the widget that a name is bound to."""
    return next(r.widgets[name] for r in notebook.session.state.records.values() if name in r.widgets)


def drag(notebook: Live, comm_id: str, **state: Any) -> None:
    command = CommMsg(
        type="comm.msg", id="1", comm_id=comm_id, data={"method": "update", "state": state, "buffer_paths": []}
    )
    notebook.session.comm(command, (), "client")


async def settled(notebook: Live) -> None:
    """Wait until no widget's value is on its way and nothing runs."""
    kernel = notebook.session.kernel
    await notebook.until(lambda: not notebook.session.busy)
    while notebook.session.busy or not kernel.widget_inputs.at_rest:
        await kernel.living().call("bind", bind={})  # answered after what was said before


async def test_a_slider_drives_what_looks_at_it(open_notebook: Open) -> None:
    notebook = await open_notebook(SLIDER, "s", "x = s.value * 2", "print('x is', x)", "print('apart')")
    await notebook.run()
    ran = len(notebook.ran())
    drag(notebook, comm_of(notebook, "s"), value=21)
    await notebook.printed("c3", "x is 42")
    await settled(notebook)
    assert notebook.ran()[ran:] == ["c2", "c3"]


async def test_many_moves_end_on_the_last_value_without_a_backlog(open_notebook: Open) -> None:
    notebook = await open_notebook(SLIDER, "x = s.value", "print('x is', x)")
    await notebook.run()
    comm_id = comm_of(notebook, "s")
    ran = len(notebook.ran())
    for value in range(2, 101):
        drag(notebook, comm_id, value=value)
        if value % 10 == 0:
            await asyncio.sleep(0)  # others get a turn
    await notebook.printed("c2", "x is 100")
    await settled(notebook)
    assert len(notebook.ran()) - ran < 50
    assert len(notebook.of(RunFinished)) < 52


async def test_a_move_while_a_cell_runs_is_not_lost(open_notebook: Open) -> None:
    notebook = await open_notebook(
        SLIDER, "import time\nprint('begun', s.value, flush=True)\ntime.sleep(0.3)\nx = s.value"
    )
    await notebook.run()
    comm_id = comm_of(notebook, "s")
    drag(notebook, comm_id, value=2)
    await notebook.printed("c1", "begun 2")
    for value in range(3, 20):
        drag(notebook, comm_id, value=value)
    await notebook.printed("c1", "begun 19")
    await settled(notebook)
    assert len(notebook.ran()) < 8


async def test_a_callback_that_moves_another_widget_is_a_move(open_notebook: Open) -> None:
    notebook = await open_notebook(
        SLIDER,
        "t = w.FloatText()\ns.observe(lambda change: setattr(t, 'value', change.new / 2), 'value')",
        "print('half is', t.value)",
    )
    await notebook.run()
    drag(notebook, comm_of(notebook, "s"), value=7)
    await notebook.printed("c2", "half is 3.5")


async def test_what_a_cell_does_to_a_widget_is_no_move(open_notebook: Open) -> None:
    notebook = await open_notebook(SLIDER, "print('saw', s.value)", "s.value = 5", "print('saw', s.value)")
    await notebook.run()
    await settled(notebook)
    assert notebook.text("c1") == "saw 1\n"
    assert notebook.text("c3") == "saw 5\n"


async def test_layout_and_what_is_said_again_run_nothing(open_notebook: Open) -> None:
    notebook = await open_notebook(SLIDER, "print(s.value)")
    await notebook.run()
    ran = len(notebook.ran())
    drag(notebook, comm_of(notebook, "s"), value=1)
    drag(notebook, comm_of(notebook, "s"), _view_count=1)
    await settled(notebook)
    assert notebook.ran()[ran:] == []


async def test_an_anywidget_is_an_input_like_any_other(open_notebook: Open) -> None:
    made = (
        "import anywidget, traitlets\n"
        "class Counter(anywidget.AnyWidget):\n"
        "    _esm = 'export default {}'\n"
        "    count = traitlets.Int(0).tag(sync=True)\n"
        "c = Counter()"
    )
    notebook = await open_notebook(made, "print('count', c.count)")
    await notebook.run()
    drag(notebook, comm_of(notebook, "c"), count=3)
    await notebook.printed("c1", "count 3")


async def test_a_dragged_slider_and_a_cascade_of_ten(open_notebook: Open) -> None:
    chain = ["x0 = s.value", *(f"x{n} = x{n - 1} + 1" for n in range(1, 9)), "print('end', x8)"]
    notebook = await open_notebook(SLIDER, *chain)
    await notebook.run()
    comm_id = comm_of(notebook, "s")
    for value in range(2, 30):
        drag(notebook, comm_id, value=value)
        await notebook.printed("c10", f"end {value + 8}")
    await settled(notebook)


def test_two_updates_join_to_one_that_does_what_both_do() -> None:
    first = CommMsgEvent(
        None,
        "m",
        {"method": "update", "state": {"a": 1, "b": {"x": None}}, "buffer_paths": [["b", "x"], ["d"]]},
        {},
        (b"1", b"2"),
    )
    second = CommMsgEvent(None, "m", {"method": "update", "state": {"b": 3}, "buffer_paths": [["e"]]}, {}, (b"3",))
    both = joined(first, second)
    assert both.data == {"method": "update", "state": {"a": 1, "b": 3}, "buffer_paths": [["e"], ["d"]]}
    assert both.buffers == (b"3", b"2")
