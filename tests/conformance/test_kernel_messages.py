"""Jupyter's own tests of a kernel's messages, `jupyter_kernel_test`, run against kernels as we start them.

Once as anybody starts our kernelspec, with `jupyter_client`; and by our pool, where the kernel-side code is in place
and another client talks to the kernel beside ours: launched, and forked.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar
from unittest import TestCase

import jupyter_kernel_test
import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from reactive_kernels import KernelConnection, KernelPool, PoolLimits

PATIENCE_S = 30.0


class Samples(jupyter_kernel_test.KernelTests):  # type: ignore[misc]  # has no types
    """What a Python kernel is asked. Not collected: its subclasses are."""

    __test__ = False

    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples: ClassVar = [{"text": "zi", "matches": {"zip"}}, {"text": "enumer", "matches": {"enumerate"}}]
    complete_code_samples: ClassVar = ["1", "print('hello, world')", "def f(x):\n  return x*2\n\n\n"]
    incomplete_code_samples: ClassVar = ["print('''hello", "def f(x):\n  x*2"]
    invalid_code_samples: ClassVar = ["import = 7q"]
    code_page_something = "zip?"
    code_generate_error = "raise"
    code_execute_result: ClassVar = [
        {"code": "1+2+3", "result": "6"},
        {"code": "[n*n for n in range(1, 4)]", "result": "[1, 4, 9]"},
    ]
    code_display_data: ClassVar = [
        {"code": "from IPython.display import HTML, display; display(HTML('<b>test</b>'))", "mime": "text/html"},
        {"code": "from IPython.display import Math, display; display(Math('x'))", "mime": "text/latex"},
    ]
    code_history_pattern = "1?2*"
    supported_history_operations = ("tail", "search")  # IPython numbers a range of the present session 0, not as asked
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.be_patient()

    @classmethod
    def be_patient(cls) -> None:
        """Its limits of 0.1 s for what is on its way are too tight for a machine that does other things too."""
        channel = cls.kc.iopub_channel
        cls.hurried = channel.get_msg
        cls.patient = partial(_at_least, channel.get_msg)
        channel.get_msg = cls.patient

    def flush_channels(self) -> None:
        self.kc.iopub_channel.get_msg = self.hurried
        super().flush_channels()
        self.kc.iopub_channel.get_msg = self.patient


def _at_least(get: Any, timeout: float | None = None) -> Any:
    return get(timeout=max(timeout or 0.0, PATIENCE_S))


class PooledSamples(Samples):
    """The same of a kernel that our pool has started; the client is one beside the pool's own."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.pooled = _pooled(cls.kernel_name)
        kernel = cls.pooled.__enter__()
        assert kernel.has_helper
        cls.kc = BlockingKernelClient()
        cls.kc.load_connection_info(dict(kernel.connection_info))
        cls.kc.start_channels()
        cls.kc.wait_for_ready(timeout=PATIENCE_S)
        cls.be_patient()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.kc.stop_channels()
        cls.pooled.__exit__(None, None, None)


@contextmanager
def _pooled(kernel_name: str) -> Iterator[KernelConnection]:
    """A kernel of a pool that lives on an event loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE_S)

    async def make() -> KernelPool:
        return KernelPool(PoolLimits(spares=0), default_kernel=kernel_name)

    pool = run(make())
    try:
        yield run(pool.acquire(listener=lambda event: None))
    finally:
        run(pool.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()


@pytest.fixture(autouse=True, scope="module")
def own_history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the kernel remembers is what it was told here, and not what the user of this machine has ever run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        yield


class TestOurKernelspec(Samples):
    """Forked, by a provisioner of jupyter_client."""

    __test__ = True
    kernel_name = "reactive-python"


class TestLaunchedByOurPool(PooledSamples):
    """ipykernel's own kernelspec, with the kernel-side code."""

    __test__ = True
    kernel_name = "python3"


class TestForkedForOurPool(PooledSamples):
    """Our kernelspec, with the kernel-side code."""

    __test__ = True
    kernel_name = "reactive-python"


class TestOurWelcome(jupyter_kernel_test.IopubWelcomeTests, TestCase):  # type: ignore[misc]  # has no types
    """A forked kernel greets who subscribes, as ipykernel does."""

    kernel_name = "reactive-python"
    support_iopub_welcome = True
