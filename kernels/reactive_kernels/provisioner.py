"""A kernel provisioner for jupyter_client: local kernels, forked where they can be, else launched the ordinary way.

A kernelspec selects it by `"metadata": {"kernel_provisioner": {"provisioner_name": "reactive-fork-provisioner"}}`, with
`"config": {"preload": […]}` beside the name for the modules that its kernels shall find imported. A kernel lives no
longer than the process that started it: `independent` ones, and whatever else only `subprocess.Popen` can do, are
started by it.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Dict, List, Unicode

from .confinement import confined
from .fork_server import ForkedProcess, ForkUnavailable, fork_kernel, plan

logger = logging.getLogger(__name__)


class ForkProvisioner(LocalProvisioner):
    """Starts IPython kernels by forking a process that has imported all they need."""

    preload = List(
        Unicode(), help="Modules that kernels shall find imported, where they are installed: pandas, numpy, …"
    ).tag(config=True)

    confinement = Dict(help="Limits of the kernels' processes: see `Confinement.options`.").tag(config=True)

    process: Any = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel; returns when it listens. Raises KernelStartError with its traceback if it fails."""
        launch = plan(cmd, kwargs, self.preload, self.confinement)
        if launch is not None:
            try:
                self.process = await fork_kernel(launch)
            except ForkUnavailable as why:
                logger.info("A kernel is started by itself, not forked: %s.", why)
            else:
                self.pid = self.pgid = self.process.pid
                self.cwd = kwargs.get("cwd", Path.cwd())
                return self.connection_info
        return await super().launch_kernel(confined(cmd, self.confinement), **kwargs)

    async def wait(self) -> int | None:
        """Wait for the end of the process, and until nothing is left of it."""
        if not isinstance(self.process, ForkedProcess):
            return await super().wait()
        code = await self.process.ended()
        self.process = None
        return code
