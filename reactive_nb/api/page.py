"""The page at `/`, and its files: read once, sent compressed, under a policy that lets nothing else in.

Files below `assets` are named after their content and may be kept for ever; the page itself is asked for each time.
All addresses in it are relative, so it works under any prefix. A token in the page's address signs the browser in by a
cookie, where the identity provider allows that.

HTML outputs are shown in `frame.html`, whose policy gives it an origin of its own: scripts may run in it, but reach
neither the page, nor the service, nor any other host.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from reactive_nb.api.errors import Refused
from reactive_nb.core.config import Settings
from reactive_nb.core.security import COOKIE, AuthenticationError, IdentityProvider
from reactive_nb.web import STATIC

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
    " media-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'self'"
)
FRAME_POLICY = (
    "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox; default-src 'none';"
    " script-src 'unsafe-inline' 'unsafe-eval' data: blob:; style-src 'unsafe-inline' data:; img-src data: blob:;"
    " media-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
FOR_EVER = "public, max-age=31536000, immutable"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
_COMPRESSED = frozenset({".css", ".html", ".js", ".json", ".svg", ".wasm"})


@dataclass(frozen=True, slots=True)
class _File:
    media_type: str
    etag: str
    content: bytes
    gzipped: bytes | None


def page_router(*, base: str) -> APIRouter:
    """`/` and the page's files. `base`: the base URL without its last slash."""
    router = APIRouter(include_in_schema=False)

    @router.get("/", name="page")
    async def page(request: Request) -> Response:
        """The page, signed in if the address has the local user's token."""
        response = await _answer(request, "index.html", POLICY)
        await _sign_in(request, response)
        return response

    @router.get("/frame.html")
    async def frame(request: Request) -> Response:
        return await _answer(request, "frame.html", FRAME_POLICY)

    @router.get("/icon.svg")
    async def icon(request: Request) -> Response:
        return await _answer(request, "icon.svg")

    @router.get("/assets/{name}")
    async def asset(request: Request, name: str) -> Response:
        return await _answer(request, f"assets/{name}", caching=FOR_EVER)

    if base:

        @router.get("")
        async def without_slash(request: Request) -> Response:
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"{request.scope.get('root_path', '')}{base}/{query}", status_code=308)

    return router


async def _answer(request: Request, path: str, policy: str | None = None, caching: str = "no-cache") -> Response:
    if path not in _paths():
        raise Refused("not-found", "There is nothing at this address.")
    file = await asyncio.to_thread(_read, path)
    headers = {"Cache-Control": caching, "ETag": file.etag, "Vary": "Accept-Encoding"}
    if policy is not None:
        headers["Content-Security-Policy"] = policy
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    content = file.content
    if file.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        content = file.gzipped
        headers["Content-Encoding"] = "gzip"
    return Response(content, media_type=file.media_type, headers=headers)


async def _sign_in(request: Request, response: Response) -> None:
    token = request.query_params.get("token")
    identity: IdentityProvider = request.app.state.identity
    if not token or not identity.allows_query_token:
        return
    try:
        await identity.authenticate(token)
    except AuthenticationError:
        return
    settings: Settings = request.app.state.settings
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, token, path=settings.base_url, httponly=True, samesite="strict", secure=secure)


@cache
def _paths() -> frozenset[str]:
    """The paths of all files of the page. What is no file of the page has no path that leads to it."""
    return frozenset(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file())


@cache
def _read(path: str) -> _File:
    content = (STATIC / path).read_bytes()
    suffix = Path(path).suffix
    gzipped = gzip.compress(content, 6, mtime=0) if suffix in _COMPRESSED else None
    media_type = _TYPES.get(suffix, "application/octet-stream")
    return _File(media_type, f'"{hashlib.sha256(content).hexdigest()[:20]}"', content, gzipped)
