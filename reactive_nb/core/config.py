"""The service's settings, from the environment or a `.env` file in the working directory.

Every setting is a field of `Settings` with its meaning and an example; help texts and documentation are made from
these fields. A wrong value stops the start with one line that names the variable. Nothing here reads a setting on
anyone's behalf, opens a file other than `.env`, or knows what the settings are used for.
"""

from __future__ import annotations

import difflib
import logging
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import DotEnvSettingsSource, SettingsConfigDict

from reactive_nb.core.kernel_settings import KernelSettings
from reactive_nb.core.origins import is_address, is_host, normal_origin
from reactive_nb.core.setting_types import Names

_log = logging.getLogger(__name__)

PREFIX = "REACTIVE_NB_"
MIB = 1024 * 1024

_TOKEN = re.compile(r"[A-Za-z0-9._~-]{8,512}")


class ConfigurationError(Exception):
    """The service cannot start as configured. The message is for the person who starts it: a line for each problem."""


class LogFormat(StrEnum):
    """Log lines for people, or for a log collector."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """What is worth a log line."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Settings(KernelSettings):
    """All settings. Given by keyword, from the environment, from `.env`, or by default, in this order."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    host: str = Field(
        "127.0.0.1",
        description="Address to listen on. Beyond this machine only with sign-in for several users.",
        examples=["127.0.0.1"],
    )
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes any free one.", examples=["8000"])
    token: SecretStr = Field(
        default_factory=lambda: SecretStr(secrets.token_hex(24)),
        description="What the local user signs in with. Random at each start when unset.",
        examples=["a-long-random-word"],
    )
    base_url: str = Field("/", description="Path under which everything is served.", examples=["/user/ann/"])
    allowed_origins: Names = Field(
        (),
        validation_alias="ALLOWED_ORIGINS",
        description="Origins of other pages that may use the service, beside its own.",
        examples=["https://app.example.org,http://localhost:5173"],
    )
    trusted_hosts: Names = Field(
        (),
        description="Further names under which the service is reached, as in the Host header; `*.` for subdomains.",
        examples=["notebooks.example.org"],
    )
    clerk_frontend_api: str | None = Field(
        None,
        validation_alias="CLERK_FRONTEND_API",
        description="Host name of the Clerk instance whose users may sign in.",
        examples=["clerk.example.org"],
    )
    clerk_jwks_url: str | None = Field(
        None,
        description="Where the instance's public keys are, if not at its own address.",
        examples=["https://clerk.example.org/.well-known/jwks.json"],
    )
    clerk_audience: str | None = Field(
        None,
        pattern=r"^[!-~]{1,255}$",
        description="With it, tokens made from a Clerk JWT template for this audience count too.",
        examples=["notebooks"],
    )

    notebook_storage_dir: Path = Field(
        Path("notebooks"),
        validate_default=True,
        validation_alias="NOTEBOOK_STORAGE_DIR",
        description="Directory of the notebooks' files.",
        examples=["/srv/notebooks"],
    )
    dynamodb_enabled: bool = Field(
        False,
        validation_alias="DYNAMODB_ENABLED",
        description="Keep notebooks in DynamoDB instead of files.",
        examples=["true"],
    )
    dynamodb_table_name: str | None = Field(
        None,
        validate_default=True,
        validation_alias="DYNAMODB_TABLE_NAME",
        pattern=r"^[A-Za-z0-9_.-]{3,255}$",
        description="The DynamoDB table.",
        examples=["notebooks"],
    )
    aws_region: str = Field(
        "us-east-1",
        validation_alias="AWS_REGION",
        pattern=r"^[a-z0-9-]{1,64}$",
        description="AWS region of the table.",
        examples=["us-east-1"],
    )
    dynamodb_endpoint: str | None = Field(
        None,
        description="URL of a DynamoDB-compatible server, where it is not Amazon's own.",
        examples=["http://127.0.0.1:4566"],
    )

    session_idle_timeout: float = Field(
        3600,
        ge=0,
        description="Seconds after which a notebook nobody uses leaves memory; 0 is never.",
        examples=["3600"],
        allow_inf_nan=False,
    )
    chat_model: str | None = Field(
        None,
        pattern=r"^[!-~]{1,200}$",
        description="Language model for chat, by litellm's name for it; without one there is no chat.",
        examples=["openai/gpt-5"],
    )
    chat_api_base: str | None = Field(
        None,
        description="URL of the model's provider, where it is not the provider's own.",
        examples=["http://127.0.0.1:11434"],
    )
    chat_api_key: SecretStr | None = Field(
        None,
        description="Key for the model's provider, where its own variable is not set.",
        examples=["sk-something-secret"],
    )
    chat_max_steps: int = Field(
        12, ge=1, le=100, description="Answers that a model may give to one question, tools between.", examples=["12"]
    )
    chat_timeout: float = Field(
        300, gt=0, le=3600, description="Seconds that answering one question may take.", examples=["300"]
    )

    versions_memory_bytes: int = Field(
        0,
        ge=0,
        description="Bytes that overwritten versions of names may take in a kernel; 0 is a quarter of the memory.",
        examples=["1073741824"],
    )

    sql_max_rows: int = Field(
        1_000_000,
        ge=1,
        le=1_000_000_000,
        description="Rows that an SQL cell fetches of a query, at most; it says if there were more.",
        examples=["1000000"],
    )

    max_source_bytes: int = Field(MIB, ge=1024, description="Largest source of a cell, in bytes.", examples=["1048576"])
    max_body_bytes: int = Field(
        64 * MIB,
        ge=1024,
        description="Largest file to import, in bytes; other requests may have 8 sources' worth, and 8 MiB at least.",
        examples=["67108864"],
    )
    max_cells: int = Field(10_000, ge=1, description="Cells in a notebook, at most.", examples=["10000"])
    output_max_chars: int = Field(
        1_000_000,
        ge=1000,
        description="Characters of printed output kept for a cell; the middle of more is cut.",
        examples=["1000000"],
    )
    ws_queue_events: int = Field(
        1000,
        ge=1,
        description="Events that may wait for a slow client before it gets the whole state again.",
        examples=["1000"],
    )
    ws_replay_events: int = Field(
        1000, ge=0, description="Past events kept for clients that reconnect.", examples=["1000"]
    )

    log_level: LogLevel = Field(LogLevel.INFO, description="Least severity that is logged.", examples=["info"])
    log_format: LogFormat = Field(
        LogFormat.TEXT, description="Log lines as text, or as JSON objects.", examples=["json"]
    )

    @property
    def max_json_bytes(self) -> int:
        """Largest JSON body or command. A source can take six times its size as JSON, and there is more than it."""
        return min(max(8 * self.max_source_bytes, 8 * MIB), self.max_body_bytes)

    @model_validator(mode="before")
    @classmethod
    def _names_as_given(cls, values: Any) -> Any:
        """Keywords are field names; fields with a variable of their own name are known by that to pydantic."""
        if isinstance(values, dict):
            for name, field in cls.model_fields.items():
                if name in values and isinstance(field.validation_alias, str):
                    values[field.validation_alias] = values.pop(name)
        return values

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(normal_origin(origin) for origin in value))

    @field_validator("trusted_hosts")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for host in value:
            if not is_host(host.removeprefix("*.")):
                raise ValueError(f"{host!r} is no host name (no scheme, no port, no path)")
        return tuple(dict.fromkeys(host.lower().strip("[]") for host in value))

    @field_validator("host")
    @classmethod
    def _host(cls, value: str) -> str:
        if not is_host(value):
            raise ValueError("is neither an IP address nor a host name")
        return value.strip("[]")

    @field_validator("token")
    @classmethod
    def _strong_token(cls, value: SecretStr) -> SecretStr:
        if not _TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("should be 8 to 512 characters of A-Z a-z 0-9 . _ ~ -")
        return value

    @field_validator("base_url")
    @classmethod
    def _path(cls, value: str) -> str:
        """Begins and ends with a slash."""
        path = f"/{value.strip('/')}/".replace("//", "/")
        if not re.fullmatch(r"/(?:[A-Za-z0-9._~@%+-]+/)*", path) or "/../" in path or "/./" in path:
            raise ValueError("is no path such as /notebooks/ (no scheme, no host, no query)")
        return path

    @field_validator("clerk_frontend_api")
    @classmethod
    def _clerk(cls, value: str | None) -> str | None:
        if value is not None:
            value = value.removeprefix("https://").removesuffix("/").lower()
            if is_address(value) or not is_host(value):
                raise ValueError("is no host name")
        return value

    @field_validator("notebook_storage_dir")
    @classmethod
    def _directory(cls, value: Path) -> Path:
        path = Path(os.path.abspath(value.expanduser()))
        if path.exists() and not path.is_dir():
            raise ValueError("is a file, not a directory")
        return path

    @field_validator("dynamodb_table_name")
    @classmethod
    def _table(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("dynamodb_enabled"):
            raise ValueError("is needed when DYNAMODB_ENABLED is true")
        return value

    @field_validator("dynamodb_endpoint", "clerk_jwks_url", "chat_api_base")
    @classmethod
    def _endpoint(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://[A-Za-z0-9\[\]:._-]+(?:/[^\s?#]*)?", value):
            raise ValueError("is no http or https URL")
        return value

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting as documentation shows it."""

    name: str
    default: str
    description: str
    example: str


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process; `overrides` by field name win over the environment.

    Raises ConfigurationError with a line for each problem, TypeError for an override that is no setting.
    Logs a warning for each variable that begins with our prefix and means nothing.
    """
    if strangers := overrides.keys() - Settings.model_fields.keys():
        raise TypeError(f"no such setting: {', '.join(sorted(strangers))}")
    try:
        settings = Settings(**overrides)
        dotenv = DotEnvSettingsSource(Settings).env_vars
    except ValidationError as error:
        raise ConfigurationError("\n".join(_problem(one) for one in error.errors())) from None
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f".env: cannot be read ({error})") from None
    for line in unknown_variables({*os.environ, *dotenv}):
        _log.warning("%s", line)
    return settings


def variables() -> list[Variable]:
    """Every setting, for help texts and documentation."""
    return [
        Variable(variable_name(name), _shown_default(field), field.description or "", str((field.examples or [""])[0]))
        for name, field in sorted(
            Settings.model_fields.items(), key=lambda item: item[0] in KernelSettings.model_fields
        )
    ]


def variable_name(field_name: str) -> str:
    """The environment variable of a field."""
    alias = Settings.model_fields[field_name].validation_alias
    return alias if isinstance(alias, str) else PREFIX + field_name.upper()


def unknown_variables(names: Iterable[str]) -> list[str]:
    """A sentence for each of `names` that begins with our prefix and is no setting."""
    known = {variable_name(name) for name in Settings.model_fields}
    by_bare_name = {name.removeprefix(PREFIX): name for name in known}
    sentences = []
    for name in sorted({name.upper() for name in names if name.upper().startswith(PREFIX)} - known):
        near = difflib.get_close_matches(name.removeprefix(PREFIX), by_bare_name, n=1)
        hint = f"; did you mean {by_bare_name[near[0]]}?" if near else ""
        sentences.append(f"{name} is no setting and is ignored{hint}")
    return sentences


def _problem(error: Mapping[str, Any]) -> str:
    """One line about one wrong value: its variable, what is wrong, an example. Secrets are not repeated."""
    given = str(error["loc"][0]) if error["loc"] else ""
    name, field = _field_of(given)
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    if error["type"] == "string_pattern_mismatch":
        message = "has characters it may not have, or too few or too many"
    value = error.get("input")
    hidden = re.sub(r"//[^/@]*@", "//***@", str(value))
    shown = f" (it is {hidden[:80]!r})" if isinstance(value, str) and name != f"{PREFIX}TOKEN" else ""
    example = f"; for example {name}={field.examples[0]}" if field and field.examples else ""
    return " ".join(f"{name}: {message}{shown}{example}".split())


def _field_of(given: str) -> tuple[str, FieldInfo | None]:
    for field_name, field in Settings.model_fields.items():
        if given.lower() in (field_name, str(field.validation_alias).lower()):
            return variable_name(field_name), field
    return given, None


def _shown_default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "random"
    match field.default:
        case None | ():
            return ""
        case bool() as flag:
            return str(flag).lower()
        case default:
            return str(default)
