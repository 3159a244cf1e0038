"""Small edits of a cell's source, as somebody makes who tries another number. Pure."""

from __future__ import annotations

import ast
import random


def small_edit(source: str, chance: random.Random) -> str | None:
    """The source with one number in it changed; None if it has none, or is no plain Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    numbers = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) in (int, float)]
    if not numbers:
        return None
    node = chance.choice(numbers)
    lines = source.split("\n")
    line = lines[node.lineno - 1].encode()
    end = node.end_col_offset
    lines[node.lineno - 1] = (line[: node.col_offset] + repr(_other(node.value)).encode() + line[end:]).decode()
    edited = "\n".join(lines)
    try:
        ast.parse(edited)
    except SyntaxError:  # a number inside a format specification, say
        return None
    return edited


def _other(value: object) -> int | float:
    if isinstance(value, int):
        return value + 1
    assert isinstance(value, float)
    return value * 1.5 + 0.25
