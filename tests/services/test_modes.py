"""Cells given to the kernel one by one and several together: a notebook's user sees no difference."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from reactive_nb.models import KernelState
from reactive_nb.schemas.commands import CommMsg
from reactive_nb.schemas.events import CommOpened, InputRequested
from reactive_nb.schemas.runs import RunState
from reactive_nb.services.operations import AddCell, RemoveCell
from tests.services.live import Live, Open, cell

pytestmark = pytest.mark.anyio

OpenSources = Callable[..., Awaitable[Live]]
ASK = "input('go? ')"


@pytest.fixture(params=["single", "batch"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def opened(open_notebook: Open, mode: str) -> OpenSources:
    """Opens a notebook of these sources. A cell with a time limit is never given to the kernel with others."""
    limit = 600 if mode == "single" else None

    async def open_it(*sources: str) -> Live:
        return await open_notebook(*(cell(place, source, timeout=limit) for place, source in enumerate(sources)))

    return open_it


async def asked(notebook: Live, count: int) -> InputRequested:
    found: list[InputRequested] = await notebook.until(lambda: notebook.of(InputRequested)[count - 1 :])
    return found[0]


async def begun(notebook: Live) -> asyncio.Task[Any]:
    """A run of all cells, of which the first waits until it is answered."""
    run = asyncio.create_task(notebook.run())
    await asked(notebook, 1)
    return run


async def test_the_mode_is_the_one_that_it_says(opened: OpenSources, mode: str) -> None:
    notebook = await opened(ASK, "2", "3")
    run = await begun(notebook)
    assert len(notebook.session.state.ahead) == (2 if mode == "batch" else 0)
    notebook.session.reply_input("")
    await run
    assert notebook.statuses() == "success success success"


async def test_outputs_counts_and_order(opened: OpenSources) -> None:
    notebook = await opened("x = 1", "print(x)\nx + 1", "y = x + 2", "print(y); y * 2")
    assert (await notebook.run()).state is RunState.FINISHED
    assert [notebook.text(f"c{n}") for n in range(4)] == ["", "1\n2", "", "3\n6"]
    counts = [notebook.cell(f"c{n}").execution_count or 0 for n in range(4)]
    assert counts == list(range(counts[0], counts[0] + 4))
    assert notebook.ran() == ["c0", "c1", "c2", "c3"]


async def test_an_interrupt_ends_the_cell_and_drops_what_follows(opened: OpenSources) -> None:
    notebook = await opened("1", "print('on', flush=True)\nwhile True: pass", "3")
    run = asyncio.create_task(notebook.run())
    await notebook.printed("c1", "on")
    await notebook.session.interrupt()
    assert (await run).state is RunState.INTERRUPTED
    assert notebook.statuses() == "success stale idle"
    assert notebook.message("c1").startswith("interrupted")
    await notebook.edit("c1", "2")
    await notebook.run()
    assert notebook.statuses() == "success success success"


async def test_questions_are_asked_for_their_cells_in_turn(opened: OpenSources) -> None:
    notebook = await opened(
        "name = input('name? ')", "import getpass\nword = getpass.getpass('word? ')", "print(name, word)"
    )
    run = asyncio.create_task(notebook.run())
    for count, answer in enumerate(["Ada", "secret"], 1):
        question = await asked(notebook, count)
        assert (question.cell_id, question.password) == (f"c{count - 1}", count == 2)
        notebook.session.reply_input(answer)
    await run
    assert notebook.text("c2") == "Ada secret\n"
    assert notebook.session.kernel.input_request is None


async def test_widgets_are_moved_by_clients_between_cells(opened: OpenSources) -> None:
    notebook = await opened(
        "import ipywidgets\ns = ipywidgets.IntSlider()", "s.value = 5", "s.max = 50", "print('end')"
    )
    await notebook.run()
    comm = next(event for event in notebook.of(CommOpened) if "value" in event.data.get("state", {}))
    assert comm.cell_id == "c0"
    data = {"method": "update", "state": {"value": 7}, "buffer_paths": []}
    command = CommMsg(type="comm.msg", id="1", comm_id=comm.comm_id, data=data)
    notebook.session.comm(command, (), "client")
    await notebook.edit("c3", "print(s.value, s.max)")
    await notebook.run()
    assert notebook.text("c3") == "7 50\n"


async def test_a_cell_edited_before_its_turn_runs_as_it_is_by_then(opened: OpenSources) -> None:
    notebook = await opened(ASK, "x = 1", "print(x)")
    run = await begun(notebook)
    await notebook.edit("c1", "x = 2")
    notebook.session.reply_input("")
    await run
    assert (notebook.text("c2"), notebook.statuses()) == ("2\n", "success success success")


async def test_cells_removed_or_added_before_their_turn(opened: OpenSources) -> None:
    notebook = await opened(ASK, "print('gone')\ny = 1", "print('kept')", "x = 3")
    run = await begun(notebook)
    await notebook.session.apply(RemoveCell("c1"))
    await notebook.session.apply(AddCell("new", source="x = 5", after="c0"))
    notebook.session.reply_input("")
    await run
    assert "c1" not in notebook.ran()
    assert notebook.text("c2") == "kept\n"
    assert notebook.status("new") == "idle"


async def test_a_death_in_the_middle_blames_the_cell_that_ran(opened: OpenSources) -> None:
    notebook = await opened("x = 1\nprint('one')", "import os, time\ntime.sleep(0.3)\nos.kill(os.getpid(), 9)", "3")
    assert (await notebook.run()).state is RunState.FAILED
    assert notebook.text("c0") == "one\n"
    assert "SIGKILL" in notebook.message("c1")
    assert notebook.cell("c0").error is None
    assert notebook.cell("c2").error is None
    assert notebook.session.state.kernel is KernelState.DEAD
    await notebook.edit("c1", "2")
    await notebook.run()
    assert notebook.statuses() == "success success success"


async def test_displays_are_updated_across_cells_and_cleared(opened: OpenSources) -> None:
    notebook = await opened(
        "from IPython.display import clear_output, display\nh = display('one', display_id=True)",
        "print('kept')",
        "h.update('two')",
        "print('a')\nclear_output(wait=True)\nprint('b')",
        "print('50%', end='\\r'); print('99%\\b\\b!')",
    )
    await notebook.run()
    assert [notebook.text(f"c{n}") for n in range(5)] == ["'two'", "kept\n", "", "b\n", "9!%\n"]


async def test_an_error_blocks_who_needs_it_and_nobody_else(opened: OpenSources) -> None:
    notebook = await opened("x = 1", "y = x / 0", "print(y)", "print(x)")
    await notebook.run()
    assert notebook.statuses() == "success error blocked success"
    assert notebook.text("c1") == "ZeroDivisionError: division by zero"
    await notebook.edit("c1", "y = x / 2")
    await notebook.run()
    assert (notebook.statuses(), notebook.text("c2")) == ("success success success success", "0.5\n")


async def test_what_cells_write_into_the_notebook(opened: OpenSources, tmp_path: Any) -> None:
    (tmp_path / "code.py").write_text("y = 42\n")
    load = f"%load {tmp_path / 'code.py'}"
    notebook = await opened("x = 1", load, "get_ipython().set_next_input('z = x')", "len?", "print(x)")
    await notebook.run()
    sources = [one.source for one in notebook.session.notebook.cells]
    assert sources[1:4] == [f"# {load}\ny = 42\n", "get_ipython().set_next_input('z = x')", "z = x"]
    assert "Return the number of items" in notebook.text("c3")
    assert notebook.text("c4") == "1\n"


async def test_names_that_the_analysis_could_not_see(opened: OpenSources) -> None:
    notebook = await opened("exec('hidden = 1')", "a = 2", "print(hidden)", "exec('a = 3')", "print(a)")
    await notebook.run()
    assert (notebook.text("c2"), notebook.text("c4")) == ("1\n", "3\n")
