"""Arguments behind a host's name: they narrow a profile, or name single objects; mistakes are answered."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.docker.inventory import Inventory, Kind
from bot.core.docker.labels import LabelFilter
from bot.core.errors import UsageError
from bot.core.plan.arguments import PICKED, Arguments, Pick, narrowed, parse_arguments
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN, Scope
from bot.core.plan.protection import Protection
from tests.core.things import ago, container, image, inventory, network, planned, record, volume


def read(text: str) -> Arguments:
    return parse_arguments(text.split())


def test_nothing_asks_for_the_profile_as_it_is() -> None:
    assert read("") == Arguments()
    assert read("ci") == Arguments(profile="ci")


def test_every_argument_is_read_and_kept_as_it_was_written() -> None:
    text = "until=10d keep=5 only=images,cache label=stage=ci label!=keep not=postgres:* not=db-*"
    assert read(f"routine {text}") == Arguments(
        profile="routine",
        until=timedelta(days=10),
        keep_last=5,
        only=frozenset({Kind.IMAGE, Kind.BUILD_CACHE}),
        labels=LabelFilter(wanted=("stage=ci",), refused=("keep",)),
        excluded=("postgres:*", "db-*"),
        words=tuple(text.split()),
    )


def test_arguments_may_come_without_a_profile_and_the_narrower_of_two_counts() -> None:
    found = read("until=1h UNTIL=240h until=2h keep=2 keep=1 only=images only=images,networks")
    assert (found.profile, found.until, found.keep_last) == (None, timedelta(hours=240), 2)
    assert found.only == frozenset({Kind.IMAGE})


def test_single_objects_are_picked_by_kind() -> None:
    assert read("image=myapp:1.0 container=old-job").picks == (
        Pick(kind=Kind.IMAGE, name="myapp:1.0"), Pick(kind=Kind.CONTAINER, name="old-job"),
    )  # fmt: skip
    assert read(f"{PICKED} network=old").profile == PICKED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("routine please", "I do not understand “please”. Example: routine until=240h"),
        ("until=soon", "until=: “soon” is not a duration"),
        ("until=", "“until=” names nothing"),
        ("keep=0", "keep=: “0” is no number of versions; write one from 1 to 1000"),
        ("keep=-1", "keep=: “-1” is no number"),
        ("keep=²", "“keep=²” has a character that no name of Docker's has"),
        ("keep=9999999", "keep=: “9999999” is no number"),
        ("only=pictures", "only=: “pictures” is no kind of object; the kinds are container, network, image"),
        ("only=images,", "only=: “” is no kind of object"),
        ("untli=1h", "There is no argument “untli=”. Did you mean until=?"),
        (
            "force=yes",
            "There is no argument “force=”. The arguments are: until=, keep=, only=, label=, label!=, not=",
        ),
        ("volume=db", "A volume is picked by its name each time"),
        ("image=a routine", "I do not understand “routine”"),
        ("routine image=a", "image=a names one object: no profile and no other argument goes with it"),
        ("image=a until=1h", "image=a names one object"),
    ],
)
def test_a_mistake_is_named_with_what_to_write_instead(text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(text)
    assert str(refused.value).startswith(said)
    remedies = ("Example: ", "Did you mean ", "The arguments are: ", "press Volumes…")
    assert any(remedy in str(refused.value) for remedy in remedies)


def test_a_profile_is_narrowed_in_every_rule() -> None:
    profile = narrowed(BUILT_IN["routine"], read("routine until=100h keep=2 only=images,containers not=db"))
    assert {kind: (rule.scope, rule.min_age, rule.keep_last) for kind, rule in profile.rules.items()} == {
        Kind.CONTAINER: (Scope.STOPPED, timedelta(hours=100), 0),
        Kind.IMAGE: (Scope.UNUSED, timedelta(hours=168), 2),
    }
    assert profile.arguments == "until=100h keep=2 only=images,containers not=db"
    assert profile.words() == (
        "containers: stopped, at least 4 days old; images: unused, at least 7 days old, but the last 2 of each "
        "repository; not db"
    )


@pytest.mark.parametrize(
    ("profile", "text", "said"),
    [
        (
            "routine",
            "only=volumes",
            "only=: routine takes no volumes; it takes container, image, build_cache.",
        ),
        ("dangling", "only=images,networks", "only=: dangling takes no networks; it takes image."),
        ("routine", "only=images only=cache", "only=: routine would take nothing; it takes"),
    ],
)
def test_a_kind_that_the_profile_does_not_take_cannot_be_added(profile: str, text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        narrowed(BUILT_IN[profile], read(text))
    assert str(refused.value).startswith(said)


def test_the_commands_of_a_narrowed_profile_carry_dockers_own_filters() -> None:
    whole = narrowed(BUILT_IN["system"], read("label=a label!=b=c"))
    assert whole.commands() == ("docker system prune --filter label=a --filter label!=b=c",)
    part = narrowed(BUILT_IN["system"], read("only=containers until=2h"))
    assert part.commands() == (
        "docker container prune --filter until=2h  # Docker counts from the creation, the plan from the end",
    )


BASE = image("base", ("b", 5), tags=("base:1",), built_at=ago(days=400))
HOST: Inventory = inventory(
    BASE,
    image("one", ("b", 5), ("x", 1), tags=("app:1", "spare:7"), built_at=ago(days=9), labels={"a": "b"}),
    image("two", ("b", 5), ("y", 2), tags=("app:2",), built_at=ago(hours=20)),
    image("none", ("z", 3), built_at=ago(days=20)),
    container("old", BASE, labels={"a": "b"}),
    container("new", BASE, created_at=ago(minutes=30)),
    network("lan"),
    volume("v1"),
    record("r1", last_used_at=ago(hours=5)),
    record("r2", last_used_at=ago(days=50), parents=("r1",)),
)
WORDS = st.sampled_from((
    "until=1h", "until=10d", "until=900d", "keep=1", "keep=2", "label=a", "label=a=c", "label!=a", "label!=a=c",
    "not=app*", "not=old", "not=*", "not=spare",
))  # fmt: skip


@given(st.sampled_from(sorted(BUILT_IN)), st.lists(WORDS, max_size=4), st.integers(0, 3), st.booleans())
def test_narrowing_never_adds_an_item(profile: str, words: list[str], keep: int, by_kind: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    wide = BUILT_IN[profile]
    kinds = [f"only={min(wide.rules)}"] if by_kind else []
    narrow = narrowed(wide, parse_arguments([profile, *words, *kinds]))
    measured = Measured.of(HOST)

    def items(protection: Protection, *, narrow_it: bool) -> set[tuple[Kind, str]]:
        plan = draft(measured, narrow if narrow_it else wide, protection)
        return {(item.kind, item.id) for item in plan.items}

    assert items(Protection(), narrow_it=True) <= items(Protection(), narrow_it=False)
    protection = Protection(keep_last=keep, unused_for=timedelta(days=keep), names=("new",))
    assert items(protection, narrow_it=True) <= items(Protection(), narrow_it=True)


def test_arrival_is_the_one_argument_that_widens_and_is_said() -> None:
    there = image("there", ("t", 9), tags=("there:1",), built_at=ago(days=400), first_seen_at=ago(days=1))
    arguments = parse_arguments(["routine", "arrival=build"])
    profile = narrowed(BUILT_IN["routine"], arguments)
    assert "images by their build date where nobody knows when they arrived" in profile.words()
    made = draft(Measured.of(inventory(there)), profile, Protection())
    (item,) = made.items
    assert (
        item.rule
        == "unused for at least 1 day; it goes by its build date, since nobody knows when it arrived"
    )
    assert made.notes == ("Careful: 1 image goes by its build date: nobody knows when it arrived.",)
    without = planned("routine", inventory(there))
    assert without.unarrived is not None
    assert without.unarrived.words() == (
        "1 image, 9B: built over 7 days ago, and nobody knows when it arrived; it counts as old from 29 November on"
    )
    with pytest.raises(UsageError, match="“now” is none of seen, build"):
        parse_arguments(["arrival=now"])
