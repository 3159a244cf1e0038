from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactive_nb.core.origins import host_matches, host_name, is_loopback, is_wildcard, normal_origin, origin_allowed

LISTED = ("https://app.example", "http://dev.example:5173", "vscode-webview://abc")


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "127.0.0.1:8000", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("http://LOCALHOST:8000", "localhost:8000", True),
        ("https://nb.example", "nb.example", True),
        ("https://nb.example", "nb.example:443", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("https://app.example", "nb.example", True),
        ("https://app.example:443", "nb.example", True),
        ("vscode-webview://abc", "nb.example", True),
        ("http://127.0.0.1:8001", "127.0.0.1:8000", False),
        ("http://localhost:8000", "127.0.0.1:8000", False),
        ("http://app.example", "nb.example", False),
        ("https://app.example.evil.test", "nb.example", False),
        ("https://evil.test/https://app.example", "nb.example", False),
        ("https://app.example\n", "nb.example", False),
        ("https://app.example@evil.test", "nb.example", False),
        ("null", "nb.example", False),
        ("", "nb.example", False),
        ("file://", "nb.example", False),
        ("chrome-extension://nb.example", "nb.example", False),
        ("https://nb.example", None, False),
        ("https://nb.example", "", False),
        ("https://nb.example", "nb.example/x", False),
    ],
)
def test_origin_allowed(origin: str | None, host: str | None, allowed: bool) -> None:
    assert origin_allowed(origin, host, LISTED) is allowed


@given(st.text(max_size=60))
def test_only_listed_origins_pass_whatever_is_sent(origin: str) -> None:
    if origin_allowed(origin, None, LISTED):
        assert normal_origin(origin) in LISTED


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("LocalHost:8000", "localhost"),
        ("a.example.", "a.example"),
        ("[::1]:80", "::1"),
        ("1.2.3.4", "1.2.3.4"),
        ("::1", None),
        ("a b", None),
        ("a:b", None),
        ("", None),
        ("a\r\nb", None),
    ],
)
def test_host_name(host: str, name: str | None) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize(
    ("name", "pattern", "matches"),
    [
        ("a.example", "a.example", True),
        ("b.example", "a.example", False),
        ("x.a.example", "a.example", False),
        ("x.a.example", "*.a.example", True),
        ("a.example", "*.a.example", False),
        (".a.example", "*.a.example", False),
        ("xa.example", "*.a.example", False),
    ],
)
def test_host_matches(name: str, pattern: str, matches: bool) -> None:
    assert host_matches(name, pattern) is matches


def test_which_addresses_are_this_machine_and_which_are_all() -> None:
    assert [is_loopback(name) for name in ("localhost", "127.8.9.1", "::1", "[::1]", "0.0.0.0", "localhost.evil")] == [
        True, True, True, True, False, False,
    ]  # fmt: skip
    assert [is_wildcard(name) for name in ("0.0.0.0", "::", "127.0.0.1", "localhost")] == [True, True, False, False]


def test_an_ipv4_address_is_the_same_on_a_socket_for_both_families() -> None:
    assert is_loopback("::ffff:127.0.0.1")
    assert not is_loopback("::ffff:10.0.0.1")
    assert is_wildcard("::ffff:0.0.0.0")
