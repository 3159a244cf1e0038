"""`reactive-nb convert`: a notebook from one file format to another."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reactive_nb.formats import FormatError, format_for
from reactive_nb.models import Notebook


def convert(options: argparse.Namespace) -> int:
    """Convert `options.input` to `options.output`; the exit status."""
    try:
        target = format_for(options.output)
        if options.output.exists() and not options.force:
            raise FormatError(f"{options.output} exists already; --force overwrites it.")
        notebook = read_notebook(options.input)
        options.output.write_bytes(target.write(notebook))
    except (FormatError, OSError) as error:
        print(error_text(error), file=sys.stderr)
        return 2
    print(f"{options.input} → {options.output}", file=sys.stderr)
    return 0


def read_notebook(path: Path) -> Notebook:
    """The notebook in a file, by its suffix. Raises FormatError or OSError."""
    source = format_for(path)
    if source.read is None:
        raise FormatError(f"{path.suffix} files can be written, not read.")
    return source.read(path.read_bytes(), fallback_name=path.stem)


def error_text(error: Exception) -> str:
    """An error as one line for a terminal."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)
