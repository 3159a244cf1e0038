"""A Clerk instance as far as this service sees one: real RSA keys, served by a real HTTP server on loopback."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jose import jwt

HOST = "clerk.example.org"
ISSUER = f"https://{HOST}"
PAGE = "https://app.example.org"
NOW = 1_800_000_000


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class SigningKey:
    """A private key with an id."""

    def __init__(self, key_id: str, bits: int = 2048) -> None:
        self.id = key_id
        self._private = rsa.generate_private_key(65537, bits)
        self.pem = self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        self.public_pem = self._private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.public_der = self._private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def public(self, **more: Any) -> dict[str, Any]:
        numbers = self._private.public_key().public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        parts = {"n": encoded(numbers.n.to_bytes(size, "big")), "e": encoded(numbers.e.to_bytes(3, "big"))}
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, **parts} | more

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        token: str = jwt.encode(claims, self.pem, algorithm="RS256", headers={"kid": self.id, "typ": "JWT"} | header)
        return token


def claims(now: float = NOW, **other: Any) -> dict[str, Any]:
    """What a session token says, changed by `other` (None: the claim is left out)."""
    said: dict[str, Any] = {
        "iss": ISSUER,
        "sub": "user_ann",
        "sid": "sess_1",
        "azp": PAGE,
        "iat": int(now),
        "nbf": int(now) - 10,
        "exp": int(now) + 60,
        "jti": "a1b2c3",
        "v": 2,
        "sts": "active",
        "fva": [1, -1],
    }
    return {name: value for name, value in (said | other).items() if value is not None}


class Instance:
    """The server: what it answers can be changed, and how often it was asked is counted."""

    def __init__(self) -> None:
        self.status = 200
        self.body: bytes = b""
        self.location: str | None = None
        self.delay_s = 0.0
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                outer.stalled.wait(outer.delay_s)
                self.send_response(outer.status)
                if outer.location:
                    self.send_header("Location", outer.location)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *_: Any) -> None:
                pass

        self.stalled = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/.well-known/jwks.json"

    def serve(self, *keys: dict[str, Any]) -> None:
        self.status, self.location, self.body = 200, None, json.dumps({"keys": list(keys)}).encode()

    def close(self) -> None:
        self.stalled.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def instance(*keys: SigningKey) -> Iterator[Instance]:
    made = Instance()
    made.serve(*(key.public() for key in keys))
    try:
        yield made
    finally:
        made.close()


class Clock:
    """Time that stands still until it is told otherwise."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def valid_now(key: SigningKey, **other: Any) -> str:
    """A session token that is good at this moment."""
    return key.sign(claims(time.time(), **other))
