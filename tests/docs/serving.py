"""The service as a process of its own, as somebody who follows the README would start it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_LIMIT_S = 60


@contextmanager
def serving(arguments: list[str], folder: Path) -> Iterator[str]:
    """Start `reactive-nb` with these arguments, on a port of its own; the address it prints, without the token."""
    port = arguments.index("--port") + 1
    command = [sys.executable, "-m", "reactive_nb", *arguments[:port], "0", *arguments[port + 1 :]]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                found = re.search(r"(http://\S+?)/\?token=", line)
                if found:
                    break
            else:
                raise AssertionError("it ended without saying where it is")
            yield found.group(1)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=START_LIMIT_S)
