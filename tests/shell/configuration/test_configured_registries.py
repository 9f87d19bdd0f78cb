"""``[registries."HOST"]``: one way to log in each, and no password in the file."""

from pathlib import Path
from typing import Any

import pytest

from bot.config import toml
from bot.config.settings import Settings, load
from bot.core.errors import ConfigurationError
from bot.core.rules.registries import RegistryLogin

BY_FILE = {"username": "puller", "password_file": "~/secret"}
BY_DOCKER = {"docker_config": "~/.docker/config.json"}


def loaded(folder: Path, registries: dict[str, Any]) -> Settings:
    file = folder / "deckhand.toml"
    toml.write(file, {"hosts": {"a": {"docker": "unix:///x"}}, "registries": registries})
    return load(file, {})


def test_registries_are_read_under_the_names_that_images_have(tmp_path: Path) -> None:
    names = [
        "ghcr.io",
        "docker.io",
        "localhost:5000",
        "registry:5000",
        "10.0.0.1:5000",
        "localhost",
        "a.b.example.com",
    ]
    assert loaded(tmp_path, dict.fromkeys(names, BY_FILE)).registries == dict.fromkeys(
        names, RegistryLogin(**BY_FILE)
    )
    assert loaded(tmp_path, {"docker.io": BY_DOCKER}).registries == {"docker.io": RegistryLogin(**BY_DOCKER)}
    assert loaded(tmp_path, {}).registries == {}


@pytest.mark.parametrize(
    ("registries", "words"),
    [
        ({"https://ghcr.io": BY_FILE}, "is no registry; write its host as images name it"),
        ({"ghcr": BY_FILE}, "is no registry"),
        ({"ghcr.io/team": BY_FILE}, "is no registry"),
        ({"ghcr.io": {"password_file": "x"}}, r"registries\.ghcr\.io: says no one way to log in"),
        ({"ghcr.io": {"username": "u"}}, "says no one way to log in"),
        ({"ghcr.io": {**BY_FILE, **BY_DOCKER}}, "says no one way to log in"),
        ({"ghcr.io": {"password": "x", "username": "u"}}, "there is no such key; did you mean password_file"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_remedy(
    tmp_path: Path, registries: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        loaded(tmp_path, registries)
