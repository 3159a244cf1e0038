"""The application: `create_app` puts the parts together, `app` is for `uvicorn reactive_nb.main:app`.

Nothing is started by importing: storage is opened and kernels are started with the application's lifespan.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from reactive_kernels import KernelPool
from reactive_nb import __version__
from reactive_nb.api.documentation import documentation_router
from reactive_nb.api.middleware import BodyLimit, Gate, Head, Origins, RequestScope, SecurityHeaders
from reactive_nb.api.openapi import SUMMARY, TITLE, install_openapi
from reactive_nb.api.page import page_router
from reactive_nb.api.problems import install_problems
from reactive_nb.api.v1.api import PREFIX, api_router
from reactive_nb.api.v1.endpoints import health
from reactive_nb.api.v1.state import ServiceState
from reactive_nb.core.config import ConfigurationError, Settings, load_settings
from reactive_nb.core.logs import configure_logging
from reactive_nb.core.security import IdentityProvider, check_exposure, identity_provider
from reactive_nb.services.kernel_pool import kernel_pool
from reactive_nb.services.registry import SessionRegistry
from reactive_nb.storage import NotebookStorage, StorageError, open_storage


def create_app(
    settings: Settings | None = None,
    *,
    identity: IdentityProvider | None = None,
    storage: NotebookStorage | None = None,
    pool: KernelPool | None = None,
) -> FastAPI:
    """The service as an ASGI application; what is not given is made as `settings` (by default the environment) ask.

    It owns storage and pool: they are opened and closed with its lifespan. Raises ConfigurationError.
    """
    settings = settings or load_settings()
    service = _service(settings, identity, storage, pool)
    base = settings.base_url.rstrip("/")
    openapi_url = f"{base}{PREFIX}/openapi.json"
    app = FastAPI(
        title=TITLE,
        summary=SUMMARY,
        version=__version__,
        lifespan=_lifespan,
        openapi_url=openapi_url,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        middleware=_middleware(settings, service),
    )
    app.state.service = service
    app.state.settings = settings
    app.state.identity = service.identity
    install_problems(app)
    install_openapi(app)
    app.include_router(api_router(), prefix=f"{base}{PREFIX}")
    app.include_router(health.router, prefix=base, include_in_schema=False)
    if base:
        app.include_router(health.router, include_in_schema=False)
    app.include_router(documentation_router(title=TITLE, base=base, openapi_url=openapi_url), prefix=base)
    app.include_router(page_router(base=base), prefix=base)
    return app


def server_options(settings: Settings) -> dict[str, Any]:
    """How uvicorn is to serve the application: `uvicorn.run(app, **server_options(settings))`."""
    # who asks has uvicorn, who only makes the app need not
    from reactive_nb.api.server_protocol import AskingLimit, GatheredWebSocket

    return {
        "http": AskingLimit,
        "ws": GatheredWebSocket,
        "host": settings.host,
        "port": settings.port,
        "ws_max_size": max(2 * settings.max_json_bytes, 16 * 1024 * 1024),  # of binary frames too
        "ws_ping_interval": 20.0,
        "ws_ping_timeout": 20.0,
        "ws_per_message_deflate": False,
        "timeout_graceful_shutdown": 10,
        "server_header": False,
        "log_config": None,
    }


def _service(
    settings: Settings, identity: IdentityProvider | None, storage: NotebookStorage | None, pool: KernelPool | None
) -> ServiceState:
    identity = identity or identity_provider(settings)
    check_exposure(settings, identity)
    try:
        storage = storage or open_storage(settings)
    except StorageError as error:
        raise ConfigurationError(str(error)) from None
    pool = pool or kernel_pool(settings)
    return ServiceState(settings, identity, storage, pool, SessionRegistry(storage, pool, settings))


def _middleware(settings: Settings, service: ServiceState) -> list[Middleware]:
    """From the outside in."""
    cross_origin = Middleware(
        CORSMiddleware,
        allow_origins=list(settings.allowed_origins),
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["ETag", "Location", "X-Request-ID", "Content-Disposition", "Retry-After", "WWW-Authenticate"],
        max_age=600,
    )
    return [
        Middleware(RequestScope, metrics=service.metrics),
        Middleware(SecurityHeaders),
        Middleware(Origins, settings=settings),
        *([cross_origin] if settings.allowed_origins else []),
        Middleware(
            BodyLimit,
            limit=settings.max_json_bytes,
            larger={f"{PREFIX}/notebooks/import": settings.max_body_bytes},
            base=settings.base_url.rstrip("/"),
        ),
        Middleware(Gate, settings=settings),
        Middleware(Head),
    ]


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: ServiceState = app.state.service
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(service.storage)
        await opened.enter_async_context(service.pool)
        await service.registry.open()
        opened.push_async_callback(service.registry.close)
        yield


def __getattr__(name: str) -> Any:
    """`app`, made when somebody asks for it. A wrong setting ends the process with its line."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        settings = load_settings()
        configure_logging(settings)
        made = create_app(settings)
    except ConfigurationError as error:
        raise SystemExit(str(error)) from None
    globals()["app"] = made
    if "token" not in settings.model_fields_set and made.state.identity.allows_query_token:
        # Otherwise nobody could know it. Not logged: logs go to more places than the terminal of who starts this.
        token = settings.token.get_secret_value()
        print(f"Sign in with ?token={token} (REACTIVE_NB_TOKEN chooses another).", file=sys.stderr)
    return made
