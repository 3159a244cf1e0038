"""One client's WebSocket, from signing in to its end.

Three tasks in one group: one sends what the subscription holds, one reads commands and starts them in the order in
which they came, one watches the clock of the client's token. The first that ends ends the others. Nothing piles up: a
client that sends faster than it is served, or does not read its replies, is not read from until it does; one that
takes nothing at all for `SEND_TIMEOUT_S` is taken to be gone.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from reactive_nb.api.errors import Refusal, refusal
from reactive_nb.api.v1.commands import Caller, carry_out, refused
from reactive_nb.api.v1.frames import MALFORMED, Closing, FrameReader, Gone, Said
from reactive_nb.api.v1.handshake import FORBIDDEN, UNAUTHENTICATED, accept, authenticated, sign_in
from reactive_nb.api.v1.state import ServiceState
from reactive_nb.core.security import Identity
from reactive_nb.schemas.commands import AuthRenew
from reactive_nb.schemas.events import Presence, Reply
from reactive_nb.services.session import NotebookSession
from reactive_nb.storage import NotebookNotFound, StorageError, StorageUnavailable
from reactive_nb.websocket import Frames, Subscription, SubscriptionClosed

NO_NOTEBOOK = 4404
FAILED = 1011
RESTARTING = 1012
SEND_TIMEOUT_S = 60.0
MAX_COMMANDS = 32
"""Commands of one client that are being carried out at a time."""


async def serve(websocket: WebSocket, service: ServiceState, notebook_id: str, since: str | None) -> None:
    """Serve a client until it leaves or is sent away."""
    try:
        await accept(websocket, service)
        seen = _number(since)
        identity, auth_id = await sign_in(websocket, service)
        session = await _open(service, identity, notebook_id)
        service.metrics.clients.inc()
        try:
            await Connection(websocket, service, session, identity).run(seen, auth_id)
        finally:
            service.metrics.clients.dec()
    except Closing as closing:
        await _close(websocket, closing)
    except (Gone, WebSocketDisconnect):
        pass


class Connection:
    """A client that has signed in, at one notebook."""

    def __init__(
        self, websocket: WebSocket, service: ServiceState, session: NotebookSession, identity: Identity
    ) -> None:
        self._websocket = websocket
        self._service = service
        self._session = session
        self._identity = identity
        self._renewed = asyncio.Event()
        self._client = Presence(client_id=uuid.uuid4().hex[:12], user_id=identity.user.id, user_name=identity.user.name)
        self._caller = Caller(session, self._client, service.registry.kernelspec_of)
        self._slots = asyncio.Semaphore(MAX_COMMANDS)

    async def run(self, since: int | None, auth_id: str | None) -> None:
        """Serve until the end. Raises Closing with what is to be told, or Gone."""
        subscription = self._session.broadcaster.subscribe(since)
        self._session.join(self._client)
        if auth_id is not None:
            subscription.reply(Reply(id=auth_id, ok=True, revision=self._session.revision, result=self._who()))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._send(subscription))
                tasks.create_task(self._watch_expiry())
                await self._read(subscription, tasks)
        except BaseExceptionGroup as group:
            raise _reason(group) from None
        finally:
            subscription.close()
            self._session.leave(self._client.client_id)

    # -- out
    async def _send(self, subscription: Subscription) -> None:
        while True:
            try:
                frames = await subscription.get()
            except SubscriptionClosed as ended:
                raise Closing(ended.code, ended.reason) from None
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self._put(frames)
            except (TimeoutError, WebSocketDisconnect):
                raise Gone from None

    async def _put(self, frames: Frames) -> None:
        await self._websocket.send_text(frames.text)
        for buffer in frames.buffers:
            await self._websocket.send_bytes(buffer)

    # -- in
    async def _read(self, subscription: Subscription, tasks: asyncio.TaskGroup) -> None:
        reader = FrameReader(
            self._websocket.receive,
            max_text=self._service.settings.max_json_bytes,
            max_buffers=self._service.settings.max_body_bytes,
        )
        while True:
            await subscription.ready()
            await self._slots.acquire()
            said = await reader.read()
            self._check_expiry()
            tasks.create_task(self._answer(said, subscription))
            # Let it begin before the next is read: a session takes operations in the order in which they reach it.
            await asyncio.sleep(0)

    async def _answer(self, said: Said, subscription: Subscription) -> None:
        try:
            if said.command is None:
                why = said.refusal or Refusal("invalid", "The command was not understood.")
                subscription.reply(refused(said.id, self._session, why))
            elif isinstance(said.command, AuthRenew):
                subscription.reply(await self._renew(said.command))
            else:
                subscription.reply(await carry_out(said.command, said.buffers, self._caller))
        finally:
            self._slots.release()

    # -- who it is
    async def _renew(self, command: AuthRenew) -> Reply:
        """Take a fresh token of the same user and sign-in session. A bad one changes nothing: the old one counts."""
        try:
            fresh = await authenticated(command.token, self._service)
        except Closing as error:
            return refused(command.id, self._session, Refusal("unauthenticated", error.reason))
        if (fresh.user.id, fresh.session_id) != (self._identity.user.id, self._identity.session_id):
            raise Closing(FORBIDDEN, "The new token is somebody else's, or of another sign-in.")
        self._identity = fresh
        self._renewed.set()
        return Reply(id=command.id, ok=True, revision=self._session.revision, result=self._who())

    async def _watch_expiry(self) -> None:
        while True:
            self._renewed.clear()
            expires_at = self._identity.expires_at
            left = None if expires_at is None else max(0.0, expires_at - time.time())
            try:
                async with asyncio.timeout(left):
                    await self._renewed.wait()
            except TimeoutError:
                self._check_expiry()

    def _check_expiry(self) -> None:
        if self._identity.expires_at is not None and self._identity.expires_at <= time.time():
            raise Closing(UNAUTHENTICATED, "The token has expired.")

    def _who(self) -> dict[str, Any]:
        """Who it is taken for, and how long: told as a duration, since the client's clock may differ."""
        expires_at = self._identity.expires_at
        left = None if expires_at is None else max(0.0, expires_at - time.time())
        return {"client_id": self._client.client_id, "user_id": self._client.user_id, "expires_in_s": left}


async def _open(service: ServiceState, identity: Identity, notebook_id: str) -> NotebookSession:
    try:
        return await service.session(identity.user, notebook_id)
    except NotebookNotFound as error:
        raise Closing(NO_NOTEBOOK, refusal(error).detail) from None
    except StorageError as error:
        raise Closing(RESTARTING if isinstance(error, StorageUnavailable) else FAILED, str(error)) from None


def _number(since: str | None) -> int | None:
    if since is None:
        return None
    if not since.isascii() or not since.isdecimal() or len(since) > 18:
        raise Closing(MALFORMED, "since should be the seq of an event.")
    return int(since)


def _reason(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Why the tasks ended: what the client is to be told, else that it left, else a mistake of ours."""
    found: list[BaseException] = []
    todo: list[BaseException] = [group]
    while todo:
        error = todo.pop()
        if isinstance(error, BaseExceptionGroup):
            todo.extend(error.exceptions)
        else:
            found.append(error)
    for kind in (Closing, Gone):
        for error in found:
            if isinstance(error, kind):
                return error
    return group


async def _close(websocket: WebSocket, closing: Closing) -> None:
    """Close with a code. A reason has 123 bytes at most."""
    if websocket.application_state is WebSocketState.DISCONNECTED:
        return
    reason = closing.reason.encode()[:120].decode("utf-8", "ignore")
    try:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            await websocket.close(closing.code, reason)
    except (TimeoutError, WebSocketDisconnect, RuntimeError):
        pass  # the client was quicker
