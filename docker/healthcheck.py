"""Whether the service in this container answers: exit status 0 if so, else 1 and a line that says why not.

Reads the settings that say where it listens; needs nothing but Python.
"""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request

EVERYWHERE = {"", "0.0.0.0", "::", "localhost"}  # noqa: S104  nothing is bound here


def health_url(environment: dict[str, str]) -> str:
    """Where the service of this environment says whether it lives."""
    host = environment.get("REACTIVE_NB_HOST", "")
    host = "127.0.0.1" if host in EVERYWHERE else host
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    port = environment.get("REACTIVE_NB_PORT") or "8000"
    path = environment.get("REACTIVE_NB_BASE_URL", "").strip("/")
    return f"http://{host}:{port}/{path + '/' if path else ''}health"


def main() -> int:
    """Ask once."""
    url = health_url(dict(os.environ))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=4):
            return 0
    except (urllib.error.URLError, OSError) as error:
        print(f"{url}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
