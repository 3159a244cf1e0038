"""State that has no name in a notebook and that cells change and rely on all the same: the working directory, say.

The kernel-side code keeps it apart, cell by cell (see `reactive_kernels.kernel_ambient`, where the rules are). Here it
is a name like any other but for this: it has a space in it; a cell that failed passes on what it was given; and it
keeps nobody from running.
"""

from __future__ import annotations


def is_ambient(name: str) -> bool:
    """Whether this is the name of such a state."""
    return " " in name
