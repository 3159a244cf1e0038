"""Numbers for Prometheus: how much there is, how often, how long. None of them names a user, a notebook or a cell."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.types import Scope

from reactive_nb.schemas.events import CellStatusEvent, Event, RunFinished, RunStarted
from reactive_nb.websocket import Broadcaster

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
_ENDED = frozenset({"success", "error"})


class Metrics:
    """The application's own registry: several applications in one process count apart."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.kernels = Gauge("reactive_nb_kernels", "Kernels that are running.", registry=self.registry)
        self.sessions = Gauge("reactive_nb_sessions", "Notebooks that are open.", registry=self.registry)
        self.clients = Gauge("reactive_nb_websocket_clients", "Open WebSockets.", registry=self.registry)
        self._started = Counter("reactive_nb_runs_started", "Runs that were accepted.", registry=self.registry)
        self._finished = Counter("reactive_nb_runs_finished", "Runs that ended.", ["state"], registry=self.registry)
        self._cells = Histogram(
            "reactive_nb_cell_duration_seconds",
            "How long cells ran.",
            ["status"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._requests = Histogram(
            "reactive_nb_request_duration_seconds",
            "How long requests took.",
            ["method", "route", "status"],
            buckets=_SECONDS[:-2],
            registry=self.registry,
        )

    def watch(self, broadcaster: Broadcaster) -> None:
        """Count what a notebook's events tell; doing so again changes nothing."""
        broadcaster.observe("metrics", self._event)

    def request(self, scope: Scope, status: int, seconds: float) -> None:
        """An answered request, under its route's template."""
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._requests.labels(method, route_template(scope), str(status or 500)).observe(seconds)

    def text(self) -> bytes:
        """All of it, in Prometheus's text format."""
        return generate_latest(self.registry)

    def _event(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._started.inc()
            case RunFinished():
                self._finished.labels(event.state.value).inc()
            case CellStatusEvent(duration_ms=float() as duration) if event.status in _ENDED:
                self._cells.labels(event.status.value).observe(duration / 1000)


def route_template(scope: Scope) -> str:
    """`/api/v1/notebooks/{notebook_id}` for a request to it; `unmatched` where no route fits.

    A route below other routers knows only the end of its own address, so the rest comes from the request's.
    """
    template = getattr(scope.get("route"), "path", None)
    if template is None:
        return "unmatched"
    path = scope["path"].rstrip("/").split("/")
    end = template.strip("/").split("/")
    return "/".join([*path[: len(path) - len(end)], *end]) if template.strip("/") else scope["path"]
