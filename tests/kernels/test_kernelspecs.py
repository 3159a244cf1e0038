"""Which kernelspecs' kernels are forked without their saying so, and which are started exactly as written."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpec

from reactive_kernels import Forking, KernelPool, PoolLimits
from reactive_kernels.kernelspecs import fork_command, is_local, started_as
from tests.kernels.launchers import is_forked, kernel_of, value
from tests.kernels.test_kernel_life import install_spec

pytestmark = pytest.mark.anyio

ARGUMENTS = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]
MAJOR, MINOR = sys.version_info[:2]
BESIDE = os.path.join(os.path.dirname(sys.executable), f"python{MAJOR}")

OWN = [
    {"argv": ["python", *ARGUMENTS]},
    {"argv": [f"python{MAJOR}", *ARGUMENTS]},
    {"argv": [f"python{MAJOR}.{MINOR}", *ARGUMENTS]},
    {"argv": [sys.executable, *ARGUMENTS]},
    {"argv": [BESIDE, *ARGUMENTS]},
    {"argv": [sys.executable.replace(sys.prefix, "{prefix}"), *ARGUMENTS]},
    {"argv": ["python", "-Xfrozen_modules=off", *ARGUMENTS]},
    {"argv": ["python", *ARGUMENTS], "metadata": {"debugger": True}, "interrupt_mode": "message"},
    {"argv": ["python", *ARGUMENTS], "metadata": {"kernel_provisioner": {}}},
]
OTHERS = [
    {"argv": []},
    {"argv": ["bash", "-m", "bash_kernel", "-f", "{connection_file}"]},
    {"argv": ["python2", *ARGUMENTS]},
    {"argv": [os.path.realpath(sys.executable), *ARGUMENTS]},  # what the environment's interpreter is a link to
    {"argv": [f"/elsewhere/bin/python{MAJOR}", *ARGUMENTS]},
    {"argv": ["python", "-m", "xonsh_kernel", "-f", "{connection_file}"]},
    {"argv": ["python", *ARGUMENTS, "--profile=mine"]},
    {"argv": ["python", "-I", *ARGUMENTS]},
    {"argv": ["python", "-m", "ipykernel", "-f", "{connection_file}"]},
    {"argv": ["conda", "run", "python", *ARGUMENTS]},
    {"argv": ["python", *ARGUMENTS], "env": {"COLOUR": "blue"}},
    {"argv": ["python", *ARGUMENTS], "metadata": {"kernel_provisioner": {"provisioner_name": "other"}}},
    {"argv": ["python", *ARGUMENTS], "metadata": {"kernel_provisioner": {"provisioner_name": "other", "config": {}}}},
]


@pytest.mark.parametrize("fields", OWN, ids=str)
def test_this_interpreters_own_kernels_are_forked(fields: dict[str, Any]) -> None:
    spec = KernelSpec(display_name="Some", language="python", **fields)
    before = spec.to_dict()
    started = started_as(spec, Forking.AUTO, {"preload": ["numpy"]})
    assert started.metadata["kernel_provisioner"] == {
        "provisioner_name": "reactive-fork-provisioner",
        "config": {"preload": ["numpy"]},
    }
    assert (started.argv, started.display_name, started.interrupt_mode) == (spec.argv, "Some", spec.interrupt_mode)
    assert spec.to_dict() == before
    command = fork_command(started)
    assert command is not None
    assert os.path.samefile(command[0], sys.executable)
    assert started_as(spec, Forking.NEVER, {}) is spec


@pytest.mark.parametrize("fields", OTHERS, ids=str)
def test_all_others_are_started_as_written(fields: dict[str, Any]) -> None:
    spec = KernelSpec(**fields)
    assert started_as(spec, Forking.AUTO, {"preload": ["numpy"]}) is spec
    assert fork_command(spec) is None


def test_another_default_provisioner_is_left_to_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_client.provisioning.factory.KernelProvisionerFactory._instance", None)
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "other-provisioner")
    spec = KernelSpec(argv=["python", *ARGUMENTS])
    assert started_as(spec, Forking.AUTO, {}) is spec
    assert not is_local(spec)


def test_a_kernelspec_that_names_the_provisioner_keeps_its_modules_and_can_be_told_not_to_fork() -> None:
    named = {"provisioner_name": "reactive-fork-provisioner", "config": {"preload": ["scipy"]}}
    spec = KernelSpec(argv=["/elsewhere/python", *ARGUMENTS], metadata={"kernel_provisioner": named})
    assert started_as(spec, Forking.AUTO, {"preload": ["numpy"]}).metadata["kernel_provisioner"] == named
    never = started_as(spec, Forking.NEVER, {"preload": ["numpy"]})
    assert never.metadata["kernel_provisioner"] == {"provisioner_name": "local-provisioner", "config": {}}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
async def test_the_pool_forks_what_it_may_and_launches_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    install_spec(tmp_path, "plain", [sys.executable, *ARGUMENTS])
    install_spec(tmp_path, "coloured", [sys.executable, *ARGUMENTS], env={"COLOUR": "blue"})
    async with (
        KernelPool(PoolLimits(spares=0)) as pool,
        kernel_of(pool, "python3") as own,
        kernel_of(pool, "plain") as plain,
        kernel_of(pool, "coloured") as coloured,
    ):
        assert [is_forked(kernel) for kernel in (own, plain, coloured)] == [True, True, False]
        assert await value(coloured, "__import__('os').environ['COLOUR']") == "blue"
        assert pool.kernelspecs()["python3"]["metadata"].get("kernel_provisioner") is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
async def test_a_pool_that_is_not_to_fork_forks_nothing() -> None:
    async with (
        KernelPool(PoolLimits(spares=0), forking=Forking.NEVER) as pool,
        kernel_of(pool, "python3") as own,
        kernel_of(pool, "reactive-python") as named,
    ):
        assert [is_forked(kernel) for kernel in (own, named)] == [False, False]
