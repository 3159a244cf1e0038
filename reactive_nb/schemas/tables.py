"""What one can ask of a table in the kernel: which rows, in which order. `VariablePage` is the answer."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from reactive_nb.schemas.base import CellId

MOST_FILTERS = 20
FilterText = Annotated[
    str,
    StringConstraints(
        pattern=r"^\d{1,9}:(contains|eq|ne|lt|le|gt|ge|missing|present):[\s\S]*$",
        max_length=1_000,
        strip_whitespace=False,
    ),
]


class TableQuestion(BaseModel):
    """Which rows of a variable are wanted; as query parameters, those of a page in a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    offset: int = Field(0, ge=0, le=2**53, description="The first row, from 0, of those that the filters leave.")
    limit: int = Field(50, ge=1, le=1000, description="Rows, at most.")
    cell: CellId | None = Field(None, description="What this cell has made of the name; else what the name holds now.")
    sort: int | None = Field(
        None,
        ge=0,
        le=1_000_000_000,
        description="The place of the column to sort by, from 0. What is missing comes last.",
    )
    descending: bool = Field(False, description="Largest first.")
    filter: list[FilterText] = Field(
        default_factory=list,
        max_length=MOST_FILTERS,
        description="`column:comparison:text`, the column by its place. Comparisons: `contains` (whatever the case),"
        " `eq`, `ne`, `lt`, `le`, `gt`, `ge`, `missing`, `present`. All of them have to fit.",
        examples=[["0:contains:ann", "1:ge:10"]],
    )

    def arguments(self) -> dict[str, Any]:
        """As the kernel-side code takes it."""
        filters = [(int(place), comparison, text) for place, comparison, text in (f.split(":", 2) for f in self.filter)]
        return {**self.model_dump(exclude={"filter"}), "filters": filters}
