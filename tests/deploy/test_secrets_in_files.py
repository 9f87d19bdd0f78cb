"""Every secret of the environment may be in a file, as container engines, Kubernetes and systemd hand them over."""

import os
import re
import time
from pathlib import Path

import pytest

from bot.config import settings
from bot.config.environment import SECRETS, with_files
from bot.config.settings import load
from bot.core.errors import ConfigurationError
from tests.support.shell import deckhand

ROOT = Path(__file__).parents[2]
KEY = "ab" * 32


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "deckhand.toml"
    file.write_text('[hosts.a]\ndocker = "unix:///var/run/docker.sock"\n')
    return file


def kept(folder: Path, text: str | bytes) -> str:
    secret = folder / "secret"
    secret.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(secret)


def test_every_variable_that_is_a_secret_counts_from_a_file_too(tmp_path: Path, file: Path) -> None:
    values = {name: f"{name.lower()}-value" for name in SECRETS} | {
        "DECKHAND_DATABASE_URL": "sqlite:///other.db", "DECKHAND_AUDIT_KEY": KEY,
    }  # fmt: skip
    environment = {}
    for name, value in values.items():
        (tmp_path / name).write_text(f"{value}\n")
        environment[f"{name}_FILE"] = str(tmp_path / name)
    read, direct = load(file, environment, for_slack=True), load(file, values, for_slack=True)
    assert (read.slack, read.database_url) == (direct.slack, direct.database_url)
    assert read.slack.app_token is not None
    assert read.slack.app_token.get_secret_value() == "slack_app_token-value"
    assert repr(read.audit.keys) == repr(direct.audit.keys) != repr(load(file, {}).audit.keys)


def test_every_secret_that_the_settings_read_is_one_of_them() -> None:
    source = Path(settings.__file__).read_text(encoding="utf-8")
    read = set(re.findall(r"\b(?:SLACK|DECKHAND)_[A-Z]+(?:_[A-Z]+)*\b", source))
    assert read - set(SECRETS) == {"SLACK_API_URL", "DECKHAND_CONFIG"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file or directory"),
        ("", "it is empty"),
        (" \n", "it is empty"),
        (b"\xffsecret", "it is no text"),
        ("x" * 70_000, "it is longer than 64 KiB"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_without_what_is_in_it(
    tmp_path: Path, file: Path, content: str | bytes | None, said: str
) -> None:
    secret = str(tmp_path / "nowhere") if content is None else kept(tmp_path, content)
    ended = deckhand("hosts", "list", folder=tmp_path, SLACK_BOT_TOKEN_FILE=secret)
    assert ended.returncode == 2
    assert f"environment: SLACK_BOT_TOKEN_FILE: {secret} cannot be used: {said}" in ended.stderr
    assert "xffsecret" not in ended.stderr
    assert "xxxx" not in ended.stderr


def test_a_pipe_in_the_place_of_a_secret_holds_up_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    began = time.monotonic()
    _, problems = with_files({"DECKHAND_AUDIT_KEY_FILE": str(tmp_path / "pipe")})
    assert "it is no regular file" in problems[0]
    assert time.monotonic() - began < 30  # it would wait for ever


def test_a_secret_that_is_there_twice_is_a_mistake(tmp_path: Path, file: Path) -> None:
    environment = {"SLACK_APP_TOKEN": "xapp-1", "SLACK_APP_TOKEN_FILE": kept(tmp_path, "xapp-2")}
    with pytest.raises(ConfigurationError, match="SLACK_APP_TOKEN and SLACK_APP_TOKEN_FILE are both set"):
        load(file, environment)
