"""The distributions under test: built once, or taken from DIST_DIR where they have been built already."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Distributions:
    """An sdist and the wheel that was built from it."""

    sdist: Path
    wheel: Path

    def files_of_sdist(self) -> set[str]:
        """Paths below the sdist's one top directory."""
        with tarfile.open(self.sdist) as archive:
            return {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}

    def files_of_wheel(self) -> set[str]:
        return files_of_wheel(self.wheel)


def files_of_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    built = os.environ.get("DIST_DIR")
    directory = Path(built) if built else tmp_path_factory.mktemp("dist")
    if not built:
        build = [sys.executable, "-m", "build", "--outdir", str(directory)]
        installer = ["--installer", "uv"] if shutil.which("uv") else []
        done = subprocess.run([*build, *installer, str(ROOT)], capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    [sdist], [wheel] = directory.glob("*.tar.gz"), directory.glob("*.whl")
    return Distributions(sdist, wheel)
