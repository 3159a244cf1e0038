from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import reactive_nb
from tests.packaging.conftest import Distributions


@pytest.fixture(scope="module")
def command(distributions: Distributions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`reactive-nb` of the wheel, installed by pip in a new environment that borrows its dependencies from this one."""
    home = tmp_path_factory.mktemp("environment")
    run([sys.executable, "-m", "venv", str(home)])
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    run([str(scripts / "python"), "-m", "pip", "install", "--no-deps", "--no-index", str(distributions.wheel)])
    [site_packages] = home.rglob("site-packages")
    (site_packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return scripts / "reactive-nb"


def run(command: list[str], directory: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_installed_command_explains_itself(command: Path, tmp_path: Path) -> None:
    shown = run([str(command), "--help"], tmp_path).stdout
    assert "reactive-nb" in shown
    for verb in ("serve", "run", "convert"):
        assert re.search(rf"\b{verb}\b", shown), shown


def test_installed_packages_are_the_wheels_own(command: Path, tmp_path: Path) -> None:
    program = "import reactive_nb, reactive_kernels; print(reactive_nb.__file__, reactive_kernels.__file__)"
    shown = run([str(command.with_name("python")), "-c", program], tmp_path).stdout.split()
    assert [Path(file).is_relative_to(command.parents[1]) for file in shown] == [True, True]
    version = "import importlib.metadata as m; print(m.version('reactive-nb'))"
    assert run([str(command.with_name("python")), "-c", version], tmp_path).stdout.strip() == reactive_nb.__version__


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_installed_kernelspec_forks_kernels(command: Path, tmp_path: Path) -> None:
    program = """
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="reactive-python")
print(type(manager.provisioner.process).__name__, client.execute("1", reply=True)["content"]["status"])
client.stop_channels()
manager.shutdown_kernel(now=True)
"""
    assert run([str(command.with_name("python")), "-c", program], tmp_path).stdout.split() == ["ForkedProcess", "ok"]
