from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

from tests.packaging.conftest import Distributions, files_of_wheel

IMPORT_PACKAGES = ("reactive_nb", "reactive_kernels")


def test_wheel_holds_both_packages_typed_and_nothing_else(distributions: Distributions) -> None:
    files = distributions.files_of_wheel()
    for package in IMPORT_PACKAGES:
        assert {f"{package}/__init__.py", f"{package}/py.typed"} <= files
    tops = {file.partition("/")[0] for file in files}
    assert {top for top in tops if not top.endswith((".dist-info", ".data"))} == set(IMPORT_PACKAGES)


def test_wheel_holds_no_tests_and_nothing_compiled_or_hidden(distributions: Distributions) -> None:
    for file in distributions.files_of_wheel():
        assert not {"tests", "__pycache__", ".env"} & set(Path(file).parts), file
        assert not any(part.startswith(".") for part in Path(file).parts), file


def test_wheel_names_licence_script_and_pythons(distributions: Distributions) -> None:
    with zipfile.ZipFile(distributions.wheel) as wheel:
        [info] = {name.partition("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
        metadata = message_from_bytes(wheel.read(f"{info}/METADATA"))
        scripts = wheel.read(f"{info}/entry_points.txt").decode()
        assert f"{info}/licenses/LICENSE" in wheel.namelist()
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert metadata["Requires-Python"] == ">=3.11"
    assert "reactive-nb = reactive_nb.cli:main" in scripts
    assert "reactive-fork-provisioner = reactive_kernels.provisioner:ForkProvisioner" in scripts


def test_wheel_installs_the_kernelspec(distributions: Distributions) -> None:
    [spec] = [file for file in distributions.files_of_wheel() if file.endswith("/kernel.json")]
    assert spec.endswith(".data/data/share/jupyter/kernels/reactive-python/kernel.json")


def test_sdist_holds_what_it_takes_to_build_test_and_pack(distributions: Distributions) -> None:
    files = distributions.files_of_sdist()
    assert {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "noxfile.py",
        ".ci/run",
        ".dockerignore",
        "docker/Dockerfile",
        "reactive_nb/py.typed",
        "kernels/reactive_kernels/py.typed",
        "tests/conftest.py",
    } <= files
    assert not [file for file in files if "__pycache__" in file or Path(file).name == ".env"]


def test_wheel_from_the_sdist_holds_every_module_of_the_sdist(distributions: Distributions) -> None:
    modules = {
        file.removeprefix("kernels/")
        for file in distributions.files_of_sdist()
        if file.startswith(("reactive_nb/", "kernels/reactive_kernels/")) and not is_source_of_the_page(file)
    }
    assert modules <= distributions.files_of_wheel()


def is_source_of_the_page(file: str) -> bool:
    web = "reactive_nb/web/"
    return file.startswith(web) and not file.startswith((f"{web}static/", f"{web}__init__"))


def test_the_page_is_in_both_and_its_sources_in_the_sdist_alone(distributions: Distributions) -> None:
    in_sdist, in_wheel = distributions.files_of_sdist(), distributions.files_of_wheel()
    built = {file for file in in_sdist if file.startswith("reactive_nb/web/static/")}
    assert {f"reactive_nb/web/static/{name}" for name in ("index.html", "frame.html", "icon.svg")} <= built
    assert built <= in_wheel
    assert {"reactive_nb/web/package-lock.json", "reactive_nb/web/src/main.tsx"} <= in_sdist
    assert not [file for file in in_wheel if is_source_of_the_page(file)]
    assert not [file for file in in_sdist if "node_modules" in file]


def test_the_lock_file_names_no_registry(distributions: Distributions) -> None:
    with tarfile.open(distributions.sdist) as archive:
        [lock] = [name for name in archive.getnames() if name.endswith("/reactive_nb/web/package-lock.json")]
        content = archive.extractfile(lock)
        assert content is not None
        packages = json.load(content)["packages"]
    assert len(packages) > 20
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert all("integrity" in package for name, package in packages.items() if name)


def test_pip_builds_the_same_wheel_from_the_sdist(distributions: Distributions, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(distributions.sdist)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = tmp_path.glob("*.whl")
    assert wheel.name == distributions.wheel.name
    assert files_of_wheel(wheel) == distributions.files_of_wheel()
