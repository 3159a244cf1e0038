"""The notation of the tables: what is known of a cell, in one line.

    a!          uses `a`, certainly
    a           uses `a`
    =a  =a?     defines `a`, surely or maybe
    -a  -a?     deletes `a`
    ~a          changes the object of `a` in place
    a(b,=c,@d,~e)   late: what is bound to `a` reads `b`, writes `c`, carries `d`, changes `e`
    ?%run       opaque; spaces in it are written `_`
    !3:7        a syntax error on line 3, column 7

Builtins are left out, where the row does not mention them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reactive_nb.execution.analysis import BUILTINS, analyse_python
from reactive_nb.models.analysis import Analysis, Late

Row = tuple[str, str]
OPAQUE_MARK = "?"


def spelled(source: str, expected: str = "") -> set[str]:
    """What the analysis says of `source`, in the notation."""
    return set(_words(analyse_python(source), BUILTINS - set(_mentioned(expected))))


def _mentioned(expected: str) -> Iterator[str]:
    for word in expected.split():
        name, _, late = word.rstrip(")").partition("(")
        yield name.rstrip("!")
        yield from late.split(",")


def _words(found: Analysis, hidden: frozenset[str]) -> Iterator[str]:
    if found.error is not None:
        yield f"!{found.error.line}:{found.error.column}"
    for name in found.uses - hidden:
        yield f"{name}!" if name in found.certain else name
    for name in found.defines:
        yield f"={name}?" if name in found.maybe else f"={name}"
    for name in found.deletes:
        yield f"-{name}?" if name in found.maybe else f"-{name}"
    for name in found.mutates:
        yield f"~{name}"
    for name, late in found.late.items():
        entries = ",".join(_late(late, hidden))
        if entries:
            yield f"{name}({entries})"
    for text in found.opaque:
        yield OPAQUE_MARK + text.replace(" ", "_")


def _late(late: Late, hidden: frozenset[str]) -> Iterable[str]:
    yield from sorted(late.reads - hidden)
    yield from sorted("=" + name for name in late.writes)
    yield from sorted("@" + name for name in late.carries - hidden)
    yield from sorted("~" + name for name in late.mutates)


def told(expected: str) -> set[str]:
    """The words of a row, with the names of each late entry in order."""
    return {_sorted(word) for word in expected.split()}


def _sorted(word: str) -> str:
    name, bracket, late = word.partition("(")
    if not bracket:
        return word
    parts = late.rstrip(")").split(",")
    return f"{name}({','.join(sorted(parts, key=lambda part: ('=@~'.find(part[0]), part)))})"
