"""From what is known of each cell to the graph: which definition a name means.

The provider of a name for a cell is the nearest cell above that defines, changes or deletes it. The rules stand where
they are kept: for one cell in `resolution`, for what names need that are only called later in `reach`, for what follows
from a change in `layer`, for names that are first defined further down in `courtesies` (who then waits for whom: see
`waiting`), and for names that may be defined once in `conflicts`. `graph` puts all of it together.
"""

from reactive_nb.execution.dependencies.graph import Dependencies, GraphChange, build
from reactive_nb.execution.dependencies.names import CellNames

__all__ = ["CellNames", "Dependencies", "GraphChange", "build"]
