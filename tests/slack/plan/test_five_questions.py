"""Five questions that an approver asks, answered for generated plans by the plan's message and what one press shows."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.docker.inventory import Container, Image, Kind, Mounting, Volume
from bot.core.life.restoring import lost_for_good
from bot.core.life.states import ItemState, PlanState
from bot.core.plan.plan import Draft
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN
from bot.core.plan.protection import Protection
from bot.core.units import duration_words
from bot.slack.kit.text import plain
from bot.slack.plan.forms.approving import approve_form
from bot.slack.plan.forms.whole import whole_view
from bot.slack.plan.message import plan_message
from bot.slack.plan.open import NOWHERE
from tests.core.things import NOW, container, image, inventory, record, volume
from tests.slack.states import proposed
from tests.support.conversation import strings

A_DAY = timedelta(days=1)
days = st.integers(1, 900)


def state_of(made: Draft) -> PlanState:
    state = proposed(made.items, made.kept)
    return replace(state, plan=replace(state.plan, draft=made))


def planned(profile: str, things: Sequence[Container | Image | Volume]) -> PlanState:
    everything = inventory(*things, record("r"), record("used", in_use=True))
    return state_of(draft(Measured.of(everything), BUILT_IN[profile], Protection()))


def said(value: Any) -> str:
    return "\n".join(strings(value))


def stopped(number: int, age: int, code: int) -> Container:
    of = image(f"of-{number}")
    ended = NOW - age * A_DAY
    return container(f"job-{number}", of, exit_code=code, created_at=ended - A_DAY, ended_at=ended)


@given(ages=st.lists(days, min_size=1, max_size=9), code=st.sampled_from([0, 1, 137]))
@settings(deadline=None, max_examples=40)
def test_how_old_is_the_oldest_container_that_goes(ages: list[int], code: int) -> None:
    state = planned("everything", [stopped(number, age, code) for number, age in enumerate(ages)])
    message = said(plan_message(state).blocks)
    oldest = duration_words(max(ages) * A_DAY)
    line = next(line for line in message.splitlines() if line.startswith("*Containers*"))
    assert (f"{oldest} ago" in line) if len(ages) > 1 else (f"exited {oldest} ago" in message)


@given(built=st.integers(0, 4), pulled=st.integers(0, 4), containers=st.integers(1, 5))
@settings(deadline=None, max_examples=40)
def test_what_can_i_not_get_back(built: int, pulled: int, containers: int) -> None:
    images = [
        image(f"{name}{number}", (f"{name}{number}", 9), tags=(f"{name}{number}:1",), digests=digests)
        for name, count, digests in (("built", built, ()), ("pulled", pulled, ("p@sha256:1",)))
        for number in range(count)
    ]
    state = planned("everything", [*images, *(stopped(number, 9, 0) for number in range(containers))])
    items = state.plan.draft.items
    lost = sum(lost_for_good(items).values())
    head = f"*{lost} of {len(items)} cannot be undone*: " if len(items) > 1 else "*Cannot be undone*: "
    for shown in (said(plan_message(state).blocks), said(approve_form(state, NOWHERE))):
        line = next(line for line in shown.splitlines() if head in line)
        for kind, count in lost_for_good(items).items():
            assert re.search(rf"\b{count} {kind.replace('_', ' ')}", line)
    assert f"Cannot be undone: {lost_for_good(items)[Kind.CONTAINER]} container" in plan_message(state).text


@given(mounted=st.lists(st.none() | days, min_size=1, max_size=5))
@settings(deadline=None, max_examples=40)
def test_who_used_this_volume_last(mounted: list[int | None]) -> None:
    volumes = [
        replace(
            volume(f"v{number}", labels={"owner": f"team-{number}"}),
            mounting=Mounting(
                first_at=NOW - 999 * A_DAY, at=NOW - ago * A_DAY if ago else None, container=f"db-{number}",
                image=f"db:{number}",
            ),
        )
        for number, ago in enumerate(mounted)
    ]  # fmt: skip
    state = planned("volumes", volumes)
    for shown in (
        said(plan_message(state).blocks),
        said(approve_form(state, NOWHERE)),
        said(whole_view(state)),
    ):
        for number, ago in enumerate(mounted):
            line = next(line for line in shown.splitlines() if f"`v{number}`" in line)
            last = f"last mounted by db-{number} (db:{number}) {duration_words((ago or 0) * A_DAY)} ago"
            assert (last if ago else "not mounted for at least 999 days") in line
            assert "7B" in line
            assert "created 9 days ago" in line
            assert f"owner=team-{number}" in line


@given(
    profile=st.sampled_from(["dangling", "ci", "routine", "system", "everything"]), young=st.integers(0, 3)
)
@settings(deadline=None, max_examples=40)
def test_why_does_each_of_the_others_stay(profile: str, young: int) -> None:
    used = image("used", ("u", 9), tags=("used:1",))
    state = planned(
        profile,
        [
            used,
            container("web", used, state="running", ended_at=None),
            *(
                image(f"y{n}", (f"y{n}", 9), tags=(f"y{n}:1",), built_at=NOW, tagged_at=NOW)
                for n in range(young)
            ),
            image("leftover", ("l", 9)),
            stopped(1, 9, 0),
        ],
    )
    kept = state.plan.draft.kept
    counted = next(text for text in strings(plan_message(state).blocks) if text.startswith("Stays: "))
    assert sum(map(int, re.findall(r"(?:^|, )(\d+) ", counted.removeprefix("Stays: ")))) == len(kept)
    lines = said(whole_view(state)).splitlines()
    for one in kept:
        assert any(f"`{one.name}`" in line and plain(one.rule, 240) in line for line in lines), one


@given(went=st.sets(st.integers(0, 5), min_size=1, max_size=6))
@settings(deadline=None, max_examples=30)
def test_what_changed_since_it_was_proposed(went: set[int]) -> None:
    state = state_of(planned("everything", [stopped(n, 9 + n, 0) for n in range(5)]).plan.draft)
    state = replace(
        state,
        went_with=dict.fromkeys(sorted(went), "pm38xk2vqh"),
        items=tuple(ItemState(position=n, item=one) for n, one in enumerate(state.plan.draft.items)),
    )
    left = [one.name for n, one in enumerate(state.plan.draft.items) if n not in went]
    message = plan_message(state)
    rest = f"in {len(left)} object{'' if len(left) == 1 else 's'} is left." if left else "nothing is left."
    for shown in (said(message.blocks), message.text):
        assert f"{len(went)} went with plan `pm38xk2vqh`: " in shown
        assert rest in shown
    assert ("Approve" in list(strings(message.blocks))) is bool(left)
