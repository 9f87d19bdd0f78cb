"""Telling, on a real database: of all replicas one tells, once, whom the policy and their own wish say; in its time."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.audit import facts
from bot.core.audit.events import Tag
from bot.core.docker.usage import DiskSpace, DiskUsage, LastLook
from bot.core.errors import ChatError, ChatRefusedError
from bot.core.life.states import PlanState, Status
from bot.core.plan.plan import Person
from bot.core.rules.on_call import OnCall
from bot.core.rules.policy import Policy, Tell
from bot.core.rules.telling import Notice, Wish, Wished, asked_name
from bot.core.rules.windows import Windows, parse_window
from bot.ports import Change
from bot.store.opening import Store
from tests.services.watch.teller import (
    HALF,
    HEAD,
    MINUTE,
    OPS,
    PLAN,
    Chat,
    Clock,
    DiesError,
    Replica,
    policy,
    with_a_plan,
)
from tests.slack.states import proposed

pytestmark = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def events(store: Store, tag: Tag) -> int:
    return sum(link.event.tag is tag for link in store.audit.events(PLAN))


# --- once ---------------------------------------------------------------------------------------


def test_of_two_replicas_one_tells_each_notice_and_never_twice(
    open_another: Callable[[], Store], clock: Clock
) -> None:
    rule = policy(Tell.DIRECT, escalate_to=(HEAD, "C0BOSS"), escalate_after=20 * MINUTE)
    stores = [with_a_plan(open_another()), open_another()]
    replicas = [Replica(each, clock, rule, name=str(n)) for n, each in enumerate(stores)]
    for span in (timedelta(), HALF, HALF / 2):
        clock.moment += span + timedelta(seconds=1)
        for _ in range(3):
            for each in replicas:
                each.tell()
                each.clock.moment += timedelta(seconds=1)
    told = sorted(word for each in replicas for word in each.chat.told)
    assert told == [
        "called U0BOB", "called U0CYD", "escalated C0BOSS", "escalated U0HEAD", "reminded U0BOB", "reminded U0CYD",
    ]  # fmt: skip
    again = Replica(stores[0], clock, rule)  # the process is started anew
    assert again.later(timedelta(seconds=9)) == []
    tags = (Tag.PLAN_CALLED, Tag.PLAN_REMINDED, Tag.PLAN_ESCALATED)
    assert [events(stores[0], tag) for tag in tags] == [1, 1, 1]


@pytest.mark.parametrize("sent", [0, 1])
def test_what_a_replica_leaves_that_dies_between_the_intent_and_the_telling_another_tells(
    a_store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch, sent: int
) -> None:
    monkeypatch.setattr("bot.services.watch.telling.SENDING", timedelta())  # its lease ends at once

    class Dies(Chat):
        def call_person(self, state: PlanState, notice: Notice, person: str, by: str = "") -> None:
            if len(self.told) == sent:
                raise DiesError
            super().call_person(state, notice, person, by)

    killed = Replica(a_store, clock, policy(Tell.DIRECT), chat=Dies(), name="killed")
    with pytest.raises(DiesError):
        killed.tell()
    assert events(a_store, Tag.PLAN_CALLED) == 1, "the intent was written"
    other = Replica(a_store, clock, policy(Tell.DIRECT), name="other")
    assert sorted([*killed.chat.told, *other.later(MINUTE)]) == ["called U0BOB", "called U0CYD"]
    assert events(a_store, Tag.PLAN_CALLED) == 1


def test_while_slack_cannot_be_reached_it_tries_again_and_what_slack_refuses_is_over(
    a_store: Store, clock: Clock
) -> None:
    one = Replica(a_store, clock, policy())
    one.chat.error = ChatError("Slack could not be reached.")
    one.later(HALF + MINUTE, MINUTE)
    one.chat.error = None
    assert one.later(timedelta(), MINUTE) == ["reminded thread U0BOB U0CYD"]


def test_one_who_cannot_be_written_to_holds_up_nobody(a_store: Store, clock: Clock) -> None:
    class Refuses(Chat):
        def call_person(self, state: PlanState, notice: Notice, person: str, by: str = "") -> None:
            if person == "U0BOB":
                raise ChatRefusedError("cannot_dm_bot")
            super().call_person(state, notice, person, by)

    assert Replica(a_store, clock, policy(Tell.DIRECT), chat=Refuses()).later(MINUTE, MINUTE) == [
        "called U0CYD"
    ]


def test_a_plan_that_was_decided_or_that_nobody_wants_to_be_reminded_of_is_left_alone(
    a_store: Store, clock: Clock
) -> None:
    assert Replica(a_store, clock, policy(), after=1).later(HALF + MINUTE) == []
    one, rejected = (
        Replica(a_store, clock, policy(Tell.DIRECT)),
        facts.event(Tag.PLAN_REJECTED, proposed().plan),
    )
    a_store.plans.change(PLAN, lambda *_: Change(status=Status.REJECTED, events=(rejected,), decided=True))
    assert one.later(HALF + MINUTE) == []


def test_where_no_process_ran_in_time_once_is_enough(a_store: Store, clock: Clock) -> None:
    assert Replica(a_store, clock, policy(Tell.DIRECT)).later(HALF + MINUTE) == [
        "reminded U0BOB",
        "reminded U0CYD",
    ]


# --- whom ---------------------------------------------------------------------------------------


def duty(*weeks: str) -> Mapping[str, OnCall]:
    begins = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=1)
    return {"ops": OnCall(name="ops", weeks=tuple(tuple(week.split()) for week in weeks), begins=begins)}


@pytest.mark.parametrize(
    ("rule", "wishes", "told"),
    [
        (policy(), {}, []),
        (policy(Tell.CHANNEL), {}, []),  # its message mentions them
        (policy(Tell.DIRECT), {}, ["called U0BOB", "called U0CYD"]),
        (policy(Tell.DIRECT, self_approval=True), {}, ["called U0ANN", "called U0BOB", "called U0CYD"]),
        (policy(Tell.DIRECT, approve=(OPS, "U0CYD")), {}, ["called U0BOB", "called U0CYD", "called U0EVE"]),
        (policy(Tell.DIRECT, approve=("*",)), {}, []),  # all is nobody in particular
        # their own wish
        (policy(Tell.DIRECT), {"U0BOB": Wish.CHANNEL}, ["called U0CYD", "called thread U0BOB"]),
        (policy(Tell.DIRECT), {"U0BOB": Wish.DIGEST}, ["called U0CYD"]),
        (policy(), {"U0BOB": Wish.DIRECT}, ["called U0BOB"]),
        (policy(approve=("*",)), {"U0EVE": Wish.DIRECT, "U0ANN": Wish.DIRECT}, ["called U0EVE"]),
        (policy(), {"U0EVE": Wish.DIRECT}, []),  # who may not decide is not told
        # who is on call
        (policy(Tell.ON_CALL, on_call="ops"), {}, ["called U0CYD"]),
        (policy(Tell.ON_CALL, on_call="ops"), {"U0CYD": Wish.CHANNEL}, ["called thread U0CYD"]),
        (policy(Tell.ON_CALL, on_call="ops"), {"U0CYD": Wish.DIGEST}, ["called U0CYD"]),  # that is a duty
        (policy(Tell.ON_CALL, on_call="S0DUTY", approve=(OPS,)), {}, ["called U0EVE"]),
        (policy(Tell.ON_CALL, on_call="S0DUTY"), {}, ["called thread U0BOB U0CYD"]),  # who is may not decide
    ],
)  # fmt: skip
def test_who_is_told_of_a_new_plan(
    a_store: Store, clock: Clock, rule: Policy, wishes: Mapping[str, Wish], told: Iterable[str]
) -> None:
    for person, wish in wishes.items():
        a_store.people.choose(Wished(person=person, wish=wish))
    one = Replica(a_store, clock, rule, on_call=duty("U0CYD U0NOBODY", "U0BOB"))
    assert sorted(one.later(MINUTE)) == sorted(told)


@pytest.mark.parametrize(
    ("rule", "wishes", "mentioned"),
    [
        (policy(), {}, set()),
        (policy(Tell.CHANNEL, approve=(OPS, "U0CYD", "U0ANN", "C0OPS")), {}, {OPS, "U0CYD"}),
        (policy(Tell.CHANNEL), {"U0BOB": Wish.DIRECT, "U0CYD": Wish.DIGEST}, set()),
        (policy(Tell.CHANNEL, quiet=Windows(windows=(parse_window("00:00-23:59"), parse_window("23:30-00:30")))), {},
         set()),
    ],
)  # fmt: skip
def test_whom_a_new_message_mentions(
    a_store: Store, clock: Clock, rule: Policy, wishes: Mapping[str, Wish], mentioned: set[str]
) -> None:
    for person, wish in wishes.items():
        a_store.people.choose(Wished(person=person, wish=wish))
    state = a_store.plans.get(PLAN)
    assert state is not None
    assert Replica(a_store, clock, rule).whom.mentioned(state) == mentioned


# --- quiet hours --------------------------------------------------------------------------------


def for_ten_minutes() -> Windows:
    """Quiet until ten minutes from now."""
    now = datetime.now(UTC)
    return Windows(windows=(parse_window(f"{now - HALF:%H:%M}-{now + 10 * MINUTE:%H:%M}"),))


def test_what_quiet_hours_hold_back_is_told_at_their_end_once(a_store: Store, clock: Clock) -> None:
    quiet = for_ten_minutes()
    one = Replica(
        a_store, clock, policy(Tell.DIRECT, quiet=quiet), after=0.2
    )  # the reminder falls into them too
    assert one.later(timedelta(), 5 * MINUTE, 3 * MINUTE) == []
    assert one.later(3 * MINUTE, MINUTE, 10 * MINUTE) == ["called U0BOB", "called U0CYD"]


def test_a_message_of_quiet_hours_mentions_nobody_and_its_thread_does_at_their_end(
    a_store: Store, clock: Clock
) -> None:
    one = Replica(a_store, clock, policy(Tell.CHANNEL, quiet=for_ten_minutes()), after=1)
    assert one.later(MINUTE) == []
    assert one.later(11 * MINUTE, MINUTE) == ["called thread U0BOB U0CYD"]


def test_a_disk_that_is_nearly_full_does_not_wait_for_the_morning(a_store: Store, clock: Clock) -> None:
    usage, full = DiskUsage(rows=()), DiskSpace(size=100, free=3)
    a_store.ledger.remember_look("prod-3", LastLook(at=clock.now(), usage=usage, disk=full))
    one = Replica(a_store, clock, policy(Tell.DIRECT, quiet=for_ten_minutes()))
    assert one.later(timedelta()) == ["called U0BOB", "called U0CYD"]


# --- who was asked by somebody ------------------------------------------------------------------


def test_who_was_asked_is_told_once_that_is_in_the_audit(a_store: Store, clock: Clock) -> None:
    one, other = (Replica(a_store, clock, policy(), name=name) for name in ("one", "other"))
    a_store.notices.intend(asked_name(PLAN, "U0CYD"))
    assert [*one.later(MINUTE), *other.later(MINUTE)] == [], "whoever wrote the intent has not asked yet"
    cyd = Person(id="U0CYD", name="cyd")
    a_store.trail.record(facts.event(Tag.PLAN_HANDED, proposed().plan, Person(id="U0BOB"), asked=cyd.id))
    assert [*one.later(MINUTE), *other.later(MINUTE, MINUTE)] == ["asked U0CYD for U0BOB"]


def test_who_was_asked_about_a_plan_that_was_decided_since_is_left_alone(
    a_store: Store, clock: Clock
) -> None:
    a_store.notices.intend(asked_name(PLAN, "U0CYD"))
    plan = proposed().plan
    a_store.trail.record(facts.event(Tag.PLAN_HANDED, plan, Person(id="U0BOB"), asked="U0CYD"))
    rejected = facts.event(Tag.PLAN_REJECTED, plan)
    a_store.plans.change(PLAN, lambda *_: Change(status=Status.REJECTED, events=(rejected,), decided=True))
    assert Replica(a_store, clock, policy()).later(MINUTE) == []
    assert a_store.notices.open() == ()
