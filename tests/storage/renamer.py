"""A process that renames a notebook, and kills itself before one of the steps that this takes: for tests.

`python renamer.py DIRECTORY ID STEP`: what counts as a step is whatever changes a directory.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from typing import Any

from reactive_nb.storage import FileStorage

STEPS = {"os.link", "os.rename", "os.remove", "os.utime", "os.chmod"}


def kill_before(step: int) -> None:
    seen = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        creates = event == "open" and isinstance(arguments[2], int) and bool(arguments[2] & os.O_CREAT)
        if event in STEPS or creates:
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


async def main(directory: str, notebook_id: str, step: int) -> None:
    async with FileStorage(directory) as storage:
        stored = await storage.load(notebook_id)
        kill_before(step)
        await storage.save(replace(stored, name="after", revision=1), expected=0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
