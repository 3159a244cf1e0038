"""Write how the service describes itself, openapi.json and asyncapi.json, into a directory: `describe.py DIRECTORY`."""

from __future__ import annotations

import sys
from pathlib import Path

from reactive_nb.api.asyncapi import asyncapi_document
from reactive_nb.main import create_app
from reactive_nb.schemas.encoding import encode


def main(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    openapi = create_app().openapi()
    asyncapi = asyncapi_document("/api/v1/ws/notebooks/{notebook_id}")
    for name, document in (("openapi", openapi), ("asyncapi", asyncapi)):
        (directory / f"{name}.json").write_text(encode(document), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
