"""What it costs, with every request, to find out whose it is: the service's own token, and a session token of Clerk's.

Asked in this process, many at once in a turn, of what the service asks: a digest is compared, or a signature by RS256
is checked with a key that has been fetched before, and then every claim.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from reactive_nb.core.clerk import ClerkIdentity, ClerkRules
from reactive_nb.core.identity import User
from reactive_nb.core.jwks import KeySet
from reactive_nb.core.security import IdentityProvider, TokenIdentity
from tests.benchmarks.rounds import Contestant, Turn, in_rounds
from tests.benchmarks.samples import Result
from tests.core.clerk_instance import ISSUER, PAGE, SigningKey, instance, valid_now

ROUNDS, QUICK_ROUNDS = 20, 2
A_TURN = 100
"""Tokens in one turn."""
MICROSECONDS = 1e6
OURS, CLERK = "the service's own token", "a session token of Clerk's"


async def measure(*, quick: bool) -> list[Result]:
    """The mean of a turn is a sample."""
    contestants = [Contestant(OURS, _own), Contestant(CLERK, _clerk)]
    rows = await in_rounds(contestants, QUICK_ROUNDS if quick else ROUNDS, scale=MICROSECONDS)
    return [Result("tokens", "Whose request it is, for each request", "µs", rows)]


@asynccontextmanager
async def _own() -> AsyncIterator[Turn]:
    yield _checks(TokenIdentity({"the-token": User("local", "local")}), "the-token")


@asynccontextmanager
async def _clerk() -> AsyncIterator[Turn]:
    key = SigningKey("key-1")
    with instance(key) as served:
        provider = ClerkIdentity(ClerkRules(ISSUER, [PAGE]), KeySet(served.url))

        async def turn() -> list[float]:
            return await _checks(provider, valid_now(key))()

        yield turn


def _checks(provider: IdentityProvider, token: str) -> Turn:
    async def turn() -> list[float]:
        began = time.perf_counter()
        for _ in range(A_TURN):
            await provider.authenticate(token)
        return [(time.perf_counter() - began) / A_TURN]

    return turn
