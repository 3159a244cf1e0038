from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import reactive_nb
from reactive_nb.core.config import (
    ConfigurationError,
    LogFormat,
    LogLevel,
    Settings,
    load_settings,
    unknown_variables,
    variable_name,
    variables,
)
from reactive_nb.core.kernel_settings import ForkKernels

NAMES = {
    "CLERK_FRONTEND_API",
    "REACTIVE_NB_INTERRUPT_GRACE",
    "REACTIVE_NB_RESTART_STUCK_KERNELS",
    "REACTIVE_NB_CHAT_MODEL",
    "REACTIVE_NB_CHAT_API_BASE",
    "REACTIVE_NB_CHAT_API_KEY",
    "REACTIVE_NB_CHAT_MAX_STEPS",
    "REACTIVE_NB_CHAT_TIMEOUT",
    "REACTIVE_NB_CLERK_JWKS_URL",
    "REACTIVE_NB_CLERK_AUDIENCE",
    "ALLOWED_ORIGINS",
    "DYNAMODB_ENABLED",
    "DYNAMODB_TABLE_NAME",
    "AWS_REGION",
    "NOTEBOOK_STORAGE_DIR",
    "REACTIVE_NB_HOST",
    "REACTIVE_NB_PORT",
    "REACTIVE_NB_TOKEN",
    "REACTIVE_NB_BASE_URL",
    "REACTIVE_NB_DEFAULT_KERNEL",
    "REACTIVE_NB_MAX_KERNELS",
    "REACTIVE_NB_VERSIONS_MEMORY_BYTES",
    "REACTIVE_NB_WARM_KERNELS",
    "REACTIVE_NB_KERNEL_START_TIMEOUT",
    "REACTIVE_NB_KERNEL_IDLE_TIMEOUT",
    "REACTIVE_NB_SESSION_IDLE_TIMEOUT",
    "REACTIVE_NB_MAX_SOURCE_BYTES",
    "REACTIVE_NB_SQL_MAX_ROWS",
    "REACTIVE_NB_MAX_BODY_BYTES",
    "REACTIVE_NB_MAX_CELLS",
    "REACTIVE_NB_OUTPUT_MAX_CHARS",
    "REACTIVE_NB_WS_QUEUE_EVENTS",
    "REACTIVE_NB_WS_REPLAY_EVENTS",
    "REACTIVE_NB_LOG_LEVEL",
    "REACTIVE_NB_LOG_FORMAT",
    "REACTIVE_NB_DYNAMODB_ENDPOINT",
    "REACTIVE_NB_FORK_KERNELS",
    "REACTIVE_NB_KERNEL_MEMORY_LIMIT",
    "REACTIVE_NB_KERNEL_CPU_LIMIT",
    "REACTIVE_NB_KERNEL_CPU_SECONDS",
    "REACTIVE_NB_KERNEL_PROCESS_LIMIT",
    "REACTIVE_NB_KERNEL_FILE_LIMIT",
    "REACTIVE_NB_PRELOAD_MODULES",
    "REACTIVE_NB_KERNEL_ENV",
    "REACTIVE_NB_TRUSTED_HOSTS",
}


def test_variables_have_these_names_and_no_others() -> None:
    assert {variable_name(name) for name in Settings.model_fields} == NAMES


def test_every_setting_has_a_meaning_and_an_example_that_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in variables():
        assert variable.description.endswith(".")
        monkeypatch.setenv(variable.name, variable.example)
    assert isinstance(load_settings(), Settings)


def test_defaults(bare_environment: Path) -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.base_url) == ("127.0.0.1", 8000, "/")
    assert settings.notebook_storage_dir == bare_environment / "notebooks"
    assert (settings.aws_region, settings.dynamodb_enabled, settings.dynamodb_table_name) == ("us-east-1", False, None)
    assert (settings.max_source_bytes, settings.max_body_bytes, settings.max_cells) == (2**20, 2**26, 10_000)
    assert (settings.max_kernels, settings.warm_kernels, settings.ws_queue_events) == (32, 1, 1000)
    assert (settings.log_level, settings.log_format) == (LogLevel.INFO, LogFormat.TEXT)
    assert settings.allowed_origins == settings.trusted_hosts == settings.kernel_env == ()


def test_token_is_random_unless_given(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = load_settings().token.get_secret_value(), load_settings().token.get_secret_value()
    assert re.fullmatch("[0-9a-f]{48}", first)
    assert first != second
    monkeypatch.setenv("REACTIVE_NB_TOKEN", "a-token-of-mine")
    settings = load_settings()
    assert settings.token.get_secret_value() == "a-token-of-mine"
    assert "a-token-of-mine" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value", "field", "meaning"),
    [
        (
            "ALLOWED_ORIGINS",
            "https://a.example, http://B.example:80",
            "allowed_origins",
            ("https://a.example", "http://b.example"),
        ),
        ("ALLOWED_ORIGINS", '["https://a.example:8443"]', "allowed_origins", ("https://a.example:8443",)),
        ("ALLOWED_ORIGINS", "http://[::1]:5173,http://[::1]:5173", "allowed_origins", ("http://[::1]:5173",)),
        ("ALLOWED_ORIGINS", "vscode-webview://abc", "allowed_origins", ("vscode-webview://abc",)),
        ("ALLOWED_ORIGINS", "", "allowed_origins", ()),
        (
            "REACTIVE_NB_TRUSTED_HOSTS",
            "Nb.Example, *.pods.local,[::1]",
            "trusted_hosts",
            ("nb.example", "*.pods.local", "::1"),
        ),
        ("REACTIVE_NB_KERNEL_ENV", "A,B_2", "kernel_env", ("A", "B_2")),
        ("REACTIVE_NB_FORK_KERNELS", "NEVER", "fork_kernels", ForkKernels.NEVER),
        ("REACTIVE_NB_KERNEL_MEMORY_LIMIT", "1.5GiB", "kernel_memory_limit", 1536 * 2**20),
        ("REACTIVE_NB_KERNEL_MEMORY_LIMIT", "0", "kernel_memory_limit", 0),
        ("REACTIVE_NB_PRELOAD_MODULES", "numpy, a.b,numpy", "preload_modules", ("numpy", "a.b")),
        ("REACTIVE_NB_HOST", "::1", "host", "::1"),
        ("REACTIVE_NB_HOST", "[::1]", "host", "::1"),
        ("REACTIVE_NB_PORT", "0", "port", 0),
        ("REACTIVE_NB_BASE_URL", "user/ann", "base_url", "/user/ann/"),
        ("REACTIVE_NB_BASE_URL", "/user/a%40b/", "base_url", "/user/a%40b/"),
        ("REACTIVE_NB_LOG_LEVEL", "WARNING", "log_level", LogLevel.WARNING),
        ("REACTIVE_NB_LOG_FORMAT", "JSON", "log_format", LogFormat.JSON),
        ("DYNAMODB_ENABLED", "0", "dynamodb_enabled", False),
        ("DYNAMODB_TABLE_NAME", "", "dynamodb_table_name", None),
        ("CLERK_FRONTEND_API", "https://Clerk.example.org/", "clerk_frontend_api", "clerk.example.org"),
        ("NOTEBOOK_STORAGE_DIR", "/srv/./notebooks/", "notebook_storage_dir", Path("/srv/notebooks")),
        ("REACTIVE_NB_KERNEL_START_TIMEOUT", "2.5", "kernel_start_timeout", 2.5),
    ],
)
def test_value_means(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, field: str, meaning: object) -> None:
    monkeypatch.setenv(variable, value)
    assert getattr(load_settings(), field) == meaning


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("REACTIVE_NB_PORT", "eighty", "valid integer"),
        ("REACTIVE_NB_PORT", "65536", "less than or equal to 65535"),
        ("REACTIVE_NB_HOST", "http://here", "neither an IP address nor a host name"),
        ("REACTIVE_NB_HOST", "a..b", "neither an IP address nor a host name"),
        ("REACTIVE_NB_BASE_URL", "https://a/b?c", "is no path"),
        ("REACTIVE_NB_BASE_URL", "/a/../b/", "is no path"),
        ("REACTIVE_NB_LOG_LEVEL", "loud", "'debug', 'info'"),
        ("REACTIVE_NB_KERNEL_START_TIMEOUT", "nan", "finite"),
        ("REACTIVE_NB_KERNEL_IDLE_TIMEOUT", "-1", "greater than or equal to 0"),
        ("REACTIVE_NB_KERNEL_ENV", "MY-DIR", "no name of an environment variable"),
        ("REACTIVE_NB_PRELOAD_MODULES", "numpy,scikit-learn", "'scikit-learn' is no name of a module"),
        ("REACTIVE_NB_KERNEL_MEMORY_LIMIT", "lots", "could not parse value and unit"),
        ("REACTIVE_NB_KERNEL_MEMORY_LIMIT", "100MiB", "less than a kernel needs to start: 256 MiB at least"),
        ("REACTIVE_NB_KERNEL_FILE_LIMIT", "3", "less than a kernel needs to start: 100 at least"),
        ("REACTIVE_NB_KERNEL_PROCESS_LIMIT", "-1", "should be greater than or equal to 0"),
        ("REACTIVE_NB_FORK_KERNELS", "sometimes", "should be 'auto' or 'never'"),
        ("REACTIVE_NB_KERNEL_ENV", "REACTIVE_NB_TOKEN", "not for kernels"),
        ("REACTIVE_NB_TRUSTED_HOSTS", "a.example:80", "no host name"),
        ("REACTIVE_NB_DYNAMODB_ENDPOINT", "127.0.0.1:4566", "no http or https URL"),
        ("REACTIVE_NB_DEFAULT_KERNEL", "../python", "characters it may not have"),
        ("ALLOWED_ORIGINS", "*", "is no origin"),
        ("ALLOWED_ORIGINS", "null", "is no origin"),
        ("ALLOWED_ORIGINS", "https://a.example/", "is no origin"),
        ("ALLOWED_ORIGINS", "https://a.example:99999", "no possible port"),
        ("ALLOWED_ORIGINS", '["https://a.example"', "no valid JSON list"),
        ("CLERK_FRONTEND_API", "https://clerk.example/path", "is no host name"),
        ("DYNAMODB_ENABLED", "maybe", "valid boolean"),
        ("DYNAMODB_ENABLED", "true", "DYNAMODB_TABLE_NAME: is needed when DYNAMODB_ENABLED is true"),
        ("AWS_REGION", "us east", "characters it may not have"),
        ("DYNAMODB_TABLE_NAME", "no/table", "characters it may not have"),
        ("DYNAMODB_TABLE_NAME", "ab", "too few or too many"),
        ("REACTIVE_NB_DYNAMODB_ENDPOINT", "ftp://127.0.0.1", "no http or https URL"),
        ("CLERK_FRONTEND_API", "127.0.0.1", "is no host name"),
        ("REACTIVE_NB_CLERK_JWKS_URL", "clerk.example.org/jwks", "no http or https URL"),
        ("REACTIVE_NB_CLERK_AUDIENCE", "a b", "characters it may not have"),
        ("REACTIVE_NB_CHAT_MODEL", "gpt 5", "characters it may not have"),
        ("REACTIVE_NB_CHAT_API_BASE", "localhost:11434", "no http or https URL"),
        ("REACTIVE_NB_CHAT_MAX_STEPS", "0", "greater than or equal to 1"),
        ("REACTIVE_NB_CHAT_TIMEOUT", "soon", "valid number"),
        ("REACTIVE_NB_SQL_MAX_ROWS", "0", "greater than or equal to 1"),
        ("REACTIVE_NB_SQL_MAX_ROWS", "a million", "valid integer"),
    ],
)
def test_wrong_value_is_one_line_with_variable_problem_and_example(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    message = str(caught.value)
    assert "\n" not in message
    assert variable in message
    assert problem in message
    assert re.search(r"for example [A-Z_]+=\S", message)


def test_all_problems_are_told_a_line_each(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NOTEBOOK_STORAGE_DIR", str(tmp_path / "file"))
    monkeypatch.setenv("REACTIVE_NB_PORT", "-1")
    monkeypatch.setenv("DYNAMODB_ENABLED", "true")
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    named = [line.partition(":")[0] for line in str(caught.value).splitlines()]
    assert named == ["REACTIVE_NB_PORT", "NOTEBOOK_STORAGE_DIR", "DYNAMODB_TABLE_NAME"]


@pytest.mark.parametrize("token", ["short", "has a space in it", "not-äscii-at-all", "line\nbreak-inside"])
def test_wrong_token_is_not_repeated(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("REACTIVE_NB_TOKEN", token)
    with pytest.raises(ConfigurationError, match="REACTIVE_NB_TOKEN: should be 8 to 512") as caught:
        load_settings()
    assert token not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "variable", ["REACTIVE_NB_CHAT_API_BASE", "REACTIVE_NB_DYNAMODB_ENDPOINT", "REACTIVE_NB_CLERK_JWKS_URL"]
)
def test_a_password_in_a_wrong_address_is_not_repeated(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "https://ann:secret-9@provider.example/v1")
    with pytest.raises(ConfigurationError, match="no http or https URL") as caught:
        load_settings()
    assert "secret-9" not in str(caught.value)
    assert "provider.example" in str(caught.value)


def test_environment_wins_over_dotenv_and_keywords_over_both(
    monkeypatch: pytest.MonkeyPatch, bare_environment: Path
) -> None:
    (bare_environment / ".env").write_text("REACTIVE_NB_PORT=1001\nAWS_REGION=eu-west-1\nUNRELATED=x\n")
    assert (load_settings().port, load_settings().aws_region) == (1001, "eu-west-1")
    monkeypatch.setenv("REACTIVE_NB_PORT", "1002")
    monkeypatch.setenv("AWS_REGION", "eu-west-2")
    assert (load_settings().port, load_settings().aws_region) == (1002, "eu-west-2")
    settings = load_settings(port=1003, aws_region="eu-west-3")
    assert (settings.port, settings.aws_region) == (1003, "eu-west-3")


def test_unreadable_dotenv_is_one_line(bare_environment: Path) -> None:
    (bare_environment / ".env").write_bytes(b"REACTIVE_NB_PORT=\xff\xfe\n")
    with pytest.raises(ConfigurationError, match=r"^\.env: cannot be read .*$"):
        load_settings()


def test_unprefixed_names_are_not_read_with_the_prefix(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("REACTIVE_NB_AWS_REGION", "eu-west-1")
    with caplog.at_level(logging.WARNING):
        assert load_settings().aws_region == "us-east-1"
    assert caplog.messages == ["REACTIVE_NB_AWS_REGION is no setting and is ignored; did you mean AWS_REGION?"]


def test_misspelt_variable_is_warned_of_wherever_it_stands(
    monkeypatch: pytest.MonkeyPatch, bare_environment: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (bare_environment / ".env").write_text("REACTIVE_NB_LOGLEVEL=debug\n")
    monkeypatch.setenv("REACTIVE_NB_MAX_KERNEL", "3")
    with caplog.at_level(logging.WARNING):
        load_settings()
    assert [message.rpartition(" ")[2] for message in caplog.messages] == [
        "REACTIVE_NB_LOG_LEVEL?",
        "REACTIVE_NB_MAX_KERNELS?",
    ]


def test_unknown_variable_near_nothing() -> None:
    assert unknown_variables(["REACTIVE_NB_XYZZY_PLUGH_QQQ", "PATH", "reactive_nb_port"]) == [
        "REACTIVE_NB_XYZZY_PLUGH_QQQ is no setting and is ignored"
    ]


def test_override_that_is_no_setting() -> None:
    with pytest.raises(TypeError, match="no such setting: prot"):
        load_settings(prot=8000)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().__setattr__("port", 1)


def run(program: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(reactive_nb.__file__).parents[1])}
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, env=environment
    )


PROBE = """
import sys
from reactive_nb import core
assert "reactive_nb.core.config" not in sys.modules
from reactive_nb.core import settings
from reactive_nb.core import settings as again
assert settings is again is core.settings
print(settings.port, "fastapi" in sys.modules, "starlette" in sys.modules)
"""


def test_settings_are_read_at_first_use_once() -> None:
    done = run(PROBE)
    assert done.stdout.split() == ["8000", "False", "False"]


def test_wrong_settings_raise_configuration_error_at_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTIVE_NB_PORT", "x")
    probe = """
import reactive_nb.core
try:
    from reactive_nb.core import settings
except reactive_nb.core.ConfigurationError as error:
    raise SystemExit(str(error))
"""
    done = run(probe)
    assert done.returncode == 1
    assert re.fullmatch(r"REACTIVE_NB_PORT: .*\n", done.stderr)
