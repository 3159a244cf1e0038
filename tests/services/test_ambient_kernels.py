"""State without a name on real kernels: after each edit every cell shows what it would in a fresh run."""

from __future__ import annotations

import pytest

from tests.services.live import Open

pytestmark = pytest.mark.anyio

CASES: dict[str, tuple[str, str, str]] = {
    "working directory": ("import os", "os.chdir('/')", "print(os.getcwd() == '/')"),
    "environment variables": ("import os", "os.environ['PART'] = '1'", "print(os.environ.get('PART'))"),
    "module search path": ("import sys", "sys.path.append('/nowhere')", "print('/nowhere' in sys.path)"),
    "warning filters": (
        "import warnings",
        "warnings.filterwarnings('ignore', 'nothing')",
        "print(any(kind == 'ignore' and said and said.pattern == 'nothing' for kind, said, *_ in warnings.filters))",
    ),
    "random generator": ("import random\nrandom.seed(1)", "random.seed(2)", "print(random.random())"),
    "numpy random generator": (
        "import numpy as np\nnp.random.seed(1)",
        "np.random.seed(2)",
        "print(np.random.rand())",
    ),
    "matplotlib style": (
        "import matplotlib\nimport matplotlib.pyplot as plt",
        "plt.rcParams['lines.linewidth'] = 9",
        "print(plt.plot([1, 2])[0].get_linewidth()); plt.close()",
    ),
    "pandas options": (
        "import pandas as pd",
        "pd.set_option('display.precision', 1)",
        "print(pd.Series([1.23456]))",
    ),
    "numpy print options": (
        "import numpy as np",
        "np.set_printoptions(precision=1)",
        "print(np.array([1.23456]))",
    ),
    "polars' options, which are environment variables": (
        "import polars as pl",
        "pl.Config.set_tbl_hide_column_names(True)",
        "print(pl.DataFrame({'a': [1]}))",
    ),
}
"""What loads the module, what changes the state, and what shows it."""


@pytest.mark.parametrize(("loads", "changes", "shows"), CASES.values(), ids=CASES.keys())
async def test_each_cell_finds_it_as_it_is_at_its_place(
    open_notebook: Open, loads: str, changes: str, shows: str
) -> None:
    sources = [loads, f"{shows}  # above", changes, f"{shows}  # below"]
    notebook = await open_notebook(*sources)
    await notebook.run()

    async def shown_afresh() -> list[str]:
        fresh = await open_notebook(*sources)
        await fresh.run()
        return [fresh.text(f"c{place}") for place in range(4)]

    first = await shown_afresh()
    assert [notebook.text(f"c{place}") for place in range(4)] == first
    assert first[1] != first[3]
    for cell in ("c1", "c3", "c0"):
        await notebook.run(cell)
        assert [notebook.text(f"c{place}") for place in range(4)] == first, cell
    for place, source in ((2, "'nothing changes'"), (2, changes), (1, changes), (1, sources[1])):
        sources[place] = source
        await notebook.edit(f"c{place}", source)
        await notebook.run()
        assert [notebook.text(f"c{n}") for n in range(4)] == await shown_afresh(), (place, source)
