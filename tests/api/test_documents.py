"""The documents are complete, hold together, and their page loads nothing from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import jsonschema
import pytest

from reactive_nb.schemas.commands import ClientCommand
from reactive_nb.schemas.events import ServerEvent
from tests.api.service import Service

pytestmark = pytest.mark.anyio


async def document(service: Service, name: str) -> dict[str, Any]:
    async with service.client(token=None) as client:
        answer = await client.get(name)
        assert answer.status_code == 200
        return dict(answer.json())


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref":
                yield item
            else:
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys(item)


def resolve(whole: dict[str, Any], reference: str) -> Any:
    found: Any = whole
    for part in reference.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def types_of(union: Any) -> list[str]:
    return [get_args(model.model_fields["type"].annotation)[0] for model in get_args(get_args(union)[0])]


async def test_every_operation_is_described(service: Service) -> None:
    openapi = await document(service, "openapi.json")
    operations = [(path, method, one) for path, methods in openapi["paths"].items() for method, one in methods.items()]
    assert len(operations) >= 25
    for path, method, one in operations:
        assert one["summary"], (path, method)
        assert one["description"], (path, method)
        assert len(one["tags"]) == 1, (path, method)
        for parameter in one.get("parameters", []):
            assert parameter.get("description") or parameter["schema"].get("examples"), (path, parameter)
    assert {tag["name"] for tag in openapi["tags"]} == {one["tags"][0] for _, _, one in operations}
    ids = [one["operationId"] for _, _, one in operations]
    assert len(ids) == len(set(ids))


async def test_errors_are_documented_as_problems_and_sign_in_where_it_is_needed(service: Service) -> None:
    openapi = await document(service, "openapi.json")
    for path, methods in openapi["paths"].items():
        for one in methods.values():
            closed = "/health" not in path and "/metrics" not in path
            assert ("401" in one["responses"]) == closed, path
            assert bool(one.get("security")) == closed, path
            for status, answer in one["responses"].items():
                if status >= "400":
                    assert list(answer["content"]) == ["application/problem+json"], (path, status)
            if "{notebook_id}" in path:
                assert "404" in one["responses"], path
    assert "HTTPValidationError" not in openapi["components"]["schemas"]


async def test_all_references_lead_somewhere(service: Service) -> None:
    for name in ("openapi.json", "asyncapi.json"):
        whole = await document(service, name)
        found = list(references(whole))
        assert len(found) > 50
        for reference in found:
            assert resolve(whole, reference) is not None, reference


def json_schemas(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schemas of what is sent and, if all is well, answered as JSON."""
    good = [answer for status, answer in operation["responses"].items() if status < "300"]
    for one in (operation.get("requestBody", {}), *good):
        schema = one.get("content", {}).get("application/json", {}).get("schema")
        if schema is not None and "type" not in schema:
            yield from schema.get("anyOf", [schema])


async def test_every_body_has_an_example(service: Service) -> None:
    openapi = await document(service, "openapi.json")
    checked = 0
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            for schema in json_schemas(operation):
                if "$ref" in schema:
                    assert resolve(openapi, schema["$ref"]).get("examples"), (method, path, schema["$ref"])
                    checked += 1
    assert checked >= 40


async def test_every_field_is_described(service: Service) -> None:
    for name in ("openapi.json", "asyncapi.json"):
        for model, schema in (await document(service, name))["components"]["schemas"].items():
            assert schema.get("description"), model
            for field, about in schema.get("properties", {}).items():
                assert {"description", "$ref", "const"} & set(keys(about)), (model, field)


async def test_examples_fit_their_schemas(service: Service) -> None:
    openapi = await document(service, "openapi.json")
    checked = 0
    for schema in openapi["components"]["schemas"].values():
        for example in schema.get("examples", []):
            jsonschema.validate(example, {**schema, "components": openapi["components"]})
            checked += 1
    assert checked >= 35


async def test_the_websockets_document_has_every_message(service: Service) -> None:
    asyncapi = await document(service, "asyncapi.json")
    assert asyncapi["asyncapi"] == "3.0.0"
    assert set(asyncapi) == {"asyncapi", "info", "defaultContentType", "channels", "operations", "components"}
    channel = asyncapi["channels"]["notebook"]
    assert channel["address"] == "/api/v1/ws/notebooks/{notebook_id}"
    assert list(channel["parameters"]) == ["notebook_id"]
    named = {name: message["name"] for name, message in asyncapi["components"]["messages"].items()}
    said = [resolve(asyncapi, ref["$ref"]) for ref in asyncapi["operations"]["command"]["messages"]]
    heard = [resolve(asyncapi, ref["$ref"]) for ref in asyncapi["operations"]["event"]["messages"]]
    assert [named[ref["$ref"].rpartition("/")[2]] for ref in said] == types_of(ClientCommand)
    assert [named[ref["$ref"].rpartition("/")[2]] for ref in heard] == types_of(ServerEvent)
    assert asyncapi["operations"]["command"]["action"] == "receive"
    assert asyncapi["operations"]["event"]["action"] == "send"
    assert asyncapi["operations"]["command"]["reply"]["messages"] == [{"$ref": "#/channels/notebook/messages/reply"}]
    assert asyncapi["components"]["schemas"]["Batch"]["properties"]["operations"]["items"]["discriminator"] == "type"
    for name, message in asyncapi["components"]["messages"].items():
        assert re.fullmatch(r"[\w.-]+", name)
        assert message["summary"], name
        assert message["payload"]["$ref"].startswith("#/components/schemas/")


async def test_every_schema_is_valid_json_schema(service: Service) -> None:
    for name in ("openapi.json", "asyncapi.json"):
        whole = await document(service, name)
        for schema in whole["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(schema)


async def test_what_is_said_and_heard_fits_the_document(service: Service) -> None:
    asyncapi = await document(service, "asyncapi.json")

    def check(name: str, message: dict[str, Any]) -> None:
        payload = asyncapi["components"]["messages"][name]["payload"]
        jsonschema.validate(message, {**payload, "components": asyncapi["components"]})

    async with service.client() as client:
        made = (await client.post("notebooks", json={"cells": [{"id": "c0", "source": "print(1)\nx = 2\nx"}]})).json()
    async with service.live(made["id"]) as live:
        check("notebook.state", await live.hear())
        command = {"type": "cell.update", "id": "1", "cell_id": "c0", "changes": {"source": "print(2)\n3"}}
        check("say.cell.update", command)
        await live.socket.send(json.dumps(command))
        check("reply", await live.reply("1"))
        check("reply", await live.ask("cell.remove", cell_id="missing"))
        check("reply", await live.ask("notebook.run"))
        await live.until("run.finished")
        for event in live.events:
            check(event["type"], event)
        assert {"cell.updated", "cell.status", "run.started", "output.append"} <= {one["type"] for one in live.events}


async def test_the_documentation_page_needs_no_other_host(service: Service) -> None:
    async with service.client(token=None) as client:
        page = await client.get(f"{service.url}/docs")
        assert page.headers["content-type"].startswith("text/html")
        policy = page.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "http" not in policy
        assert not re.search(r"<script(?![^>]*\bsrc=)", page.text), "no script stands in the page itself"
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(loaded) >= 4
        for address in loaded:
            assert address.startswith(("/docs/", "/api/v1/", "data:,")), address
            if address.startswith("/"):
                answer = await client.get(service.origin + address)
                assert answer.status_code == 200
                assert len(answer.content) > 500
        assert (await client.get(f"{service.url}/docs/redoc.standalone.js")).status_code == 404
        assert (await client.get(f"{service.url}/docs/..%2fcore.py")).status_code == 404
