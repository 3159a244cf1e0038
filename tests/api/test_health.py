"""Liveness, readiness, numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reactive_nb.main import create_app
from reactive_nb.storage import MemoryStorage, StorageUnavailable
from tests.api.service import People, Service, new_notebook, serve, settings_for

pytestmark = pytest.mark.anyio


class FullDisk(MemoryStorage):
    """A storage that cannot store anything any more."""

    async def check(self) -> None:
        raise StorageUnavailable("The disk is full.")


async def test_health_is_open_with_and_without_the_prefix(service: Service) -> None:
    async with service.client(token=None) as client:
        for address in ("health", f"{service.url}/health"):
            answer = await client.get(address)
            assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        for address in ("health/ready", f"{service.url}/health/ready"):
            answer = await client.get(address)
            assert answer.json() == {"status": "ready", "checks": {"storage": "ok", "kernels": "ok"}}


async def test_a_service_that_can_t_store_is_not_ready_but_alive(tmp_path: Path) -> None:
    with serve(create_app(settings_for(tmp_path), identity=People(), storage=FullDisk())) as service:
        async with service.client(token=None) as client:
            assert (await client.get("health")).status_code == 200
            answer = await client.get("health/ready")
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/not-ready")
            assert answer.json()["checks"] == {"storage": "The disk is full.", "kernels": "ok"}


async def test_a_service_without_its_kernel_is_not_ready(tmp_path: Path) -> None:
    app = create_app(settings_for(tmp_path, default_kernel="cobol"), identity=People(), storage=MemoryStorage())
    with serve(app) as service:
        async with service.client(token=None) as client:
            answer = await client.get("health/ready")
            assert answer.status_code == 503
            assert "cobol" in answer.json()["checks"]["kernels"]


async def test_metrics_count_work_and_name_nobody(service: Service) -> None:
    async with service.client() as client:
        notebook = await new_notebook(client, "very_secret = 1", name="Private name")
        async with service.live(notebook["id"]) as live:
            await live.hear()
            await client.post(f"notebooks/{notebook['id']}/run", json={"wait": 30})
            await live.until("run.finished")
            text = (await client.get(f"{service.url}/metrics")).text
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["reactive_nb_kernels",] == 1
    assert found["reactive_nb_websocket_clients",] == 1
    assert found["reactive_nb_sessions",] >= 1
    assert found["reactive_nb_runs_started_total",] == 1
    assert found["reactive_nb_runs_finished_total", "finished"] == 1
    assert found["reactive_nb_cell_duration_seconds_count", "success"] == 1
    route = "/api/v1/notebooks/{notebook_id}/run"
    assert found["reactive_nb_request_duration_seconds_count", route, "200", "POST"] == 1
    for private in (notebook["id"], "very_secret", "Private", "ann", "Ann"):
        assert private not in text


async def test_addresses_that_do_not_exist_make_no_new_series(service: Service) -> None:
    async with service.client() as client:
        for number in range(3):
            await client.get(f"nowhere/{number}")
        text = (await client.get(f"{service.url}/metrics")).text
    assert 'route="unmatched"' in text
    assert "nowhere" not in text
