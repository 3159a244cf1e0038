"""The dependency graph and the kernel's variables, as clients see them."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from reactive_nb.models import CellStatus, CellType
from reactive_nb.schemas.base import CellId, Response, Revision


class GraphCell(Response):
    """A node."""

    id: CellId
    type: CellType
    status: CellStatus
    defines: list[str]
    uses: list[str]


class GraphEdge(Response):
    """`to` gets `names` from `from`."""

    from_: CellId = Field(alias="from")
    to: CellId
    names: list[str]

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class GraphResponse(Response):
    """Cells and edges, cells in document order."""

    cells: list[GraphCell]
    edges: list[GraphEdge]
    revision: Revision


class Variable(Response):
    """One name in the kernel."""

    name: str
    type: str = Field(examples=["DataFrame"])
    shape: list[int] | None = Field(None, description="Rows, columns, … where it has any; the length of a container.")
    size: int | None = Field(None, description="Bytes, where that is cheap to know.")
    preview: str = Field(description="At most 200 characters.")
    cell: str | None = Field(None, description="The cell that defined it.")


class VariablesResponse(Response):
    """The notebook's variables, sorted by name."""

    variables: list[Variable]


class VariablePage(Response):
    """A page of a table, or of a list."""

    name: str
    type: str
    kind: str = Field(description="`table`, `array`, `list`, `mapping` or `value`.")
    total: int | None = Field(description="Rows in all.")
    offset: int
    columns: list[dict[str, str]]
    rows: list[list[Any]]
