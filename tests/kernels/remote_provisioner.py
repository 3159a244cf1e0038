"""A provisioner as those are whose kernels run elsewhere: it has no process to show, only its word for it."""

from __future__ import annotations

import subprocess
from importlib.metadata import EntryPoint
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase


class RemoteProvisioner(KernelProvisionerBase):
    """Starts the kernel on this machine after all, and tells nobody."""

    elsewhere: subprocess.Popen[bytes] | None = None
    started: list[subprocess.Popen[bytes]] = []  # noqa: RUF012 (traitlets' class, one list for all)

    @property
    def has_process(self) -> bool:
        return self.elsewhere is not None

    async def pre_launch(self, **options: Any) -> dict[str, Any]:
        manager: Any = self.parent
        manager.ip = "127.0.0.1"
        manager.cache_ports = False
        for name in ("shell_port", "iopub_port", "stdin_port", "hb_port", "control_port"):
            setattr(manager, name, 0)
        manager.write_connection_file()
        self.connection_info = manager.get_connection_info()
        command = manager.format_kernel_cmd(extra_arguments=options.pop("extra_arguments", []))
        return await super().pre_launch(cmd=command, **options)

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        self.elsewhere = subprocess.Popen(  # noqa: ASYNC220 (as jupyter_client's own does)
            cmd, env=options.get("env"), cwd=options.get("cwd")
        )
        self.started.append(self.elsewhere)
        return self.connection_info

    async def poll(self) -> int | None:
        return None if self.elsewhere is None else self.elsewhere.poll()

    async def wait(self) -> int | None:
        return None if self.elsewhere is None else self.elsewhere.wait()

    async def send_signal(self, signum: int) -> None:
        if self.elsewhere is not None:
            self.elsewhere.send_signal(signum)

    async def kill(self, restart: bool = False) -> None:
        if self.elsewhere is not None:
            self.elsewhere.kill()

    async def terminate(self, restart: bool = False) -> None:
        if self.elsewhere is not None:
            self.elsewhere.terminate()

    async def cleanup(self, restart: bool = False) -> None:
        pass


def register() -> None:
    """Make it known under the name "elsewhere"."""
    where = f"{__name__}:RemoteProvisioner"
    provisioners = KernelProvisionerFactory.instance().provisioners
    provisioners["elsewhere"] = EntryPoint("elsewhere", where, KernelProvisionerFactory.GROUP_NAME)
