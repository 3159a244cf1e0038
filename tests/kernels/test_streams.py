"""Standard streams that a cell takes away from its kernel: the next cell has them again."""

from __future__ import annotations

import pytest

from reactive_kernels import KernelConnection
from tests.kernels.recorder import DEADLINE_S, Recorder

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("harm", ["sys.{} = None", "del sys.{}", "sys.{} = object()"])
async def test_one_that_is_gone_is_put_back(
    kernel: KernelConnection, recorder: Recorder, harm: str, stream: str
) -> None:
    cell = {"cell": "c", "bind": {}, "forget": [], "writes": [], "mutates": []}
    await kernel.execute(f"import sys\n{harm.format(stream)}", reactive=cell, timeout=DEADLINE_S)
    code = f"import sys\nprint('on', file=sys.{stream}, flush=True)\n6 * 7"
    after = await kernel.execute(code, request_id=f"{harm} {stream}", reactive=cell, timeout=DEADLINE_S)
    assert (after.status, recorder.text(f"{harm} {stream}", stream)) == ("ok", "on\n")
    assert recorder.outputs()[-1]["data"] == {"text/plain": "42"}
