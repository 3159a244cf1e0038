"""The kernels that a notebook can be given."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from reactive_nb.api.deps import CurrentUser, Service
from reactive_nb.api.responses import answer
from reactive_nb.schemas import KernelspecList, KernelspecModel

router = APIRouter(tags=["run"])


@router.get("/kernelspecs", summary="List kernels", response_model=KernelspecList)
async def kernelspecs(service: Service, _: CurrentUser) -> Response:
    """The installed kernelspecs: what `kernel_name` takes."""
    specs = await service.registry.kernelspecs()
    return answer(
        KernelspecList(
            kernelspecs=[
                KernelspecModel(
                    name=name,
                    display_name=str(spec.get("display_name") or name),
                    language=str(spec.get("language") or ""),
                    default=bool(spec.get("default")),
                )
                for name, spec in sorted(specs.items())
            ]
        )
    )
