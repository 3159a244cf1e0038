"""After any edits an output that several cells update by its display id shows what a fresh run would leave there."""

from __future__ import annotations

from reactive_nb.models import CellMode
from reactive_nb.services.operations import MoveCell, RemoveCell, UpdateCell
from tests.services.live import Open

SHOW = "from IPython.display import display, update_display\nhandle = display('a', display_id='d')"


async def test_displays_of_which_several_cells_speak(open_notebook: Open) -> None:
    notebook = await open_notebook(SHOW, "update_display('b', display_id='d')", "update_display('c', display_id='d')")
    await notebook.run()
    assert notebook.text("c0") == "'c'"
    await notebook.run("c1")
    assert notebook.text("c0") == "'c'"
    await notebook.edit("c0", SHOW.replace("'a'", "'A'"))
    await notebook.run()
    assert notebook.text("c0") == "'c'"
    await notebook.edit("c2", "1")
    await notebook.run()
    assert notebook.text("c0") == "'b'"
    await notebook.session.apply(RemoveCell("c1"))
    await notebook.until(lambda: notebook.text("c0") == "'A'")


async def test_moving_and_disabling_cells_changes_what_is_shown(open_notebook: Open) -> None:
    notebook = await open_notebook(SHOW, "update_display('b', display_id='d')", "update_display('c', display_id='d')")
    await notebook.run()
    await notebook.session.apply(MoveCell("c1", 2))
    await notebook.until(lambda: notebook.text("c0") == "'b'")
    await notebook.session.apply(UpdateCell("c1", config={"mode": CellMode.DISABLED}))
    await notebook.until(lambda: notebook.text("c0") == "'c'")


async def test_a_cell_that_is_blocked_or_emptied_says_nothing(open_notebook: Open) -> None:
    notebook = await open_notebook(SHOW, "x = 'b'", "update_display(x, display_id='d')")
    await notebook.run()
    assert notebook.text("c0") == "'b'"
    await notebook.edit("c1", "raise ValueError")
    await notebook.run()
    await notebook.until(lambda: notebook.text("c0") == "'a'")
    await notebook.edit("c1", "x = 'B'")
    await notebook.run()
    await notebook.until(lambda: notebook.text("c0") == "'B'")
    await notebook.edit("c2", "")
    await notebook.run()
    await notebook.until(lambda: notebook.text("c0") == "'a'")
