"""Settings, identity and logs: what every part of the service stands on.

Nothing is loaded before it is asked for: importing this package costs nothing, and `settings` are read from the
environment at their first use, once for the process.
"""

from __future__ import annotations

import importlib
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reactive_nb.core.config import ConfigurationError, Settings, load_settings
    from reactive_nb.core.security import AuthenticationError, Identity, IdentityProvider, User, get_current_user

    settings: Settings

__all__ = [
    "AuthenticationError",
    "ConfigurationError",
    "Identity",
    "IdentityProvider",
    "Settings",
    "User",
    "get_current_user",
    "load_settings",
    "settings",
]

_HOME = {
    "AuthenticationError": "security",
    "ConfigurationError": "config",
    "Identity": "security",
    "IdentityProvider": "security",
    "Settings": "config",
    "User": "security",
    "get_current_user": "security",
    "load_settings": "config",
}
_first_use = threading.Lock()


def __getattr__(name: str) -> Any:
    """`settings` and the public names, loaded at first use. Raises ConfigurationError when a setting is wrong."""
    if name == "settings":
        with _first_use:
            if name not in globals():
                globals()[name] = _from("config", "load_settings")()
        return globals()[name]
    if name in _HOME:
        return _from(_HOME[name], name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _from(module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
