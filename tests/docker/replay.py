"""Carries out a Dockerfile without a container engine, as far as that can be done.

Paths of the image lie below a directory: each stage gets the same one, empty, so that what is copied from an earlier
stage stands at the path it was made for. Commands that need a Debian system and root (packages, users) are left out and
listed; every other instruction is carried out, and one that is not known here is an error.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from dockerfile_parse import DockerfileParser

IMAGE_PATH = re.compile(r"(?<![\w.}/-])/(?=(?:opt|src|notebooks)\b)")
NEEDS_DEBIAN = {"apt-get", "useradd", "rm"}
PASSED_ON = re.compile(r"(PIP|UV)_.*|SSL_.*|REQUESTS_CA_BUNDLE|.*_proxy|LANG|LC_.*", re.IGNORECASE)


@dataclass
class Image:
    """What a container would be started with."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    directory: Path = Path()
    user: str = "root"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    ports: list[str] = field(default_factory=list)
    base: str = ""


class Replay:
    """One run through a Dockerfile."""

    def __init__(self, context: Path, directory: Path) -> None:
        self.context = context
        self.directory = directory
        self.left_out: list[str] = []
        self.image = Image(directory / "root")
        self._stages: list[str] = []

    def run(self, dockerfile: Path) -> Image:
        """The image of the last stage. Raises AssertionError where an instruction fails."""
        for step in DockerfileParser(fileobj=io.BytesIO(dockerfile.read_bytes())).structure:
            if step["instruction"] != "COMMENT":
                getattr(self, f"_{step['instruction'].lower()}")(step["value"])
        return self.image

    def environment(self) -> dict[str, str]:
        """The environment of a command in the image."""
        passed_on = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
        home = self.directory / "home"
        home.mkdir(exist_ok=True)
        return {**passed_on, "HOME": str(home), "PATH": self._base_path(), **self.image.environment}

    def _from(self, value: str) -> None:
        base, _, name = value.partition(" AS ")
        if self._stages:
            self.image.root.rename(self.directory / f"stage-{self._stages[-1]}")
        self._stages.append(name or "final")
        self.image = Image(self.directory / "root", base=base)
        self.image.root.mkdir()
        self.image.directory = self.image.root

    def _run(self, value: str) -> None:
        for part in value.split("&&"):
            command = re.sub(r"--(owner|group)=\S+", "", part).strip()
            if shlex.split(command)[0] in NEEDS_DEBIAN:
                self.left_out.append(command)
                continue
            done = subprocess.run(
                ["/bin/sh", "-ec", self._placed(command)],
                cwd=self.image.directory,
                env=self.environment(),
                capture_output=True,
                text=True,
                timeout=900,
                check=False,
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"

    def _copy(self, value: str) -> None:
        *sources, destination = shlex.split(value)
        stage = sources.pop(0).removeprefix("--from=") if sources[0].startswith("--from=") else None
        target = self._path(destination)
        for source in sources:
            if stage:
                assert stage in self._stages[:-1]
                origin = self.directory / f"stage-{stage}" / source.lstrip("/")
            else:
                origin = self.context / source
            if origin.is_dir():
                shutil.copytree(origin, target, symlinks=True, dirs_exist_ok=True)
            else:
                file = target / origin.name if destination.endswith("/") else target
                file.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin, file)

    def _env(self, value: str) -> None:
        before = self.environment()
        for assignment in shlex.split(value):
            name, _, setting = assignment.partition("=")
            setting = re.sub(r"\$(\w+)", lambda found: before.get(found[1], ""), setting)
            self.image.environment[name] = self._placed(setting)

    def _workdir(self, value: str) -> None:
        self.image.directory = self._path(value)
        self.image.directory.mkdir(parents=True, exist_ok=True)

    def _user(self, value: str) -> None:
        self.image.user = value

    def _volume(self, value: str) -> None:
        self.image.volumes.append(value)

    def _expose(self, value: str) -> None:
        self.image.ports.append(value)

    def _stopsignal(self, value: str) -> None:
        assert value == "SIGTERM"

    def _healthcheck(self, value: str) -> None:
        self.image.healthcheck = json.loads(self._placed(value.partition("CMD ")[2]))

    def _entrypoint(self, value: str) -> None:
        self.image.entrypoint = json.loads(value)

    def _cmd(self, value: str) -> None:
        self.image.command = json.loads(self._placed(value))

    def _path(self, value: str) -> Path:
        return self.image.root / value.lstrip("/") if value.startswith("/") else self.image.directory / value

    def _placed(self, text: str) -> str:
        return IMAGE_PATH.sub(f"{self.image.root}/", text)

    def _base_path(self) -> str:
        """Where the base image would have `python`: this interpreter, outside any virtual environment."""
        programs = self.directory / "base"
        if not programs.exists():
            programs.mkdir()
            (programs / "python").symlink_to(Path(sys.base_prefix, "bin", "python3"))
        return f"{programs}:/usr/bin:/bin"
