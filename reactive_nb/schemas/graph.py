"""The dependency graph and the kernel's variables, as clients see them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, Field

from reactive_nb.models import CellMode, CellStatus, CellType
from reactive_nb.schemas.base import CellId, Defines, Response, Revision, Uses
from reactive_nb.schemas.reasons import UnresolvedName


class GraphCell(Response):
    """A node."""

    id: CellId
    label: str = Field(description="Its heading or first line.", examples=["df = load()"])
    position: int = Field(description="Its place on the page, from 0.")
    type: CellType
    status: CellStatus
    mode: CellMode
    defines: Defines
    uses: Uses
    changes: list[str] = Field(description="Names whose object it changes in place.")
    opaque: list[str] = Field(
        description="Constructs whose effect on names can't be seen before it runs.", examples=[["from m import *"]]
    )
    unresolved: list[UnresolvedName] = Field(description="Names that it needs and no cell provides.")
    withheld: dict[str, CellId] = Field(description="Names that it does not get, since this cell is disabled.")
    conflicts: dict[str, list[CellId]] = Field(
        description="Names that these cells define too, where a notebook does not allow that."
    )


class EdgeKind(StrEnum):
    """The most that an edge's names are needed for."""

    READS = "reads"
    LATE = "late"
    PASSES = "passes"


class GraphEdge(Response):
    """`to` gets `names` from `from`."""

    from_: CellId = Field(alias="from")
    to: CellId
    names: list[str] = Field(description="The names, sorted.", examples=[["df"]])
    kind: EdgeKind = Field(
        EdgeKind.READS,
        description="`reads`: the code uses one of them; `late`: only a function that it calls does; `passes`: "
        "they are perhaps bound anew, and else pass through.",
    )
    below: bool = Field(False, description="Whether `from` stands further down the page.")

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class GraphFormat(StrEnum):
    """How a graph may be told."""

    JSON = "json"
    DOT = "dot"
    MERMAID = "mermaid"


class GraphResponse(Response):
    """Cells and edges, cells in document order."""

    cells: list[GraphCell]
    edges: list[GraphEdge]
    revision: Revision


class Variable(Response):
    """One name in the kernel."""

    name: str = Field(description="The variable's name.", examples=["df"])
    type: str = Field(description="Its value's type.", examples=["DataFrame"])
    shape: list[int] | None = Field(None, description="Rows, columns, … where it has any; the length of a container.")
    size: int | None = Field(None, description="Bytes, where that is cheap to know.")
    preview: str = Field(description="At most 200 characters.")
    cell: str | None = Field(None, description="The cell that defined it.")


class VariablesResponse(Response):
    """The notebook's variables, sorted by name."""

    variables: list[Variable]


class TableColumn(Response):
    """A column of a table."""

    name: str = Field(description="As people know it; names may come twice.", examples=["month"])
    type: str = Field(description="As the library has it.", examples=["int64"])


class VariablePage(Response):
    """A page of a table, or of a list."""

    name: str = Field(description="The variable's name.", examples=["df"])
    type: str = Field(description="Its value's type.", examples=["DataFrame"])
    kind: str = Field(description="`dataframe`, `series`, `array`, `list`, `dict`, `set`, or `value`: it is no table.")
    total: int = Field(description="Rows in all.")
    matching: int = Field(description="Rows that the filters leave.")
    offset: int = Field(description="The first row of this page, from 0.")
    columns: list[TableColumn] = Field(description="Of very many, the first.")
    columns_total: int = Field(description="Columns in all.")
    places: list[int] = Field(description="Where each of these rows stands in the whole, from 0.")
    rows: list[list[Any]] = Field(description="Values as JSON where it has them, else as text.")
