"""Runs that wait for the kernel are bounded in number."""

from __future__ import annotations

import pytest

from reactive_nb.services.errors import TooManyRuns
from reactive_nb.services.reducer import runs
from tests.services.live import Open

pytestmark = pytest.mark.anyio


async def test_too_many_runs_are_refused_until_some_are_over(
    open_notebook: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "MAX_RUNS", 3)
    notebook = await open_notebook("import time; time.sleep(60)", "x = 1")
    for _ in range(3):
        await notebook.session.run(["c0"])
    with pytest.raises(TooManyRuns, match="Too many runs are waiting: 3"):
        await notebook.session.run(["c1"])
    assert len(notebook.session.state.runs) == 3
    await notebook.running("c0")
    await notebook.session.interrupt()
    await notebook.until(lambda: not notebook.session.busy)
    assert (await notebook.run("c1")).state == "finished"
