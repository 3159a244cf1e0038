"""What the endpoints of one application share."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from reactive_kernels import KernelPool
from reactive_nb.api.metrics import Metrics
from reactive_nb.core.config import Settings
from reactive_nb.core.security import IdentityProvider, User
from reactive_nb.services.registry import SessionRegistry
from reactive_nb.services.session import NotebookSession
from reactive_nb.storage import NotebookStorage


@dataclass(slots=True)
class ServiceState:
    """Made once by `create_app`, and opened and closed with the application."""

    settings: Settings
    identity: IdentityProvider
    storage: NotebookStorage
    pool: KernelPool
    registry: SessionRegistry
    metrics: Metrics = field(default_factory=Metrics)
    strangers: int = 0
    """WebSockets that have not signed in yet."""
    chats: int = 0
    """Conversations with a language model under way."""

    async def session(self, user: User, notebook_id: str) -> NotebookSession:
        """The user's open notebook. Raises NotebookNotFound, also for one that is somebody else's."""
        return self.watched(await self.registry.get(user, notebook_id))

    def watched(self, session: NotebookSession) -> NotebookSession:
        """The same session, with its events counted."""
        self.metrics.watch(session.broadcaster)
        return session


def service_state(connection: HTTPConnection) -> ServiceState:
    """The shared state of the application that serves this request or WebSocket."""
    state: ServiceState = connection.app.state.service
    return state
