"""Signing in by Clerk: what makes one of its session tokens good.

A session token is a JWT (RFC 7519) of the instance's, signed with RS256, that lives for a minute and is renewed by the
page. Issuer and key address follow from configuration alone. Everything about a token that could be wrong is looked at,
whatever the JWT library lets pass, and any surprise while reading it is a refusal. See
https://clerk.com/docs/guides/sessions/session-tokens for the claims.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from reactive_nb.core.identity import MAX_TOKEN_CHARS, AuthenticationError, Identity, IdentityUnavailable, User
from reactive_nb.core.jwks import KeySet, KeysUnavailable

LEEWAY_S = 5
MAX_LIFE_S = 24 * 3600
"""Longer than any session token that an instance can be set to give."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_SUBJECT = re.compile(r"[!-~]{1,255}")
_ALGORITHM = "RS256"


@dataclass(frozen=True, slots=True)
class ClerkRules:
    """What this service asks of a token."""

    issuer: str
    parties: Collection[str]
    """Origins of the pages that may sign people in here."""
    audience: str | None = None
    """With it, tokens made from a JWT template for this audience count too."""


class ClerkIdentity:
    """The identity provider."""

    name = "clerk"
    allows_query_token = False
    multi_user = True

    def __init__(self, rules: ClerkRules, keys: KeySet, *, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since the epoch."""
        self._rules = rules
        self._keys = keys
        self._clock = clock

    async def authenticate(self, token: str) -> Identity:
        """Whose token it is. Raises AuthenticationError; IdentityUnavailable if the instance's keys can't be had."""
        key_id = _key_id(token)
        try:
            key = await self._keys.get(key_id)
        except KeysUnavailable:
            raise IdentityUnavailable("Signing in is not possible at the moment: Clerk does not answer.") from None
        if key is None:
            raise AuthenticationError("unknown_key", "The token is signed with a key that is not known.")
        return identity_of(_verified(token, key), self._rules, self._clock())


def _key_id(token: str) -> str:
    """The id of the key that the token says it is signed with."""
    from jose import jwt

    if len(token) > MAX_TOKEN_CHARS or not _TOKEN.fullmatch(token):
        raise AuthenticationError("malformed_token", "The token is no session token.")
    try:
        header = jwt.get_unverified_header(token)
    except Exception:  # of many kinds, among them RecursionError
        raise AuthenticationError("malformed_token", "The token is no session token.") from None
    if header.get("alg") != _ALGORITHM or "crit" in header or header.get("typ", "JWT") not in ("JWT", "jwt"):
        raise AuthenticationError("unexpected_header", "The token is of a kind that is not used here.")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not 0 < len(key_id) <= 256:
        raise AuthenticationError("unknown_key", "The token does not say with which key it is signed.")
    return key_id


def _verified(token: str, key: Any) -> Mapping[str, Any]:
    """The claims, if the signature is the key's. What they say is looked at elsewhere."""
    from jose import jwt

    nothing = ("signature", "aud", "iat", "exp", "nbf", "iss", "sub", "jti", "at_hash")
    options = {f"verify_{name}": name == "signature" for name in nothing}
    try:
        claims = jwt.decode(token, key, algorithms=[_ALGORITHM], options=options)
    except Exception:  # JWTError, and OverflowError, UnicodeEncodeError, AttributeError for hostile ones
        raise AuthenticationError("invalid_token", "The token is not valid.") from None
    return claims


def identity_of(claims: Mapping[str, Any], rules: ClerkRules, now: float) -> Identity:
    """Whom the claims of a token with a good signature stand for at that time. Raises AuthenticationError."""
    if claims.get("iss") != rules.issuer:
        raise AuthenticationError("wrong_issuer", "The token is of another instance.")
    expires_at = _check_times(claims, now)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise AuthenticationError("invalid_token", "The token does not say whose it is.")
    party = claims.get("azp")
    if party is not None and (not isinstance(party, str) or party not in rules.parties):
        raise AuthenticationError("wrong_party", "The token was made for a page that is not listed in ALLOWED_ORIGINS.")
    session = claims.get("sid")
    if session is None:
        _check_template(claims, rules)
    elif not isinstance(session, str) or not _SUBJECT.fullmatch(session):
        raise AuthenticationError("invalid_token", "The token is not valid.")
    else:
        _check_session(claims)
    return Identity(User(subject, _name(claims, subject)), expires_at + LEEWAY_S, session)


def _check_times(claims: Mapping[str, Any], now: float) -> int:
    """When it ends. All three times have to be there, as whole seconds, and to make sense together."""
    times = [claims.get(name) for name in ("exp", "iat", "nbf")]
    if not all(type(one) is int and 0 <= one < 2**40 for one in times):
        raise AuthenticationError("invalid_token", "The token does not say when it is valid.")
    expires_at, issued_at, not_before = (int(one) for one in times if one is not None)
    if expires_at + LEEWAY_S <= now:
        raise AuthenticationError("expired_token", "The token has expired.")
    if max(issued_at, not_before) - LEEWAY_S > now:
        raise AuthenticationError("premature_token", "The token is not valid yet.")
    if not 0 < expires_at - issued_at <= MAX_LIFE_S:
        raise AuthenticationError("invalid_token", "The token is valid for too long.")
    return expires_at


def _check_session(claims: Mapping[str, Any]) -> None:
    if type(claims.get("v", 2)) is not int or claims.get("v", 2) != 2:
        raise AuthenticationError("invalid_token", "The token is of a version that is not known.")
    if claims.get("sts", "active") != "active":
        raise AuthenticationError("pending_session", "Signing in is not finished: there is something left to do first.")
    if "aud" in claims:
        raise AuthenticationError("wrong_audience", "The token was made for somebody else.")


def _check_template(claims: Mapping[str, Any], rules: ClerkRules) -> None:
    if rules.audience is None:
        raise AuthenticationError("no_session", "The token is of no session; such tokens are not accepted here.")
    given = claims.get("aud")
    audiences = given if isinstance(given, list) else [given]
    if rules.audience not in audiences:
        raise AuthenticationError("wrong_audience", "The token was made for somebody else.")


def _name(claims: Mapping[str, Any], subject: str) -> str:
    """What others see of a person: Clerk's tokens have no name unless the instance is told to put one in."""
    name = claims.get("name")
    return name[:100] if isinstance(name, str) and name.strip() else subject
