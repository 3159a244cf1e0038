"""Who is speaking: identity providers, how a token reaches us, and who may listen where.

A provider turns a token into an `Identity`; `get_current_user` is the dependency that finds the token in a request and
asks the application's provider (`app.state.identity`). What a user may do with which notebook is decided elsewhere.

The rule for tokens: the `Authorization` header always counts. The query parameter `token` and the cookie
`reactive_nb_token` count only for a provider that allows them (the local user's own server). Browsers send cookies
unasked, so a cookie counts only for a request that changes nothing (GET, HEAD, OPTIONS), or one with an `Origin`
header that is the service's own or listed in ALLOWED_ORIGINS; a WebSocket handshake is among the latter.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Mapping

from starlette.requests import HTTPConnection

from reactive_nb.core.config import ConfigurationError, Settings
from reactive_nb.core.identity import (
    MAX_TOKEN_CHARS,
    AuthenticationError,
    Identity,
    IdentityProvider,
    IdentityUnavailable,
    User,
)
from reactive_nb.core.origins import (
    host_matches,
    host_name,
    is_address,
    is_loopback,
    is_wildcard,
    origin_allowed,
)

__all__ = [
    "COOKIE",
    "MAX_TOKEN_CHARS",
    "AuthenticationError",
    "Identity",
    "IdentityProvider",
    "IdentityUnavailable",
    "TokenIdentity",
    "User",
    "check_exposure",
    "get_current_user",
    "get_identity",
    "host_allowed",
    "identity_provider",
    "local_identity",
    "origin_allowed",
    "reached_from_outside",
    "token_from_headers",
    "token_from_subprotocols",
]

COOKIE = "reactive_nb_token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CREDENTIALS = re.compile(r"(?:bearer|token) +([!-~]+) *", re.IGNORECASE)
_SUBPROTOCOL = "bearer."


class TokenIdentity:
    """Fixed tokens, each standing for a user."""

    def __init__(
        self,
        tokens: Mapping[str, User],
        *,
        name: str = "token",
        allows_query_token: bool = False,
        multi_user: bool = False,
    ) -> None:
        self.name = name
        self.allows_query_token = allows_query_token
        self.multi_user = multi_user
        self._users = tuple((_digest(token), user) for token, user in tokens.items() if token)

    async def authenticate(self, token: str) -> Identity:
        """The user of `token`, in a time that tells nothing of the tokens there are. Raises AuthenticationError."""
        given, found = _digest(token), None
        for digest, user in self._users:
            if hmac.compare_digest(digest, given):
                found = user
        if found is None:
            raise AuthenticationError("invalid_token", "The token is not valid.")
        return Identity(found)


def local_identity(settings: Settings) -> TokenIdentity:
    """The one local user, signing in with the server's token."""
    token = settings.token.get_secret_value()
    return TokenIdentity({token: User("local", "local")}, name="local", allows_query_token=True)


def identity_provider(settings: Settings) -> IdentityProvider:
    """The provider that the settings ask for. Raises ConfigurationError if there is none such."""
    return _clerk_identity(settings) if settings.clerk_frontend_api else local_identity(settings)


def _clerk_identity(settings: Settings) -> IdentityProvider:
    from reactive_nb.core.clerk import ClerkIdentity, ClerkRules
    from reactive_nb.core.jwks import KeySet

    if not settings.allowed_origins:
        raise ConfigurationError(
            "ALLOWED_ORIGINS: is needed with CLERK_FRONTEND_API: the origins of the pages on which people sign in,"
            " for example ALLOWED_ORIGINS=https://app.example.org"
        )
    issuer = f"https://{settings.clerk_frontend_api}"
    keys = KeySet(settings.clerk_jwks_url or f"{issuer}/.well-known/jwks.json")
    return ClerkIdentity(ClerkRules(issuer, frozenset(settings.allowed_origins), settings.clerk_audience), keys)


def check_exposure(settings: Settings, provider: IdentityProvider) -> None:
    """Raise ConfigurationError if the service would listen beyond this machine without telling users apart."""
    if not provider.multi_user and not is_loopback(settings.host):
        raise ConfigurationError(
            f"REACTIVE_NB_HOST: listening at {settings.host} lets others in, and there is no sign-in for several users;"
            " set REACTIVE_NB_HOST=127.0.0.1 (and put a proxy that signs users in before it), or configure one"
        )


def reached_from_outside(connection: HTTPConnection) -> bool:
    """Whether a request came in at an address of this machine that others can reach, and nobody tells users apart.

    `check_exposure` asks the same of the settings, which a server that is started without us need not follow. What
    counts is the address of the connection's own end, so listening at every address is no exposure by itself; sockets
    in the file system have none.
    """
    provider: IdentityProvider = connection.app.state.identity
    if provider.multi_user:
        return False
    address, port = connection.scope.get("server") or ("", None)
    return port is not None and not is_loopback(address)


def host_allowed(host: str | None, settings: Settings) -> bool:
    """Whether the `Host` header names this service, so that no other name can be made to point at it.

    Allowed: the names of this machine itself, the address listened at, REACTIVE_NB_TRUSTED_HOSTS, the hosts of
    ALLOWED_ORIGINS, and any IP address where the service listens at every one (numbers cannot be made to point).
    """
    name = host_name(host) if host else None
    if name is None:
        return False
    if is_loopback(name) or name == settings.host.lower():
        return True
    if is_wildcard(settings.host) and is_address(name):
        return True
    if any(host_matches(name, pattern) for pattern in settings.trusted_hosts):
        return True
    return any(name == host_name(origin.partition("://")[2]) for origin in settings.allowed_origins)


def token_from_headers(headers: Mapping[str, str]) -> str | None:
    """The token of `Authorization: Bearer …` or `token …`; None without that header.

    Raises AuthenticationError for a header of another form, too long, or not ASCII.
    """
    value = headers.get("authorization")
    if value is None:
        return None
    if len(value) > MAX_TOKEN_CHARS:
        raise AuthenticationError("token_too_long", "The token is too long.")
    found = _CREDENTIALS.fullmatch(value)
    if not found:
        raise AuthenticationError("malformed_authorization", "The Authorization header should be: Bearer TOKEN.")
    return found[1]


def token_from_subprotocols(offered: str | None) -> str | None:
    """The token that a browser's WebSocket offers as the subprotocol `bearer.TOKEN`; None if it offers none.

    Raises AuthenticationError for one that is too long.
    """
    for subprotocol in (offered or "").split(","):
        if subprotocol.strip().startswith(_SUBPROTOCOL):
            return _checked(subprotocol.strip().removeprefix(_SUBPROTOCOL))
    return None


async def get_identity(connection: HTTPConnection) -> Identity:
    """Whose request or WebSocket handshake this is. Raises AuthenticationError.

    Of several tokens the first counts, in the order: header, subprotocol, query, cookie.
    """
    provider: IdentityProvider = connection.app.state.identity
    token = token_from_headers(connection.headers)
    if token is None and connection.scope["type"] == "websocket":
        token = token_from_subprotocols(connection.headers.get("sec-websocket-protocol"))
    if token is None and provider.allows_query_token:
        token = _checked(connection.query_params.get("token")) or _token_from_cookie(connection)
    if token is None:
        raise AuthenticationError("missing_token", "Sign in: send a token in the Authorization header.")
    identity = await provider.authenticate(token)
    if identity.expires_at is not None and identity.expires_at <= time.time():
        raise AuthenticationError("expired_token", "The token has expired.")
    return identity


async def get_current_user(connection: HTTPConnection) -> User:
    """Whose request this is: a dependency for FastAPI, for HTTP and WebSocket. Raises AuthenticationError."""
    return (await get_identity(connection)).user


def _token_from_cookie(connection: HTTPConnection) -> str | None:
    token = connection.cookies.get(COOKIE)
    if not token:
        return None
    changes_nothing = connection.scope["type"] == "http" and connection.scope["method"] in _SAFE_METHODS
    origin = connection.headers.get("origin")
    if origin is None and not changes_nothing:
        raise AuthenticationError("missing_origin", "A cookie is no sign-in for a request without an Origin header.")
    settings: Settings | None = getattr(connection.app.state, "settings", None)
    listed = settings.allowed_origins if settings else ()
    if not origin_allowed(origin, connection.headers.get("host"), listed):
        raise AuthenticationError("foreign_origin", "A cookie is no sign-in for a request from another page.")
    return _checked(token)


def _checked(token: str | None) -> str | None:
    if token is not None and len(token) > MAX_TOKEN_CHARS:
        raise AuthenticationError("token_too_long", "The token is too long.")
    return token or None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
