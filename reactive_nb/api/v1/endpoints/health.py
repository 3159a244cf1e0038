"""Whether the service lives, whether it can work, and its numbers. Open to all; says nothing of notebooks."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.responses import Response

from reactive_nb import __version__
from reactive_nb.api.deps import Service
from reactive_nb.api.errors import Refused
from reactive_nb.api.metrics import MEDIA_TYPE
from reactive_nb.api.problems import problems
from reactive_nb.api.responses import answer
from reactive_nb.api.v1.state import ServiceState
from reactive_nb.schemas import Health, Readiness
from reactive_nb.storage import StorageError

router = APIRouter(tags=["health"])
CHECK_TIMEOUT = 5.0


@router.get("/health", summary="Liveness", response_model=Health)
async def health() -> Response:
    """The process answers."""
    return answer(Health(status="ok", version=__version__))


@router.get("/health/ready", summary="Readiness", response_model=Readiness, responses=problems("not-ready"))
async def ready(service: Service) -> Response:
    """Storage and kernels can be used. A problem names the part that can't."""
    checks = {"storage": await _storage(service), "kernels": await asyncio.to_thread(_kernels, service)}
    wrong = [f"{part}: {said}" for part, said in checks.items() if said != "ok"]
    if wrong:
        raise Refused("not-ready", "; ".join(wrong), checks=checks)
    return answer(Readiness(status="ready", checks=checks))


@router.get(
    "/metrics",
    summary="Metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus's text format.", "content": {MEDIA_TYPE: {}}}},
)
async def metrics(service: Service) -> Response:
    """Kernels, open notebooks, WebSockets, runs, durations; nothing about anyone's work."""
    service.metrics.kernels.set(service.pool.running)
    service.metrics.sessions.set(len(service.registry.sessions))
    return Response(service.metrics.text(), media_type=MEDIA_TYPE)


async def _storage(service: ServiceState) -> str:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT):
            await service.storage.check()
    except TimeoutError:
        return f"no answer within {CHECK_TIMEOUT:.0f} seconds"
    except StorageError as error:
        return str(error)
    unstored = service.registry.unstored
    return f"changes of {unstored} open notebooks are not stored yet" if unstored else "ok"


def _kernels(service: ServiceState) -> str:
    name = service.settings.default_kernel
    if name not in service.pool.kernelspecs():
        return f"there is no kernelspec {name!r} (REACTIVE_NB_DEFAULT_KERNEL)"
    return "ok"
