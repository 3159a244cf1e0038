"""A DynamoDB table: the calls this service makes to it, and its creation. Knows no notebooks.

boto3 is imported when the table is opened, and its one client is used from a bounded number of threads (it is safe
there). Every call has time limits, and retries with jitter where AWS says to; what still fails is `StorageUnavailable`,
with a sentence that says what to do. The limits of DynamoDB are kept here: 25 writes and 16 MB a batch.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any

import anyio
from anyio import CapacityLimiter

from reactive_nb.storage.base import StorageUnavailable

THREADS = 16
BATCH_ITEMS = 25
BATCH_BYTES = 12_000_000
BATCHES_AT_ONCE = 4
BATCH_LIMIT_S = 60.0
CONNECT_TIMEOUT_S = 3
READ_TIMEOUT_S = 15
ATTEMPTS = 6
CREATION_LIMIT_S = 120.0
INDEX = "owner-listed"
_UNREACHED = {"EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError"}
_CREDENTIALS = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile or role"

Item = dict[str, Any]

SCHEMA: Mapping[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "owner", "listed")],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": INDEX,
            "KeySchema": [
                {"AttributeName": "owner", "KeyType": "HASH"},
                {"AttributeName": "listed", "KeyType": "RANGE"},
            ],
            "Projection": {
                "ProjectionType": "INCLUDE",
                "NonKeyAttributes": ["name", "kernel_name", "cell_count", "revision", "created_at", "updated_at"],
            },
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


class ConditionFailed(Exception):
    """A conditional write was refused; `item` is what stands there, if anything does."""

    def __init__(self, item: Item | None) -> None:
        super().__init__("the condition does not hold")
        self.item = item


class Unreachable(StorageUnavailable):
    """Nobody answers where DynamoDB should be, or not yet."""


class DynamoTable:
    """One table of one region."""

    def __init__(self, name: str, *, region: str, endpoint: str | None = None) -> None:
        """`endpoint` is the address of a compatible server, if it is not Amazon's own."""
        self.name = name
        self._region = region
        self._endpoint = endpoint
        self._client: Any = None
        self._limiter = CapacityLimiter(THREADS)

    async def open(self) -> None:
        """Make the client; nothing is sent."""
        if self._client is None:
            self._client = await anyio.to_thread.run_sync(self._make_client)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await anyio.to_thread.run_sync(client.close)

    def _make_client(self) -> Any:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        config = Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=THREADS,
        )
        try:
            return boto3.session.Session().client(
                "dynamodb", region_name=self._region, endpoint_url=self._endpoint, config=config
            )
        except (BotoCoreError, ValueError) as error:  # a profile that is not there, a file that can't be read
            raise StorageUnavailable(
                f"AWS's settings can't be used: {error}. Look at AWS_PROFILE, AWS_CONFIG_FILE and AWS_REGION."
            ) from None

    async def get(self, key: Item, *, only: Sequence[str] = ()) -> Item | None:
        """The item of that key, as it is now; `only` these attributes."""
        names = {f"#{place}": name for place, name in enumerate(only)}
        chosen: Item = {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names} if names else {}
        answer: Item = await self._call("get_item", Key=key, ConsistentRead=True, **chosen)
        return answer.get("Item")

    async def put(self, item: Item, condition: str, values: Item | None = None) -> Item | None:
        """Write an item if the condition holds; what stood there before. Raises ConditionFailed."""
        given: Item = {"ExpressionAttributeValues": values} if values else {}
        if "#version" in condition:  # might be a word of DynamoDB's own
            given["ExpressionAttributeNames"] = {"#version": "version"}
        answer: Item = await self._call(
            "put_item",
            Item=item,
            ConditionExpression=condition,
            ReturnValues="ALL_OLD",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **given,
        )
        return answer.get("Attributes")

    async def delete(self, key: Item, condition: str) -> None:
        """Delete an item if the condition holds. Raises ConditionFailed."""
        await self._call("delete_item", Key=key, ConditionExpression=condition)

    async def query(self, **conditions: Any) -> AsyncIterator[Item]:
        """All items that fit, page by page."""
        start: Item = {}
        while True:
            answer = await self._call("query", **conditions, **start)
            for item in answer.get("Items", ()):
                yield item
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    async def write(self, requests: Sequence[Item]) -> None:
        """Carry out puts and deletes, in any order; when this returns, all are done."""
        limit = asyncio.Semaphore(BATCHES_AT_ONCE)

        async def one(batch: list[Item]) -> None:
            async with limit:
                await self._write_batch(batch)

        try:
            async with asyncio.TaskGroup() as tasks:
                for batch in batches(requests):
                    tasks.create_task(one(batch))
        except* StorageUnavailable as group:
            raise group.exceptions[0] from None

    async def _write_batch(self, batch: list[Item]) -> None:
        deadline = time.monotonic() + BATCH_LIMIT_S
        pause_s = 0.05
        while True:
            answer = await self._call("batch_write_item", table=False, RequestItems={self.name: batch})
            batch = answer.get("UnprocessedItems", {}).get(self.name, [])
            if not batch:
                return
            if time.monotonic() > deadline:
                raise StorageUnavailable(f"DynamoDB does not take all that is written to table {self.name}: try later.")
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))  # noqa: S311  # spreads retries, hides nothing
            pause_s = min(2 * pause_s, 2.0)

    async def create(self) -> bool:
        """Create the table as this service needs it, and wait until it can be used; False if it was there already.

        Raises StorageUnavailable, also if there is one of that name which is otherwise made.
        """
        try:
            await self._call("create_table", **SCHEMA)
            made = True
        except _AlreadyThere:
            made = False
        deadline = time.monotonic() + CREATION_LIMIT_S
        while (found := (await self._call("describe_table"))["Table"])["TableStatus"] != "ACTIVE":
            if time.monotonic() > deadline:
                raise StorageUnavailable(
                    f"Table {self.name} is still {found['TableStatus'].lower()}: look again later."
                )
            await asyncio.sleep(0.5)
        keys = [part["AttributeName"] for part in found["KeySchema"]]
        indexes = {index["IndexName"] for index in found.get("GlobalSecondaryIndexes", ())}
        if keys != ["pk", "sk"] or INDEX not in indexes:
            raise StorageUnavailable(
                f"There is a table {self.name}, but it was not made for notebooks (it needs the keys pk and sk, and"
                f" the index {INDEX}): choose another name with DYNAMODB_TABLE_NAME."
            )
        return made

    async def _call(self, operation: str, *, table: bool = True, **arguments: Any) -> Any:
        if self._client is None:
            raise StorageUnavailable("The storage is not open.")
        if table:
            arguments["TableName"] = self.name
        call = partial(_translated, getattr(self._client, operation), self._words(), **arguments)
        return await anyio.to_thread.run_sync(call, limiter=self._limiter, abandon_on_cancel=False)

    def _words(self) -> Mapping[str, str]:
        """Error code → what to say and to do."""
        where = f"in {self._region}" + (f" at {self._endpoint}" if self._endpoint else "")
        return {
            "ResourceNotFoundException": f"There is no DynamoDB table {self.name} {where}: make it with"
            " `reactive-nb storage init`, or set DYNAMODB_TABLE_NAME and AWS_REGION.",
            "AccessDeniedException": f"AWS does not permit this use of table {self.name}: the chapter on deployment in"
            " the documentation has the policy that is needed.",
            "UnrecognizedClientException": f"AWS does not know these credentials: {_CREDENTIALS}.",
            "InvalidSignatureException": "AWS does not accept these credentials: AWS_SECRET_ACCESS_KEY is wrong.",
            "ExpiredTokenException": "The AWS credentials have expired: renew them.",
            "ProvisionedThroughputExceededException": f"Table {self.name} is overloaded: try later.",
            "ThrottlingException": f"Table {self.name} is overloaded: try later.",
            "RequestLimitExceeded": "The AWS account's request limit is reached: try later.",
            "NoCredentialsError": f"There are no AWS credentials: {_CREDENTIALS}.",
            "EndpointConnectionError": f"DynamoDB cannot be reached {where}: check AWS_REGION and the network.",
            "ConnectTimeoutError": f"DynamoDB does not answer {where}: check the network.",
            "ReadTimeoutError": f"DynamoDB does not answer in time {where}.",
            "ConnectionClosedError": f"DynamoDB hangs up {where}: check the network.",
        }


class _AlreadyThere(Exception):
    pass


def _translated(call: Any, words: Mapping[str, str], **arguments: Any) -> Any:
    """Make a call of boto3's, and say what its errors mean."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call(**arguments)
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        if code == "ConditionalCheckFailedException":
            raise ConditionFailed(error.response.get("Item")) from None
        if code == "ResourceInUseException":
            raise _AlreadyThere from None
        said = error.response.get("Error", {}).get("Message", "")
        raise StorageUnavailable(words.get(code) or f"DynamoDB refused the request ({code}): {said}") from None
    except BotoCoreError as error:
        kind = Unreachable if type(error).__name__ in _UNREACHED else StorageUnavailable
        raise kind(words.get(type(error).__name__) or f"DynamoDB cannot be used: {error}") from None


def batches(requests: Sequence[Item]) -> list[list[Item]]:
    """Requests in groups that one batch may have."""
    found: list[list[Item]] = []
    size = 0
    for request in requests:
        item = request.get("PutRequest", {}).get("Item", {})
        weight = len(item.get("content", {}).get("B", b"")) + 500
        if not found or len(found[-1]) == BATCH_ITEMS or size + weight > BATCH_BYTES:
            found.append([])
            size = 0
        found[-1].append(request)
        size += weight
    return found
