"""Magics as they stand in the tree: calls of `get_ipython()`, with the Python they hold.

IPython's syntax is turned into these calls before parsing, and people write them too.
"""

from __future__ import annotations

import ast
import contextlib

from reactive_nb.execution.analysis.magics import Effect, cell_magic, line_magic, shell_line
from reactive_nb.execution.analysis.syntax import CellSyntaxError, check_with_compiler, parse_cell, parse_expression


def effect_of(call: ast.Call) -> Effect | None:
    """What a magic's call does with names, or None if `call` is no magic's with a constant text."""
    func = call.func
    if type(func) is not ast.Attribute or type(func.value) is not ast.Call:
        return None
    shell = func.value.func
    if not (isinstance(shell, ast.Name) and shell.id == "get_ipython"):
        return None
    texts = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    if len(texts) != len(call.args):
        return None
    match func.attr, texts:
        case "run_line_magic", [name, line]:
            return line_magic(name, line)
        case "run_cell_magic", [name, line, body]:
            return cell_magic(name, line, body)
        case "system" | "getoutput" | "system_raw" | "system_piped", [command]:
            return shell_line(command)
        case "magic", [text]:
            name, _, line = text.lstrip("%").partition(" ")
            return line_magic(name, line)
        case "show_usage", []:
            return Effect()
    return None


def expressions(effect: Effect) -> list[ast.expr]:
    """Those that are Python: of `awk '{print $1}'`, nothing is."""
    found: list[ast.expr] = []
    for text in effect.expressions:
        with contextlib.suppress(CellSyntaxError):
            found.append(parse_expression(text))
    return found


def statements(effect: Effect) -> list[ast.stmt] | None:
    """The Python that the magic runs; None if it does not parse."""
    try:
        return code_of(effect)
    except CellSyntaxError:
        return None


def code_of(effect: Effect) -> list[ast.stmt]:
    """The Python that the magic runs. Raises CellSyntaxError, with the line counted from that Python's first."""
    code = effect.code if effect.code is not None else effect.isolated
    if not code:
        return []
    tree = parse_cell(code)
    check_with_compiler(code, tree)
    return tree.body
