"""The chapter on settings, made from the settings themselves: `python -m tests.docs.settings_chapter` writes it."""

from __future__ import annotations

from pathlib import Path

from reactive_nb.core.config import variables

CHAPTER = Path(__file__).parents[2] / "docs" / "settings.md"

HEAD = """\
# Settings

Environment variables, or lines `NAME=value` in a file `.env` in the working directory. A wrong value stops the start
with one line that says which and why. `reactive-nb serve --settings` prints this list.

| variable | meaning | default | example |
|---|---|---|---|
"""


def chapter() -> str:
    """What `docs/settings.md` must say."""
    rows = []
    for variable in variables():
        default = f"`{variable.default}`" if variable.default else ""
        rows.append(f"| `{variable.name}` | {variable.description} | {default} | `{variable.example}` |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    CHAPTER.write_text(chapter(), encoding="utf-8")
