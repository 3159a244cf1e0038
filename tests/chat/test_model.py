"""A model, a key or an address that is wrong: what litellm's many clients make of it is told in one clear line."""

from __future__ import annotations

import os
import re

import pytest
from pydantic import SecretStr

from reactive_nb.chat.model import Answer, LanguageModel, ModelError

pytestmark = pytest.mark.anyio

KEY = "sk-of-this-test-4711"
NOBODY = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if re.search(r"API_KEY|^AWS_|^AZURE|^OPENAI", name):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("model", "address", "key", "code", "says"),
    [
        ("nonsense", None, KEY, "no-such-model", "set REACTIVE_NB_CHAT_MODEL to provider/model"),
        ("nonsense/gpt", None, KEY, "no-such-model", "set REACTIVE_NB_CHAT_MODEL to provider/model"),
        ("openai/gpt", None, None, "unauthorized", "set REACTIVE_NB_CHAT_API_KEY"),
        ("anthropic/claude", None, None, "unauthorized", "REACTIVE_NB_CHAT_API_KEY"),
        ("azure/gpt", None, KEY, "unreachable", "set REACTIVE_NB_CHAT_API_BASE"),
        ("openai/gpt", NOBODY, KEY, "unreachable", "REACTIVE_NB_CHAT_API_BASE"),
        ("openai/gpt", "http://no-such-host.invalid", KEY, "unreachable", "REACTIVE_NB_CHAT_API_BASE"),
        ("anthropic/claude", NOBODY, KEY, "unreachable", "REACTIVE_NB_CHAT_API_BASE"),
        ("gemini/gemini-pro", NOBODY, KEY, "unreachable", "REACTIVE_NB_CHAT_API_BASE"),
        ("ollama/llama3", NOBODY, None, "unreachable", "REACTIVE_NB_CHAT_API_BASE"),
    ],
)
async def test_what_is_wrong_is_told_in_one_line(
    model: str, address: str | None, key: str | None, code: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    asked = LanguageModel(model, address, SecretStr(key) if key else None)
    with pytest.raises(ModelError) as failed:
        async for _ in asked.answer([{"role": "user", "content": "Hello?"}], [], Answer()):
            pass
    assert (failed.value.code, "\n" in str(failed.value)) == (code, False), str(failed.value)
    assert says in str(failed.value)
    assert model in str(failed.value)
    assert KEY not in str(failed.value)
    assert KEY not in caplog.text
