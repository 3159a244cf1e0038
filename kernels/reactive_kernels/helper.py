"""The kernel-side code as seen from the server: how it gets into a kernel, and what it offers there.

The source is sent over the wire after the start, so nothing need be installed where people's kernels run. Knows Python
kernels only; with any other kernel everything works but what needs the helper.
"""

from __future__ import annotations

import ast
import base64
import json
import marshal
import zlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.util import MAGIC_NUMBER
from typing import Any

# The functions that change nothing, and may be called while a cell runs.
READ_ONLY = frozenset({"variables", "variable", "widget_module"})
# An expression whose value shows that the helper is in place.
PROBE = '__import__("_reactive_nb").VERSION'

# Modules of the helper, in the order in which they are loaded. Those that import each other have dotted names.
_SOURCES = {
    "_reactive_nb_economies": "kernel_economies.py",
    "_reactive_nb_sources": "kernel_sources.py",
    "_reactive_nb_interrupts": "kernel_interrupts.py",
    "_reactive_nb_streams": "kernel_streams.py",
    "_reactive_nb.kernel_later": "kernel_later.py",
    "_reactive_nb.kernel_kinds": "kernel_kinds.py",
    "_reactive_nb.kernel_containers": "kernel_containers.py",
    "_reactive_nb.kernel_objects": "kernel_objects.py",
    "_reactive_nb.kernel_types": "kernel_types.py",
    "_reactive_nb.kernel_pictures": "kernel_pictures.py",
    "_reactive_nb_text": "kernel_text.py",
    "_reactive_nb.kernel_ambient": "kernel_ambient.py",
    "_reactive_nb.kernel_tables": "kernel_tables.py",
    "_reactive_nb.kernel_namespace": "kernel_namespace.py",
    "_reactive_nb.kernel_step": "kernel_step.py",
    "_reactive_nb": "kernel_side.py",
    "_reactive_nb_publishing": "kernel_publishing.py",
    "_reactive_nb_batches": "kernel_batches.py",
    "_reactive_nb_widgets": "kernel_widgets.py",
}
_OF_IPYKERNEL = frozenset(
    {"_reactive_nb_economies", "_reactive_nb_sources", "_reactive_nb_publishing", "_reactive_nb_batches"}
)
# Those that are compiled when they are first needed: compiling all would take longer than anything else at the start.
_LATER = {
    "_reactive_nb.kernel_equality": "kernel_equality.py",
    "_reactive_nb.kernel_memory": "kernel_memory.py",
    "_reactive_nb.kernel_executed": "kernel_executed.py",
    "_reactive_nb.kernel_ambient_libraries": "kernel_ambient_libraries.py",
    "_reactive_nb.kernel_libraries": "kernel_libraries.py",
    "_reactive_nb.kernel_iterators": "kernel_iterators.py",
    "_reactive_nb.kernel_restoring": "kernel_restoring.py",
    "_reactive_nb.kernel_variables": "kernel_variables.py",
    "_reactive_nb.kernel_table_pages": "kernel_table_pages.py",
    "_reactive_nb.kernel_table_rows": "kernel_table_rows.py",
    "_reactive_nb.kernel_widget_modules": "kernel_widget_modules.py",
    "_reactive_nb.kernel_sql": "kernel_sql.py",
    "_reactive_nb.kernel_sql_errors": "kernel_sql_errors.py",
    "_reactive_nb.kernel_sql_aside": "kernel_sql_aside.py",
    "_reactive_nb.kernel_sql_frames": "kernel_sql_frames.py",
    "_reactive_nb.kernel_sql_rows": "kernel_sql_rows.py",
    "_reactive_nb.kernel_sql_marks": "kernel_sql_marks.py",
    "_reactive_nb.kernel_sql_duckdb": "kernel_sql_duckdb.py",
    "_reactive_nb.kernel_sql_duckdb_rows": "kernel_sql_duckdb_rows.py",
    "_reactive_nb.kernel_sql_places": "kernel_sql_places.py",
    "_reactive_nb.kernel_sql_address": "kernel_sql_address.py",
    "_reactive_nb.kernel_sql_database": "kernel_sql_database.py",
    "_reactive_nb.kernel_sql_database_rows": "kernel_sql_database_rows.py",
}
LABEL = "reactive_nb_helper"
"""In the metadata of the request that installs the helper: IPython looks through these but once, and not as code."""
# What unpacks modules, and loads them in order or keeps them for later: one expression, that leaves no name behind.
# To compile them is most of the work, so they come compiled as well, for a kernel whose Python is as ours.
_LOADER = (
    "(lambda sys, unpacked, sent: (lambda compiled, sources, later: [["
    "sys.modules.__setitem__(name, type(sys)(name)),"
    " sys.modules[name].__dict__.update(__package__='_reactive_nb'),"
    " exec(code if compiled else compile(code, '<' + name + '>', 'exec'), sys.modules[name].__dict__)]"
    " for name, code in compiled or sources]"
    " and later and sys.modules['_reactive_nb.kernel_later'].SOURCES.update(later))("
    "sent['magic'] == __import__('importlib.util').util.MAGIC_NUMBER.hex()"
    " and __import__('marshal').loads(unpacked(sent['compiled'])),"
    " *__import__('json').loads(unpacked(sent['sources']))))"
    "(__import__('sys'), lambda packed: __import__('zlib').decompress(__import__('base64').b64decode(packed)), {sent})"
)
_SENT = f"__import__('IPython').get_ipython().kernel.get_parent()['metadata'][{LABEL!r}]"


@cache
def installation() -> tuple[str, dict[str, Any]]:
    """The code that installs the helper in an ipykernel, and the metadata of its request.

    Expressions only, so that no name is left in the user's namespace.
    """
    return _LOADER.format(sent=_SENT), {LABEL: _sent(_SOURCES, _LATER)}


@cache
def installation_around() -> tuple[str, dict[str, Any]]:
    """The same for a Python kernel that is no ipykernel (see `kernel_around`): all is in the code."""
    sources = {name: file for name, file in _SOURCES.items() if name not in _OF_IPYKERNEL}
    code = _LOADER.format(sent=repr(_sent(sources, _LATER)))
    around = _LOADER.format(sent=repr(_sent({"_reactive_nb_around": "kernel_around.py"}, {})))
    return f"{around}\n__import__('_reactive_nb_around').load(globals(), {code!r})", {}


def _sent(now: Mapping[str, str], later: Mapping[str, str]) -> dict[str, str]:
    """Modules to load, and sources to keep, as the loader takes them."""
    sources = [(name, _text(file)) for name, file in now.items()]
    compiled = [(name, compile(source, f"<{name}>", "exec", dont_inherit=True)) for name, source in sources]
    kept = {name: _text(file) for name, file in later.items()}
    return {
        "magic": MAGIC_NUMBER.hex(),
        "compiled": _packed(marshal.dumps(compiled)),
        "sources": _packed(json.dumps([sources, kept]).encode()),
    }


def _packed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content)).decode()


def _text(file: str) -> str:
    return resources.files(__package__).joinpath(file).read_text(encoding="utf-8")


def is_installed(reply: dict[str, Any]) -> bool:
    """Whether the reply to the installation, asked for `PROBE`, says that it worked."""
    probe = (reply.get("user_expressions") or {}).get("version") or {}
    return reply.get("status") == "ok" and probe.get("status") == "ok"


def asking(request: Mapping[str, Any]) -> str:
    """The expression by which kernel-side code that wraps no requests is asked for something."""
    return f"__import__('_reactive_nb_around').ask({json.dumps(request)!r})"


def answer(reply: Mapping[str, Any]) -> dict[str, Any] | None:
    """What it answered, asked so under the name `answer`; None if it did not."""
    told = (reply.get("user_expressions") or {}).get("answer") or {}
    try:
        text = ast.literal_eval(told["data"]["text/plain"])
        found = json.loads(text)
    except (KeyError, TypeError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return found if isinstance(found, dict) else None
