"""The page: what is below `static` is built from the TypeScript beside it (docs/development.md tells how)."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""The built page: `index.html`, `frame.html`, `icon.svg` and, below `assets`, files named after their content."""
