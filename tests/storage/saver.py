"""A process that saves one notebook again and again, and says what has been acknowledged: killed by tests.

`python saver.py DIRECTORY ID COUNT [MARK]` adds COUNT cells to the notebook, each in a save of its own,
and tries again after a conflict. A line with the revision is printed after each save.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

from reactive_nb.models import Cell
from reactive_nb.storage import FileStorage, RevisionConflict

OUTPUT = "x" * 2000


async def main(directory: str, notebook_id: str, count: int, mark: str = "") -> None:
    async with FileStorage(directory) as storage:
        stored = await storage.load(notebook_id)
        for number in range(count):
            while True:
                revision = stored.revision + 1
                cell = Cell(f"{mark}{number}-{revision}", source=f"{revision} {OUTPUT}")
                try:
                    stored = await storage.save(
                        replace(stored, cells=(*stored.cells, cell), revision=revision, name=f"n{revision // 3 % 2}"),
                        expected=stored.revision,
                    )
                except RevisionConflict as conflict:
                    stored = conflict.stored
                else:
                    break
            print(stored.revision, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:]))
