"""How a fleet's plans begin: in waves, and not beyond trouble until a person says go on."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.life.fleets import Fleet, FleetState, Member, Standing
from bot.core.life.rollout import BeginWave, End, Hold, next_step, trouble
from bot.core.life.states import ENDED, Outcome, Status
from bot.core.plan.plan import Frees, Person
from bot.core.plan.waves import Share, Waves, parse_share

FREES = Frees(low=1, high=1, exact=True, why="")


def fleet(standings: list[Standing], waves: Waves = Waves()) -> FleetState:  # noqa: B008 - frozen
    members = tuple(Member(host=one.host, plan=one.plan, objects=10, frees=FREES) for one in standings)
    made = Fleet(
        id="f1", selection="@ci", request="routine", requester=Person(id="U0ANN"),
        created_at=datetime(2026, 11, 26, tzinfo=UTC), members=members, waves=waves,
    )  # fmt: skip
    return FleetState(fleet=made, version=1, standings=tuple(standings))


def host(number: int, status: Status = Status.APPROVED, wave: int = 0, **outcomes: int) -> Standing:
    counts = {Outcome(name): count for name, count in outcomes.items()}
    return Standing(host=f"h{number}", plan=f"p{number}", status=status, wave=wave, counts=counts)


def approved(count: int) -> list[Standing]:
    return [host(number) for number in range(1, count + 1)]


def test_the_first_wave_is_one_host_and_the_others_wait_for_its_end() -> None:
    state = fleet(approved(8))
    assert next_step(state) == BeginWave(number=1, plans=("p1",))
    running = replace(state, standings=(host(1, Status.RUNNING, 1), *state.standings[1:]))
    assert next_step(running) is None
    done = replace(state, standings=(host(1, Status.DONE, 1, removed=10), *state.standings[1:]))
    assert next_step(done) == BeginWave(number=2, plans=("p2", "p3"))


def test_nothing_begins_before_anybody_approved_and_it_ends_with_the_last_host() -> None:
    waiting = [host(number, Status.PROPOSED) for number in (1, 2)]
    assert next_step(fleet(waiting)) is None
    assert next_step(fleet([host(1, Status.EXPIRED), host(2, Status.REJECTED)])) == End()


def test_a_host_that_waits_for_approvals_or_its_window_keeps_nobody_waiting() -> None:
    closed = replace(host(2), ready=False)
    state = fleet([host(1, Status.PROPOSED), closed, host(3), host(4)])
    assert next_step(state) == BeginWave(number=1, plans=("p3",))
    moved = replace(host(3, wave=1), ready=False)
    state = fleet([host(1, Status.PROPOSED), closed, moved, host(4)])
    assert next_step(state) == BeginWave(number=2, plans=("p4",)), "its window closed before it began"


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (host(1, Status.FAILED, 1, removed=9, failed=1), "failed"),
        (host(1, Status.PARTIAL, 1, removed=9, failed=1), "1 of 10 objects failed"),
        (host(1, Status.PARTIAL, 1, removed=4, kept=6), "6 of 10 objects were kept, more than 50%"),
        (host(1, Status.STOPPED, 1, removed=4, planned=6), "was stopped"),
        (replace(host(1, Status.CANCELLED, 1), reason="h1: nothing answers."), "did not begin: h1: nothing answers."),
        (replace(host(1, Status.RUNNING, 1, removed=1, planned=9), attention="out of reach"), "needs attention"),
    ],
)  # fmt: skip
def test_a_host_in_trouble_holds_the_rest(first: Standing, why: str) -> None:
    state = fleet([first, *approved(5)[1:]])
    assert next_step(state) == Hold(why=f"h1: {why}", plans=("p1",))
    assert next_step(replace(state, held="h1")) is None, "until a person says go on"
    assert next_step(replace(state, excused=frozenset({"p1"}))) == BeginWave(number=2, plans=("p2", "p3"))


def test_what_was_kept_within_its_share_and_what_was_gone_before_hold_nobody() -> None:
    first = host(1, Status.PARTIAL, 1, removed=1, gone=4, kept=5)
    assert isinstance(next_step(fleet([first, *approved(3)[1:]])), BeginWave)


def test_a_plan_that_ended_before_its_wave_is_no_trouble() -> None:
    for status in ENDED - {Status.DONE, Status.PARTIAL}:
        assert not trouble(Waves(), host(1, status))
    state = fleet([host(1, Status.CANCELLED), host(2, Status.SUPERSEDED), host(3)])
    assert next_step(state) == BeginWave(number=1, plans=("p3",))


def test_trouble_on_the_last_host_holds_nothing() -> None:
    assert next_step(fleet([host(1, Status.DONE, 1), host(2, Status.FAILED, 2)])) == End()


def test_several_in_trouble_may_be_asked_for_before_the_rest_is_held() -> None:
    waves = Waves(stop_on=2)
    one = fleet([host(1, Status.FAILED, 1), *approved(4)[1:]], waves)
    assert isinstance(next_step(one), BeginWave)
    two = fleet([host(1, Status.FAILED, 1), host(2, Status.FAILED, 2), *approved(4)[2:]], waves)
    assert next_step(two) == Hold(why="h1: failed; h2: failed", plans=("p1", "p2"))


def test_nothing_is_done_with_a_fleet_that_somebody_changed_in_the_database() -> None:
    assert next_step(replace(fleet(approved(2)), doubt="its list is another")) is None


ALL = Share(100, is_percent=True)


@pytest.mark.parametrize(
    ("text", "read"), [("25%", Share(25, is_percent=True)), ("5", Share(5)), (" 100 % ", ALL)]
)
def test_a_share_is_percent_or_hosts(text: str, read: Share) -> None:
    assert parse_share(text) == read
    assert parse_share(str(read)) == read


@pytest.mark.parametrize("text", ["", "0", "0%", "101%", "a few", "-1", "2.5%", "٣"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a number of hosts"):
        parse_share(text)


ENDS = st.sampled_from(["done", "kept", "failed", "cancelled", "parked"])
PERCENT = st.builds(lambda number: Share(number, is_percent=True), st.integers(1, 100))
WAVES = st.builds(
    Waves, first=st.integers(1, 4), then=st.builds(Share, st.integers(1, 5)) | PERCENT,
    stop_on=st.integers(1, 3), kept_share=PERCENT,
)  # fmt: skip


def ended(one: Standing, how: str) -> Standing:
    made = {
        "done": host(0, Status.DONE, removed=10),
        "kept": host(0, Status.PARTIAL, kept=10),
        "failed": host(0, Status.PARTIAL, removed=9, failed=1),
        "cancelled": host(0, Status.CANCELLED, planned=10),
        "parked": replace(host(0, Status.RUNNING, removed=1, planned=9), attention="out of reach"),
    }[how]
    return replace(made, host=one.host, plan=one.plan, wave=one.wave)


@given(hosts=st.lists(ENDS, min_size=1, max_size=12), waves=WAVES, go_on=st.booleans())
def test_however_hosts_end_no_host_begins_twice_and_none_beyond_trouble(
    hosts: list[str], waves: Waves, *, go_on: bool
) -> None:
    """Each host ends as drawn once it has begun; a person says go on at each hold, or never."""
    state = fleet([replace(host(n), counts={Outcome.PLANNED: 10}) for n in range(len(hosts))], waves)
    fates = dict(zip((one.plan for one in state.standings), hosts, strict=True))
    begun: Counter[str] = Counter()
    for _ in range(4 * len(hosts) + 4):
        step = next_step(state)
        if step is None or isinstance(step, End):
            break
        if isinstance(step, Hold):
            assert len(step.plans) >= waves.stop_on
            if not go_on:
                assert next_step(replace(state, held=step.why)) is None
                break
            state = replace(state, excused=state.excused | set(step.plans))
            continue
        assert len(step.plans) == min(
            waves.size(state.begun, len(hosts)), sum(one.wave == 0 for one in state.standings)
        )
        new = [one for one in state.standings if one.plan in begun and one.plan not in state.excused]
        assert sum(bool(trouble(waves, one)) for one in new) < waves.stop_on
        begun.update(step.plans)
        state = replace(
            state,
            standings=tuple(
                ended(replace(one, wave=step.number), fates[one.plan]) if one.plan in step.plans else one
                for one in state.standings
            ),
        )
    assert set(begun.values()) <= {1}
    if go_on:
        assert set(begun) == set(fates), "go on each time: every host has begun"


def test_what_was_left_out_before_it_began_is_not_planned_any_more() -> None:
    state = fleet([host(1, Status.CANCELLED), host(2, Status.FAILED, 1), host(3)])
    assert [one.host for one in state.counted] == ["h2", "h3"]
    assert len(fleet([host(1, Status.REJECTED), host(2, Status.EXPIRED)]).counted) == 2
