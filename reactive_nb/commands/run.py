"""`reactive-nb run`: a notebook without a server, for scripts, schedulers and tests."""

from __future__ import annotations

import argparse
import ast
import asyncio
import re
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from reactive_kernels import KernelError
from reactive_nb.commands.convert import check_target, error_text, read_notebook, write_file
from reactive_nb.core.config import load_settings
from reactive_nb.formats import FormatError, format_for
from reactive_nb.models import Cell
from reactive_nb.services.errors import SessionError
from reactive_nb.services.headless import HeadlessResult, run_notebook

STOPPING = (signal.SIGINT, signal.SIGTERM)
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def run(options: argparse.Namespace) -> int:
    """Run `options.notebook`; 0 all ran, 1 a cell failed, 2 it could not be run, 128 and the signal that stopped it.

    What ran before a signal is written and told like the rest.
    """
    try:
        parameters = _parameters(options.param)
        notebook = read_notebook(options.notebook)
        target = format_for(options.output) if options.output else None
        if target is not None:
            check_target(options.output)
        with _progress(hidden=options.json or not sys.stderr.isatty()) as progress:
            run_it = partial(
                run_notebook,
                notebook,
                load_settings(),
                directory=options.notebook.resolve().parent,
                kernel=options.kernel,
                parameters=parameters,
                allow_errors=options.allow_errors,
                timeout=options.timeout,
                progress=progress,
            )
            result, stopped_by = asyncio.run(_until_stopped(run_it))
        if target is not None:
            done = replace(result.notebook, id=notebook.id, name=notebook.name)
            write_file(options.output, target.write(done))
    except (FormatError, SessionError, KernelError, ValueError, OSError) as error:
        print(error_text(error), file=sys.stderr)
        return 2
    if options.json:
        sys.stdout.buffer.write(orjson.dumps(_summary(options.notebook, result), option=orjson.OPT_INDENT_2) + b"\n")
        sys.stdout.flush()
    else:
        _report(options.notebook, result)
    if stopped_by is not None:
        return 128 + stopped_by  # as shells have it
    return 0 if result.ok else 1


async def _until_stopped(
    run_it: Callable[..., Coroutine[Any, Any, HeadlessResult]],
) -> tuple[HeadlessResult, int | None]:
    """Run to the end, or to the first SIGINT or SIGTERM, and which it was. The second ends the process at once."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    stopped_by: int | None = None

    def note(number: int) -> None:
        nonlocal stopped_by
        stopped_by = number
        stop.set()
        for known in STOPPING:
            loop.remove_signal_handler(known)

    for number in STOPPING:
        loop.add_signal_handler(number, note, number)
    return await run_it(stop=stop), stopped_by


def _parameters(given: list[str]) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not equals:
            raise ValueError(f"--param {item}: give it as name=value, for example --param year=2027")
        try:
            parameters[name.strip()] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            parameters[name.strip()] = value
    return parameters


@contextmanager
def _progress(*, hidden: bool) -> Iterator[Callable[[int, int, str | None], None] | None]:
    if hidden:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.fields[cell]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("cells", total=None, cell="starting the kernel")

        def tell(done: int, total: int, cell: str | None) -> None:
            bar.update(task, completed=done, total=total, cell=f"cell {cell}" if cell else "")

        yield tell


def _summary(path: Path, result: HeadlessResult) -> dict[str, Any]:
    return {
        "notebook": str(path),
        "ok": result.ok,
        "state": result.run.state,
        "message": result.message,
        "cells": [cell.model_dump(mode="json") for cell in result.cells],
    }


def _report(path: Path, result: HeadlessResult) -> None:
    places = result.notebook.positions
    for cell in result.failed:
        if cell.error is not None:
            _show_failure(cell, places[cell.id] + 1)
    if result.message and not any(cell.error and cell.error.message == result.message for cell in result.failed):
        print(f"\n{result.message}", file=sys.stderr)
    ran = sum(cell.status == "success" for cell in result.cells)
    word = "ran" if result.ok else f"ran, {len(result.failed)} did not succeed"
    print(f"{path}: {ran} of {len(result.cells)} cells {word}", file=sys.stderr)


def _show_failure(cell: Cell, place: int) -> None:
    colour = sys.stderr.isatty()
    print(f"\ncell {place} ({cell.id}):", file=sys.stderr)
    for line in cell.source.splitlines():
        print(f"    {line}", file=sys.stderr)
    shown = False
    for output in cell.outputs:
        if output["output_type"] == "error":
            shown = True
            for line in output["traceback"] or [f"{output['ename']}: {output['evalue']}"]:
                print(line if colour else ANSI.sub("", line), file=sys.stderr)
    if cell.error is not None and not shown:
        print(cell.error.message, file=sys.stderr)
