"""The pool of kernels as the settings want it."""

from __future__ import annotations

import os

from reactive_kernels import Forking, KernelPool, PoolLimits, ResourceLimits
from reactive_nb.core.config import Settings, variable_name

_RESOURCES = {
    "memory_bytes": "kernel_memory_limit",
    "cpu_seconds": "kernel_cpu_seconds",
    "open_files": "kernel_file_limit",
    "processors": "kernel_cpu_limit",
    "processes": "kernel_process_limit",
}


def kernel_pool(settings: Settings) -> KernelPool:
    """The pool of a service."""
    limits = PoolLimits(
        max_kernels=settings.max_kernels,
        max_kernels_name=variable_name("max_kernels"),
        spares=settings.warm_kernels,
        start_timeout=settings.kernel_start_timeout,
    )
    return _pool(settings, limits, Forking(settings.fork_kernels.value), settings.preload_modules)


def pool_of_one(settings: Settings) -> KernelPool:
    """A pool for a single notebook: a fork server that starts one kernel is more work than it saves."""
    limits = PoolLimits(max_kernels=1, spares=0, start_timeout=settings.kernel_start_timeout)
    return _pool(settings, limits, Forking.NEVER, ())


def _pool(settings: Settings, limits: PoolLimits, forking: Forking, preload: tuple[str, ...]) -> KernelPool:
    return KernelPool(
        limits,
        default_kernel=settings.default_kernel,
        environment={name: os.environ[name] for name in settings.kernel_env if name in os.environ},
        forking=forking,
        preload=preload,
        resources=_resource_limits(settings),
    )


def _resource_limits(settings: Settings) -> ResourceLimits:
    values = {limit: getattr(settings, setting) or None for limit, setting in _RESOURCES.items()}
    return ResourceLimits(**values, names={limit: variable_name(setting) for limit, setting in _RESOURCES.items()})
