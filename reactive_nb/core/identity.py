"""Who somebody is, and what tells it: the words that sign-in is described in. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MAX_TOKEN_CHARS = 8192


@dataclass(frozen=True, slots=True)
class User:
    """Somebody whose notebooks are their own."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token stands for, and how long."""

    user: User
    expires_at: float | None = None
    """Seconds since the epoch after which the token is worth nothing; None for one that lasts."""
    session_id: str | None = None
    """The provider's sign-in session; a renewed token must have the same."""


class AuthenticationError(Exception):
    """No token, or a worthless one. `reason` is for programs, the message for people; neither repeats the token."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class IdentityUnavailable(AuthenticationError):
    """Nobody can be told apart at the moment, for reasons that are not the token's."""

    def __init__(self, message: str) -> None:
        super().__init__("identity_unavailable", message)


class IdentityProvider(Protocol):
    """Turns tokens into identities."""

    @property
    def name(self) -> str:
        """What logs and health reports call it."""

    @property
    def allows_query_token(self) -> bool:
        """Whether tokens may stand in a URL or in our cookie."""

    @property
    def multi_user(self) -> bool:
        """Whether it tells users apart, so that the service may listen beyond this machine."""

    async def authenticate(self, token: str) -> Identity:
        """The identity that `token` proves. Raises AuthenticationError."""
