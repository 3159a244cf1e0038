"""From a cell's source to Python's syntax tree.

Most cells are plain Python and are parsed at once. Only what does not parse, and looks like IPython, goes through
IPython's own recognition of magics, shell lines, help and prompts; its calls then stand in the tree, and every line
keeps its number. The compiler is asked too, for the errors that the parser does not see. The rule: whatever the
source, the answer comes in bounded time, and is a tree or a `CellSyntaxError`.
"""

from __future__ import annotations

import ast
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from reactive_nb.execution.analysis.magics import AUTOMAGIC

MAX_CHARACTERS = 4_000_000
MAX_WORDS = 200_000
"""Words and punctuation marks; a picture in base64 has few of them for its length."""
_SHORT = 100_000
_MAX_TOKENISED_LINES = 40_000
_MAX_READINGS = 100
_MAX_IPYTHON_LINES = 500
"""IPython itself gives up beyond."""
_LONG_LINE = 10_000
_MAX_COPIED = 1_000_000_000
_MAX_BLOCKS = 15
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BLOCKS = (ast.With, ast.AsyncWith, ast.Try, ast.TryStar)

_STRING = re.compile(r"\"[^\"]*\"|'[^']*'")
_WORD = re.compile(r"\w+|[^\w\s]")
_FIRST_WORD = re.compile(r"\s*(\w+)(?=\s|$)")
_PROMPT = re.compile(r"^\s*(?:In \[\d+\]: |\.{3,}: ?)", re.MULTILINE)
_IPYTHON = re.compile(r"^[ \t]*[%!?,;/]|\?[ \t]*$|=[ \t]*[%!]|^[ \t]*(?:>>>|In \[)|\A\s*^[ \t]+\S", re.MULTILINE)
_warnings_lock = threading.Lock()


class CellSyntaxError(Exception):
    """The source is no Python, or too much of it; `line` and `column` count from 1."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def parse_cell(source: str) -> ast.Module:
    """The tree of a cell, with calls of `get_ipython()` where IPython's syntax stood. Raises CellSyntaxError."""
    _check_size(source)
    if "In [" not in source or not _PROMPT.search(source):
        try:
            return _parse(source)
        except CellSyntaxError:
            if not _IPYTHON.search(source) and not _is_automagic(source):
                raise
    return _parse_ipython(source)


def parse_expression(source: str) -> ast.expr | None:
    """The tree of one expression, or None if it is none."""
    try:
        _check_size(source)
        tree = _parse(f"({source}\n)")
    except CellSyntaxError:
        return None
    statement = tree.body[0] if len(tree.body) == 1 else None
    return statement.value if isinstance(statement, ast.Expr) else None


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Warnings about a cell belong into its output, when it runs. One thread at a time: the filters are everybody's."""
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _check_size(source: str) -> None:
    if len(source) <= _SHORT:
        return
    if len(source) > MAX_CHARACTERS:
        raise CellSyntaxError(f"The cell is too long to be analysed: {len(source):,} characters.")
    words = sum(1 for _ in _WORD.finditer(source))
    if words > MAX_WORDS:
        raise CellSyntaxError(f"The cell is too long to be analysed: {words:,} words and marks.")


def _parse(text: str) -> ast.Module:
    with _without_warnings():
        try:
            tree = ast.parse(text)
            _check_blocks(text, tree)
            _check_with_compiler(tree)
        except SyntaxError as error:
            raise CellSyntaxError(error.msg, max(error.lineno or 1, 1), max(error.offset or 1, 1)) from None
        except UnicodeEncodeError as error:
            before = text[: error.start]
            line = before.count("\n") + 1
            column = error.start - before.rfind("\n")
            raise CellSyntaxError("The source holds half of a surrogate pair.", line, column) from None
        except ValueError as error:
            line = text[: max(text.find("\0"), 0)].count("\n") + 1
            raise CellSyntaxError(str(error), line) from None
        except (RecursionError, MemoryError):
            raise CellSyntaxError("The cell is nested too deeply to be analysed.") from None
    return tree


def _check_with_compiler(tree: ast.Module) -> None:
    """Raise the SyntaxError that IPython would, which compiles each statement by itself: one look mostly suffices."""
    try:
        compile(tree, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError:
        for statement in tree.body:
            module = ast.Module([statement], [])
            compile(module, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


def _check_blocks(text: str, tree: ast.Module) -> None:
    """Refuse comprehensions in so many blocks that the compilers of Python 3.12 and 3.13 crash (at 21)."""
    if sum(text.count(word) for word in ("for", "with", "try")) <= _MAX_BLOCKS:
        return
    todo: list[tuple[ast.AST, int]] = [(tree, 0)]
    while todo:
        node, depth = todo.pop()
        if isinstance(node, _COMPREHENSIONS):
            depth += 1
            if depth > _MAX_BLOCKS:
                raise CellSyntaxError("The cell's comprehensions are nested too deeply.")
        elif isinstance(node, _BLOCKS):
            depth += 1
        todo.extend((child, depth) for child in ast.iter_child_nodes(node))


def _is_automagic(source: str) -> bool:
    first = _FIRST_WORD.match(source)
    return first is not None and first.group(1) in AUTOMAGIC and len(source.strip().splitlines()) == 1


def _parse_ipython(source: str) -> ast.Module:
    """Like `_parse`, for source with IPython's syntax."""
    if _is_automagic(source):
        source = "%" + source.strip()
    if any(_is_slow_to_tokenise(line) for line in source.splitlines() if len(line) > _LONG_LINE):
        raise CellSyntaxError("The cell has too long a line to be analysed, beside IPython's syntax.")
    original = (source if source.endswith("\n") else source + "\n").splitlines(keepends=True)
    lines, dropped = _clean(original)
    tokenised = 0
    for _ in range(_MAX_READINGS):
        if lines:
            lines, found = _transform_once(lines)
        else:
            found = False
        try:
            return _parse("\n" * dropped + "".join(lines))
        except CellSyntaxError as error:
            tokenised += len(lines)
            if not found:
                raise _moved(error, original, lines, dropped) from None
            if tokenised > _MAX_TOKENISED_LINES:
                break
    raise CellSyntaxError("The cell has too many IPython lines to be analysed.")


def _is_slow_to_tokenise(line: str) -> bool:
    """Whether it has so many tokens: Python 3.12 copies the whole line for each."""
    return len(line) * sum(1 for _ in _WORD.finditer(_STRING.sub("", line))) > _MAX_COPIED


def _clean(original: list[str]) -> tuple[list[str], int]:
    """The lines without leading blanks, indentation and prompts, a cell magic made a call; how many were dropped."""
    manager = _ipython().TransformerManager()
    lines = original
    for transform in (*manager.cleanup_transforms, *manager.line_transforms):
        lines = transform(lines)
    blank = 0
    while blank < len(original) and original[blank].isspace():
        blank += 1
    return lines, blank


def _moved(error: CellSyntaxError, original: list[str], lines: list[str], dropped: int) -> CellSyntaxError:
    """The error where it is in the original, whose lines may begin with indentation or a prompt."""
    column = error.column
    index = error.line - 1
    if index < len(original) and 0 <= index - dropped < len(lines):
        was, now = original[index].rstrip(), lines[index - dropped].rstrip()
        if now and was.endswith(now):
            column += len(was) - len(now)
    return CellSyntaxError(error.message, min(error.line, len(original)), column)


def _transform_once(lines: list[str]) -> tuple[list[str], bool]:
    """One reading of the tokens: what is found is made a call, and blank lines keep the line numbers.

    The tokens after a piece of IPython's syntax may be wrong, if it has a quote or a bracket of its own; then another
    reading is needed, and after triple quotes none of this one can be trusted.
    """
    module = _ipython()
    kinds = module.TransformerManager().token_transformers
    try:
        with _without_warnings():
            tokens_by_line = module.make_tokens_by_line(lines)
    except SyntaxError:  # indentation that fits nowhere
        return lines, False
    found: list[list[Any]] = []
    last = -1
    for tokens in tokens_by_line:
        candidates = [match for kind in kinds if tokens and (match := kind.find([tokens]))]
        if candidates and tokens[0].start[0] - 1 > last:
            found.append(sorted(candidates, key=module.TokenTransformBase.sortby))
            first = found[-1][0].start_line
            last = module.find_end_of_continued_line(lines, first)
            if any('"""' in line or "'''" in line for line in lines[first : tokens[-1].end[0]]):
                break
    if len(found) > _MAX_IPYTHON_LINES:
        raise CellSyntaxError("The cell has too many IPython lines to be analysed, and for IPython too.")
    changed = False
    for candidates in reversed(found):
        for match in candidates:
            try:
                new = match.transform(lines)
            except (SyntaxError, AssertionError, IndexError):  # not what it looked like
                continue
            place = match.start_line + 1
            lines = new[:place] + ["\n"] * (len(lines) - len(new)) + new[place:]
            changed = True
            break
    return lines, changed


@cache
def _ipython() -> Any:
    """IPython's input transformer, imported when the first cell needs it: it takes 0.2 s."""
    from IPython.core import inputtransformer2

    return inputtransformer2
