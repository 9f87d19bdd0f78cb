"""A host's name that leads to another engine than before: told at every look, and nothing is planned on it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.core.audit.events import Tag
from bot.engines.docker.engine import DockerEngine
from bot.slack.action_ids import DETAILS, LOOK, PICTURE, WHY_FULL
from tests.slack.place import ANN, OPEN_TO_ALL, Place, buttons, eventually, shown
from tests.slack.states import ENGINE

Start = Callable[[str], Place]


def test_another_engine_is_reported_and_refused_until_somebody_accepts_it(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, "/docker-df", "prod-3")
    assert buttons(place.message("prod-3: "))
    known = place.store.ledger.known_engines()["prod-3"]

    identified = DockerEngine._identified
    monkeypatch.setattr(DockerEngine, "_identified", lambda *given: replace(identified(*given), id="ANOTHER"))
    place.workspace.command(ANN, "/docker-df", "prod-3")
    changed = place.message("another engine answers than the one known since")
    assert set(buttons(changed)) == {DETAILS, LOOK, PICTURE, WHY_FULL}
    assert known.id in shown(changed)
    assert "deckhand hosts accept prod-3" in shown(changed)

    place.workspace.command(ANN, "/docker-df", "all")
    assert "*Another engine than before*: 1 host" in shown(place.message("all: 1 host"))

    place.workspace.command(ANN, "/docker-prune", "prod-3 everything")
    (refusal,) = eventually(lambda: place.private(ANN))
    assert "Nothing is planned on it." in refusal
    assert not place.store.messages.unshown()

    engine = replace(ENGINE, id="ANOTHER", name=known.name)
    place.store.ledger.accept_engine("prod-3", engine, "shell:anna")
    place.propose(ANN)
    assert [link.event.tag for link in place.store.audit.events("")] == [Tag.HOST_SEEN, Tag.HOST_ACCEPTED]
