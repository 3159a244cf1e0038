"""The public keys of an identity provider, fetched when needed and kept: a JSON Web Key Set (RFC 7517).

The address comes from configuration, never from a token. The rules: keys are fetched anew when they are an hour old;
what cannot be fetched again goes on being used for a day; a key id that is not known makes one fetch in five minutes at
most, whoever sends it and however often; after a failure there is none for ten seconds; one fetch is under way at a
time, and who finds keys that will do does not wait for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

_log = logging.getLogger(__name__)

FRESH_S = 3600.0
USABLE_S = 24 * 3600.0
UNKNOWN_KEY_PAUSE_S = 300.0
FAILURE_PAUSE_S = 10.0
FETCH_TIMEOUT_S = 3.0
MAX_SET_BYTES = 64 * 1024
MAX_KEYS = 32
MIN_MODULUS_BITS = 2048


class KeysUnavailable(Exception):
    """There are no keys to be had: the provider does not answer, or not with a key set."""


class KeySet:
    """The RSA signing keys at one address."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is fetched before a key is asked for. `clock` gives seconds."""
        self.url = url
        self._clock = clock
        self._keys: dict[str, Any] = {}
        self._fetched_at = float("-inf")
        self._failed_at = float("-inf")
        self._looked_for_unknown_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def get(self, key_id: str) -> Any | None:
        """The key of that id, ready to verify with; None if the provider has none such. Raises KeysUnavailable."""
        known = self._keys.get(key_id)
        if known is not None and self._age < FRESH_S:
            return known
        if known is not None and self._age < USABLE_S and self._fetching.locked():
            return known
        await self._refresh(unknown=known is None)
        if self._age >= USABLE_S:
            raise KeysUnavailable(f"The keys at {self.url} cannot be fetched.")
        return self._keys.get(key_id)

    @property
    def _age(self) -> float:
        return self._clock() - self._fetched_at

    async def _refresh(self, *, unknown: bool) -> None:
        async with self._fetching:
            now = self._clock()
            if now - self._failed_at < FAILURE_PAUSE_S:
                return
            if now - self._fetched_at < FRESH_S:
                if not unknown or now - max(self._looked_for_unknown_at, self._fetched_at) < UNKNOWN_KEY_PAUSE_S:
                    return
                self._looked_for_unknown_at = now
            try:
                self._keys = usable_keys(await _fetch(self.url))
            except KeysUnavailable as error:
                self._failed_at = self._clock()
                _log.warning("%s", error)
            else:
                self._fetched_at = self._clock()


async def _fetch(url: str) -> Any:
    """The JSON at `url`, without following it anywhere else. Raises KeysUnavailable."""
    import httpx2  # who has no such provider need not load it
    import orjson

    try:
        async with (
            asyncio.timeout(FETCH_TIMEOUT_S),
            httpx2.AsyncClient(follow_redirects=False) as client,
            client.stream("GET", url) as answer,
        ):
            if answer.status_code != 200:
                raise KeysUnavailable(f"The keys at {url} cannot be fetched: status {answer.status_code}.")
            body = bytearray()
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > MAX_SET_BYTES:
                    raise KeysUnavailable(f"What is at {url} is too large for a key set.")
        return orjson.loads(body)
    except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError) as error:
        why = str(error) or type(error).__name__
        raise KeysUnavailable(f"The keys at {url} cannot be fetched: {why}.") from None


def usable_keys(document: Any) -> dict[str, Any]:
    """Key id → key, of those RSA keys of a JWK Set that are there to verify RS256 with. Raises KeysUnavailable."""
    from jose import jwk
    from jose.exceptions import JOSEError

    listed = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(listed, list):
        raise KeysUnavailable("The provider's answer is no key set.")
    keys: dict[str, Any] = {}
    for entry in listed[:MAX_KEYS]:
        if not isinstance(entry, Mapping) or not _is_for_signatures(entry):
            continue
        try:
            key: Any = jwk.construct({"kty": "RSA", "n": entry["n"], "e": entry["e"]}, algorithm="RS256")
            if key.prepared_key.key_size >= MIN_MODULUS_BITS:
                keys[entry["kid"]] = key
        except (JOSEError, KeyError, ValueError, TypeError, AttributeError):
            _log.warning("a key of the provider's set is left out: it cannot be read")
    if not keys:
        raise KeysUnavailable("The provider's key set has no RSA key for signatures.")
    return keys


def _is_for_signatures(entry: Mapping[str, Any]) -> bool:
    return (
        entry.get("kty") == "RSA"
        and entry.get("use", "sig") == "sig"
        and entry.get("alg", "RS256") == "RS256"
        and isinstance(entry.get("kid"), str)
        and 0 < len(entry["kid"]) <= 256
    )
