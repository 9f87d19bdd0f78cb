"""A second look asks an engine for what may have changed, and for nothing else."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import requests

from bot.core.rules.hosts import SocketAddress
from bot.engines.docker.client import EngineClient
from bot.engines.registry import DockerEngines
from bot.ports import Engine
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.hosts import HOST, registered

CALLS_OF_A_LOOK = 8


@pytest.fixture
def looked_at(clean_engine: PrivateEngine) -> Iterator[Engine]:
    with closing(DockerEngines(registered(SocketAddress(url=clean_engine.url)))) as engines:
        yield engines.connect(HOST)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of all requests, as they are sent."""
    paths: list[str] = []
    send = EngineClient.send

    def noted(self: EngineClient, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        paths.append(request.path_url)
        return send(self, request, **options)

    monkeypatch.setattr(EngineClient, "send", noted)
    return paths


def test_images_are_asked_for_once_however_many_names_they_have(
    clean_engine: PrivateEngine, looked_at: Engine, asked: list[str]
) -> None:
    base = clean_engine.base()
    for number in range(10):
        clean_engine.build([f"FROM {base}", f"LABEL number={number}"], f"app:{number}")
    for name in ("zebra:1", "ant:2", "ant:1", "app:alias"):
        clean_engine.docker("tag", "app:3", name)
    first = looked_at.survey()
    assert len(asked) > 2 * len(first.inventory.images)
    asked.clear()
    second = looked_at.survey()
    assert len(asked) <= CALLS_OF_A_LOOK, asked
    by_id = {image.id: image for image in first.inventory.images}
    assert {image.id: image for image in second.inventory.images} == by_id


def test_a_new_name_is_seen_and_only_its_image_is_asked_for(
    clean_engine: PrivateEngine, looked_at: Engine, asked: list[str]
) -> None:
    base = clean_engine.base()
    image = clean_engine.build([f"FROM {base}", "LABEL number=1"], "app:1")
    looked_at.survey()
    clean_engine.docker("tag", "app:1", "app:2")
    asked.clear()
    found = {one.id: one for one in looked_at.survey().inventory.images}
    assert set(found[image].tags) == {"app:1", "app:2"}
    assert [path for path in asked if "/images/sha256:" in path] == [
        path for path in asked if image in path and path.endswith("/json")
    ]
    assert len(asked) == CALLS_OF_A_LOOK + 1, asked
