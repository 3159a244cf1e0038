"""Jupyter kernels for servers: a pool of them, a connection to each, and what they put out.

Knows Jupyter and nothing of notebooks, HTTP or users.
"""

from .batches import BatchCell
from .comms import CommLimits, CommStore
from .connection import KernelConnection
from .displays import NOBODY
from .environment import kernel_environment
from .errors import (
    DeadKernelError,
    KernelError,
    KernelLimitError,
    KernelStartError,
    KernelTimeout,
    NoSuchKernel,
)
from .events import (
    ClearOutputEvent,
    CommCloseEvent,
    CommMsgEvent,
    CommOpenEvent,
    DebugEvent,
    DiedEvent,
    ExecuteInputEvent,
    InputRequestEvent,
    KernelEvent,
    OutputEvent,
    StatusEvent,
    UpdateDisplayEvent,
)
from .kernelspecs import Forking
from .outputs import Append, Clear, OutputChange, OutputLimits, OutputStore, Replace, Splice
from .pool import KernelPool, PoolLimits
from .replies import ExecuteReply
from .resource_limits import ResourceLimits

__all__ = [
    "NOBODY",
    "Append",
    "BatchCell",
    "Clear",
    "ClearOutputEvent",
    "CommCloseEvent",
    "CommLimits",
    "CommMsgEvent",
    "CommOpenEvent",
    "CommStore",
    "DeadKernelError",
    "DebugEvent",
    "DiedEvent",
    "ExecuteInputEvent",
    "ExecuteReply",
    "Forking",
    "InputRequestEvent",
    "KernelConnection",
    "KernelError",
    "KernelEvent",
    "KernelLimitError",
    "KernelPool",
    "KernelStartError",
    "KernelTimeout",
    "NoSuchKernel",
    "OutputChange",
    "OutputEvent",
    "OutputLimits",
    "OutputStore",
    "PoolLimits",
    "Replace",
    "ResourceLimits",
    "Splice",
    "StatusEvent",
    "UpdateDisplayEvent",
    "kernel_environment",
]
