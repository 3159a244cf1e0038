"""Names and cells in sentences."""

from __future__ import annotations

from collections.abc import Sequence

MOST_LISTED = 8


def listed(names: Sequence[str]) -> str:
    """Names in a row, not too many of them."""
    more = len(names) - MOST_LISTED
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:MOST_LISTED])} and {more} more"
