"""What the kernels of one pool have in common when they are started: environment, directory, modules, kernelspecs.

Owns the private directory for their sockets. Which kernels there are, and how many, is the pool's to know.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager

from .cgroups import Cgroups, NoCgroups, missing
from .environment import kernel_environment
from .errors import KernelError
from .kernel_process import KernelProcess
from .kernelspecs import Forking
from .launch import LaunchRequest, launch, prepare
from .resource_limits import ResourceLimits
from .runtime_directory import RuntimeDirectory, remove_abandoned

logger = logging.getLogger(__name__)

_QUIET = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # otherwise each kernel prints a debugger's warning as it starts


class Launcher:
    """Between `open` and `close`, starts processes of whichever kernelspec, each with what all of the pool's get."""

    def __init__(
        self, environment: Mapping[str, str], forking: Forking, preload: Sequence[str], resources: ResourceLimits
    ) -> None:
        self._environment = dict(environment)
        self._forking = forking
        self._preload = tuple(preload)
        self._resources = resources
        self._cgroups: Cgroups | None = None
        self._specs = KernelSpecManager()
        self._directory: RuntimeDirectory | None = None

    def open(self) -> None:
        """Make the directory. Raises KernelError if that can be done nowhere."""
        self._directory = RuntimeDirectory()
        self._cgroups = _cgroups_for(self._resources)

    async def tidy(self) -> None:
        """Remove the directories and control groups of services that are gone."""
        if self._directory is not None:
            await asyncio.to_thread(remove_abandoned, self._directory.path.parent)
        if self._cgroups is not None:
            await asyncio.to_thread(self._cgroups.remove_abandoned)

    async def close(self) -> None:
        """Remove the directory: nothing is started from now on."""
        directory, self._directory = self._directory, None
        if directory is not None:
            await asyncio.to_thread(directory.remove)

    def launch_of(self, name: str, cwd: Path | None, env: Mapping[str, str]) -> Callable[[], Awaitable[KernelProcess]]:
        """How to start such a kernel's process, now and at every restart."""
        request = self._request(name, cwd, env)

        async def start() -> KernelProcess:
            if self._directory is None:
                raise KernelError("The kernel pool is closed.")
            self._directory.restore()
            return await launch(request, self._specs, self._directory.path)

        return start

    async def prepare(self, name: str) -> None:
        """Have imported what kernels of that kernelspec shall find imported: what is forked before finds less."""
        if self._preload:
            await prepare(self._request(name, None, {}), self._specs)

    def kernelspecs(self) -> dict[str, dict[str, Any]]:
        """The installed kernelspecs by name. Reads the disk."""
        return {name: {**found["spec"], "name": name} for name, found in self._specs.get_all_specs().items()}

    def _request(self, name: str, cwd: Path | None, env: Mapping[str, str]) -> LaunchRequest:
        environment = kernel_environment(os.environ, {**_QUIET, **self._environment, **env})
        return LaunchRequest(name, cwd, environment, self._forking, self._preload, self._resources, self._cgroups)


def _cgroups_for(limits: ResourceLimits) -> Cgroups | None:
    """Where control groups can be made, if any are needed. What cannot be limited without them is told."""
    if not limits.group_files():
        return None
    cgroups, why = None, ""
    try:
        cgroups = Cgroups.find()
    except NoCgroups as error:
        why = f": {error}"
    for limit in missing(limits, cgroups.controllers if cgroups is not None else frozenset()):
        logger.warning("The limit of %s %s is not kept%s.", limit, limits.say(limit), why)
    return cgroups
