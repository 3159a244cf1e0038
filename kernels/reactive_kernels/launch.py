"""Starting a kernel's process, through whatever provisioner its kernelspec names, or ours where it may be forked.

Local kernels talk over sockets in a private directory of short name, which is removed with the process; kernels of
other makes or provisioners get TCP, encrypted where they can. What becomes of the process is not known here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from .cgroups import Cgroups
from .confinement import Confinement, confined
from .errors import KernelStartError
from .fork_server import ForkUnavailable, fork_server_report, plan
from .kernel_log import KernelLog
from .kernel_process import KernelProcess
from .kernelspecs import Forking, OneKernelspec, find_kernelspec, fork_command, is_ipykernel, is_local, started_as
from .provisioner import ForkProvisioner
from .resource_limits import ResourceLimits


@dataclass(frozen=True)
class LaunchRequest:
    """What to start: a kernelspec's name, where, and with which environment (all of it)."""

    kernel_name: str
    cwd: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    forking: Forking = Forking.AUTO
    preload: Sequence[str] = ()
    """Modules to be imported before the kernel is forked, where it is forked."""
    limits: ResourceLimits = field(default_factory=ResourceLimits)
    cgroups: Cgroups | None = None
    """Where its control group can be made."""


async def launch(request: LaunchRequest, specs: KernelSpecManager, runtime_directory: Path) -> KernelProcess:
    """Start a kernel's process; it is not yet known to answer.

    `runtime_directory` must be private (0700) and of short name: a directory for this kernel is made in it.
    Raises NoSuchKernel for an unknown kernelspec, KernelStartError if the process cannot be started.
    """
    found = await find_kernelspec(request.kernel_name, specs)
    directory = runtime_directory / uuid.uuid4().hex[:8]
    directory.mkdir(mode=0o700)
    confinement: Confinement | None = None
    try:
        confinement = _confinement(request, found)
        return await _start(
            _manager(request, _kernelspec(request, found, confinement), directory), request, directory, confinement
        )
    except BaseException as error:
        shutil.rmtree(directory, ignore_errors=True)
        if confinement is not None:
            await confinement.lift()
        if isinstance(error, KernelStartError) or not isinstance(error, Exception):
            raise
        detail = f"{type(error).__name__}: {error}"
        raise KernelStartError(
            f"The kernel {found.display_name!r} could not be started ({detail}). "
            f"Check the kernelspec {request.kernel_name!r}, whose command is: {' '.join(found.argv)}"
        ) from error


async def prepare(request: LaunchRequest, specs: KernelSpecManager) -> None:
    """If kernels of such a request are forked, have imported what they shall find imported. Does not fail."""
    with suppress(KernelStartError, ForkUnavailable):
        spec = _kernelspec(request, await find_kernelspec(request.kernel_name, specs), None)
        launch = plan(fork_command(spec) or [], {"env": dict(request.environment)}, request.preload)
        if launch is not None:
            await fork_server_report(launch)


def _confinement(request: LaunchRequest, spec: KernelSpec) -> Confinement | None:
    """None for a kernel on another machine, whose provisioner has limits of its own."""
    if not is_local(spec):
        return None
    return Confinement(request.limits, request.cgroups.make(request.limits) if request.cgroups is not None else None)


def _kernelspec(request: LaunchRequest, found: KernelSpec, confinement: Confinement | None) -> KernelSpec:
    options = {"preload": list(request.preload), "confinement": confinement.options if confinement is not None else {}}
    return started_as(found, request.forking, options)


def _manager(request: LaunchRequest, spec: KernelSpec, directory: Path) -> AsyncKernelManager:
    private = os.name == "posix" and is_local(spec) and is_ipykernel(spec)
    return AsyncKernelManager(
        kernel_name=request.kernel_name,
        kernel_spec_manager=OneKernelspec(spec),
        connection_file=str(directory / "k.json"),
        transport="ipc" if private else "tcp",
        transport_encryption="auto" if zmq.has("curve") and not private else "disabled",
    )


async def _start(
    manager: AsyncKernelManager, request: LaunchRequest, directory: Path, confinement: Confinement | None
) -> KernelProcess:
    options: dict[str, Any] = {"env": dict(request.environment)}
    if request.cwd is not None:
        options["cwd"] = str(request.cwd)
    command, options = await manager.pre_start_kernel(**options)
    provisioner = manager.provisioner
    if provisioner is None:
        raise KernelStartError("The kernelspec's provisioner could not be made.")
    log = KernelLog()
    process = KernelProcess(manager, provisioner, directory, log, confinement)
    if confinement is not None and not isinstance(provisioner, ForkProvisioner):
        command = confined(command, confinement.options)
    try:
        with log:
            if isinstance(provisioner, LocalProvisioner):
                options |= {"stdout": log, "stderr": subprocess.STDOUT}
            process.connection_info = dict(await provisioner.launch_kernel(command, **options))
        process.start_watching()
        await provisioner.post_launch(**options)
    except BaseException:
        await process.kill()
        raise
    return process
