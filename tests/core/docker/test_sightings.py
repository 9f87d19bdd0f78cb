"""The ledger of when images were seen in use: what a look adds to it, and what nothing takes away."""

from dataclasses import replace
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.core.docker.inventory import EngineInfo
from bot.core.docker.sightings import KnownEngine, Sighting, after_look, changed_engine
from tests.core.things import NOW, ago

YESTERDAY, LAST_WEEK = ago(days=1), ago(days=7)


def test_an_image_that_is_new_to_us_was_first_seen_now_and_used_only_if_it_is() -> None:
    assert after_look({}, ["a", "b"], ["b"], NOW) == {
        "a": Sighting(first_at=NOW),
        "b": Sighting(first_at=NOW, used_at=NOW),
    }


def test_being_seen_in_use_again_moves_the_last_use_and_not_the_first_sight() -> None:
    known = {"a": Sighting(first_at=LAST_WEEK, used_at=YESTERDAY)}
    assert after_look(known, ["a"], ["a"], NOW) == {"a": Sighting(first_at=LAST_WEEK, used_at=NOW)}


def test_being_seen_unused_changes_nothing() -> None:
    known = {"a": Sighting(first_at=LAST_WEEK, used_at=YESTERDAY), "b": Sighting(first_at=LAST_WEEK)}
    assert after_look(known, ["a", "b"], [], NOW) == known


def test_an_image_that_went_is_forgotten_and_starts_afresh_when_it_comes_back() -> None:
    known = {"a": Sighting(first_at=LAST_WEEK, used_at=LAST_WEEK)}
    assert after_look(known, [], [], YESTERDAY) == {}
    assert after_look({}, ["a"], [], NOW) == {"a": Sighting(first_at=NOW)}


def test_what_is_used_and_not_there_is_not_remembered() -> None:
    assert after_look({}, ["a"], ["a", "gone"], NOW).keys() == {"a"}


def test_a_clock_that_went_back_takes_nothing_away() -> None:
    known = {"a": Sighting(first_at=YESTERDAY, used_at=NOW)}
    assert after_look(known, ["a"], ["a"], LAST_WEEK) == known


MOMENTS = st.integers(0, 9).map(lambda days: ago(days=days))
LOOKS = st.lists(st.tuples(MOMENTS, st.booleans()), min_size=1, max_size=6)


@given(LOOKS)
def test_an_image_was_used_when_the_latest_look_saw_it_used(looks: list[tuple[datetime, bool]]) -> None:
    known: dict[str, Sighting] = {}
    for at, used in looks:
        known = after_look(known, ["a"], ["a"] if used else [], at)
    assert known["a"].first_at == looks[0][0]
    assert known["a"].used_at == max((at for at, used in looks if used), default=None)


def test_an_engine_is_known_by_its_id_and_the_name_of_its_machine() -> None:
    def engine(engine_id: str, name: str, version: str = "28") -> EngineInfo:
        return EngineInfo(
            id=engine_id, name=name, version=version, api_version="1.48", store="overlay2", data_root="/data"
        )

    known = KnownEngine(id="A", name="ci", version="27", store="overlay2", first_at=NOW)
    assert changed_engine(known, "ci", engine("A", "ci")) is None
    assert changed_engine(None, "ci", engine("A", "ci")) is None
    assert changed_engine(replace(known, name=""), "ci", engine("A", "ci")) is None
    assert "it was ci (A, Docker 27), it is ci (B, " in str(changed_engine(known, "ci", engine("B", "ci")))
    clone = changed_engine(known, "ci", engine("A", "prod"))
    assert "it was ci (A, Docker 27), it is prod (A, " in str(clone)
