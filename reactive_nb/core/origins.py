"""Which pages and which host names may speak to the service: rules about `Origin` and `Host`, as pure functions.

A browser sends a page's origin with every request that could change something and with every WebSocket handshake; a
page elsewhere that makes its own name point at this machine (DNS rebinding) is told by the `Host` it sends. Names are
compared whole, never by prefix or suffix, and what cannot be read is refused.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

_DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]{0,30})://(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::([0-9]{1,5}))?")
_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::([0-9]{1,5}))?")
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9_])?")


def normal_origin(origin: str) -> str:
    """`origin` in lower case and without its scheme's own port. Raises ValueError if it is no origin."""
    found = _ORIGIN.fullmatch(origin.lower())
    if not found:
        raise ValueError(f"{origin!r} is no origin (scheme and host, perhaps a port, nothing after it)")
    scheme, host, port = found.groups()
    if port is None or port == _DEFAULT_PORTS.get(scheme):
        return f"{scheme}://{host}"
    if int(port) > 65535:
        raise ValueError(f"{origin!r} has no possible port")
    return f"{scheme}://{host}:{int(port)}"


def is_host(name: str) -> bool:
    """Whether `name` is an IP address (an IPv6 one with or without brackets) or could be a host's name."""
    return is_address(name) or (_NAME.fullmatch(name.lower()) is not None and ".." not in name)


def is_address(name: str) -> bool:
    """Whether `name` is an IP address."""
    return _address(name) is not None


def is_loopback(name: str) -> bool:
    """Whether `name` can only mean this machine."""
    address = _address(name)
    return name.lower() == "localhost" if address is None else address.is_loopback


def is_wildcard(name: str) -> bool:
    """Whether listening at `name` means listening at every address."""
    address = _address(name)
    return address is not None and address.is_unspecified


def host_name(host: str) -> str | None:
    """The name in a `Host` header, in lower case, without port, brackets and final dot; None if it cannot be read."""
    found = _HOST.fullmatch(host.lower())
    return found[1].strip("[]").removesuffix(".") if found else None


def origin_allowed(origin: str | None, host: str | None, allowed_origins: Iterable[str] = ()) -> bool:
    """Whether a request with this `Origin` and this `Host` may be served.

    No origin means a client that is no browser, which no other page can be behind. The origin of the service itself is
    allowed, and those listed (as `normal_origin` writes them); all others, `null` among them, are not.
    """
    if origin is None:
        return True
    try:
        given = normal_origin(origin)
    except ValueError:
        return False
    if given in allowed_origins:
        return True
    scheme = given.partition("://")[0]
    if scheme not in ("http", "https") or host is None:
        return False
    try:
        return given == normal_origin(f"{scheme}://{host}")
    except ValueError:
        return False


def host_matches(name: str, pattern: str) -> bool:
    """Whether a host's name is the one given, or below it where the pattern begins with `*.`."""
    if pattern.startswith("*."):
        return name.endswith(pattern[1:].lower()) and len(name) > len(pattern) - 1
    return name == pattern.lower()


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    # a socket for both families names IPv4 addresses so
    return getattr(address, "ipv4_mapped", None) or address
