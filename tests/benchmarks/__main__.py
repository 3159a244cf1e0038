"""`python -m tests.benchmarks`: run the measures, print the table, write it where asked."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from tests.benchmarks import (
    analysis,
    binding,
    chain,
    chat,
    dynamodb,
    first_output,
    graph,
    kernel_start,
    many,
    memory,
    one_cell,
    page,
    printing,
    readme,
    report,
    responsive,
    sql,
    start,
    tokens,
)
from tests.benchmarks.samples import Result

MEASURES = {
    "start": start,
    "kernel-start": kernel_start,
    "first-output": first_output,
    "one-cell": one_cell,
    "chain": chain,
    "printing": printing,
    "many": many,
    "responsive": responsive,
    "memory": memory,
    "graph": graph,
    "analysis": analysis,
    "binding": binding,
    "sql": sql,
    "tokens": tokens,
    "dynamodb": dynamodb,
    "chat": chat,
    "page": page,
}


def main() -> int:
    """Run what was asked; 1 if something that is installed could not be measured."""
    options = _parser().parse_args()
    load = report.load_average()
    try:
        results = asyncio.run(_run(options.only or list(MEASURES), quick=options.quick))
    except (asyncio.CancelledError, KeyboardInterrupt):
        return 130
    where = report.circumstances(load)
    print(report.as_text(results, where), end="")
    if options.readme:
        print(f"\n{readme.table(results)}", end="")
    for path in options.output:
        report.write(path, results, where)
    rows = [row for result in results for row in result.rows]
    return int(any(row.problem is not None and row.problem.startswith("failed") for row in rows))


async def _run(names: list[str], *, quick: bool) -> list[Result]:
    _end_in_order()
    results: list[Result] = []
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        results += await MEASURES[name].measure(quick=quick)
    return results


def _end_in_order() -> None:
    """Have SIGTERM do what Ctrl-C does, so that no server stays behind."""
    task = asyncio.current_task()
    if task is not None:
        with contextlib.suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure the service beside its peers, in the same run. Nothing passes or fails.",
    )
    parser.add_argument(
        "--only", action="append", choices=MEASURES, metavar="NAME", help=f"one of {', '.join(MEASURES)}; repeatable"
    )
    parser.add_argument("--readme", action="store_true", help="print the table of the README as well")
    parser.add_argument("--quick", action="store_true", help="few repetitions: whether it works, not how fast it is")
    parser.add_argument(
        "--output", action="append", default=[], type=_report_path, metavar="PATH", help="write .json or .md too"
    )
    return parser


def _report_path(given: str) -> Path:
    path = Path(given)
    if path.suffix not in (".json", ".md"):
        raise argparse.ArgumentTypeError("the name should end in .json or .md")
    return path


if __name__ == "__main__":
    sys.exit(main())
