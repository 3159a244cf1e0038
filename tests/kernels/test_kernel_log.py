"""What a process says before it fails is kept, its end at least, however much it says."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import psutil
import pytest

from reactive_kernels.kernel_log import KernelLog
from tests.kernels.recorder import DEADLINE_S

pytestmark = pytest.mark.anyio


async def said(code: str) -> str:
    """What is kept of what a program says."""
    log = KernelLog()
    try:
        with log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", code, stdout=log.fileno(), stderr=subprocess.STDOUT
            )
        await asyncio.wait_for(process.wait(), DEADLINE_S)
        return log.tail()
    finally:
        log.close()
        log.close()


async def test_both_streams_are_kept_in_order() -> None:
    assert await said("import sys; print('out', flush=True); sys.exit('err')") == "out\nerr"


async def test_of_much_the_end_is_kept() -> None:
    text = await said("print('x' * 10_000_000); print('the end')")
    assert text.endswith("xxx\nthe end")
    assert len(text) <= 4000


async def test_what_is_no_text_is_replaced() -> None:
    assert await said(r"import os; os.write(1, b'a\xff\x00\x1b[31mb\n')") == "a��\ufffd[31mb"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux")
async def test_who_writes_without_end_waits() -> None:
    log = KernelLog()
    try:
        with log:
            process = await asyncio.create_subprocess_exec("yes", stdout=log.fileno())
        await asyncio.sleep(0.2)
        assert psutil.Process(process.pid).io_counters().write_chars < 20_000_000  # it would be gigabytes
        process.kill()
        await process.wait()
    finally:
        log.close()
