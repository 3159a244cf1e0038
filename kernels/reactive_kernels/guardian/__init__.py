"""A small process that outlives this one by a moment, to kill what may not: kernels and fork servers.

Whatever way this process ends, `kill -9` among them, and whatever state a kernel is in (stopped, deaf, of a make that
never looks after its parent), nothing stays. The guardian is started with the first process to guard, replaced when it
has gone itself, and ends with this process. Where it can't be started, all goes on without it.
"""

from .client import forget, guard

__all__ = ["forget", "guard"]
