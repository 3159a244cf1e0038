"""Kernels forked from a process that has imported what they need: started in a fraction of the time and the memory.

`client`, `servers` and `process` are the owner's side, `plan` decides who can be served, and `server` runs in the
kernelspec's own interpreter. Linux and macOS.
"""

from .client import end_fork_servers, fork_kernel, fork_server_report
from .plan import Launch, ServerKind, plan
from .process import UNKNOWN_EXIT, ForkedProcess
from .servers import ForkUnavailable

__all__ = [
    "UNKNOWN_EXIT",
    "ForkUnavailable",
    "ForkedProcess",
    "Launch",
    "ServerKind",
    "end_fork_servers",
    "fork_kernel",
    "fork_server_report",
    "plan",
]
