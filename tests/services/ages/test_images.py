"""Ages of images on the real engine: an age that nobody can tell is young."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.docker.ages import Arrival
from bot.core.docker.inventory import Kind
from bot.core.plan.arguments import parse_arguments
from bot.core.plan.plan import Draft
from bot.core.rules.policy import Policy
from tests.services.bench import HOST, Bench
from tests.support.machines.archives import loaded

pytestmark = pytest.mark.overlay2
DATES = {
    "r:1970": "1970-01-01T00:00:00Z",
    "r:1980": "1980-01-01T00:00:01Z",
    "r:2020": "2020-06-01T12:00:00Z",
    "r:2099": "2099-01-01T00:00:00Z",
    "r:none": None,
}
"""Images of reproducible builds, of a far future, and one that tells no date at all."""


def planned(bench: Bench, words: str) -> Draft:
    _, made = bench.planning().draft(HOST, parse_arguments(words.split()))
    return made


def names(made: Draft) -> set[str]:
    return {item.name for item in made.items}


def watched(sql: Callable[[str], None], **ago: float) -> None:
    """Have Deckhand's first look at every image been so long ago."""
    at = (datetime.now(UTC) - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    sql(f"UPDATE host_image_sighting SET first_at = '{at}'")  # noqa: S608 - a moment of this test


@pytest.fixture
def host(bench: Bench) -> Bench:
    for tag, created in DATES.items():
        loaded(bench.engine, tag, created)
    return bench


def test_an_image_that_was_loaded_a_second_ago_is_young_whatever_its_build_says(host: Bench) -> None:
    made = planned(host, "routine only=images")
    assert not made.items
    assert {kept.because for kept in made.kept if kept.name in {"r:1970", "r:1980", "r:2020"}} == {
        "arrival unknown"
    }
    assert {kept.because for kept in made.kept if kept.name in {"r:2099", "r:none"}} == {
        "known for less than 7 days"
    }


def test_the_first_plan_says_in_numbers_what_it_leaves_out_and_until_when(host: Bench) -> None:
    made = planned(host, "routine only=images")
    later = datetime.now(UTC) + timedelta(days=7)
    assert made.unarrived is not None
    assert made.unarrived.count == 3
    assert made.unarrived.bytes > 0
    (note,) = made.notes
    assert note.startswith("3 images, ")
    assert "built over 7 days ago, and nobody knows when they arrived; they count as old from" in note
    assert f" from {later.day} {later:%B} on" in note
    assert "arrival=build" in note


def test_the_one_argument_takes_them_by_their_build_and_the_approver_reads_so(host: Bench) -> None:
    made = planned(host, "routine only=images arrival=build")
    assert names(made) == {"r:1970", "r:1980", "r:2020"}
    assert {item.rule for item in made.items} == {
        "no container uses it; it goes by its build date, since nobody knows when it arrived"
    }
    assert made.notes == ("Careful: 3 images go by their build date: nobody knows when they arrived.",)
    assert "images by their build date where nobody knows when they arrived" in made.words
    assert made.arguments == "only=images arrival=build"


def test_a_policy_or_a_profile_may_count_as_docker_does(host: Bench) -> None:
    host.policy = Policy(name="dockers", request=("*",), arrival=Arrival.BUILD)
    assert names(planned(host, "routine only=images")) == {"r:1970", "r:1980", "r:2020"}


def test_what_deckhand_has_watched_for_long_enough_needs_nothing(
    host: Bench, sql: Callable[[str], None]
) -> None:
    planned(host, "routine")
    watched(sql, days=6, hours=23)
    assert not planned(host, "routine only=images").items
    watched(sql, days=7, minutes=1)
    made = planned(host, "routine only=images")
    assert names(made) == set(DATES)
    assert not made.notes


def test_what_arrives_while_deckhand_watches_is_young_and_nothing_is_unknown_of_it(
    host: Bench, sql: Callable[[str], None]
) -> None:
    planned(host, "routine")
    watched(sql, days=30)
    loaded(host.engine, "late:1970", "1970-01-02T00:00:00Z")
    made = planned(host, "routine only=images")
    assert names(made) == set(DATES)
    assert made.unarrived is None
    (late,) = [kept for kept in made.kept if kept.kind is Kind.IMAGE]
    assert (late.name, late.because) == ("late:1970", "known for less than 7 days")
    assert late.rule.startswith("first seen by Deckhand ")


def test_a_dangling_image_of_1970_has_to_be_there_for_an_hour(
    bench: Bench, sql: Callable[[str], None]
) -> None:
    loaded(bench.engine, "moves:1", "1970-01-01T00:00:00Z")
    loaded(bench.engine, "moves:1", "1970-01-03T00:00:00Z")
    bench.dangling_min_age = timedelta(hours=1)
    made = planned(bench, "dangling")
    assert not made.items
    assert made.unarrived is not None
    assert made.unarrived.words().startswith("1 image, ")
    assert " UTC on" in made.unarrived.words()
    watched(sql, minutes=61)
    assert len(planned(bench, "dangling").items) == 1


def test_a_tag_shows_since_when_an_image_is_there(bench: Bench) -> None:
    loaded(bench.engine, "r:1", "1970-01-01T00:00:00Z")
    bench.engine.docker("tag", "r:1", "r:2")
    made = planned(bench, "routine only=images")
    (kept,) = [kept for kept in made.kept if kept.kind is Kind.IMAGE]
    assert kept.rule.startswith("tagged or pulled ")
    assert not planned(bench, "routine only=images arrival=build").items
