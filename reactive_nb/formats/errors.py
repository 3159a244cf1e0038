"""What goes wrong between a notebook and a text."""

from __future__ import annotations


class FormatError(Exception):
    """A text is no notebook, or a notebook cannot be put into a format. The message is a sentence for people."""
