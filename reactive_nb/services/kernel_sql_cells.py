"""SQL cells on their way to the kernel: the code that runs them, and the database that the kernel must know first."""

from __future__ import annotations

from typing import Protocol

from reactive_kernels import DeadKernelError, KernelConnection, KernelError
from reactive_nb.execution.sql_code import kernel_code
from reactive_nb.models.database_url import engine_of
from reactive_nb.services.effects import Execute
from reactive_nb.storage import StorageError


class Owner(Protocol):
    """What is needed of a session."""

    async def database_address(self) -> str | None:
        """With its password. Raises StorageError."""


class SqlCells:
    """Tells each kernel of the notebook's database once, and again when that has changed."""

    def __init__(self, owner: Owner, most_rows: int) -> None:
        """`most_rows`: what is fetched of one query, at most."""
        self._owner = owner
        self._most_rows = most_rows
        self._told: tuple[KernelConnection, str] | None = None

    async def obstacle(self, effect: Execute, connection: KernelConnection) -> str | None:
        """Make the kernel ready for the cell; why it can't be run, or None."""
        if effect.sql is None or not connection.has_helper:
            return "SQL cells run in Python kernels only."
        key = effect.sql.database
        if key is None:
            return None
        try:
            url = await self._owner.database_address()
            if url is None:
                return "The notebook has no database connection any more: run the cell once more."
            if self._told != (connection, url):
                await connection.call("database", url=url, key=key)
                self._told = connection, url
        except StorageError as error:
            return f"The password of the database can't be read: {error}"
        except DeadKernelError as error:
            return str(error)
        except KernelError:  # whose message may hold the address
            return "The kernel could not be told of the database."
        return None

    def code(self, effect: Execute) -> str:
        """What the kernel is given to run, of any cell."""
        sql = effect.sql
        if sql is None:
            return effect.source
        return kernel_code(
            effect.cell_id,
            effect.source,
            sql.found,
            engine_of(sql.database),
            result=sql.result,
            database=sql.database,
            most_rows=self._most_rows,
        )
