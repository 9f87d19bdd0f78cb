"""Narrowing a plan: nothing comes in that it did not list, and what was left out stays."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.docker.inventory import Kind
from bot.core.errors import UsageError
from bot.core.plan.arguments import Adjustment, Arguments, Pick, adjusted, narrowed, parse_arguments
from bot.core.plan.objects import picked
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN, Profile
from bot.core.plan.protection import NOTHING_MORE
from tests.core.things import container, image, inventory, volume
from tests.core.whole_hosts import WholeHost, requests, whole_hosts

EVERY = frozenset({Kind.CONTAINER, Kind.NETWORK, Kind.IMAGE, Kind.BUILD_CACHE})


def before(text: str) -> Arguments:
    return parse_arguments(text.split())


@given(st.data(), whole_hosts(), whole_hosts(), requests())
def test_a_narrowed_plan_lists_nothing_that_the_plan_before_did_not_and_nothing_left_out(
    data: st.DataObject, then: WholeHost, later: WholeHost, asked: tuple[Profile, Arguments]
) -> None:
    profile, arguments = asked
    old = draft(Measured.of(then.seen), narrowed(profile, arguments), NOTHING_MORE)
    ids = [item.id for item in old.items]
    dropped = tuple(data.draw(st.lists(st.sampled_from(ids), max_size=3))) if ids else ()
    kinds = frozenset(data.draw(st.sets(st.sampled_from(sorted(profile.rules)), min_size=1)))
    change = Adjustment(kinds=kinds, dropped=dropped)
    try:
        wanted = adjusted(arguments, change, ids)
    except UsageError:
        return
    for host in (then, later):  # the same host, or one that has become another one meanwhile
        new = draft(Measured.of(host.seen), narrowed(profile, wanted), NOTHING_MORE)
        assert {item.id for item in new.items} <= set(ids) - set(dropped)
        assert {item.kind for item in new.items} <= kinds


def test_what_was_asked_for_before_stays_and_what_is_new_is_written_so_that_it_can_be_asked_for_again() -> (
    None
):
    change = Adjustment(
        kinds=frozenset({Kind.IMAGE}),
        until="10d",
        keep_last="3",
        dropped=(f"sha256:{7:064x}", "k1longerid234567"),
        excluded=("web",),
    )
    found = adjusted(before("routine until=24h not=postgres* drop=abc"), change, ["a"])
    words = "not=postgres* only=image until=240h keep=3 drop=abc drop=000000000000 drop=k1longerid23 not=web"
    assert " ".join(found.words) == words
    again = before(f"routine {words}")
    assert (again.until, again.keep_last, again.dropped) == (timedelta(days=10), 3, found.dropped)
    assert (found.within, again.within) == (frozenset({"a"}), None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Adjustment(kinds=EVERY, until="1h"), "at least 24h, as before"),
        (Adjustment(kinds=EVERY, until="soon"), "“soon” is not a duration"),
        (Adjustment(kinds=EVERY, keep_last="1"), "at least 2, as before"),
        (Adjustment(kinds=EVERY, keep_last="-1"), "no number of versions"),
        (Adjustment(kinds=EVERY, keep_last="many"), "no number of versions"),
    ],
)
def test_a_plan_is_never_widened(change: Adjustment, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        adjusted(before("routine until=24h keep=2"), change, [])


# --- volumes by name ----------------------------------------------------------------------------


def plan_of(*names: str) -> dict[str, str]:
    """What becomes of each volume when these are picked: taken, or why it stays."""
    web = image("web:1", ("web", 5), tags=("web:1",))
    host = inventory(
        volume("pg-data", anonymous=False), volume("pg-data-2", anonymous=False), volume("anonymous-1"),
        volume("mounted", anonymous=False), volume("nfs", anonymous=False, type="nfs"),
        volume("counted", anonymous=False, ref_count=None),
        web, container("web-1", web, volumes=("mounted",)),
    )  # fmt: skip
    profile = picked(host, [Pick(kind=Kind.VOLUME, name=name) for name in names])
    made = draft(Measured.of(host), profile, NOTHING_MORE)
    return {i.id: "taken" for i in made.items} | {
        k.id: k.because for k in made.kept if k.kind is Kind.VOLUME and k.because != "not asked for"
    }


def test_only_the_volumes_that_were_picked_by_name_go() -> None:
    assert plan_of("pg-data") == {"pg-data": "taken"}


@pytest.mark.parametrize(
    ("name", "because"), [("mounted", "in use"), ("nfs", "not local"), ("counted", "in use")]
)
def test_a_picked_volume_that_is_used_or_elsewhere_stays(name: str, because: str) -> None:
    assert plan_of(name) == {name: because}


@pytest.mark.parametrize("name", ["pg-dat", "gone", "pg-data-"])
def test_a_volume_is_meant_by_its_whole_name_alone(name: str) -> None:
    with pytest.raises(UsageError, match="no volume"):
        plan_of(name)


def test_nobody_types_a_volume_behind_a_command() -> None:
    with pytest.raises(UsageError, match="picked by its name each time"):
        before("volume=pg-data")
    assert BUILT_IN["volumes"].rules[Kind.VOLUME].scope == "anonymous"
