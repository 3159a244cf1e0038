"""`reactive-nb storage init`: make the DynamoDB table that the settings name."""

from __future__ import annotations

import argparse
import asyncio
import time

from reactive_nb.core.config import ConfigurationError, Settings, load_settings
from reactive_nb.storage import StorageError, table_of
from reactive_nb.storage.dynamodb_table import Unreachable

PAUSE_S = 0.5


def storage(options: argparse.Namespace) -> int:
    """Carry out the command; the exit status. Raises ConfigurationError with a line that says what to do."""
    settings = load_settings()
    try:
        made = asyncio.run(_init(settings, options.wait))
    except StorageError as error:
        raise ConfigurationError(str(error)) from None
    name, region = settings.dynamodb_table_name, settings.aws_region
    print(f"Table {name} in {region} is {'made' if made else 'there already'}, and ready for notebooks.")
    if not settings.dynamodb_enabled:
        print("The service uses it with DYNAMODB_ENABLED=true.")
    return 0


async def _init(settings: Settings, wait_s: float) -> bool:
    """Make the table; whether it was not there. Tries for `wait_s` seconds if nobody answers."""
    table = table_of(settings)
    await table.open()
    deadline = time.monotonic() + wait_s
    try:
        while True:
            try:
                return await table.create()
            except Unreachable:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(PAUSE_S)
    finally:
        await table.close()
