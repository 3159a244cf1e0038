"""What the graph is made from: what is known of the names of one cell."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reactive_nb.models import Analysis

NO_NAMES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CellNames:
    """What is known of one cell when the graph is made."""

    id: str
    analysis: Analysis
    observed: frozenset[str] = NO_NAMES
    """Names that a run was seen to bind, change or remove, unseen in the source."""
    changed: frozenset[str] = NO_NAMES
    """Those of `observed` whose object it only changed. They count where a cell above writes the name: what a cell that
    waits for one from further down does to its object concerns nobody else."""
    read: frozenset[str] = NO_NAMES
    """Names that a run was seen to read, unseen in the source."""
    missed: frozenset[str] = NO_NAMES
    """Names for which a run failed with a NameError; they count as long as the cell still reads them."""
    disabled: bool = False

    @property
    def reads(self) -> frozenset[str]:
        return self.analysis.uses | self.analysis.mutates | self.read

    @property
    def takes(self) -> frozenset[str]:
        """Names whose value it reads, passes on or changes, late ones apart."""
        a = self.analysis
        return a.uses | a.maybe | a.mutates | a.deletes | self.observed | self.read

    @property
    def writes(self) -> frozenset[str]:
        a = self.analysis
        return a.defines | a.mutates | a.deletes | self.observed

    @property
    def learned(self) -> bool:
        """Whether runs have shown more than the source."""
        return bool(self.observed or self.read)

    def as_written(self) -> CellNames:
        """Without what runs have shown."""
        return replace(self, observed=NO_NAMES, changed=NO_NAMES, read=NO_NAMES) if self.learned else self

    def surely_binds(self, name: str) -> bool:
        return name in self.analysis.defines and name not in self.analysis.maybe
