"""What is wrong with the address of a database: one clear line for each mistake, and never the password."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from reactive_kernels.kernel_sql_address import address, attempt, said_of
from reactive_kernels.kernel_sql_errors import SQLError
from reactive_nb.models.database_url import without_password
from tests import databases
from tests.databases import PASSWORD, Server

NO_ADDRESS = "This is no address of a database: it has the form postgresql://user:password@host:5432/database"
SECRET = "secret9"
WRONG = {
    # -- no address
    "my password is secret9": NO_ADDRESS,
    "": NO_ADDRESS,
    "://": NO_ADDRESS,
    "postgresql:ann": NO_ADDRESS,
    "postgresql://ann:secret9@127.0.0.1:port/x": NO_ADDRESS,
    "postgresql://ann:secret9@[::1/x": NO_ADDRESS,
    "postgresql://ann:p@secret9@127.0.0.1:1/x": "if it belongs to the password, write it as %40",
    "sqlite://ann:secret9@host/x": "This is no address that sqlite has",
    # -- no such kind of database, or driver
    "nonsense://ann:secret9@127.0.0.1/x": "SQLAlchemy knows no kind of database 'nonsense'",
    "http://ann:secret9@127.0.0.1/x": "SQLAlchemy knows no kind of database 'http'",
    "mysql+nonsense://ann:secret9@127.0.0.1/x": "SQLAlchemy knows no kind of database 'mysql+nonsense'",
    "postgresql+psycopg2://ann:secret9@127.0.0.1/x": "%pip install psycopg2-binary",
    "mssql+pyodbc://ann:secret9@127.0.0.1/x": "%pip install pyodbc",
    # -- nobody there
    "postgresql://ann:secret9@127.0.0.1:1/x": "Nothing answers at 127.0.0.1:1: is the server running",
    "postgresql://127.0.0.1:1/x?user=ann&password=secret9": "Nothing answers at 127.0.0.1:1: is the server running",
    "mysql://ann:secret9@127.0.0.1:1/x": "Nothing answers at 127.0.0.1:1: is the server running",
    "mariadb://ann:secret9@127.0.0.1:1/x": "Nothing answers at 127.0.0.1:1: is the server running",
    "postgresql://ann:secret9@no-such-host.invalid/x": "There is no host 'no-such-host.invalid'",
    "mysql://ann:secret9@no-such-host.invalid/x": "There is no host 'no-such-host.invalid'",
    # -- options
    "postgresql://ann:secret9@127.0.0.1:1/x?nosuch=1": 'invalid connection option "nosuch"',
    "postgresql://ann:secret9@127.0.0.1:1/x?sslmode=bogus": 'invalid sslmode value: "bogus"',
    "postgresql://ann:secret9@127.0.0.1:99999/x": 'invalid port number: "99999"',
    "mysql://ann:secret9@127.0.0.1:1/x?ssl_ca=/no/such": "The driver can't make a connection of this address",
    "mysql://ann:secret9@127.0.0.1:1/x?charset=nosuch": "The driver can't make a connection of this address",
    # -- files
    "sqlite:////no/such/directory/shop.db": "The file '/no/such/directory/shop.db' can't be opened or made.",
    "sqlite:////etc/hostname": "The file '/etc/hostname' is no SQLite database.",
    "sqlite:////etc": "The file '/etc' can't be opened or made.",
}


@pytest.mark.parametrize(("url", "said"), WRONG.items(), ids=[url.replace("/", "_") for url in WRONG])
def test_a_wrong_address_is_told_in_one_line(url: str, said: str) -> None:
    try:
        address(url)
        message = attempt(url)
    except SQLError as error:
        message = error.message
    assert message is not None
    assert said in message
    assert "\n" not in message
    assert SECRET not in message
    assert SECRET not in (without_password(url) or "") or "://" not in url


@pytest.mark.parametrize("driver", ["postgresql+asyncpg", "sqlite+aiosqlite"])
def test_a_driver_that_can_t_be_used_here_is_told(driver: str) -> None:
    message = attempt(f"{driver}://ann:secret9@127.0.0.1/x") or ""
    assert "asynchronous" in message or "%pip install" in message
    assert SECRET not in message


@pytest.fixture(scope="module", params=["postgres", "mariadb"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("addresses")
    with databases.mariadb() if request.param == "mariadb" else databases.postgres(place) as made:
        yield made


def test_what_a_server_refuses_is_told_in_one_line(server: Server) -> None:
    assert attempt(server.url) is None
    missing = attempt(server.url.rpartition("/")[0] + "/nowhere") or ""
    assert "has no database 'nowhere'" in missing or "refuses user" in missing, missing  # MariaDB's users see no others
    assert PASSWORD not in missing


@pytest.fixture(scope="module", params=["postgres", "mariadb"])
def strict(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that trusts nobody without a password, not even on its own machine."""
    place = tmp_path_factory.mktemp("strict")
    with databases.mariadb() if request.param == "mariadb" else databases.strict_postgres(place) as made:
        yield made


def test_a_wrong_password_is_told_in_one_line(strict: Server) -> None:
    assert attempt(strict.url) is None
    message = attempt(strict.url.replace(PASSWORD, "wrong-one")) or ""
    assert re.fullmatch(r"The server refuses user '\w+' with this password\.", message), message


def test_no_password_is_told_in_one_line(strict: Server) -> None:
    message = attempt(strict.url.replace(f":{PASSWORD}", "")) or ""
    assert re.fullmatch(r"The server refuses user '\w+' with this password\.", message), message


def test_a_file_beside_the_notebook_can_be_made(tmp_path: Path) -> None:
    assert attempt(f"sqlite:///{tmp_path}/new.db") is None


def test_where_no_postgresql_answers_one_from_pypi_is_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TEST_POSTGRES_URL", raising=False)
    monkeypatch.setattr(databases, "POSTGRES", databases.POSTGRES.replace(":5432", ":1"))
    with databases.postgres(tmp_path) as server:
        assert attempt(server.url) is None
        assert "PostgreSQL" in server.ask("select version()")[0][0]


SHOWN = {
    "postgresql://ann:secret9@h:5/shop?a=1": "postgresql://ann@h:5/shop?a=1",
    "postgresql://ann:a/secret9@h/shop": "postgresql://ann@h/shop",
    "postgresql://ann:a/secret9@b@h/shop": "postgresql://h/shop",
    "postgresql://ann:secret9@h/shop?application_name=me@corp&x=1": "postgresql://ann@h/shop?application_name=me@corp&x=1",
    "postgresql://h/shop?user=ann&password=secret9&x=1": "postgresql://h/shop?user=ann&password=***&x=1",
    "postgresql://h/shop?user=ann&p%61ssword=secret9": "postgresql://h/shop?user=ann&p%61ssword=***",
    "mssql+pyodbc:///?odbc_connect=UID%3Dann%3BPWD%3Dsecret9&a=b": "mssql+pyodbc:///?odbc_connect=***&a=b",
    "sqlite:////home/me@corp/x.db": "sqlite:////home/me@corp/x.db",
}


@pytest.mark.parametrize(("url", "shown"), SHOWN.items(), ids=[url.replace("/", "_") for url in SHOWN])
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert without_password(url) == shown
    assert SECRET not in shown


def test_secrets_in_options_are_in_no_message() -> None:
    error = RuntimeError("login failed for UID=ann;PWD=secret9, secret8")
    for url in ("mssql+pyodbc:///?odbc_connect=UID%3Dann%3BPWD%3Dsecret9", "x://h/y?p%61ssword=secret9"):
        assert SECRET not in said_of(error, f"{url}&token=secret8")
        assert "secret8" not in said_of(error, f"{url}&token=secret8")


def test_characters_that_nobody_sees_are_in_no_address() -> None:
    for hidden in "\n\0\t":
        with pytest.raises(SQLError, match="no address"):
            address(f"postgresql://ann:sec{hidden}ret@127.0.0.1/x")


def test_the_kind_of_a_database_may_be_written_in_capitals() -> None:
    assert "Nothing answers at 127.0.0.1:1" in (attempt("PostgreSQL://ann:secret9@127.0.0.1:1/x") or "")


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_server_that_says_nothing_is_not_waited_for(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from reactive_kernels import kernel_sql_address

    monkeypatch.setattr(kernel_sql_address, "CONNECT_LIMIT_S", 2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        message = attempt(f"{kind}://ann:secret9@127.0.0.1:{mute.getsockname()[1]}/x")
    assert message is not None
    assert "does not answer within 2 seconds" in message
