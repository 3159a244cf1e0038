"""Names that are nobody's: Python's builtins, and the history names IPython keeps for itself."""

from __future__ import annotations

import builtins
import re

BUILTINS: frozenset[str] = frozenset(dir(builtins)) | {"display", "get_ipython", "In", "Out", "exit", "quit"}
"""Names that a kernel knows without any cell. A cell may still define one; then it is a name like any other."""


def words(text: str) -> frozenset[str]:
    """The words of `text`: the form in which tables of names stay readable."""
    return frozenset(text.split())


_HISTORY = re.compile(r"_+|_i{1,3}|_[ido]h|_i?[0-9]+|In|Out")


def is_history(name: str) -> bool:
    """Whether IPython rebinds `name` itself (`_`, `__`, `_i`, `_12`, `In`, …), so that no cell can be its definer."""
    return (name[0] == "_" or name in ("In", "Out")) and _HISTORY.fullmatch(name) is not None
