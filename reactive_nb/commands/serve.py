"""`reactive-nb serve` and `reactive-nb demo`: the service on this machine."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import socket
import sys
import webbrowser
from dataclasses import replace
from typing import Any

import uvicorn

from reactive_nb import __version__
from reactive_nb.core.config import ConfigurationError, Settings, load_settings, variable_name, variables
from reactive_nb.core.logs import configure_logging
from reactive_nb.core.security import check_exposure, identity_provider
from reactive_nb.demo import DEMO_ID, demo_document
from reactive_nb.formats import FORMATS
from reactive_nb.main import create_app, server_options
from reactive_nb.services import SessionRegistry
from reactive_nb.storage import NotebookNotFound, NotebookStorage, NotebookUnreadable, StorageError, open_storage

PORTS_TRIED = 20
OPTIONS = {"host": "host", "port": "port", "token": "token", "storage_dir": "notebook_storage_dir"}
"""Options, and the settings that they stand for."""


def serve(options: argparse.Namespace, *, demo: bool) -> int:
    """Serve until interrupted; the exit status."""
    if getattr(options, "settings", False):
        _list_settings()
        return 0
    try:
        return _serve_as_configured(options, demo=demo)
    except ConfigurationError as error:
        raise ConfigurationError(_named_as_given(str(error), options)) from None


def _serve_as_configured(options: argparse.Namespace, *, demo: bool) -> int:
    settings = load_settings(**_overrides(options))
    configure_logging(settings)
    provider = identity_provider(settings)
    check_exposure(settings, provider)
    listener = _listen(settings, fixed="port" in options or "REACTIVE_NB_PORT" in os.environ)
    settings = settings.model_copy(update={"port": listener.getsockname()[1]})
    storage = _storage(settings)
    app = create_app(settings, identity=provider, storage=storage)
    config = uvicorn.Config(app, **server_options(settings))
    server = _Server(config, settings, app.state.service.registry, browser="no_browser" not in options)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(server, listener, storage, settings, demo=demo))
    return 0 if server.started else 1


class _Server(uvicorn.Server):
    """Says where it is once it answers, and ends its notebooks first when it is to stop."""

    def __init__(self, config: uvicorn.Config, settings: Settings, registry: SessionRegistry, *, browser: bool) -> None:
        super().__init__(config)
        self._settings = settings
        self._registry = registry
        self._browser = browser

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.freeze()  # modules stay: looking through them again and again would hold everybody up for 0.1 s each time
        if self.started:
            _announce(self._settings)
            if self._browser and _has_browser():
                await asyncio.to_thread(webbrowser.open, _address(self._settings))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._registry.close()  # who waits for a run is told at once, rather than waited for
        await super().shutdown(sockets)


def _storage(settings: Settings) -> NotebookStorage:
    try:
        return open_storage(settings)
    except StorageError as error:
        raise _not_stored(error, settings) from None


def _not_stored(error: StorageError, settings: Settings) -> ConfigurationError:
    """What to say where notebooks cannot be kept."""
    return ConfigurationError(str(error) if settings.dynamodb_enabled else f"NOTEBOOK_STORAGE_DIR: {error}")


async def _serve(
    server: _Server, listener: socket.socket, storage: NotebookStorage, settings: Settings, *, demo: bool
) -> None:
    try:
        await storage.open()
        await storage.check()
        if demo:
            await _put_demo(storage)
    except StorageError as error:
        raise _not_stored(error, settings) from None
    await server.serve(sockets=[listener])


async def _put_demo(storage: NotebookStorage) -> None:
    """The demo notebook, if it is not there: a changed one is the user's."""
    try:
        await storage.load(DEMO_ID)
    except NotebookUnreadable:
        return  # it is there, but the user has made something else of it
    except NotebookNotFound:
        read = FORMATS["ipynb"].read
        if read is not None:
            await storage.create(replace(read(demo_document(), fallback_name="Demo"), id=DEMO_ID))


def _overrides(options: argparse.Namespace) -> dict[str, Any]:
    return {setting: getattr(options, option) for option, setting in OPTIONS.items() if option in options}


def _named_as_given(problem: str, options: argparse.Namespace) -> str:
    """What is wrong with settings, those given as options by the options' names instead of the variables'."""
    for option, setting in OPTIONS.items():
        if option in options:
            name, flag = variable_name(setting), "--" + option.replace("_", "-")
            problem = problem.replace(f"{name}:", f"{flag}:").replace(f"{name}=", f"{flag} ")
    return problem


def _listen(settings: Settings, *, fixed: bool) -> socket.socket:
    """A listening socket: on the port asked for, or, if none was, on the first free one from the default on."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    ports = [settings.port] if fixed else range(settings.port, min(settings.port + PORTS_TRIED, 65536))
    problem: OSError | None = None
    for port in ports:
        # asyncio sends small frames at once only on sockets that say they are TCP; else each waits 40 ms for an ACK
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, port))
            listener.listen()  # from now on nobody else can have it
        except OSError as error:
            listener.close()
            problem = error
            continue
        return listener
    raise ConfigurationError(
        f"REACTIVE_NB_PORT: {settings.host}:{settings.port} can't be listened on ({problem and problem.strerror}); "
        "another may be free, for example --port 8010"
    )


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = f"http://{host}:{settings.port}{settings.base_url}"
    if settings.clerk_frontend_api:
        return base
    return f"{base}?token={settings.token.get_secret_value()}"


def _announce(settings: Settings) -> None:
    print(f"reactive-nb {__version__}", file=sys.stderr)
    print(f"\n    {_address(settings)}\n", file=sys.stderr)
    if not settings.dynamodb_enabled:
        print(f"Notebooks are in {settings.notebook_storage_dir}", file=sys.stderr)
    print("Ctrl-C stops the service and its kernels.", file=sys.stderr, flush=True)


def _has_browser() -> bool:
    """Whether a page would open in a window: not in a container, over SSH, or in a text browser in this terminal."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _list_settings() -> None:
    for variable in variables():
        print(f"{variable.name}={variable.example}")
        print(f"    {variable.description} Default: {variable.default or 'none'}.")
