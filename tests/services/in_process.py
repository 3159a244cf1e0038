"""A session's reducer driven without a kernel, network or clock: real namespace steps, in this very process.

The code that a kernel is sent (`kernel_namespace.Namespace` and `kernel_step.Step`) works on a plain namespace here, so
the reducer gets the reports it would get from a kernel, deterministically and in microseconds.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import contextlib
import io
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from types import CodeType, FunctionType
from typing import Any

from reactive_kernels import Append
from reactive_kernels.kernel_namespace import Namespace
from reactive_kernels.kernel_step import Step
from reactive_kernels.kernel_text import show
from reactive_kernels.replies import execute_reply
from reactive_nb.execution.executor import shown_values
from reactive_nb.execution.records import Outcome
from reactive_nb.execution.text import filled
from reactive_nb.models import Cell, CellStatus, CellType, KernelState, Notebook, Output
from reactive_nb.services.effects import BindNames, Effect, Execute, ExecuteBatch, ReplaceKernel, StartKernel
from reactive_nb.services.errors import SessionError
from reactive_nb.services.operations import (
    BatchEnded,
    CellFinished,
    CellStarted,
    ChangeOutputs,
    InterruptRun,
    KernelChanged,
    Operation,
    RunCells,
    Several,
    UpdateCell,
)
from reactive_nb.services.reducer import apply, initial_state
from tests.services.invariants import violations

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MOST_STEPS = 2_000
SLICE = 3


@dataclass
class Shell:
    """All of a shell that the kernel-side namespace looks at."""

    user_ns: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__", "__builtins__": __builtins__})
    execution_count: int = 1

    @property
    def display_formatter(self) -> Shell:
        return self

    def format(self, value: Any) -> tuple[dict[str, str], dict[str, Any]]:
        """How values in text are shown."""
        return {"text/plain": repr(value)}, {}

    def begin_code(self) -> bool:
        """Nobody interrupts."""
        return False


class InProcessNotebook:
    """A notebook whose cells run in this process."""

    def __init__(
        self, *sources: str, batches: bool = False, memory_bytes: int | None = None, examined: bool = True
    ) -> None:
        """With `batches`, the kernel takes several cells at once, up to three in a slice, of which two are told as one.

        `memory_bytes`: what overwritten versions may take. Unless `examined`, nobody looks at what must always hold.
        """
        self.batches = batches
        self.examined = examined
        self.memory_bytes = memory_bytes
        cells = tuple(Cell(id=f"c{place}", source=source) for place, source in enumerate(sources))
        self.state = initial_state(Notebook(id="n", cells=cells))
        self._start()
        self.log: list[str] = []
        """Cells that the kernel was given, in order."""
        self.meanwhile: list[Operation] = []
        """What happens while the next cell runs."""
        self.interrupt_after: int | None = None
        """The next cell that runs is interrupted after so many of its statements."""
        self._runs = 0
        self._gathered: list[CellStarted | CellFinished | ChangeOutputs] = []
        self._fresh: tuple[Any, InProcessNotebook] | None = None
        self._parsed: dict[str, Cell] = {}
        """Cells as they were when they last parsed: what they then defined and used counts until they do again."""

    def _start(self) -> None:
        self.shell = Shell()
        self.namespace = Namespace(self.shell)
        if self.memory_bytes is not None:
            self.namespace.memory_limit = self.memory_bytes

    def do(self, operation: Operation) -> None:
        """Apply an operation, and all that follows until nothing is left to do."""
        if isinstance(operation, UpdateCell) and self._parses(operation.cell_id):
            self._parsed[operation.cell_id] = self.state.notebook.by_id[operation.cell_id]
        waiting = self._apply(operation)
        steps = 0
        while waiting:
            waiting += self._carry_out(waiting.pop(0))
            steps += 1
            assert steps < MOST_STEPS, f"it never ends: {self.log[-20:]}"

    def run(self, *cells: str) -> list[str]:
        """Run cells (none: all stale ones); the cells that really ran, in order."""
        before = len(self.log)
        self._runs += 1
        self.do(RunCells(f"r{self._runs}", cells or None))
        return self.log[before:]

    def _parses(self, cell: str) -> bool:
        known = self.state.knowledge.get(cell)
        return known is not None and known.problem is None

    def _apply(self, operation: Operation) -> list[Effect]:
        return self._apply_gathered() + self._apply_one(operation)

    def _apply_soon(self, operation: CellStarted | CellFinished | ChangeOutputs) -> list[Effect]:
        """As `_apply`; in a batch, together with what comes until every other cell has ended."""
        self._gathered.append(operation)
        waits = self.batches and not (isinstance(operation, CellFinished) and operation.number % 2)
        return [] if waits else self._apply_gathered()

    def _apply_gathered(self) -> list[Effect]:
        gathered, self._gathered = tuple(self._gathered), []
        return self._apply_one(Several(gathered)) if gathered else []

    def _apply_one(self, operation: Operation) -> list[Effect]:
        before = self.state
        applied = apply(before, operation)
        self.state = applied.state
        if self.examined:
            assert not (found := violations(self.state, before)), "\n".join([repr(operation), *found])
        return list(applied.effects)

    def _try(self, operation: Operation) -> list[Effect]:
        try:
            return self._apply(operation)
        except SessionError:  # what it speaks of is gone by now
            return []

    def _carry_out(self, effect: Effect) -> list[Effect]:
        match effect:
            case StartKernel():
                self._start()
                return self._apply(KernelChanged(KernelState.IDLE, batches=self.batches))
            case ReplaceKernel(start):
                self._start()
                return self._apply(KernelChanged(KernelState.IDLE, batches=self.batches)) if start else []
            case BindNames(step):
                self.namespace.forget(step.forget)
                missing = self.namespace.bind(dict(step.bind))
                assert self._let_go().issuperset(missing), f"versions that are not there: {missing}"
                return []
            case Execute():
                return self._execute(effect)[0] + self._apply_gathered()
            case ExecuteBatch():
                return self._execute_batch(effect) + self._apply_gathered()
            case _:
                return []

    def _let_go(self) -> set[str]:
        """Names of versions that are not what they were, or no more: who needs one has it made again."""
        return {name for record in self.state.records.values() for name in record.spoiled}

    def _execute_batch(self, effect: ExecuteBatch) -> list[Effect]:
        effects: list[Effect] = []
        report: dict[str, Any] = {}
        for place, cell in enumerate(effect.cells):
            if place == SLICE or (place and not as_expected(report, effect.expected[place - 1])):
                return effects + self._apply(BatchEnded(cell.number))
            assert not any(isinstance(one, Execute | ExecuteBatch | BindNames) for one in effects)
            more, report = self._execute(cell)
            effects += more
        return effects

    def _execute(self, effect: Execute) -> tuple[list[Effect], dict[str, Any]]:
        """What follows, and the report of the run."""
        self.log.append(effect.cell_id)
        effects = self._apply_soon(CellStarted(effect.number, NOW))
        after, self.interrupt_after = self.interrupt_after, None
        if after is not None:
            effects += self._apply(InterruptRun())
        output, finished, report = self.in_kernel(effect, partial(self._happen, effects), after)
        if output is not None:
            effects += self._apply_soon(output)
        return effects + self._apply_soon(finished), report

    def _happen(self, effects: list[Effect]) -> None:
        while self.meanwhile:
            effects += self._try(self.meanwhile.pop(0))

    def in_kernel(
        self, effect: Execute, meanwhile: Callable[[], None] = lambda: None, after: int | None = None
    ) -> tuple[ChangeOutputs | None, CellFinished, dict[str, Any]]:
        """What a cell shows when it runs, how it ended, and the report of the run; `meanwhile` before that is made.

        It is interrupted `after` so many statements.
        """
        request = {
            "cell": effect.step.cell,
            "bind": dict(effect.step.bind),
            "forget": list(effect.step.forget),
            "writes": list(effect.step.writes),
            "mutates": list(effect.step.mutates),
            "uses": None if effect.step.uses is None else list(effect.step.uses),
            "overwritten": effect.step.overwritten,
            "equal": effect.step.equal,
        }
        step = Step(self.namespace, request, effect.source)
        step.prepare()
        assert self._let_go().issuperset(step.missing), f"versions that are not there: {step.missing}"
        output, reply = self._text(effect) if effect.type is CellType.MARKDOWN else self._code(effect.source, after)
        meanwhile()
        report = step.report(reply)
        shown = None if output is None else ChangeOutputs({effect.cell_id: (Append((output,)),)})
        ok = reply["status"] == "ok"
        interrupted = reply.get("ename") == "KeyboardInterrupt"
        outcome = Outcome.OK if ok else Outcome.INTERRUPTED if interrupted else Outcome.ERROR
        given = {**reply, "execution_count": effect.number, "reactive_nb": report}
        answer = execute_reply(given, interrupted=interrupted)
        return shown, CellFinished(effect.number, outcome, answer, 1.0), report | {"ok": ok}

    def _code(self, source: str, statements: int | None) -> tuple[Output | None, dict[str, Any]]:
        """What a cell prints, and how the kernel replies."""
        shown, error = run_source(source, self.shell.user_ns, statements)
        output = {"output_type": "stream", "name": "stdout", "text": shown} if shown else None
        if error is None:
            return output, {"status": "ok"}
        sys.last_value = error
        return output, {"status": "error", "ename": type(error).__name__, "evalue": str(error)}

    def _text(self, effect: Execute) -> tuple[Output, dict[str, Any]]:
        """A text with its values, and how the kernel replies."""
        expressions = {str(place): value.expression for place, value in enumerate(effect.values)}
        with _shallow(), contextlib.redirect_stdout(io.StringIO()):
            reply = asyncio.run(show(self.shell, self.shell, expressions))
        return filled(effect.source, effect.values, shown_values(reply["user_expressions"])), reply

    # -- what is to be seen
    def text(self, cell: str) -> str:
        found = self.state.notebook.cell(cell)
        assert found is not None
        return re.sub("0x[0-9a-f]+", "0x", "".join(_words(output) for output in found.outputs))

    def status(self, cell: str) -> CellStatus:
        return self.state.statuses[cell]

    def shown(self) -> dict[str, tuple[str, str, str | None]]:
        """Cell → status, output, error: all that the promise speaks of. A disabled cell keeps what it once showed."""
        return {
            cell.id: (
                self.state.statuses[cell.id].value,
                self.text(cell.id),
                cell.error.kind if cell.error else None,
            )
            for cell in self.state.notebook.cells
            if self.state.statuses[cell.id] is not CellStatus.DISABLED
        }

    def variables(self) -> dict[str, str]:
        """The user's names, with what they hold."""
        held = self.shell.user_ns.items()
        return {name: re.sub("0x[0-9a-f]+", "0x", repr(value)) for name, value in held if self.namespace.is_users(name)}

    def fresh(self) -> InProcessNotebook:
        """The same document, opened anew and run once."""
        settings = self.state.notebook.settings
        cells = tuple(Cell(cell.id, cell.type, cell.source, cell.config) for cell in self.state.notebook.cells)
        parsed = {cell.id: self._parsed[cell.id] for cell in cells if cell.id in self._parsed}
        parsed = {cell: earlier for cell, earlier in parsed.items() if not self._parses(cell)}
        if self._fresh is not None and self._fresh[0] == (cells, settings, parsed):
            return self._fresh[1]
        other = InProcessNotebook(examined=False)
        opened = tuple(
            replace(cell, type=parsed[cell.id].type, source=parsed[cell.id].source) if cell.id in parsed else cell
            for cell in cells
        )
        other.state = initial_state(Notebook(id="n", cells=opened, settings=settings))
        for cell in cells:
            if cell.id in parsed:
                other.do(UpdateCell(cell.id, type=cell.type, source=cell.source))
        with self.namespace.ambient.as_at_first():
            other.run()
        self._fresh = (cells, settings, parsed), other
        return other


def _words(output: Output) -> str:
    return str(output["text"] if "text" in output else output["data"]["text/plain"])


def as_expected(report: dict[str, Any], expected: Mapping[str, list[str]]) -> bool:
    same = all(report[part] == names for part, names in expected.items())
    usual = not report["spoiled"] and not report["missing"] and not {"ways", "elsewhere"} & report.keys()
    return bool(report["ok"] and same and usual)


def _run(code: CodeType, namespace: dict[str, Any]) -> None:
    exec(code, namespace)


_run_as_ipython = FunctionType(_run.__code__, {"__name__": "IPython.core.interactiveshell", "__builtins__": builtins})
"""Who executes a cell is told apart from a cell that executes code, by the module that does."""


def run_source(
    source: str, namespace: dict[str, Any], statements: int | None = None
) -> tuple[str, BaseException | None]:
    """What running a cell prints, its last expression's value included; and what it raised.

    With `statements` it is interrupted after so many of them.
    """
    out = io.StringIO()
    try:
        tree = ast.parse(source)
        if statements is not None:
            tree.body = [*tree.body[:statements], *ast.parse("raise KeyboardInterrupt").body]
        end = tree.body[-1] if tree.body else None
        last = end if isinstance(end, ast.Expr) else None
        if last is not None:
            tree.body.pop()
        with contextlib.redirect_stdout(out), _shallow():
            for statement in tree.body:  # each by itself, as IPython does
                _run_as_ipython(compile(ast.Module([statement], []), "<cell>", "exec"), namespace)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)
                if value is not None:
                    print(repr(value))
    except (Exception, KeyboardInterrupt) as error:
        return out.getvalue(), error
    return out.getvalue(), None


@contextlib.contextmanager
def _shallow() -> Iterator[None]:
    """Endless recursion in a cell ends soon."""
    frame, depth = sys._getframe(), 0
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 80)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
