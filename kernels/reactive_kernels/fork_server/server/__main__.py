"""`python …/server DESCRIPTOR OPTIONS`: a fork server, and, in each of its children, a kernel.

DESCRIPTOR is the socket that its owner holds the other end of, OPTIONS a JSON object: the modules to have imported.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import sys
import types

NAME = "_reactive_fork_server"


def main() -> None:
    """Serve until the owner is gone; in a child, be a kernel until it ends."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # a warning that says nothing to anybody here
    sys.modules[NAME] = package = types.ModuleType(NAME)
    package.__path__ = [here]
    loop, kernel = (importlib.import_module(f"{NAME}.{name}") for name in ("loop", "kernel"))
    job = loop.ForkServer(socket.socket(fileno=int(sys.argv[1])), **json.loads(sys.argv[2])).serve()
    if job is not None:
        for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
            del sys.modules[name]
        kernel.run(job)


main()
