"""The notebook that a newcomer sees first."""

from __future__ import annotations

from importlib.resources import files

DEMO_ID = "d3300000-0000-4000-8000-000000000001"
"""The id under which it is stored, so that it is made once."""


def demo_document() -> bytes:
    """The demo notebook as an .ipynb document."""
    return files(__package__).joinpath("demo.ipynb").read_bytes()
