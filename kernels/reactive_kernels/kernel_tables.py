"""What a cell did to tables of SQL, told like what it did to names: they are names with a colon in them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class TableReport:
    """What a cell did to tables, told like what it did to names."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.changed: set[str] = set()
        self.deleted: set[str] = set()
        self.spoiled: list[list[str]] = []

    def note(self, statement: Json, prefix: str) -> None:
        """A statement has been carried out."""
        for part, names in (("bound", statement["defines"]), ("changed", statement["mutates"])):
            getattr(self, part).update(prefix + name for name in names)
            self.deleted.difference_update(prefix + name for name in names)
        for name in statement["deletes"]:
            self.deleted.add(prefix + name)
            self.bound.discard(prefix + name)
            self.changed.discard(prefix + name)

    def add_to(self, report: Json) -> None:
        """Put it into the report of a run."""
        if self.bound or self.changed:
            report["bound"] = sorted({*report["bound"], *self.bound})
            report["kept"] = sorted({*report["kept"], *self.bound, *self.changed})
            report["changed"] = sorted({*report["changed"], *self.changed})
        if self.deleted:
            report["deleted"] = sorted({*report["deleted"], *self.deleted})
        report["spoiled"] = [*report["spoiled"], *self.spoiled]
