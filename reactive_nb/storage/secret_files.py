"""Secrets of notebooks in files of their own, which only the user reads that the service runs as."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

DIRECTORY = ".reactive-nb-secrets"


def save(root: Path, notebook_id: str, secret: str | None) -> None:
    """Keep the secret below `root`, durably; None: keep none. Raises OSError."""
    path = _path(root, notebook_id)
    if secret is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.parent.chmod(0o700)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def load(root: Path, notebook_id: str) -> str | None:
    """The secret that is kept. Raises OSError."""
    try:
        return _path(root, notebook_id).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _path(root: Path, notebook_id: str) -> Path:
    return root / DIRECTORY / hashlib.blake2b(notebook_id.encode(), digest_size=16).hexdigest()
