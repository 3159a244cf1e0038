"""A forked kernel behaves as one that was launched by itself: the same checks through both."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import textwrap
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from reactive_kernels import DiedEvent, Forking, InputRequestEvent, KernelConnection, KernelPool, PoolLimits
from reactive_kernels.fork_server import end_fork_servers
from tests.kernels.launchers import ORDINARY, is_forked, kernel_of, run, value
from tests.kernels.recorder import DEADLINE_S, Recorder

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]


@pytest.fixture(scope="module", autouse=True)
def no_servers() -> Iterator[None]:
    yield
    end_fork_servers()


@pytest.fixture(scope="module")
async def pools(anyio_backend: str) -> AsyncIterator[dict[Forking, KernelPool]]:
    async with KernelPool(LIMITS, forking=Forking.NEVER) as launching, KernelPool(LIMITS) as forking:
        yield {Forking.NEVER: launching, Forking.AUTO: forking}


@pytest.fixture(scope="module", params=Forking)
async def launched(
    pools: dict[Forking, KernelPool], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[KernelConnection]:
    async with kernel_of(pools[request.param], ORDINARY, tmp_path_factory.mktemp("work")) as kernel:
        assert is_forked(kernel) is (request.param is Forking.AUTO)
        yield kernel


@pytest.fixture(params=Forking)
def either(pools: dict[Forking, KernelPool], request: pytest.FixtureRequest) -> KernelPool:
    """A pool that launches its kernels, then one that forks them."""
    return pools[request.param]


@pytest.fixture
async def kernel(launched: KernelConnection) -> KernelConnection:
    launched.listener = Recorder()
    return launched


@pytest.fixture(scope="module")
async def pair(
    pools: dict[Forking, KernelPool], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[KernelConnection, KernelConnection]]:
    directory = tmp_path_factory.mktemp("work")
    async with (
        kernel_of(pools[Forking.NEVER], ORDINARY, directory) as ordinary,
        kernel_of(pools[Forking.AUTO], ORDINARY, directory) as forked,
    ):
        assert (is_forked(ordinary), is_forked(forked)) == (False, True)
        yield ordinary, forked


LIMITS = PoolLimits(spares=0)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")

# Code whose last line is True.
CHECKS = {
    "main": """
        import sys
        main = sys.modules['__main__']
        (__name__, vars(main) is globals(), hasattr(main, '__file__'), main.__spec__) == ('__main__', True, False, None)
    """,
    "arguments": """
        import os, sys
        [os.path.basename(argument) for argument in sys.argv] == ['ipykernel_launcher.py', '-f', 'k.json']
    """,
    "session": """
        import os
        os.getsid(0) == os.getpgid(0) == os.getpid()
    """,
    "nothing of ours in sight": """
        import sys
        not [name for name in sys.modules if 'fork_server' in name] + [p for p in sys.path if 'fork_server' in p]
    """,
    "standard input is empty": """
        import os
        os.read(0, 1) == b''
    """,
    "signals": """
        import signal
        default = [signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1, signal.SIGHUP]
        found = {signal.getsignal(number) for number in default}
        (found == {signal.SIG_DFL} and signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN
         and not signal.pthread_sigmask(signal.SIG_BLOCK, []) and signal.set_wakeup_fd(-1) == -1)
    """,
    "signal handlers": """
        import os, signal
        heard = []
        usual = signal.signal(signal.SIGUSR1, lambda *_: heard.append('usr1'))
        os.kill(os.getpid(), signal.SIGUSR1)
        signal.signal(signal.SIGUSR1, usual)
        heard == ['usr1']
    """,
    "threads": """
        import threading
        started = threading.Thread(target=lambda: None)
        started.start(); started.join()
        threading.current_thread() is threading.main_thread() and threading.main_thread().name == 'MainThread'
    """,
    "garbage collection": """
        import gc, weakref
        class Loop: pass
        loop = Loop(); loop.me = loop
        found = weakref.ref(loop)
        del loop
        gc.collect()
        gc.isenabled() and found() is None
    """,
    "run magic": """
        import pathlib
        _ = pathlib.Path('script.py').write_text('import sys\\nresult = (__name__, sys.argv[1:], __file__)')
        %run script.py one two
        result[:2] == ('__main__', ['one', 'two']) and result[2].endswith('script.py')
    """,
    "shell": """
        said = !echo $PWD
        said == [__import__('os').getcwd()]
    """,
    "subprocess": """
        import os, subprocess, sys
        code = 'import os, sys; print(os.getcwd(), os.getppid(), os.environ["HOME"], len(os.listdir("/dev/fd")))'
        where, parent, home, fds = subprocess.check_output([sys.executable, '-c', code], text=True).split()
        (where, int(parent), home) == (os.getcwd(), os.getpid(), os.environ['HOME']) and int(fds) <= 4
    """,
    "fork": """
        import os
        pid = os.fork()
        if pid == 0:
            os._exit(7)
        os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    """,
    "multiprocessing by fork": """
        import multiprocessing
        def double(n): return 2 * n
        with multiprocessing.get_context('fork').Pool(2) as workers:
            doubles = workers.map(double, range(4))
        doubles == [0, 2, 4, 6]
    """,
    "multiprocessing by spawn": """
        import multiprocessing, operator
        with multiprocessing.get_context('spawn').Pool(1) as workers:
            negated = workers.map(operator.neg, range(3))
        negated == [0, -1, -2]
    """,
    "multiprocessing by fork server": """
        import multiprocessing, operator
        with multiprocessing.get_context('forkserver').Pool(1) as workers:
            negated = workers.map(operator.neg, range(3))
        negated == [0, -1, -2]
    """,
    "executors": """
        import concurrent.futures
        with concurrent.futures.ThreadPoolExecutor() as threads:
            total = sum(threads.map(abs, [-1, -2]))
        total == 3
    """,
    "top-level await": """
        import asyncio
        await asyncio.sleep(0, True)
    """,
    "asynchronous subprocess": """
        import asyncio, sys
        child = await asyncio.create_subprocess_exec(sys.executable, '-c', 'raise SystemExit(5)')
        await child.wait() == 5
    """,
    "fault handler": """
        import faulthandler, tempfile
        faulthandler.enable()
        with tempfile.TemporaryFile() as file:
            faulthandler.dump_traceback(file)
            _ = file.seek(0)
            told = file.read()
        faulthandler.is_enabled() and b'most recent call first' in told
    """,
    "temporary files": """
        import os, tempfile
        with tempfile.NamedTemporaryFile() as file:
            there = os.path.exists(file.name)
        there
    """,
    "logging": """
        import logging
        logging.getLogger().handlers == [] and logging.getLogger().level == logging.WARNING
    """,
    "matplotlib": """
        import matplotlib
        import matplotlib.pyplot as plt
        _ = plt.plot([1, 2])
        plt.show()
        matplotlib.get_backend() in ('inline', 'module://matplotlib_inline.backend_inline')
    """,
    "limits": """
        import resource
        resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0
    """,
    "system exit in a thread": """
        import sys, threading
        thread = threading.Thread(target=sys.exit)
        thread.start(); thread.join()
        True
    """,
}


@pytest.mark.parametrize("name", CHECKS)
async def test_what_code_finds_and_can_do(name: str, kernel: KernelConnection) -> None:
    *lines, last = textwrap.dedent(CHECKS[name]).strip().split("\n")
    if last.startswith(" "):  # an expression of two lines
        last = f"{lines.pop()}\n{last}"
    await run(kernel, "\n".join([*lines, f"answer = {last}"]))
    assert await value(kernel, "answer") is True


# Expressions whose value must not tell how a kernel was started.
EQUAL = [
    "dict(__import__('os').environ)",
    "__import__('os').getcwd()",
    "__import__('sys').path",
    "__import__('sys').executable",
    "__import__('sys').prefix",
    "repr(__import__('sys').flags)",
    "__import__('sys').getrecursionlimit()",
    "__import__('sys').getfilesystemencoding()",
    "[(s.encoding, s.errors, s.line_buffering) for s in (__import__('sys').__stdout__, __import__('sys').__stderr__)]",
    "__import__('locale').setlocale(__import__('locale').LC_ALL)",
    "__import__('time').tzname",
    "__import__('threading').active_count()",
    "__import__('gc').get_threshold()",
    "__import__('resource').getrlimit(__import__('resource').RLIMIT_STACK)",
    "sorted(__import__('os').sched_getaffinity(0))",
    "__import__('os').getpriority(__import__('os').PRIO_PROCESS, 0)",
    "[line for line in open('/proc/self/status') if line.startswith(('Umask', 'Sig', 'Shd', 'Cap', 'NoNewPrivs'))]",
    "sorted(vars())",
    "sorted(get_ipython().magics_manager.lsmagic()['line'])",
    "str(get_ipython().history_manager.hist_file)",
    "sorted(get_ipython().config)",
    "type(get_ipython().parent.parent).__name__",
    "__import__('sys').meta_path.__len__()",
    "__import__('warnings').filters.__len__() > 0",
    "__import__('sys').excepthook.__qualname__",
    "__import__('sys').orig_argv[1:4]",
    "__import__('sys').warnoptions",
    "dict(__import__('sys')._xoptions)",
    "__import__('sys').getswitchinterval()",
    "[str(a) for a in __import__('warnings').filters]",
    "repr([__import__('sys').stdin.__class__, __import__('sys').stdout.__class__])",
    "__import__('faulthandler').is_enabled()",
    "__import__('multiprocessing').get_start_method()",
    "type(__import__('asyncio').get_event_loop_policy()).__name__",
    "[str(h) for h in __import__('logging').getLogger().handlers]",
    "{str(n): str(__import__('signal').getsignal(n)).split(' at ')[0] for n in __import__('signal').valid_signals()}",
    "__import__('os').getpgid(0) == __import__('os').getpid()",
    "__import__('os').umask(0o022)",
    "__import__('matplotlib').rcParams['backend']",
    "__import__('matplotlib').get_backend()",
    "sorted(__import__('os').listdir())",
]


@pytest.mark.parametrize("expression", EQUAL)
async def test_what_tells_nothing_of_how_it_was_started(
    expression: str, pair: tuple[KernelConnection, KernelConnection]
) -> None:
    ordinary, forked = [await value(kernel, expression) for kernel in pair]
    assert forked == ordinary


async def test_descriptors_are_its_own(pair: tuple[KernelConnection, KernelConnection]) -> None:
    await asyncio.gather(*(run(kernel, "import os") for kernel in pair))
    ordinary, forked = [await value(kernel, "len(os.listdir('/dev/fd'))") for kernel in pair]
    assert forked <= ordinary + 1  # its owner's lifeline


async def test_standard_output_goes_to_the_log_only(pair: tuple[KernelConnection, KernelConnection]) -> None:
    logs = [await value(kernel, "[os.readlink(f'/proc/self/fd/{fd}') for fd in (0,)]") for kernel in pair[1:]]
    assert logs == [["/dev/null"]]


async def test_source_and_tracebacks_are_found(kernel: KernelConnection) -> None:
    await run(kernel, "def f():\n    return 1 / 0")
    await run(kernel, "import inspect\nsource = inspect.getsource(f)")
    assert await value(kernel, "source") == "def f():\n    return 1 / 0\n"
    reply = await kernel.execute("f()", timeout=DEADLINE_S)
    assert reply.ename == "ZeroDivisionError"
    assert "return 1 / 0" in COLOURS.sub("", "".join(reply.traceback))


async def test_pictures_come_as_output(kernel: KernelConnection) -> None:
    await run(kernel, "import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    assert isinstance(kernel.listener, Recorder)
    assert ["image/png" in output.get("data", {}) for output in kernel.listener.outputs()] == [True]


async def test_writing_to_the_descriptor_is_output(kernel: KernelConnection) -> None:
    await run(kernel, "import os\nos.write(1, b'by descriptor')\n!echo by shell")
    recorder: Any = kernel.listener
    await recorder.until(lambda: "by descriptor" in recorder.text() and "by shell" in recorder.text())


async def test_passwords_are_asked_for(kernel: KernelConnection) -> None:
    recorder: Any = kernel.listener
    asking = asyncio.create_task(kernel.execute("import getpass\nsecret = getpass.getpass('who? ')"))
    asked = await recorder.first(InputRequestEvent)
    assert (asked.prompt, asked.password) == ("who? ", True)
    kernel.reply_input("me")
    await asyncio.wait_for(asking, DEADLINE_S)
    assert await value(kernel, "secret") == "me"


async def test_interrupts_reach_code_and_its_children(kernel: KernelConnection) -> None:
    recorder: Any = kernel.listener
    code = "import subprocess\nprint('on', flush=True)\nended = subprocess.run(['sleep', '600'])"
    running = asyncio.create_task(kernel.execute(code))
    await recorder.until(recorder.text)
    await kernel.interrupt()
    reply = await asyncio.wait_for(running, DEADLINE_S)
    assert reply.ename == "KeyboardInterrupt"
    await run(kernel, "still = 'here'")


class TestEnds:
    """How kernels end, each with one of its own."""

    @pytest.mark.parametrize(
        ("code", "exit_code"),
        [
            ("exit()", 0),
            ("quit", 0),
            ("import os; os._exit(3)", 3),
            ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -15),
            ("import faulthandler; faulthandler._sigsegv()", -11),
        ],
    )
    async def test_its_exit_code_is_told(self, either: KernelPool, code: str, exit_code: int) -> None:
        async with kernel_of(either, ORDINARY) as kernel:
            recorder: Any = kernel.listener
            running = asyncio.create_task(kernel.execute(code))
            assert (await recorder.first(DiedEvent)).exit_code == exit_code
            await asyncio.gather(running, return_exceptions=True)

    async def test_what_is_to_be_done_at_the_end_is_done(self, either: KernelPool, tmp_path: Path) -> None:
        code = """
        import atexit, pathlib, weakref
        atexit.register(pathlib.Path('at_exit').write_text, 'done')
        class Thing: pass
        thing = Thing()
        finalizer = weakref.finalize(thing, pathlib.Path('finalized').write_text, 'done')
        """
        async with kernel_of(either, ORDINARY, tmp_path) as kernel:
            await run(kernel, code)
            await kernel.restart()
            assert await value(kernel, "'thing' in globals()") is False
            assert await value(kernel, "__import__('os').getcwd()") == str(tmp_path)
        assert sorted(os.listdir(tmp_path)) == ["at_exit", "finalized"]


async def test_the_environment_is_heeded(either: KernelPool, tmp_path: Path) -> None:
    for name in ("home", "tmp", "modules"):
        (tmp_path / name).mkdir()
    (tmp_path / "modules" / "beside_the_path.py").write_text("name = 'found'")
    environment = {
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(tmp_path / "modules"), os.environ.get("PYTHONPATH")])),
        "TZ": "Asia/Tokyo",
        "MPLBACKEND": "svg",
        "LC_NUMERIC": "C",
    }
    expressions = {
        "__import__('os').path.expanduser('~')": str(tmp_path / "home"),
        "get_ipython().ipython_dir": str(tmp_path / "home" / ".ipython"),
        "__import__('tempfile').gettempdir()": str(tmp_path / "tmp"),
        "__import__('beside_the_path').name": "found",
        f"{str(tmp_path / 'modules')!r} in __import__('sys').path[:2]": True,
        "__import__('time').tzname[0]": "JST",
        "__import__('matplotlib').get_backend().lower()": "svg",
    }
    async with kernel_of(either, ORDINARY, tmp_path, environment) as kernel:
        assert {expression: await value(kernel, expression) for expression in expressions} == expressions


async def test_limits_are_those_of_the_moment(either: KernelPool) -> None:
    async with kernel_of(either, ORDINARY):  # with the usual limits
        usual = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0 if usual[0] else 4096, usual[1]))
        try:
            async with kernel_of(either, ORDINARY) as limited:
                found = await value(limited, "__import__('resource').getrlimit(__import__('resource').RLIMIT_CORE)")
                assert tuple(found) == resource.getrlimit(resource.RLIMIT_CORE)
        finally:
            resource.setrlimit(resource.RLIMIT_CORE, usual)
