"""Settings must come from a test, not from the machine it runs on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reactive_nb.core.config import Settings, variable_name


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No setting in the environment, and an empty working directory."""
    known = {variable_name(name) for name in Settings.model_fields}
    for name in list(os.environ):
        if name.upper() in known or name.upper().startswith("REACTIVE_NB_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path
