"""Which calls visibly change an object in place, judged by name and by the form of the arguments.

No types are known here. What is missed is still seen when the cell runs; what is wrongly taken for a change makes
cells run that need not. The rules:

* A method counts if its name says enough: a name that common types also use for something harmless counts only where
  the arguments are those of the method that changes (`xs.sort()`, and not `df.sort("a")`), or where nothing is done
  with the result, or on a variable named like what has the method (`ax.plot(x)`, `rng.normal()`).
* Methods with an underscore at the end change their object (`x.add_(1)`), and so do those in camel case that set, add
  or remove (`logger.setLevel`), and whatever is called with `inplace=True`; `out=` and `ax=` are changed.
* What is called on a module is a function. `plt.plot` and its like act on the figure of their own cell, which is closed
  at its end: they change nothing of another cell. An attribute of a module (`plt.rcParams["a"] = 1`) is a part of it,
  but for what acts on everybody, such as `sys.path`: that is hidden state of the kernel.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from enum import Enum, auto
from functools import lru_cache

from reactive_nb.execution.analysis.call_names import MODULES, NUMPY, SELECTING, SUBMODULES, TAKING_OUT, VIEWS
from reactive_nb.execution.analysis.mutator_names import (
    AMBIENT,
    BINARY,
    DRAWING,
    DUNDER,
    ESCAPED_WORDS,
    FIRST_ARGUMENT,
    FIRST_OF_NUMPY,
    ON_AXES,
    ON_AXES_PREFIXES,
    RETURNING_NOTHING,
    RETURNING_SOMETHING,
    STATEMENT_ONLY,
    UNARY,
)


class Use(Enum):
    """What becomes of a call's result; methods that change in place mostly return nothing."""

    DISCARDED = auto()
    SHOWN = auto()
    """The last expression of a cell."""
    KEPT = auto()
    """Assigned, or something is done to it at once."""
    NESTED = auto()
    """Part of a larger expression."""


_KNOWN = (
    RETURNING_NOTHING
    | RETURNING_SOMETHING
    | STATEMENT_ONLY
    | ON_AXES
    | DRAWING
    | DUNDER
    | FIRST_ARGUMENT
    | FIRST_OF_NUMPY
    | BINARY
    | UNARY
    | {"at", "eval", "shuffle"}
)
_AXES_NAME = re.compile(r"(?:.*_)?(?:ax|axs|axes|axis|fig|figure|subfig|subfigs)(?:_?\d+|_.*)?")
_GENERATOR_NAME = re.compile(r"(?:.*_)?(?:rng|random_state|random_generator|randomstate|prng)_?\d*")
_CAMEL_CASE = re.compile(r"(?:set|add|remove|insert|append)[A-Z]\w*")
_QUERY = re.compile(r"\s*(?:select|with|show|describe|explain|from|values|summarize|pragma)\b", re.IGNORECASE)


def is_axes(name: str) -> bool:
    """Whether a variable of this name is probably a matplotlib axes or figure."""
    return _AXES_NAME.fullmatch(name) is not None


def is_generator(name: str) -> bool:
    """Whether a variable of this name is probably a random generator."""
    return _GENERATOR_NAME.fullmatch(name) is not None


def root_name(node: ast.expr) -> str | None:
    """The name whose object `node` is a part of, `df` of `df.loc[0].a` and of `df.get(k)[0]`."""
    while True:
        match node:
            case ast.Name(id=name):
                return name
            case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Starred(value=inner):
                node = inner
            case ast.Call(func=ast.Attribute(value=inner, attr=method)) if method in VIEWS:
                node = inner
            case ast.Call(func=ast.Name(id=name), args=[inner, *_]) if name in TAKING_OUT:
                node = inner
            case _:
                return None


def is_ambient(node: ast.expr) -> bool:
    """Whether `node` is, or is a part of, hidden state that a module holds for everybody."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return f"{node.value.id}.{node.attr}" in AMBIENT
        node = node.value
    return False


def is_selection(index: ast.expr) -> bool:
    """Whether what `index` takes is a new object: `df[["a", "b"]]`, `df[df.a > 1]`, `a[mask & other]`."""
    match index:
        case ast.List() | ast.ListComp() | ast.Compare() | ast.UnaryOp(op=ast.Invert()) | ast.Lambda():
            return True
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr() | ast.BitXor()):
            return True
        case ast.Call(func=ast.Attribute(attr=method)):
            return method in SELECTING
        case ast.Tuple(elts=parts):
            return any(is_selection(part) for part in parts)
    return False


def changed_by(call: ast.Call, use: Use) -> list[ast.expr]:
    """The expressions in `call` whose object it changes: the object of a method, or arguments."""
    func = call.func
    found: list[ast.expr] = []
    if isinstance(func, ast.Attribute):
        if call.keywords or _may_change(func.attr):
            found = _changed_by_method(func, call, use)
    elif isinstance(func, ast.Name) and call.args and (call.keywords or _may_change(func.id)):
        found = _changed_by_function(call, func.id, use, None)
    for keyword in call.keywords:
        if keyword.arg in ("out", "ax", "cax"):
            found.append(keyword.value)
    return found


@lru_cache(maxsize=8_192)
def _may_change(name: str) -> bool:
    """Whether anything of this name is known to change what it is given: of most it is not."""
    return (
        name in _KNOWN
        or name.startswith(ON_AXES_PREFIXES)
        or _CAMEL_CASE.fullmatch(name) is not None
        or (name[-1] == "_" and name not in ESCAPED_WORDS)
    )


def _changed_by_method(func: ast.Attribute, call: ast.Call, use: Use) -> list[ast.expr]:
    if _is_module(func.value):
        return _changed_by_function(call, func.attr, use, func.value)
    if _is_ufunc_at(func):
        return call.args[:1]
    if is_ambient(func.value):
        return []
    found = [func.value] if _changes_its_object(func, call, use) else []
    return found + _changed_by_function(call, func.attr, use, func.value)


# -- methods


def _changes_its_object(func: ast.Attribute, call: ast.Call, use: Use) -> bool:
    method = func.attr
    if method in RETURNING_SOMETHING or _in_place(call):
        return True
    if method in RETURNING_NOTHING and use is not Use.KEPT and _fits(method, call):
        return True
    if method in STATEMENT_ONLY and use is Use.DISCARDED:
        return True
    if method == "execute":
        return use is Use.SHOWN and not _is_query(call)
    if method == "eval":
        return use in (Use.DISCARDED, Use.SHOWN) and not call.args and not call.keywords
    if method in DUNDER:
        return not (isinstance(func.value, ast.Name) and func.value.id == "object")
    if method[-1] == "_" and method[0] != "_" and method not in ESCAPED_WORDS:
        return True
    if _CAMEL_CASE.fullmatch(method):
        return True
    root = root_name(func.value)
    if root is None:
        return False
    if is_axes(root):
        return method in ON_AXES or method.startswith(ON_AXES_PREFIXES)
    return method in DRAWING and is_generator(root)


def _fits(method: str, call: ast.Call) -> bool:
    """Whether the arguments are those of the method that changes its object, and not of another type's."""
    form = _FORMS.get(method)
    return form is None or form(call)


def _one_argument(call: ast.Call) -> bool:
    return len(call.args) == 1 and not call.keywords


def _sorts(call: ast.Call) -> bool:
    """A list is given a key, an array an axis; a frame is given columns, and returned."""
    return not call.args or (isinstance(call.args[0], (ast.UnaryOp, ast.Constant)) and not _is_text(call.args[0]))


_FORMS: dict[str, Callable[[ast.Call], bool]] = {
    "add": _one_argument,
    "append": _one_argument,
    "clear": lambda call: not call.args and not call.keywords,
    "partition": lambda call: not any(map(_is_text, call.args)),
    "remove": lambda call: not call.keywords and len(call.args) < 2,
    "reverse": lambda call: not call.args and not call.keywords,
    "sort": _sorts,
    "subtract": lambda call: not call.keywords,
    "update": lambda call: not any(keyword.arg in ("on", "how", "left_on") for keyword in call.keywords),
}


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))


def _is_query(call: ast.Call) -> bool:
    """Whether a database is asked for something, and not told."""
    text = call.args[0] if call.args else None
    return isinstance(text, ast.Constant) and isinstance(text.value, str) and _QUERY.match(text.value) is not None


def _in_place(call: ast.Call) -> bool:
    return any(keyword.arg in ("inplace", "in_place") and _is(keyword.value, True) for keyword in call.keywords)


def _is(node: ast.expr, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


# -- functions


def _changed_by_function(call: ast.Call, name: str, use: Use, owner: ast.expr | None) -> list[ast.expr]:
    """The arguments that are changed by `name`, called on its own or on `owner`, which may be a module."""
    if not call.args:
        return []
    position = _changed_position(call, name, use, owner)
    return [call.args[position]] if position is not None and position < len(call.args) else []


def _changed_position(call: ast.Call, name: str, use: Use, owner: ast.expr | None) -> int | None:
    if name in FIRST_ARGUMENT or (name == "shuffle" and use is not Use.KEPT and not _is_number(call)):
        return 0
    module = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
    if module == "object" and name in DUNDER:
        return 0
    if module not in NUMPY:
        return 0 if (owner is None or _is_module(owner)) and _in_place_function(name, call) else None
    if name == "nan_to_num" or _in_place(call):
        return 0 if _in_place_function(name, call) else None
    return 0 if name in FIRST_OF_NUMPY else 2 if name in BINARY else 1 if name in UNARY else None


def _is_number(call: ast.Call) -> bool:
    """`ds.shuffle(1000)` returns another data set."""
    return not call.args or isinstance(call.args[0], ast.Constant)


def _in_place_function(name: str, call: ast.Call) -> bool:
    """`nn.init.zeros_(w)`, `F.relu(x, inplace=True)`, `np.nan_to_num(a, copy=False)`."""
    if _in_place(call) or (name[-1] == "_" and name not in ESCAPED_WORDS and name[0] != "_"):
        return True
    return name == "nan_to_num" and any(word.arg == "copy" and _is(word.value, False) for word in call.keywords)


def _is_module(node: ast.expr) -> bool:
    """`np` or `np.random`; `sys.path` is an object."""
    while isinstance(node, ast.Attribute) and node.attr in SUBMODULES:
        node = node.value
    return isinstance(node, ast.Name) and node.id in MODULES


def _is_ufunc_at(func: ast.Attribute) -> bool:
    """`np.add.at`, which adds into its first argument."""
    return (
        func.attr == "at"
        and isinstance(func.value, ast.Attribute)
        and isinstance(func.value.value, ast.Name)
        and func.value.value.id in NUMPY
        and func.value.attr in BINARY | UNARY
    )
