"""What is sent into kernels is written for their Pythons, not for ours."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import reactive_kernels
from reactive_kernels import helper

SENT = sorted({*helper._SOURCES.values(), *helper._LATER.values(), "kernel_around.py"})


@pytest.mark.parametrize("name", SENT)
def test_the_source_is_one_for_python_3_9(name: str) -> None:
    text = (Path(reactive_kernels.__file__).parent / name).read_text(encoding="utf-8")
    tree = ast.parse(text, name, feature_version=(3, 9))
    assert "from __future__ import annotations" in text, "unions in annotations are evaluated without it"
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not {name for name in imported if name.startswith(("reactive", "orjson", "zmq"))}
