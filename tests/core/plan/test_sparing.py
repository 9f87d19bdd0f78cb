"""What protection, a person's own arguments and the ledger of use spare, each with its reason."""

from datetime import datetime, timedelta

import pytest

from bot.core.docker.ages import Arrival, image_born, with_arrivals
from bot.core.docker.content.blobs import Blob, Content
from bot.core.docker.inventory import Inventory, Kind
from bot.core.plan.arguments import narrowed, parse_arguments
from bot.core.plan.plan import Draft
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN
from bot.core.plan.protection import Protection
from tests.core.things import (
    NOW,
    ago,
    container,
    image,
    inventory,
    network,
    planned,
    record,
    rule,
    taken,
    volume,
)

APP = image("app", ("a", 1), tags=("reg:5000/team/app:1",), digests=("mirror/app@sha256:1",))
BASE = image("base", ("b", 1), tags=("base:1",))


def asked(text: str, seen: Inventory, protection: Protection | None = None) -> Draft:
    """A plan by the words that a person writes."""
    arguments = parse_arguments(text.split())
    profile = narrowed(BUILT_IN[arguments.profile or "routine"], arguments)
    return draft(Measured.of(seen), profile, protection or Protection())


# --- names and patterns -------------------------------------------------------------------------


def named() -> Inventory:
    things = [(container(name, BASE), network(name)) for name in ("db-1", "db-2", "web-1")]
    return inventory(BASE, *(thing for pair in things for thing in pair))


def test_a_name_pattern_protects_containers_networks_and_volumes() -> None:
    seen = named()
    plan = planned("system", seen, Protection(names=("db-?",)))
    assert taken(plan) == {"web-1"}
    assert rule(plan, "id-db-1") == "protected by the name pattern db-?"
    volumes = inventory(volume("db-1"), volume("web-1"))
    assert taken(planned("volumes", volumes, Protection(names=("db-*",)))) == {"web-1"}


def test_a_name_pattern_says_nothing_of_images_and_build_cache() -> None:
    seen = inventory(BASE, record("base:1"))
    assert taken(planned("everything", seen, Protection(names=("*",)))) == {BASE.id, "regular base:1"}


@pytest.mark.parametrize(
    ("pattern", "spares"),
    [
        ("reg:5000/team/app", True),
        ("mirror/app", True),
        ("mirror/*", True),
        ("reg:5000/team/app:1", True),
        ("*@sha256:1", True),
        ("reg", False),
        ("reg:5000", False),
        ("app", False),
        ("team/app", False),
        ("reg:5000/team/app:2", False),
    ],
)
def test_a_repository_is_the_whole_name_before_tag_or_digest(pattern: str, *, spares: bool) -> None:
    plan = planned("everything", inventory(APP), Protection(images=(pattern,)))
    assert bool(plan.kept) is spares
    plan = asked(f"everything not={pattern}", inventory(APP))
    assert bool(plan.kept) is spares


def test_what_a_person_leaves_out_says_which_argument_did() -> None:
    plan = asked("everything not=db-* not=reg:5000/*", inventory(APP, BASE, container("db-1", BASE)))
    assert not plan.items
    assert rule(plan, "id-db-1") == "left out by not=db-*"
    assert rule(plan, APP.id) == "left out by not=reg:5000/*"
    assert rule(plan, BASE.id) == "container db-1 uses it"


def test_protection_is_named_before_what_a_person_left_out() -> None:
    plan = asked("system not=*", named(), Protection(names=("web-*",)))
    assert not plan.items
    assert rule(plan, "id-web-1") == "protected by the name pattern web-*"


# --- labels -------------------------------------------------------------------------------------


def labelled() -> Inventory:
    """One object of each kind with the label, and one without."""
    own = {"stage": "ci"}
    tagged = image("with", ("w", 1), tags=("with:1",), labels=own)
    bare = image("bare", ("x", 1), tags=("bare:1",))
    return inventory(
        tagged, bare, container("with", tagged, labels=own), container("bare", bare),
        network("with", labels=own), network("bare"), record("r"), volume("with", labels=own), volume("bare"),
    )  # fmt: skip


def names(plan: Draft) -> set[tuple[Kind, str]]:
    return {(item.kind, item.name.partition(":")[0]) for item in plan.items}


@pytest.mark.parametrize("label", ["stage", "stage=ci"])
def test_a_wanted_label_takes_what_carries_it_and_no_build_cache(label: str) -> None:
    plan = asked(f"everything label={label}", labelled())
    assert names(plan) == {(kind, "with") for kind in (Kind.CONTAINER, Kind.NETWORK, Kind.IMAGE)}
    assert rule(plan, "r") == "build cache carries no labels"
    assert rule(plan, "id-bare") == f"it does not carry the label {label}"
    assert names(asked(f"volumes label={label}", labelled())) == {(Kind.VOLUME, "with")}


@pytest.mark.parametrize("label", ["stage", "stage=ci"])
def test_a_refused_label_spares_what_carries_it_and_says_nothing_of_build_cache(label: str) -> None:
    plan = asked(f"everything label!={label}", labelled())
    assert names(plan) == {
        (Kind.CONTAINER, "bare"), (Kind.NETWORK, "bare"), (Kind.IMAGE, "bare"), (Kind.BUILD_CACHE, "regular r"),
    }  # fmt: skip
    assert rule(plan, "id-with") == f"it carries the label {label}"
    assert names(asked(f"volumes label!={label}", labelled())) == {(Kind.VOLUME, "bare")}


def test_each_of_two_refused_labels_spares_by_itself() -> None:
    """Docker's prune with two ``label!`` filters takes what carries only one of them."""
    one = container("one", BASE, labels={"a": ""})
    both = container("both", BASE, labels={"a": "", "b": ""})
    none = container("none", BASE)
    assert taken(asked("system label!=a label!=b", inventory(BASE, one, both, none))) == {"none"}


# --- last seen in use ---------------------------------------------------------------------------

MONTH = Protection(unused_for=timedelta(days=30))


@pytest.mark.parametrize(
    ("first_seen", "used", "said"),
    [
        (ago(days=31), None, None),
        (ago(days=30), None, None),
        (ago(days=29), None, "first seen by Deckhand 29 days ago: known for less than 30 days"),
        (ago(days=99), ago(days=31), None),
        (ago(days=99), ago(days=3), "last seen in use 3 days ago: used within 30 days"),
        (ago(days=3), ago(days=3), "last seen in use 3 days ago: used within 30 days"),
        (None, ago(days=31), None),
        (None, None, "the engine does not say when it was last seen in use"),
    ],
)
def test_an_image_stays_until_nobody_has_seen_it_in_use_for_long_enough(
    first_seen: datetime | None, used: datetime | None, said: str | None
) -> None:
    one = image("one", ("o", 1), tags=("one:1",), first_seen_at=first_seen, used_at=used)
    plan = planned("everything", inventory(one), MONTH)
    assert [kept.rule for kept in plan.kept] == ([] if said is None else [said])


def test_without_such_a_rule_the_ledger_is_not_asked() -> None:
    assert planned("everything", inventory(image("x", ("x", 1), tags=("x:1",), first_seen_at=None))).items


# --- ages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("built", "tagged", "used", "seen", "born", "what"),
    [
        (9, None, None, 9, 9, "built"),
        (9, None, None, 4, 4, "first seen by Deckhand"),
        (9, None, 3, 4, 3, "last seen in use"),
        (20_000, None, None, 4, 4, "first seen by Deckhand"),
        (None, None, None, 4, 4, "first seen by Deckhand"),
        (-900, None, None, 4, 4, "first seen by Deckhand"),
        (9, None, None, None, None, "pulled or loaded"),
        (9, None, 3, None, None, "pulled or loaded"),
        (None, None, None, None, None, "pulled or loaded"),
        (9, 5, None, 0, 5, "tagged or pulled"),
        (5, 9, None, 0, 5, "built"),
        (9, 8, 3, 0, 3, "last seen in use"),
        (9, 3, 8, 0, 3, "tagged or pulled"),
        (None, 3, None, None, 3, "tagged or pulled"),
        (None, 9, 3, None, 3, "last seen in use"),
        (-900, 9, None, None, 9, "tagged or pulled"),
    ],
)
def test_an_image_is_as_old_as_the_latest_that_happened_to_it(
    built: int | None, tagged: int | None, used: int | None, seen: int | None, born: int | None, what: str
) -> None:
    built_at, tagged_at, used_at, seen_at, expected = (
        None if days is None else ago(days=days) for days in (built, tagged, used, seen, born)
    )
    one = image("x", built_at=built_at, tagged_at=tagged_at, used_at=used_at, first_seen_at=seen_at)
    assert image_born(one, NOW) == (expected, what)


def test_on_the_containerd_store_an_images_blobs_tell_when_it_arrived() -> None:
    own = image("own", tags=("own:1",), built_at=ago(days=400), first_seen_at=NOW)
    manifest = Blob(digest=own.id, size=1, created_at=ago(days=9), refers_to=("config", "layer", "not-here"))
    content = Content(
        blobs={
            own.id: manifest,
            "config": Blob(digest="config", size=1, created_at=ago(days=8)),
            "layer": Blob(digest="layer", size=1, created_at=ago(days=300)),
        }
    )
    (found,) = with_arrivals([own], content)
    assert image_born(found, NOW) == (ago(days=8), "arrived")
    (unknown,) = with_arrivals([own], Content(blobs={}))
    assert image_born(unknown, NOW) == (NOW, "first seen by Deckhand")


@pytest.mark.parametrize(
    ("built", "used", "seen", "born", "what"),
    [
        (9, None, 0, 9, "built"),
        (20_000, None, None, 20_000, "built"),
        (9, 3, 0, 3, "last seen in use"),
        (None, None, 4, 4, "first seen by Deckhand"),
        (-900, None, 4, 4, "first seen by Deckhand"),
        (None, None, None, None, "pulled or loaded"),
    ],
)
def test_by_build_the_arrival_does_not_count_where_a_build_date_is_known(
    built: int | None, used: int | None, seen: int | None, born: int | None, what: str
) -> None:
    built_at, used_at, seen_at, expected = (
        None if days is None else ago(days=days) for days in (built, used, seen, born)
    )
    one = image("x", built_at=built_at, used_at=used_at, first_seen_at=seen_at)
    assert image_born(one, NOW, Arrival.BUILD) == (expected, what)


def test_an_image_seen_in_use_lately_stays_and_is_not_called_young() -> None:
    one = image("one", ("o", 1), tags=("one:1",), used_at=ago(days=6))
    plan = planned("routine", inventory(one))
    assert rule(plan, one.id) == "last seen in use 6 days ago: used within 7 days"


def test_an_age_of_thousands_of_years_keeps_everything_and_is_never_due() -> None:
    one = image("one", ("o", 1), tags=("one:1",))
    plan = asked("routine until=9999999d", inventory(one, container("c", BASE), record("r"), BASE))
    assert not plan.items
    assert {kept.due for kept in plan.kept} == {None}
    assert rule(plan, one.id) == "built 60 days ago: younger than 9999999 days"
