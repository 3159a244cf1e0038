"""What a kernelspec asks for, and which kernels may be forked although their kernelspec does not say so.

A notebook whose kernelspec is `python3` stays portable: its document goes on saying so, and only here is it decided
that such a kernel is this very interpreter's own and is started as the fork server's child. Every other kernelspec is
started exactly as written. Starts nothing.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.kernelspec import NoSuchKernel as UnknownKernelspec
from jupyter_client.provisioning.factory import KernelProvisionerFactory

from .errors import KernelStartError, NoSuchKernel

_ORDINARY = "local-provisioner"
_FORKING = "reactive-fork-provisioner"
_ARGUMENTS = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]
# What jupyter_client takes for the interpreter it runs in itself, wherever the search path leads.
_PYTHON = frozenset(["python", f"python{sys.version_info[0]}", f"python{sys.version_info[0]}.{sys.version_info[1]}"])


class Forking(StrEnum):
    """Which kernels are forked."""

    AUTO = "auto"
    """Those of this interpreter's own ipykernel, and those whose kernelspec names the provisioner."""
    NEVER = "never"
    """None, not even where the kernelspec names the provisioner."""


class OneKernelspec(KernelSpecManager):
    """For a kernel's manager: the one kernelspec that has been read for it already."""

    def __init__(self, spec: KernelSpec) -> None:
        super().__init__()
        self._spec = spec

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The one that there is."""
        return self._spec


async def find_kernelspec(name: str, specs: KernelSpecManager) -> KernelSpec:
    """The kernelspec of that name. Raises NoSuchKernel with the names that there are, KernelStartError if it is bad."""
    try:
        return await asyncio.to_thread(specs.get_kernel_spec, name)
    except UnknownKernelspec:
        known = ", ".join(sorted(await asyncio.to_thread(specs.find_kernel_specs))) or "none"
        raise NoSuchKernel(
            f"There is no kernel named {name!r} here (installed: {known}). Choose one of these, or install it."
        ) from None
    except Exception as error:
        raise KernelStartError(f"The kernelspec {name!r} cannot be read: {error}") from error


def started_as(spec: KernelSpec, forking: Forking, options: Mapping[str, Any]) -> KernelSpec:
    """The kernelspec with the provisioner that shall start its kernels, `options` being given to ours."""
    provisioner = _provisioner(spec)
    if forking is Forking.NEVER:
        return _provisioned(spec, _ORDINARY, {}) if provisioner == _FORKING else spec
    if provisioner == _FORKING or (provisioner == _ORDINARY and is_own_ipykernel(spec) and _is_installed(_FORKING)):
        return _provisioned(spec, _FORKING, options)
    return spec


def is_own_ipykernel(spec: KernelSpec) -> bool:
    """Whether its command is `python -m ipykernel_launcher` in this very interpreter, with nothing added."""
    command: list[str] = spec.argv
    return not spec.env and command[:1] != [] and _is_this_interpreter(command[0]) and _is_plain(command[1:])


def fork_command(spec: KernelSpec) -> list[str] | None:
    """The command of a kernelspec that `started_as` lets be forked, its interpreter being a path; None of others."""
    if _provisioner(spec) != _FORKING:
        return None
    program, *arguments = spec.argv
    return [sys.executable if program in _PYTHON else program.replace("{prefix}", sys.prefix), *arguments]


def is_local(spec: KernelSpec) -> bool:
    """Whether its kernels are processes of this machine, started by us."""
    return _provisioner(spec) in (_ORDINARY, _FORKING)


def is_ipykernel(spec: KernelSpec) -> bool:
    """Whether the command starts ipykernel: kernels of other makes may know no sockets but TCP."""
    return any(module in ("ipykernel", "ipykernel_launcher") for module in spec.argv)


def _is_this_interpreter(program: str) -> bool:
    program = program.replace("{prefix}", sys.prefix)
    return program in _PYTHON or (os.path.isabs(program) and _place(program) == _place(sys.executable))


def _place(program: str) -> tuple[str, str]:
    """Where a program is, and what it is; not only the latter, for a virtual environment's is a link to another's."""
    return os.path.realpath(os.path.dirname(program)), os.path.realpath(program)


def _is_plain(arguments: Sequence[str]) -> bool:
    frozen_modules = arguments[:1] == ["-Xfrozen_modules=off"]
    return list(arguments[1:] if frozen_modules else arguments) == _ARGUMENTS


def _provisioner(spec: KernelSpec) -> str:
    named = (spec.metadata.get("kernel_provisioner") or {}).get("provisioner_name")
    return str(named or KernelProvisionerFactory.instance().default_provisioner_name)


def _is_installed(provisioner: str) -> bool:
    return provisioner in KernelProvisionerFactory.instance().provisioners


def _provisioned(spec: KernelSpec, provisioner: str, options: Mapping[str, Any]) -> KernelSpec:
    own = (spec.metadata.get("kernel_provisioner") or {}).get("config") or {}
    chosen = {"provisioner_name": provisioner, "config": {**options, **own} if provisioner == _FORKING else {}}
    changed: KernelSpec = spec.__class__(resource_dir=spec.resource_dir, **spec.to_dict())
    changed.metadata = {**spec.metadata, "kernel_provisioner": chosen}
    return changed
