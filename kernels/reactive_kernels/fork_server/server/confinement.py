"""`python confinement.py OPTIONS COMMAND…`: the command, within limits. Imported, the same for the process itself.

OPTIONS is a JSON object: `rlimits`, soft and hard by name, and `cgroup`, the directory of the control group to enter.
Both hold from before the command's first instruction, for all that it starts.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any


def confine(options: Mapping[str, Any]) -> None:
    """Set the limits of this process. Raises OSError if it may not be in the control group."""
    group = options.get("cgroup")
    if group:
        with open(os.path.join(group, "cgroup.procs"), "w") as members:
            members.write("0")
    set_rlimits(options.get("rlimits") or {})


def set_rlimits(limits: Mapping[str, Any]) -> None:
    """Set these, but none beyond what is allowed, and those not that this system does not know."""
    import resource

    for name, wanted in limits.items():
        which = getattr(resource, name, None)
        if which is not None:
            present = resource.getrlimit(which)
            soft, hard = (_within(limit, present[1], resource.RLIM_INFINITY) for limit in wanted)
            if (soft, hard) != present:
                resource.setrlimit(which, (soft, hard))


def _within(limit: int, allowed: int, infinity: int) -> int:
    return allowed if allowed != infinity and (limit == infinity or limit > allowed) else limit


if __name__ == "__main__":
    confine(json.loads(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606
