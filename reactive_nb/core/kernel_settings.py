"""The settings of kernels: which and how many, how they start and end, and how much each may use."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

from pydantic import ByteSize, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from reactive_nb.core.setting_types import Names

# An idle kernel has asked for some 160 MiB, most of it for its threads; numpy and pandas ask for 100 MiB more.
_LEAST = {
    "kernel_memory_limit": (256 * 1024 * 1024, "256 MiB"),
    "kernel_process_limit": (50, "50"),
    "kernel_file_limit": (100, "100"),
}


class ForkKernels(StrEnum):
    """Which kernels start as children of a process that has imported all they need."""

    AUTO = "auto"
    NEVER = "never"


class KernelSettings(BaseSettings):
    """What the pool of kernels is made with, and what is done with those that nobody uses."""

    default_kernel: str = Field(
        "python3",
        pattern=r"^[A-Za-z0-9._-]{1,128}$",
        description="Kernelspec of notebooks that name none.",
        examples=["python3"],
    )
    max_kernels: int = Field(32, ge=1, le=10_000, description="Kernels running at a time, at most.", examples=["32"])
    warm_kernels: int = Field(1, ge=0, le=100, description="Kernels kept started in advance.", examples=["1"])
    kernel_start_timeout: float = Field(
        60, gt=0, le=3600, description="Seconds a kernel has to start.", examples=["60"], allow_inf_nan=False
    )
    kernel_idle_timeout: float = Field(
        0,
        ge=0,
        description="Seconds after which an idle kernel without a client is shut down; 0 is never.",
        examples=["3600"],
        allow_inf_nan=False,
    )
    interrupt_grace: float = Field(
        10,
        gt=0,
        le=3600,
        description="Seconds after which a cell that goes on after an interrupt is said to take no notice of it.",
        examples=["10"],
        allow_inf_nan=False,
    )
    restart_stuck_kernels: bool = Field(
        False, description="Whether the kernel of such a cell is then restarted unasked.", examples=["true"]
    )
    fork_kernels: ForkKernels = Field(
        ForkKernels.AUTO,
        description="`auto` forks kernels of the service's own Python, which is faster; `never` starts each by itself.",
        examples=["never"],
    )
    preload_modules: Names = Field(
        (),
        description="Modules imported before kernels are forked, so that in notebooks their import takes no time.",
        examples=["numpy,pandas,duckdb,matplotlib.pyplot"],
    )
    kernel_env: Names = Field(
        (),
        description="Names of further environment variables that kernels may see.",
        examples=["MY_DATA_DIR,OPENBLAS_VERBOSE"],
    )
    kernel_memory_limit: ByteSize = Field(
        ByteSize(0),
        validate_default=True,
        description="Memory that a kernel may use, 256 MiB at least; 0 is all there is.",
        examples=["4GiB"],
    )
    kernel_cpu_limit: float = Field(
        0,
        ge=0,
        description="Processors that a kernel may keep busy (needs control groups); 0 is all there are.",
        examples=["1.5"],
        allow_inf_nan=False,
    )
    kernel_cpu_seconds: int = Field(
        0, ge=0, description="Processor time after which a kernel is ended, in seconds; 0 is never.", examples=["3600"]
    )
    kernel_process_limit: int = Field(
        0,
        ge=0,
        description="Processes and threads of a kernel (needs control groups); 0 is any number.",
        examples=["500"],
    )
    kernel_file_limit: int = Field(
        0,
        ge=0,
        description="Files that a process of a kernel may have open; 0 is as many as the service.",
        examples=["4096"],
    )

    @field_validator("preload_modules")
    @classmethod
    def _modules(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not all(part.isidentifier() for part in name.split(".")):
                raise ValueError(f"{name!r} is no name of a module")
        return tuple(dict.fromkeys(value))

    @field_validator("kernel_env")
    @classmethod
    def _variables(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                raise ValueError(f"{name!r} is no name of an environment variable")
            if name.upper() == "REACTIVE_NB_TOKEN":
                raise ValueError("the service's own token is not for kernels")
        return value

    @field_validator("fork_kernels", mode="before")
    @classmethod
    def _lower_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("kernel_memory_limit", "kernel_process_limit", "kernel_file_limit")
    @classmethod
    def _enough(cls, value: int, info: ValidationInfo) -> int:
        least, said = _LEAST[info.field_name or ""]
        if 0 < value < least:
            raise ValueError(f"is less than a kernel needs to start: {said} at least")
        return value
