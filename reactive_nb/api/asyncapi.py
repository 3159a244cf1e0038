"""The AsyncAPI 3 document of the WebSocket, made from the same contracts that validate its messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from reactive_nb import __version__
from reactive_nb.schemas.commands import ClientCommand
from reactive_nb.schemas.events import Reply, ServerEvent

SCHEMAS = "#/components/schemas/"
MESSAGES = "#/components/messages/"
CHANNEL = "#/channels/notebook"
DESCRIPTION = """
Text frames are JSON objects; binary frames carry comm buffers and follow the message that announces them with
`buffers: n`, in both directions. Each command has an `id` of the client's choice and gets exactly one reply with it,
after the events that it caused; replies to different commands may overtake each other. Events are numbered: `seq`
grows by one with each event of a notebook, the same for every client. The first message is `notebook.state`, or, when
the connection was made with `?since=SEQ`, the events that were missed (the state again, if they are gone). A client
that cannot keep up gets a fresh `notebook.state` in place of the events that were waiting for it.

Sign in with an `Authorization` header, the subprotocol `bearer.TOKEN` beside `reactive-nb.v1`, or a first message
`auth` within ten seconds; `?token=` only where the server allows it. `auth.renew` replaces a token that will expire.

Close codes: 4400 malformed, 4401 not signed in or the token has expired, 4403 forbidden, 4404 no such notebook, 4409
deleted, 1011 failed, 1012 restarting and 1013 busy (connect again later).
"""


def asyncapi_document(address: str) -> dict[str, Any]:
    """The document, for a WebSocket at `address` (with `{notebook_id}` in it)."""
    commands, events = _members(ClientCommand), _members(ServerEvent)
    answers: list[type[BaseModel]] = [*events, Reply]
    schemas = _schemas(commands, "validation") | _schemas(answers, "serialization")
    messages = {f"say.{_type(model)}": _message(model) for model in commands}
    messages |= {_type(model): _message(model) for model in answers}
    said = [f"say.{_type(model)}" for model in commands]
    heard = [_type(model) for model in events]
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "reactive-nb", "version": __version__, "description": DESCRIPTION.strip()},
        "defaultContentType": "application/json",
        "channels": {
            "notebook": {
                "address": address,
                "title": "A notebook, live",
                "description": "One WebSocket a notebook and client.",
                "parameters": {"notebook_id": {"description": "The notebook's UUID."}},
                "messages": {name: {"$ref": f"{MESSAGES}{name}"} for name in messages},
                "bindings": {"ws": {"method": "GET", "query": _QUERY, "headers": _HEADERS, "bindingVersion": "0.1.0"}},
            }
        },
        "operations": {
            "command": {
                "action": "receive",
                "channel": {"$ref": CHANNEL},
                "summary": "What a client says; each is answered by one reply.",
                "messages": _refs(said),
                "reply": {"channel": {"$ref": CHANNEL}, "messages": _refs(["reply"])},
            },
            "event": {
                "action": "send",
                "channel": {"$ref": CHANNEL},
                "summary": "What happens to the notebook, to every client in the same order.",
                "messages": _refs(heard),
            },
        },
        "components": {
            "messages": messages,
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


_QUERY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "since": {"type": "integer", "minimum": 0, "description": "The seq of the last event that was seen."},
        "token": {"type": "string", "description": "Only where the server allows it."},
    },
}
_HEADERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "Authorization": {"type": "string", "description": "Bearer TOKEN"},
        "Sec-WebSocket-Protocol": {"type": "string", "description": "reactive-nb.v1, and from browsers bearer.TOKEN"},
    },
}


def _members(union: Any) -> list[type[BaseModel]]:
    """The models of an annotated union."""
    return list(get_args(get_args(union)[0]))


def _type(model: type[BaseModel]) -> str:
    """The value of the model's `type` field."""
    return str(get_args(model.model_fields["type"].annotation)[0])


def _message(model: type[BaseModel]) -> dict[str, Any]:
    description = (model.__doc__ or "").strip()
    return {
        "name": _type(model),
        "title": model.__name__,
        "summary": description.partition("\n")[0],
        "contentType": "application/json",
        "payload": {"$ref": f"{SCHEMAS}{model.__name__}"},
    }


def _schemas(models: Iterable[type[BaseModel]], mode: JsonSchemaMode) -> dict[str, Any]:
    _, document = models_json_schema([(model, mode) for model in models], ref_template=SCHEMAS + "{model}")
    return {name: _as_asyncapi(schema) for name, schema in document["$defs"].items()}


def _as_asyncapi(schema: Any) -> Any:
    """`schema` with OpenAPI's form of `discriminator`, an object, in AsyncAPI's, which is the property's name."""
    if isinstance(schema, list):
        return [_as_asyncapi(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: item["propertyName"] if key == "discriminator" and isinstance(item, dict) else _as_asyncapi(item)
        for key, item in schema.items()
    }


def _refs(names: Iterable[str]) -> list[dict[str, str]]:
    return [{"$ref": f"{CHANNEL}/messages/{name}"} for name in names]
