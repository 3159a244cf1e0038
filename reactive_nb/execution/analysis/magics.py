"""What IPython's magics and shell lines do with names, as far as their text says.

A magic either is known to leave the notebook's names alone, or takes Python (which the analysis then reads), or names
what it binds, or is opaque: its effect can't be seen. The rule: what is not known here is opaque.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reactive_nb.execution.analysis.magic_names import (
    HARMLESS,
    INSPECTING,
    RUNNING,
    RUNNING_CELLS,
    SCRIPTS,
    SHELL,
)

NONE: frozenset[str] = frozenset()

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_DOLLAR = re.compile(r"\$(\$?[\w.]+)")
_OUT_OPTION = re.compile(r"--(?:out|err|proc)[ =]+([^\W\d]\w*)")
_ASSIGNED_QUERY = re.compile(r"\s*([^\W\d]\w*)\s*(?:=\s*)?<<")


@dataclass(frozen=True, slots=True)
class Effect:
    """What a magic does with names."""

    expressions: tuple[str, ...] = ()
    """Python expressions whose names are looked up, if they are there."""
    code: str | None = None
    """Python that runs in the notebook's namespace."""
    isolated: str | None = None
    """Python that runs in a function of its own."""
    line: int = 0
    """On which line of the magic that Python begins."""
    binds: tuple[str, ...] = ()
    may_bind: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    opaque: str | None = None


def shell_line(command: str) -> Effect:
    """`!command`, from which IPython fills in `{expression}` and `$name`."""
    return Effect(expressions=interpolated(command))


def line_magic(name: str, line: str) -> Effect:
    """`%name line`."""
    if name in RUNNING:
        values, code = _running_options(name, line)
        return Effect(code=code, expressions=tuple(v for option, v in values if option == "f"))
    if name in INSPECTING:
        return Effect(expressions=_first_name(_options(line, "")[1]) if not line.startswith("%") else ())
    if name in _SPECIAL:
        return _SPECIAL[name](line)
    if name in HARMLESS or name in SHELL:
        return Effect(expressions=interpolated(line))
    return Effect(expressions=interpolated(line), opaque=f"%{name}", binds=_assigned_query(name, line))


def cell_magic(name: str, line: str, body: str) -> Effect:
    """`%%name line` with the rest of the cell as `body`."""
    if name == "timeit":
        return _timeit(line, body)
    if name == "capture":
        return Effect(code=body, line=1, binds=_names_in(w for w in line.split() if not w.startswith("-"))[:1])
    if name in RUNNING_CELLS:
        values, statement = _running_options(name, line)
        functions = tuple(v for option, v in values if option == "f")
        return Effect(code=_joined(statement, body), expressions=functions)
    if name in SCRIPTS:
        return Effect(expressions=interpolated(line), binds=_names_in(_OUT_OPTION.findall(line)))
    if name in SHELL:
        return Effect(expressions=interpolated(line) + interpolated(body), binds=_names_in(_OUT_OPTION.findall(line)))
    if name == "R":
        return _r_magic(line)
    if name == "bigquery":
        names = [word for word in line.split() if not word.startswith("-")][:1]
        return Effect(expressions=interpolated(line), binds=_names_in(names))
    if name in HARMLESS:
        return Effect(expressions=interpolated(line))
    return Effect(expressions=interpolated(line), opaque=f"%%{name}", binds=_assigned_query(name, line or body))


def interpolated(text: str) -> tuple[str, ...]:
    """The expressions IPython would fill into `text`: those in braces, and `$name` outside of single quotes."""
    found: list[str] = []
    try:
        for literal, field, _, _ in string.Formatter().parse(text):
            found.extend(_dollars(literal))
            if field:
                found.append(field)
    except ValueError:  # unbalanced braces: IPython then fills in nothing
        return ()
    return tuple(found)


def _dollars(text: str) -> list[str]:
    if "$" not in text:
        return []
    found: list[str] = []
    for index, piece in enumerate(reversed(text.split("'"))):
        if index % 2 == 0:  # an even number of quotes follows: not inside a pair
            found.extend(name for name in _DOLLAR.findall(piece) if not name.startswith("$"))
    return [name for name in found if _IDENTIFIER.match(name)]


def _options(line: str, with_value: str) -> tuple[list[tuple[str, str]], str]:
    """The options at the start of `line` that take a value, and what comes after all options."""
    values: list[tuple[str, str]] = []
    rest = line.strip()
    while rest.startswith("-") and len(rest) > 1 and (rest[1].isalpha() or rest[1] == "-"):
        word, _, rest = rest.partition(" ")
        rest = rest.lstrip()
        if word == "--":
            break
        for index, letter in enumerate(word[1:], start=2):
            if letter in with_value and not word.startswith("--"):
                value = word[index:]
                if not value:
                    value, _, rest = rest.partition(" ")
                    rest = rest.lstrip()
                values.append((letter, value))
                break
    return values, rest


def _running_options(name: str, line: str) -> tuple[list[tuple[str, str]], str]:
    """`%time` has one option; `-x` is the expression to be timed."""
    if name == "time":
        return [], line.strip().removeprefix("--no-raise-error").lstrip()
    return _options(line, RUNNING.get(name, ""))


def _timeit(line: str, body: str | None = None) -> Effect:
    values, statement = _options(line, "nrpv")
    code = statement if body is None else _joined(statement, body)
    return Effect(isolated=code, binds=_names_in(v for option, v in values if option == "v"))


def _joined(statement: str, body: str) -> str:
    """The statement on a cell magic's own line, and its body, with the body's line numbers kept."""
    return f"{statement}\n{body}"


def _first_name(text: str) -> tuple[str, ...]:
    match = _IDENTIFIER.match(text.strip())
    return (match.group(),) if match else ()


def _names_in(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word.isidentifier())


def _assigned_query(name: str, text: str) -> tuple[str, ...]:
    match = _ASSIGNED_QUERY.match(text) if name == "sql" else None
    return (match.group(1),) if match else ()


# -- magics with rules of their own


def _store(line: str) -> Effect:
    """`%store` writes names to disk, and `-r` reads them from there: which, it may not say."""
    options = [word for word in line.split() if word.startswith("-")]
    names = _names_in(line.partition(">")[0].split())
    if any("r" in option for option in options):
        return Effect(may_bind=names, opaque=None if names else "%store -r")
    return Effect(expressions=() if options else names)


def _xdel(line: str) -> Effect:
    return Effect(deletes=_first_name(_options(line, "")[1]))


def _macro(line: str) -> Effect:
    """What a macro will run is in the history; naming it alone runs it."""
    names = _names_in(line.split())[:1]
    return Effect(binds=names, opaque="%macro" if names else None)


def _sc(line: str) -> Effect:
    name, _, command = _options(line, "")[1].partition("=")
    return Effect(expressions=interpolated(command), binds=_names_in([name.strip()]))


def _config(line: str) -> Effect:
    """`%config Class.trait = value` evaluates the value among the notebook's names."""
    value = line.partition("=")[2].strip()
    return Effect(expressions=(*interpolated(line), *([value] if value else ())))


def _r_magic(line: str) -> Effect:
    given = re.findall(r"(?:-i|--input)[ =]+(\S+)", line)
    made = re.findall(r"(?:-o|--output)[ =]+(\S+)", line)
    return Effect(
        expressions=tuple(name for names in given for name in names.split(",")),
        binds=_names_in(name for names in made for name in names.split(",")),
    )


_SPECIAL: dict[str, Callable[[str], Effect]] = {
    "R": _r_magic,
    "config": _config,
    "macro": _macro,
    "sc": _sc,
    "store": _store,
    "timeit": _timeit,
    "xdel": _xdel,
}
