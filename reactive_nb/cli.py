"""The command line: `reactive-nb` and its commands. Parses, calls, prints; what the commands do is done elsewhere.

Nothing heavy is imported before it is known what is wanted, so that `--help` is instant.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from reactive_nb import __version__

LONGEST_S = 31_536_000  # a year

DESCRIPTION = """\
Reactive notebooks on real Jupyter kernels.

Without a command, the service starts on this machine with the demo notebook and opens it in the browser."""

EPILOG = """\
examples:
  reactive-nb                                     try it: the service with the demo notebook
  reactive-nb serve --storage-dir ~/notebooks     the service over a folder of .ipynb files
  reactive-nb run report.ipynb -o done.ipynb      run a notebook without a server, and keep the results
  reactive-nb convert analysis.ipynb analysis.py  to and from percent scripts; to .html and .md

Settings are environment variables, or lines in a file .env: `reactive-nb serve --settings` lists them."""


def parser() -> argparse.ArgumentParser:
    """The command line's grammar, with its help."""
    top = argparse.ArgumentParser(
        prog="reactive-nb",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"reactive-nb {__version__}")
    _serving_options(top)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    _add_serve(commands, "demo", "start the service with the demo notebook (the default)")
    _add_serve(commands, "serve", "start the service")
    _add_run(commands)
    _add_convert(commands)
    _add_storage(commands)
    return top


def _add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_text: str) -> None:
    command = commands.add_parser(
        name,
        help=help_text,
        description=f"{help_text[0].upper()}{help_text[1:]}. Ctrl-C stops it, and its kernels with it.",
    )
    _serving_options(command)


def _serving_options(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("serving")
    # SUPPRESS: an option given before the command must not be reset by the command's own default
    group.add_argument(
        "--host", default=argparse.SUPPRESS, help="address to listen on (127.0.0.1; wider needs an identity provider)"
    )
    group.add_argument(
        "--port", type=int, default=argparse.SUPPRESS, help="port to listen on (8000, or the next free one; 0: any)"
    )
    group.add_argument("--token", default=argparse.SUPPRESS, help="what to sign in with (random)")
    group.add_argument(
        "--storage-dir", type=Path, default=argparse.SUPPRESS, help="folder of the notebooks (./notebooks)"
    )
    group.add_argument("--no-browser", action="store_true", default=argparse.SUPPRESS, help="open no browser")
    group.add_argument(
        "--settings",
        action="store_true",
        default=argparse.SUPPRESS,
        help="list all settings with their meaning, and stop",
    )


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "run",
        help="run a notebook without a server",
        description="Run all cells of a notebook in reactive order, in its own folder, on a kernel of its own.",
        epilog="Exit status: 0 all cells ran, 1 a cell failed (it is shown with its traceback), 2 it could not be run,"
        " 130 or 143 it was stopped by a signal; what had run by then is written all the same.",
    )
    command.add_argument("notebook", type=Path, metavar="NOTEBOOK.ipynb", help="what to run (.ipynb, or .py percent)")
    command.add_argument(
        "--output", "-o", type=Path, metavar="OUT.ipynb", help="where to write the notebook with results"
    )
    command.add_argument(
        "--param",
        "-p",
        action="append",
        default=[],
        metavar="name=value",
        help="bind a name first; the value is a Python literal, or else a string; may be given again",
    )
    command.add_argument("--json", action="store_true", help="print what became of each cell as JSON, and nothing else")
    command.add_argument(
        "--allow-errors",
        action="store_true",
        help="run cells even when one they depend on has raised, as Jupyter does",
    )
    command.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="interrupt the run after so long")
    command.add_argument("--kernel", metavar="NAME", help="a kernelspec other than the notebook's own")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds above 0 and up to {LONGEST_S:,}")
    return seconds


def _add_convert(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "convert",
        help="convert a notebook between formats",
        description="Convert between .ipynb and .py (percent format), and from either to .html or .md.",
    )
    command.add_argument("input", type=Path, metavar="IN", help="an .ipynb or .py file")
    command.add_argument("output", type=Path, metavar="OUT", help="an .ipynb, .py, .html or .md file")
    command.add_argument("--force", "-f", action="store_true", help="overwrite OUT if it is there")
    command.add_argument("--no-outputs", action="store_true", help="leave out what runs have left")


def _add_storage(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "storage",
        help="prepare storage in DynamoDB",
        description="Prepare the DynamoDB table of the settings DYNAMODB_TABLE_NAME and AWS_REGION.",
    )
    command.add_argument("action", choices=["init"], help="make the table, if it is not there, and wait until it is")
    command.add_argument(
        "--wait", type=float, default=0, metavar="SECONDS", help="how long to try while nobody answers there (0)"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    options = parser().parse_args(arguments)
    from reactive_nb.core.config import ConfigurationError

    try:
        match options.command:
            case "run":
                from reactive_nb.commands.run import run

                return run(options)
            case "convert":
                from reactive_nb.commands.convert import convert

                return convert(options)
            case "storage":
                from reactive_nb.commands.storage import storage

                return storage(options)
            case _:
                from reactive_nb.commands.serve import serve

                return serve(options, demo=options.command != "serve")
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read what is printed has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
