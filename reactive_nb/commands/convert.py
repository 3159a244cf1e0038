"""`reactive-nb convert`: a notebook from one file format to another; and how every command reads and writes files."""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import shutil
import sys
import uuid
from pathlib import Path

from reactive_nb.formats import FormatError, format_for
from reactive_nb.models import Notebook


def convert(options: argparse.Namespace) -> int:
    """Convert `options.input` to `options.output`; the exit status."""
    try:
        target = format_for(options.output)
        check_target(options.output)
        if options.output.exists() and not options.force:
            raise FormatError(f"{options.output} exists already; --force overwrites it.")
        notebook = read_notebook(options.input)
        if options.no_outputs:
            notebook = notebook.without_results()
        write_file(options.output, target.write(notebook))
    except (FormatError, OSError) as error:
        print(error_text(error), file=sys.stderr)
        return 2
    print(f"{options.input} → {options.output}", file=sys.stderr)
    return 0


def read_notebook(path: Path) -> Notebook:
    """The notebook in a file, by its suffix. Raises FormatError or OSError."""
    if path.is_dir():
        said = f"{os.strerror(errno.EISDIR)}; give the notebook's own file, .ipynb or .py"
        raise IsADirectoryError(errno.EISDIR, said, str(path))
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    source = format_for(path)
    if source.read is None:
        raise FormatError(f"{path}: {path.suffix} files can be written, not read.")
    try:
        return source.read(path.read_bytes(), fallback_name=path.stem)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from None


def check_target(path: Path) -> None:
    """Whether a file can be written there, asked before any work is done. Raises OSError if not."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "There is no such folder", str(path.parent))
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole, or leave what is there as it is. Raises OSError."""
    place = path.resolve()
    new = place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}")
    try:
        new.write_bytes(content)
        if place.exists():
            shutil.copymode(place, new)
        new.replace(place)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from None


def error_text(error: Exception) -> str:
    """An error as one line for a terminal."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)
