"""The documentation page: Swagger UI, from files that this server has, under a policy that lets nothing else in.

A token in the page's address (`/docs?token=…`, as the start of the server prints it) signs the page in and is taken out
of the address; else there is an Authorize button.
"""

from __future__ import annotations

import hashlib
import html
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request
from starlette.responses import Response

from reactive_nb.api.errors import Refused

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
    " font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{docs}/swagger-ui.css?{version}">
</head>
<body>
<div id="swagger-ui" data-openapi="{openapi}"></div>
<noscript>This page needs JavaScript. The description itself is at <a href="{openapi}">{openapi}</a>.</noscript>
<script src="{docs}/swagger-ui-bundle.js?{version}"></script>
<script src="{docs}/start.js?{version}"></script>
</body>
</html>
"""
_START = """"use strict";
(() => {
  const place = document.getElementById("swagger-ui");
  const address = new URL(window.location.href);
  const token = address.searchParams.get("token");
  if (token) {
    address.searchParams.delete("token");
    window.history.replaceState(null, "", address);
  }
  const ui = SwaggerUIBundle({
    url: place.dataset.openapi,
    dom_id: "#swagger-ui",
    deepLinking: true,
    displayRequestDuration: true,
    persistAuthorization: false,
    tryItOutEnabled: true,
    validatorUrl: null,
    onComplete: () => { if (token) ui.preauthorizeApiKey("token", token); },
  });
})();
"""


def documentation_router(*, title: str, base: str, openapi_url: str) -> APIRouter:
    """`/docs` and its files. `base`: the base URL without its last slash."""
    router = APIRouter(include_in_schema=False)
    docs = f"{base}/docs"

    @router.get("/docs", name="documentation")
    async def page(request: Request) -> Response:
        root = request.scope.get("root_path", "")
        text = _PAGE.format(
            title=html.escape(title),
            docs=html.escape(f"{root}{docs}"),
            openapi=html.escape(f"{root}{openapi_url}"),
            version=_version(),
        )
        return Response(text, media_type="text/html", headers={"Content-Security-Policy": POLICY})

    @router.get("/docs/{name}")
    async def asset(name: str) -> Response:
        if name == "start.js":
            content, media_type = _START.encode(), _ASSETS["swagger-ui-bundle.js"]
        elif name in _ASSETS:
            content, media_type = _asset(name), _ASSETS[name]
        else:
            raise Refused("not-found", "There is nothing at this address.")
        return Response(content, media_type=media_type, headers={"Cache-Control": "public, max-age=86400"})

    return router


@cache
def _asset(name: str) -> bytes:
    return files("fastapi_offline").joinpath("static", name).read_bytes()


@cache
def _version() -> str:
    """Changes with the files, so that a browser never mixes those of two versions."""
    found = hashlib.sha256(_START.encode())
    for name in _ASSETS:
        found.update(_asset(name))
    return found.hexdigest()[:12]
