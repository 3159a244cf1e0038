"""From a cell's source to Python's syntax tree.

Most cells are plain Python and are parsed at once. Only what does not parse, and looks like IPython, goes through
IPython's own recognition of magics, shell lines, help and prompts; its calls then stand in the tree, and every line
keeps its number. The compiler is asked too, for the errors that the parser does not see. The rule: whatever the
source, the answer comes in bounded time, and is a tree or a `CellSyntaxError`.
"""

from __future__ import annotations

import ast
import bisect
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from reactive_nb.execution.analysis.magic_names import AUTOMAGIC

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

_SHORTEST = 4_000
_RISKY = re.compile(
    r"\b(?:async|await|break|case|class|continue|def|except|global|lambda|match|nonlocal|return|type|yield"
    r"|__debug__|__future__)\b|:=|^[ \t]*\*|(?<![\w)\]\s*])[ \t]*\*",
    re.MULTILINE,
)
"""Words and marks of what only the compiler refuses, such as `return` outside of a function."""

_LINE_END = re.compile(r"\r\n?|\n")
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'")
_WORD = re.compile(r"\w+|[^\w\s]")
_AUTOMAGIC = re.compile(r"(?:[^\S\n]*\n)*[^\S\n]*(?P<name>\w+)(?![\w.*])[^\S\n]*+(?P<rest>(?![=,])[^\n]*)(?<!\?)\n?\Z")
_PROMPT = re.compile(r"\s*+(?:In \[\d+\]: |[^\n]*\n\s*\.\.\.)")
"""What may be a prompt, of which some are Python too: IPython looks at the first two lines."""
_IPYTHON = re.compile(r"^[ \t]*[%!?,;/]|\?[ \t]*$|=[ \t]*[%!]|^[ \t]*(?:>>>|In \[)|\A\s*^[ \t]+\S", re.MULTILINE)
_warnings_lock = threading.Lock()


class CellSyntaxError(Exception):
    """The source is no Python, or too much of it; `line` and `column` count from 1.

    `text` is the line in which the column was counted: of the Python that IPython's syntax was turned into, perhaps.
    """

    def __init__(self, message: str, line: int = 1, column: int = 1, text: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.text = text

    def moved(self, lines: int) -> CellSyntaxError:
        """The same, so many lines further down."""
        return CellSyntaxError(self.message, self.line + lines, self.column, self.text)

    def placed_in(self, source: str) -> CellSyntaxError:
        """The error where it is in the cell's own source, whose line may begin with a magic or a prompt."""
        lines = lines_of(source)
        line = min(self.line, len(lines))
        own, text = lines[line - 1].rstrip(), (self.text or "").rstrip()
        column = self.column
        if text and self.line == line:
            if own.endswith(text):
                column += len(own) - len(text)
            elif len(own) < len(text):
                column = min(column, len(own) + 1)
        return CellSyntaxError(self.message, line, column)


def parse_cell(source: str) -> ast.Module:
    """The tree of a cell, with calls of `get_ipython()` where IPython's syntax stood. Raises CellSyntaxError.

    Who reads it has to `check_with_compiler` if a call has the same keyword twice, or there is code that is not read.
    """
    _check_size(source)
    magic = _AUTOMAGIC.match(source)
    if magic is not None and magic["name"] in AUTOMAGIC:
        return _parse_automagic(magic["name"], magic["rest"], source)
    return _parse_python_or_ipython(source)


def _parse_python_or_ipython(source: str) -> ast.Module:
    if not _PROMPT.match(source):
        try:
            return _parse(source)
        except CellSyntaxError:
            if not _IPYTHON.search(source):
                raise
    return _parse_ipython(source)


def _parse_automagic(name: str, rest: str, source: str) -> ast.Module:
    """The only line is a magic, if no variable has its name; else it is what it says, if that is Python.

    What is Python (`run()`, `history`, `ls -l`) is read as that, but need not be so; of magics that look like Python,
    none does anything to names that would not be seen when it runs.
    """
    try:
        as_written: list[ast.stmt] = _parse_python_or_ipython(source).body
        as_magic: list[ast.stmt] = []
    except CellSyntaxError:
        as_written = [ast.Raise(ast.Name(name, ast.Load()))]
        as_magic = _parse_ipython(f"%{name} {rest}").body
    unknown = ast.Tuple([], ast.Load())
    return ast.fix_missing_locations(ast.Module([ast.If(unknown, as_written, as_magic)], []))


def parse_expression(source: str) -> ast.expr:
    """The tree of one expression, which may have several lines. Raises CellSyntaxError."""
    _check_size(source)
    brackets = ("(", ")"), ("[", "]")  # of `a) + (b`, only one of the two is Python
    for opening, closing in brackets if ")" in source else brackets[:1]:
        try:
            statement = _parse(f"{opening}{source}\n{closing}").body[0]
        except CellSyntaxError as error:
            raise _unbracketed(error, source, opening) from None
        if opening == "(":
            found = statement
    if not isinstance(found, ast.Expr):
        raise CellSyntaxError("An expression is expected here.")
    return found.value


def _unbracketed(error: CellSyntaxError, source: str, opening: str) -> CellSyntaxError:
    """The error where it is in `source`, which was read in brackets."""
    lines = lines_of(source)
    if error.line > len(lines):
        line, column = len(lines), len(lines[-1].rstrip()) + 1
    else:
        line, column = error.line, max(1, error.column - (error.line == 1))
    message = "unmatched ')'" if opening == "[" else error.message
    return CellSyntaxError(message, line, min(column, len(lines[line - 1]) + 1))


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Warnings about a cell belong into its output, when it runs. One thread at a time: the filters are everybody's."""
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _check_size(source: str) -> None:
    if "\0" in source:
        raise CellSyntaxError("The source holds a null byte.", *position(line_starts(source), source.index("\0")))
    if not source.isascii():
        try:
            source.encode()
        except UnicodeEncodeError as error:
            place = position(line_starts(source), error.start)
            raise CellSyntaxError("The source holds half of a surrogate pair.", *place) from None
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
        except SyntaxError as error:
            raise _problem(error, text) from None
        except (RecursionError, MemoryError, ValueError):
            raise CellSyntaxError("The cell is nested too deeply to be analysed.") from None
    if needs_compiler(text):
        check_with_compiler(text, tree)
    return tree


def needs_compiler(text: str) -> bool:
    """Whether the compiler may refuse what the parser does not, a keyword given twice apart.

    It takes as long as the parser does, and most cells do not need it.
    """
    return len(text) > _SHORTEST or _RISKY.search(text) is not None or _blocks(text) > _MAX_BLOCKS


def _problem(error: SyntaxError, text: str, *, in_bytes: bool = False) -> CellSyntaxError:
    """Python's own error; what the compiler finds has its column counted in UTF-8."""
    line = max(error.lineno or 1, 1)
    lines = lines_of(text)
    content = lines[line - 1] if line <= len(lines) else ""
    column = max(error.offset or 1, 1)
    if in_bytes and not content.isascii():
        column = len(content.encode()[: column - 1].decode(errors="ignore")) + 1
    return CellSyntaxError(error.msg, line, min(column, len(content) + 1), content)


def lines_of(text: str) -> list[str]:
    """The lines as Python counts them; `splitlines` also ends one at a form feed."""
    return _LINE_END.split(text)


def line_starts(text: str) -> list[int]:
    """Where each line begins."""
    return [0, *(end.end() for end in _LINE_END.finditer(text))]


def position(starts: list[int], offset: int) -> tuple[int, int]:
    """Line and column, from 1, of the character at `offset` in a text whose lines begin at `starts`."""
    line = bisect.bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1


def check_with_compiler(text: str, tree: ast.Module) -> None:
    """Raise the error that IPython would, which compiles each statement by itself: one look mostly suffices."""
    with _without_warnings():
        try:
            compile(tree, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except SyntaxError:
            _compile_each(text, tree)
        except (RecursionError, MemoryError):
            raise CellSyntaxError("The cell is nested too deeply to be analysed.") from None


def _compile_each(text: str, tree: ast.Module) -> None:
    for statement in tree.body:
        module = ast.Module([statement], [])
        try:
            compile(module, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except SyntaxError as error:
            raise _problem(error, text, in_bytes=True) from None


def _blocks(text: str) -> int:
    """At least how many loops and the like there are."""
    return sum(map(text.count, ("for", "while", "with", "try")))


def _check_blocks(text: str, tree: ast.Module) -> None:
    """Refuse comprehensions in so many blocks that the compilers of Python 3.12 and 3.13 crash (at 21)."""
    if _blocks(text) <= _MAX_BLOCKS:
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


def _parse_ipython(source: str) -> ast.Module:
    """Like `_parse`, for source with IPython's syntax."""
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
        except CellSyntaxError:
            tokenised += len(lines)
            if not found:
                raise
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
