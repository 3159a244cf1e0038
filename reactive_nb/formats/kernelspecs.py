"""What a notebook's metadata says about its kernel and its language.

It asks no installation: a notebook can name a kernel that is nowhere to be found. A kernelspec is made up only where a
notebook has none of its own; what other tools have written stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reactive_nb.models import DEFAULT_KERNEL, Kernelspec

PYTHON = re.compile(r"i?python|xeus-python|xpython|pypy|conda", re.IGNORECASE)
OTHER_KERNELS = re.compile(
    r"(ir|r|julia|bash|zsh|sh|powershell|pwsh|fish|xcpp|xc|xr|xlua|xsql|xeus-(?!python)\w+|rust|evcxr|scala|almond|spylon|"
    r"javascript|jslab|tslab|typescript|deno|node|nodejs|octave|matlab|sas|stata|ruby|iruby|java|ijava|kotlin|haskell|"
    r"ihaskell|go|gophernotes|gonb|perl|iperl|php|lua|ilua|clojure|clojupyter|elixir|ielixir|ocaml|swift|wolfram|"
    r"maxima|coq|lfortran|prolog|\.net|sql|duckdb|mit-scheme|calysto|sparkr|sos|gnuplot|singular|gap|magma)"
    r"([-_. \d].*)?$",
    re.IGNORECASE,
)
"""Kernel names that are certainly not Python's. Most other names are those of Python environments."""


def kernel_name(metadata: Mapping[str, Any]) -> str:
    """The name of the kernelspec in a notebook's metadata, or that of the default kernel."""
    name = _mapping(metadata, "kernelspec").get("name")
    return name if isinstance(name, str) and name else DEFAULT_KERNEL


def language(metadata: Mapping[str, Any]) -> str:
    """The notebook's language in lower case, as far as its metadata tells; `python` if it does not."""
    for stated in (_mapping(metadata, "kernelspec").get("language"), _mapping(metadata, "language_info").get("name")):
        if isinstance(stated, str) and stated:
            return "python" if is_python(stated) else stated.lower()
    found = OTHER_KERNELS.match(kernel_name(metadata))
    return found[1].lower() if found else "python"


def with_kernelspec(metadata: Mapping[str, Any], name: str) -> dict[str, Any]:
    """`metadata` with a kernelspec for the kernel `name`, complete enough for nbformat's schema."""
    own = _mapping(metadata, "kernelspec")
    if own and kernel_name(metadata) == name:
        return {**metadata, "kernelspec": {"display_name": name, **own, "name": name}}
    return {**metadata, "kernelspec": default_kernelspec(name)}


def of_kernel(metadata: Mapping[str, Any], spec: Kernelspec) -> dict[str, Any]:
    """`metadata` of a notebook that is given another kernel: what it says of the old one's language goes."""
    kept = {key: value for key, value in metadata.items() if key != "language_info"}
    stated = {"display_name": spec.display_name, "language": spec.language, "name": spec.name}
    return without_default_kernelspec({**kept, "kernelspec": stated})


def with_language(metadata: Mapping[str, Any], info: Mapping[str, Any]) -> Mapping[str, Any]:
    """`metadata` with the language as its kernel states it, where it says another, or none and it is not Python."""
    stated = _mapping(metadata, "language_info").get("name")
    name = info.get("name")
    if not isinstance(name, str) or stated == name or (stated is None and is_python(name)):
        return metadata
    sound = {key: value for key, value in info.items() if isinstance(value, str)}
    if isinstance(info.get("codemirror_mode"), dict):
        sound["codemirror_mode"] = info["codemirror_mode"]
    return {**metadata, "language_info": sound}


def is_python(language: str) -> bool:
    """Whether a kernel of that language runs Python."""
    return PYTHON.match(language) is not None


def without_default_kernelspec(metadata: dict[str, Any]) -> dict[str, Any]:
    """`metadata` without a kernelspec that `with_kernelspec` would make up again."""
    spec = metadata.get("kernelspec")
    if isinstance(spec, dict) and spec == default_kernelspec(kernel_name(metadata)):
        return {key: value for key, value in metadata.items() if key != "kernelspec"}
    return metadata


def default_kernelspec(name: str) -> dict[str, str]:
    if name == DEFAULT_KERNEL:
        return {"display_name": "Python 3 (ipykernel)", "language": "python", "name": name}
    return {"display_name": name, "name": name}


def _mapping(metadata: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = metadata.get(key)
    return value if isinstance(value, Mapping) else {}
