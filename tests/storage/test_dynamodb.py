"""DynamoDB storage: the one contract against two servers, and what is DynamoDB's own."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reactive_nb.models import Cell, Notebook
from reactive_nb.storage import NotebookNotFound, NotebookStorage, RevisionConflict, StorageUnavailable
from reactive_nb.storage.dynamodb_storage import DynamoDBStorage, _parts_query
from reactive_nb.storage.dynamodb_table import ATTEMPTS, DynamoTable, batches
from tests.storage.contract import StorageContract, edited, notebook
from tests.storage.dynamodb_servers import CREDENTIALS, Door, ministack, moto

pytestmark = pytest.mark.anyio

REGION = "us-east-1"
_tables = itertools.count()


@pytest.fixture(scope="module", autouse=True)
def credentials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    with moto() as url:
        yield url


@pytest.fixture(scope="module")
def ministack_url() -> Iterator[str]:
    with ministack() as url:
        yield url


async def new_table(url: str) -> DynamoTable:
    table = DynamoTable(f"notebooks-{next(_tables)}", region=REGION, endpoint=url)
    await table.open()
    assert await table.create()
    return table


class TestMoto(StorageContract):
    @pytest.fixture
    async def storage(self, moto_url: str) -> AsyncIterator[NotebookStorage]:
        async with DynamoDBStorage(await new_table(moto_url)) as opened:
            yield opened


class TestMinistack(StorageContract):
    @pytest.fixture
    async def storage(self, ministack_url: str) -> AsyncIterator[NotebookStorage]:
        async with DynamoDBStorage(await new_table(ministack_url)) as opened:
            yield opened


@pytest.fixture
def door(moto_url: str) -> Iterator[Door]:
    made = Door(moto_url)
    yield made
    made.close()


@pytest.fixture
async def storage(door: Door) -> AsyncIterator[DynamoDBStorage]:
    async with DynamoDBStorage(await new_table(door.url)) as opened:
        door.forget()
        yield opened


def large(cells: int, size: int) -> Notebook:
    """A notebook whose outputs cannot be made smaller by packing."""
    text = os.urandom(size // 2).hex()
    output = {"output_type": "stream", "name": "stdout", "text": text}
    return notebook(cells=[Cell(f"c{place}", source=f"x = {place}", outputs=(output,)) for place in range(cells)])


@pytest.mark.parametrize("server", ["moto_url", "ministack_url"])
async def test_a_notebook_of_20_mb_is_saved_and_loaded(server: str, request: pytest.FixtureRequest) -> None:
    async with DynamoDBStorage(await new_table(request.getfixturevalue(server))) as storage:
        made = await storage.create(large(5, 4_000_000))
        assert await storage.load(made.id) == made
        await storage.delete(made.id)


async def test_a_cell_of_a_megabyte_and_thousands_of_cells(storage: DynamoDBStorage) -> None:
    source = f"# {os.urandom(500_000).hex()}"
    made = await storage.create(notebook(cells=[Cell("big", source=source), *(Cell(f"c{n}") for n in range(3_000))]))
    assert await storage.load(made.id) == made


async def test_an_edit_writes_the_cell_and_the_head(storage: DynamoDBStorage, door: Door) -> None:
    made = await storage.create(large(100, 20_000))
    door.forget()
    cells = list(made.cells)
    cells[50] = replace(cells[50], source="x = 'edited'")
    saved = await storage.save(replace(made, cells=tuple(cells), revision=1), expected=0)
    assert dict(door.calls) == {"BatchWriteItem": 2, "PutItem": 1}, "the cell, the head, what it replaced"
    assert door.sent_bytes < 20_000, "of two megabytes"
    assert await storage.load(made.id) == saved


async def test_what_is_replaced_is_removed(storage: DynamoDBStorage) -> None:
    stored = await storage.create(large(3, 1_000))
    for _ in range(5):
        stored = await storage.save(edited(stored), expected=stored.revision)
    parts, _ = await storage._parts(stored.id)
    assert len(parts) == 3 * 2 + 5


async def test_two_services_never_overwrite_each_other(door: Door, storage: DynamoDBStorage) -> None:
    async with DynamoDBStorage(DynamoTable(storage._table.name, region=REGION, endpoint=door.url)) as other:
        mine = await storage.create(notebook())
        theirs = await other.load(mine.id)
        saved = await other.save(edited(theirs, "theirs"), expected=0)
        with pytest.raises(RevisionConflict) as conflict:
            await storage.save(edited(mine, "mine"), expected=0)
        assert conflict.value.stored == saved
        assert await storage.changed_outside(mine) == saved
        merged = await storage.save(edited(saved, "merged"), expected=1)
        assert await other.load(mine.id) == merged


async def test_reading_while_it_is_saved_sees_it_whole(storage: DynamoDBStorage, door: Door) -> None:
    async with DynamoDBStorage(DynamoTable(storage._table.name, region=REGION, endpoint=door.url)) as reader:
        stored = await storage.create(large(4, 2_000))
        seen: list[Notebook] = []

        async def read() -> None:
            while stored.revision < 15:
                seen.append(await reader.load(stored.id))

        reading = asyncio.create_task(read())
        versions = {0: stored}
        while stored.revision < 15:
            cells = tuple(replace(cell, source=f"x = {stored.revision}") for cell in stored.cells)
            stored = await storage.save(
                replace(stored, cells=cells, revision=stored.revision + 1), expected=stored.revision
            )
            versions[stored.revision] = stored
        await reading
        assert seen
        assert all(found == versions[found.revision] for found in seen)


async def test_what_a_batch_leaves_is_written_again(storage: DynamoDBStorage, door: Door) -> None:
    refused = 0

    def answers(operation: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        nonlocal refused
        if operation == "BatchWriteItem" and refused < 3:
            refused += 1
            return 200, {"UnprocessedItems": request["RequestItems"]}
        return None

    door.answers = answers
    made = await storage.create(large(60, 100))
    assert refused == 3
    door.answers = lambda *_: None
    assert await storage.load(made.id) == made


async def test_throttling_is_lived_through(storage: DynamoDBStorage, door: Door) -> None:
    throttled = 0

    def answers(operation: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        nonlocal throttled
        if operation == "PutItem" and throttled < 2:
            throttled += 1
            return 400, {"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}
        return None

    door.answers = answers
    made = await storage.create(notebook())
    assert throttled == 2
    assert await storage.load(made.id) == made


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("ResourceNotFoundException", "reactive-nb storage init"),
        ("AccessDeniedException", "the policy that is needed"),
        ("UnrecognizedClientException", "AWS_ACCESS_KEY_ID"),
        ("InvalidSignatureException", "AWS_SECRET_ACCESS_KEY is wrong"),
        ("ExpiredTokenException", "expired"),
        ("SomethingNewException", "SomethingNewException"),
    ],
)
async def test_what_aws_refuses_is_said_in_words(storage: DynamoDBStorage, door: Door, code: str, says: str) -> None:
    door.answers = lambda *_: (400, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"})
    with pytest.raises(StorageUnavailable, match=says):
        await storage.check()


async def test_a_save_that_fails_half_way_leaves_what_was(storage: DynamoDBStorage, door: Door) -> None:
    stored = await storage.create(large(30, 100))

    def answers(operation: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        refused = {"__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException", "message": "no"}
        return (400, refused) if operation == "PutItem" else None

    door.answers = answers
    with pytest.raises(StorageUnavailable):
        await storage.save(edited(stored), expected=0)
    door.answers = lambda *_: None
    assert await storage.load(stored.id) == stored
    saved = await storage.save(edited(stored), expected=0)
    assert await storage.load(stored.id) == saved


class Loses:
    """Whose answers get lost: those to the first so many requests of one operation."""

    def __init__(self, operation: str, count: int) -> None:
        self.operation = operation
        self.left = count

    def __call__(self, operation: str) -> bool:
        lost = operation == self.operation and self.left > 0
        self.left -= lost
        return lost


async def test_a_write_whose_answer_got_lost_is_no_conflict(storage: DynamoDBStorage, door: Door) -> None:
    """It is asked for again, and then refused, since it has been done: nothing of it may be taken for a leftover."""
    door.loses = Loses("PutItem", 1)
    made = await storage.create(large(3, 1_000))
    assert door.loses.left == 0
    assert await storage.load(made.id) == made
    door.loses = Loses("PutItem", 1)
    saved = await storage.save(edited(made), expected=made.revision)
    assert door.loses.left == 0
    assert await storage.load(made.id) == saved
    door.loses = Loses("PutItem", 1)
    async with DynamoDBStorage(DynamoTable(storage._table.name, region=REGION, endpoint=door.url)) as other:
        again = await other.save(edited(saved), expected=saved.revision)
    assert await storage.load(made.id) == again


async def test_a_write_of_which_all_answers_got_lost_is_known_again(storage: DynamoDBStorage, door: Door) -> None:
    made = await storage.create(large(3, 1_000))
    door.loses = Loses("PutItem", ATTEMPTS)
    unsure = edited(made)
    with pytest.raises(StorageUnavailable):
        await storage.save(unsure, expected=made.revision)
    last = edited(unsure)
    assert await storage.save(last, expected=made.revision) == last
    assert await storage.load(made.id) == last


async def test_another_s_write_after_one_whose_answer_got_lost_keeps_all_its_parts(
    storage: DynamoDBStorage, door: Door
) -> None:
    async with DynamoDBStorage(DynamoTable(storage._table.name, region=REGION, endpoint=door.url)) as other:
        made = await storage.create(large(3, 1_000))
        theirs: list[Notebook] = []
        loop = asyncio.get_running_loop()

        async def save_too(first: Notebook) -> None:
            theirs.append(await other.save(edited(first, "theirs"), expected=first.revision))

        async def meanwhile() -> None:
            await save_too(await other.load(made.id))

        def loses(operation: str) -> bool:
            lost = operation == "PutItem" and not theirs
            if lost:
                door.loses = lambda _: False
                asyncio.run_coroutine_threadsafe(meanwhile(), loop).result(20)
            return lost

        door.loses = loses
        changed = replace(edited(made), cells=(replace(made.cells[0], source="y = 1"), *made.cells[1:]))
        with pytest.raises(RevisionConflict) as conflict:
            await storage.save(changed, expected=made.revision)
        assert conflict.value.stored == theirs[0]
        assert theirs[0].cells[0].source == "y = 1"
        assert await storage.load(made.id) == theirs[0]


async def test_a_notebook_that_may_not_be_deleted_stays_whole(storage: DynamoDBStorage, door: Door) -> None:
    made = await storage.create(large(3, 1_000))
    await storage.save_secret(made.id, "kept")
    refused = {"__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException", "message": "no"}
    door.answers = lambda operation, _: (400, refused) if operation == "DeleteItem" else None
    with pytest.raises(StorageUnavailable):
        await storage.delete(made.id)
    assert await storage.load(made.id) == made
    assert await storage.load_secret(made.id) == "kept"


async def test_what_is_deleted_is_gone_though_the_answer_got_lost(storage: DynamoDBStorage, door: Door) -> None:
    made = await storage.create(large(3, 1_000))
    await storage.save_secret(made.id, "kept")
    door.loses = Loses("DeleteItem", 1)
    with contextlib.suppress(NotebookNotFound):
        await storage.delete(made.id)
    assert await storage.load_secret(made.id) is None
    assert [item async for item in storage._table.query(**_parts_query(made.id))] == []


async def test_nobody_listening_is_said_in_words() -> None:
    table = DynamoTable("notebooks", region=REGION, endpoint="http://127.0.0.1:9")
    with pytest.raises(StorageUnavailable, match=r"cannot be reached in us-east-1 at http://127\.0\.0\.1:9"):
        await DynamoDBStorage(table).open()


@pytest.mark.parametrize("wrong", ["AWS_PROFILE", "AWS_CONFIG_FILE"])
async def test_what_is_wrong_with_aws_s_own_settings_is_said_in_words(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nonsense").write_text("[[[")
    monkeypatch.setenv(wrong, "nobody" if wrong == "AWS_PROFILE" else str(tmp_path / "nonsense"))
    table = DynamoTable("notebooks", region=REGION, endpoint="http://127.0.0.1:9")
    with pytest.raises(StorageUnavailable, match=f"AWS's settings can't be used.*{wrong}"):
        await DynamoDBStorage(table).open()


async def test_a_table_is_made_once_and_others_are_left_alone(moto_url: str) -> None:
    table = await new_table(moto_url)
    assert not await table.create()
    foreign = DynamoTable(f"notebooks-{next(_tables)}", region=REGION, endpoint=moto_url)
    await foreign.open()
    foreign._client.create_table(
        TableName=foreign.name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(StorageUnavailable, match="was not made for notebooks"):
        await foreign.create()


def test_batches_keep_the_limits_of_dynamodb() -> None:
    def put(size: int) -> dict[str, Any]:
        return {"PutRequest": {"Item": {"content": {"B": b"x" * size}}}}

    assert [len(batch) for batch in batches([put(1)] * 60)] == [25, 25, 10]
    sizes = [sum(len(r["PutRequest"]["Item"]["content"]["B"]) for r in b) for b in batches([put(700_000)] * 99)]
    assert sum(sizes) == 99 * 700_000
    assert max(sizes) < 16_000_000
    assert batches([]) == []


def policy_of_the_documentation() -> tuple[set[str], set[str]]:
    """The actions that it permits, and the tables and indexes that it permits them on."""
    text = (Path(__file__).parents[2] / "docs/deployment.md").read_text()
    [found] = re.findall(
        r"```json\n(.*?)```", text[text.index("The service needs no more than this policy") :], re.DOTALL
    )[:1]
    [statement] = json.loads(found)["Statement"]
    actions = {action.removeprefix("dynamodb:") for action in statement["Action"]}
    return actions, {resource.partition(":table/")[2] for resource in statement["Resource"]}


async def test_the_policy_of_the_documentation_is_enough_and_no_more(door: Door, moto_url: str) -> None:
    """A door that answers as AWS does for whatever the policy does not permit, and a whole life behind it."""
    actions, resources = policy_of_the_documentation()
    table = await new_table(moto_url)
    asked: set[str] = set()

    def answers(operation: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        names = {request["TableName"]} if "TableName" in request else set(request["RequestItems"])
        wanted = {name.replace(table.name, "notebooks") for name in names}
        wanted |= {f"{name}/index/{request['IndexName']}" for name in wanted if "IndexName" in request}
        asked.add(operation)
        if operation in actions and wanted <= resources:
            return None
        return 400, {"__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException", "message": "no"}

    door.answers = answers
    async with DynamoDBStorage(DynamoTable(table.name, region=REGION, endpoint=door.url)) as storage:
        made = await storage.create(large(30, 1_000))
        saved = await storage.save(edited(made), expected=0)
        async with DynamoDBStorage(DynamoTable(table.name, region=REGION, endpoint=door.url)) as other:
            assert await other.load(made.id) == saved
            await other.save(edited(saved), expected=1)
        await storage.save_secret(made.id, "kept apart")
        assert await storage.load_secret(made.id) == "kept apart"
        with pytest.raises(RevisionConflict):
            await storage.save(edited(made), expected=0)
        assert await storage.changed_outside(made) is not None
        assert len((await storage.list(made.owner)).items) == 1
        await storage.delete(made.id)
    assert asked == actions


def test_the_command_makes_the_table_and_says_what_is_missing(moto_url: str, tmp_path: Path) -> None:
    def run(**variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], **CREDENTIALS, "PYTHONPATH": os.pathsep.join(sys.path), **variables}
        command = [sys.executable, "-m", "reactive_nb", "storage", "init"]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    name = f"notebooks-{next(_tables)}"
    made = run(DYNAMODB_TABLE_NAME=name, REACTIVE_NB_DYNAMODB_ENDPOINT=moto_url)
    assert made.stdout.startswith(f"Table {name} in us-east-1 is made"), made.stderr
    again = run(DYNAMODB_TABLE_NAME=name, REACTIVE_NB_DYNAMODB_ENDPOINT=moto_url)
    assert "is there already" in again.stdout
    nameless = run(REACTIVE_NB_DYNAMODB_ENDPOINT=moto_url)
    assert (nameless.returncode, nameless.stderr) == (
        2,
        "DYNAMODB_TABLE_NAME: is needed for DynamoDB storage, for example notebooks\n",
    )
