"""What IPython's magics and shell lines do with names, as far as their text says.

A magic either is known to leave the notebook's names alone, or takes Python (which the analysis then reads), or names
what it binds, or is opaque: its effect can't be seen. The rule: what is not known here is opaque.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass

from reactive_nb.execution.analysis.names import words

NONE: frozenset[str] = frozenset()

HARMLESS: frozenset[str] = words("""
    ! HTML SVG alias alias_magic autoawait autocall autoindent automagic autoreload autosave bash bookmark cat
    cd clear cls code_wrap colors conda config cp debug dhist dirs doctest_mode echo env file grep gui hist
    history html javascript js killbgscripts latex ldir less lf lk ll ln logoff logon logstart logstate logstop
    ls lsmagic lx magic mamba man markdown matplotlib micromamba mkdir more mv notebook page pastebin pdb perl
    pip popd pprint precision psearch pushd pwd pypy python python2 python3 quickref recall rehashx rep rm rmdir
    ruby save script set_env sh svg sx system tb tensorboard unalias unload_ext uv watermark who who_ls whos
    writefile xmode
    """)
"""Magics that bind no name, except where `--out` and the like say so."""

AUTOMAGIC: frozenset[str] = words("""
    alias autoreload bookmark cat cd clear conda config cp debug dirs env hist history ldir less lf lk ll load
    load_ext ls lsmagic lx mamba man matplotlib micromamba mkdir more mv pdb pip popd pprint precision prun
    pushd pwd pylab rehashx reload_ext reset rm rmdir run save set_env store time timeit unalias unload_ext uv
    who who_ls whos xdel xmode
    """)
"""Magics that work without their `%` where they are a cell's only line."""

_SCRIPTS: frozenset[str] = words("! bash perl pypy python python2 python3 ruby script sh sx system")
_INSPECTING: frozenset[str] = words("pdef pdoc pfile pinfo pinfo2 psource pycat")

_RUNNING: dict[str, str] = {"time": "", "prun": "DlsT", "memit": "rti", "lprun": "fmDTu", "mprun": "fT"}
"""Magics that run Python in the notebook's namespace, with their options that take a value."""
_RUNNING_CELLS: frozenset[str] = words("capture debug heat memit prun pyinstrument scalene snakeviz time")

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
    deletes: tuple[str, ...] = ()
    opaque: str | None = None


def shell_line(command: str) -> Effect:
    """`!command`, from which IPython fills in `{expression}` and `$name`."""
    return Effect(expressions=interpolated(command))


def line_magic(name: str, line: str) -> Effect:
    """`%name line`."""
    if name in _RUNNING:
        values, code = _options(line, _RUNNING[name])
        return Effect(code=code, expressions=tuple(v for option, v in values if option == "f"))
    if name == "timeit":
        return _timeit(line, None)
    if name in _INSPECTING:
        return Effect(expressions=_first_name(line.lstrip("%")) if not line.startswith("%") else ())
    if name == "xdel":
        return Effect(deletes=tuple(_IDENTIFIER.findall(_options(line, "")[1])))
    if name == "store":
        return Effect(expressions=tuple(_IDENTIFIER.findall(_options(line, "")[1])), opaque="%store")
    if name == "debug" and line.strip():
        return Effect(code=_options(line, "b")[1])
    if name == "R":
        return _r_magic(line)
    if name in HARMLESS:
        return Effect(expressions=interpolated(line))
    return Effect(expressions=interpolated(line), opaque=f"%{name}", binds=_assigned_query(name, line))


def cell_magic(name: str, line: str, body: str) -> Effect:
    """`%%name line` with the rest of the cell as `body`."""
    if name == "timeit":
        return _timeit(line, body)
    if name == "capture":
        return Effect(code=body, line=1, binds=tuple(w for w in line.split() if not w.startswith("-"))[:1])
    if name in _RUNNING_CELLS:
        return Effect(code=_joined(_options(line, _RUNNING.get(name, ""))[1], body))
    if name == "lprun" or name == "mprun":
        values, statement = _options(line, _RUNNING[name])
        functions = tuple(v for option, v in values if option == "f")
        return Effect(code=_joined(statement, body), expressions=functions)
    if name in _SCRIPTS:
        return Effect(expressions=interpolated(line), binds=tuple(_OUT_OPTION.findall(line)))
    if name == "R":
        return _r_magic(line)
    if name == "bigquery":
        names = [word for word in line.split() if not word.startswith("-")][:1]
        return Effect(expressions=interpolated(line), binds=tuple(n for n in names if _IDENTIFIER.fullmatch(n)))
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


def _timeit(line: str, body: str | None) -> Effect:
    values, statement = _options(line, "nrpv")
    code = statement if body is None else _joined(statement, body)
    return Effect(isolated=code, binds=tuple(v for option, v in values if option == "v" and _IDENTIFIER.fullmatch(v)))


def _joined(statement: str, body: str) -> str:
    """The statement on a cell magic's own line, and its body, with the body's line numbers kept."""
    return f"{statement}\n{body}"


def _first_name(text: str) -> tuple[str, ...]:
    match = _IDENTIFIER.match(text.strip())
    return (match.group(),) if match else ()


def _assigned_query(name: str, text: str) -> tuple[str, ...]:
    match = _ASSIGNED_QUERY.match(text) if name == "sql" else None
    return (match.group(1),) if match else ()


def _r_magic(line: str) -> Effect:
    given = re.findall(r"(?:-i|--input)[ =]+(\S+)", line)
    made = re.findall(r"(?:-o|--output)[ =]+(\S+)", line)
    return Effect(
        expressions=tuple(name for names in given for name in names.split(",")),
        binds=tuple(name for names in made for name in names.split(",") if _IDENTIFIER.fullmatch(name)),
    )
