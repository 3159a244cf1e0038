"""Clerk's session tokens: what is let in, and everything that is not. Against real keys on a real server."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from jose import jwt

from reactive_nb.core.clerk import ClerkIdentity, ClerkRules
from reactive_nb.core.jwks import KeySet
from reactive_nb.core.security import AuthenticationError, IdentityUnavailable, User
from tests.core.clerk_instance import ISSUER, NOW, PAGE, Clock, Instance, SigningKey, claims, encoded, instance

pytestmark = pytest.mark.anyio

KEY = SigningKey("ins_1")
OTHER = SigningKey("ins_1")
"""Somebody else's, under the same id."""
WEAK = SigningKey("weak", bits=1024)
RULES = ClerkRules(ISSUER, frozenset({PAGE}))
WITH_TEMPLATES = ClerkRules(ISSUER, frozenset({PAGE}), audience="notebooks")


@pytest.fixture(scope="module")
def clerk() -> Iterator[Instance]:
    with instance(KEY) as running:
        running.serve(KEY.public(), WEAK.public(), KEY.public(kid="for-encryption", use="enc"))
        yield running


def provider(clerk: Instance, rules: ClerkRules = RULES, now: float = NOW) -> ClerkIdentity:
    return ClerkIdentity(rules, KeySet(clerk.url), clock=Clock(now))


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"azp": None},
        {"sts": None},
        {"v": None},
        {"jti": None},
        {"exp": NOW - 4, "iat": NOW - 64, "nbf": NOW - 74},
        {"iat": NOW + 4, "nbf": NOW + 4},
        {"act": {"sub": "user_admin"}},
    ],
)
async def test_a_session_token_is_good(clerk: Instance, other: dict[str, Any]) -> None:
    identity = await provider(clerk).authenticate(KEY.sign(claims(**other)))
    assert identity.user == User("user_ann", "user_ann")
    assert identity.session_id == "sess_1"
    assert identity.expires_at == claims(**other)["exp"] + 5


async def test_a_name_that_the_instance_puts_in_is_shown(clerk: Instance) -> None:
    assert (await provider(clerk).authenticate(KEY.sign(claims(name="Ann")))).user.name == "Ann"


async def test_a_template_token_is_good_where_its_audience_is_configured(clerk: Instance) -> None:
    token = KEY.sign(claims(sid=None, v=None, sts=None, aud="notebooks"))
    assert (await provider(clerk, WITH_TEMPLATES).authenticate(token)).session_id is None
    with pytest.raises(AuthenticationError):
        await provider(clerk).authenticate(token)


def unsigned(header: dict[str, Any], said: dict[str, Any], signature: str = "") -> str:
    parts = [encoded(json.dumps(part).encode()) for part in (header, said)]
    return ".".join([*parts, signature])


def with_secret(secret: bytes) -> str:
    """A MAC made with what everybody knows: the public key."""
    head = unsigned({"alg": "HS256", "kid": "ins_1", "typ": "JWT"}, claims()).rstrip(".")
    return f"{head}.{encoded(hmac.new(secret, head.encode(), hashlib.sha256).digest())}"


def raw(said: str) -> str:
    """A token with a good signature over claims that no library would write."""
    head = f"{encoded(json.dumps({'alg': 'RS256', 'kid': 'ins_1'}).encode())}.{encoded(said.encode())}"
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    private: Any = load_pem_private_key(KEY.pem.encode(), None)
    return f"{head}.{encoded(private.sign(head.encode(), PKCS1v15(), SHA256()))}"


GOOD = KEY.sign(claims())
HEAD, BODY, SIGNATURE = GOOD.split(".")
FORGED: dict[str, str] = {
    # -- no token at all
    "empty": "",
    "a word": "sesame",
    "two parts": f"{HEAD}.{BODY}",
    "four parts": f"{GOOD}.{SIGNATURE}",
    "not base64": f"{HEAD}.{BODY}.!!!!",
    "blank inside": f"{HEAD}.{BODY} .{SIGNATURE}",
    "new line at the end": f"{GOOD}\n",
    "not ASCII": f"{HEAD}.{BODY}é.{SIGNATURE}",
    "a lone surrogate": f"{HEAD}.\ud800.{SIGNATURE}",
    "too long": f"{HEAD}.{'A' * 9_000}.{SIGNATURE}",
    "header no JSON": f"{encoded(b'{')}.{BODY}.{SIGNATURE}",
    "header a list": f"{encoded(b'[]')}.{BODY}.{SIGNATURE}",
    "header nested deeply": f"{encoded(b'[' * 3_000)}.{BODY}.{SIGNATURE}",
    "claims a list": raw("[]"),
    "claims no JSON": raw("{"),
    "claims nested deeply": raw('{"a":' + "[" * 2_000 + "]" * 2_000 + "}"),
    # -- signatures
    "no signature": f"{HEAD}.{BODY}.",
    "signature cut": GOOD[:-8],
    "signature of other claims": f"{HEAD}.{KEY.sign(claims(sub='user_eve')).split('.')[1]}.{SIGNATURE}",
    "alg none": unsigned({"alg": "none", "kid": "ins_1"}, claims()),
    "alg None": unsigned({"alg": "None", "kid": "ins_1"}, claims(), SIGNATURE),
    "HS256 with the public key in PEM": with_secret(KEY.public_pem),
    "HS256 with the public key in DER": with_secret(KEY.public_der),
    "HS256 with nothing": with_secret(b""),
    "RS512": jwt.encode(claims(), KEY.pem, algorithm="RS512", headers={"kid": "ins_1"}),
    "somebody else's key under our id": OTHER.sign(claims()),
    "a key not in the set": OTHER.sign(claims(), kid="ins_2"),
    "a weak key": WEAK.sign(claims()),
    "a key for encryption": KEY.sign(claims(), kid="for-encryption"),
    "no key id": jwt.encode(claims(), KEY.pem, algorithm="RS256"),
    "key id a number": KEY.sign(claims(), kid=1),
    "key id a path": KEY.sign(claims(), kid="../../ins_1"),
    "own key in the header": OTHER.sign(
        claims(), jwk=OTHER.public(), jku="http://127.0.0.1:1/", x5u="http://127.0.0.1:1/"
    ),
    "unknown critical extension": KEY.sign(claims(), crit=["b64"]),
    "another type": KEY.sign(claims(), typ="at+jwt"),
    # -- claims
    "another issuer": KEY.sign(claims(iss="https://clerk.evil.example")),
    "issuer with a slash": KEY.sign(claims(iss=f"{ISSUER}/")),
    "no issuer": KEY.sign(claims(iss=None)),
    "issuers": raw(json.dumps(claims(iss=None) | {"iss": [ISSUER]})),
    "expired": KEY.sign(claims(NOW - 120)),
    "not yet valid": KEY.sign(claims(NOW + 30)),
    "issued later": KEY.sign(claims(iat=NOW + 30)),
    "no end": KEY.sign(claims(exp=None)),
    "end a text": raw(json.dumps(claims() | {"exp": str(NOW + 60)})),
    "end true": raw(json.dumps(claims() | {"exp": True})),
    "end a fraction": raw(json.dumps(claims() | {"exp": NOW + 60.5})),
    "end never": raw(json.dumps(claims() | {"exp": 0}).replace('"exp": 0', '"exp": 1e300')),
    "end infinite": raw(json.dumps(claims() | {"exp": float("inf")})),
    "end in a million years": KEY.sign(claims(exp=NOW + 10**9)),
    "end before its beginning": KEY.sign(claims(iat=NOW + 4, nbf=NOW, exp=NOW + 2)),
    "no beginning": KEY.sign(claims(iat=None)),
    "no nbf": KEY.sign(claims(nbf=None)),
    "nobody's": KEY.sign(claims(sub=None)),
    "somebody without a name": KEY.sign(claims(sub="")),
    "whose it is a list": raw(json.dumps(claims() | {"sub": ["user_ann"]})),
    "whose it is with a blank": KEY.sign(claims(sub="user ann")),
    "whose it is too long": KEY.sign(claims(sub="u" * 300)),
    "another page": KEY.sign(claims(azp="https://evil.example")),
    "another port of the page": KEY.sign(claims(azp=f"{PAGE}:8443")),
    "page null-like": KEY.sign(claims(azp="null")),
    "pages": raw(json.dumps(claims() | {"azp": [PAGE]})),
    "sign-in not finished": KEY.sign(claims(sts="pending")),
    "sign-in status unknown": KEY.sign(claims(sts="revoked")),
    "of no session": KEY.sign(claims(sid=None)),
    "session a number": raw(json.dumps(claims() | {"sid": 1})),
    "another version": KEY.sign(claims(v=3)),
    "for somebody else": KEY.sign(claims(aud="other")),
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED)
async def test_a_forged_or_broken_token_is_refused(clerk: Instance, token: str) -> None:
    with pytest.raises(AuthenticationError) as refused:
        await provider(clerk).authenticate(token)
    assert not isinstance(refused.value, IdentityUnavailable)
    assert token == "" or token not in str(refused.value)


def test_there_are_many_of_them() -> None:
    assert len(FORGED) >= 60


TEMPLATES: dict[str, str] = {
    "for somebody else": KEY.sign(claims(sid=None, aud="other")),
    "for nobody": KEY.sign(claims(sid=None)),
    "for a list without us": KEY.sign(claims(sid=None, aud=["a", "b"])),
    "session token for us": KEY.sign(claims(aud="notebooks")),
}


@pytest.mark.parametrize("token", TEMPLATES.values(), ids=TEMPLATES)
async def test_templates_change_nothing_else(clerk: Instance, token: str) -> None:
    with pytest.raises(AuthenticationError):
        await provider(clerk, WITH_TEMPLATES).authenticate(token)
