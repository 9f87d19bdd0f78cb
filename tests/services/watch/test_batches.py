"""Batches of several replicas on one database: one message however many run, and none is lost with its process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bot.core.audit.events import Event, Tag
from bot.core.errors import ChatError, ChatRefusedError
from bot.core.life.batches import Batch, Entry, Line, in_order
from bot.core.life.states import MessageRef, Status
from bot.ports import Change
from bot.services.work.batches import LINES, ShowBatches
from bot.services.work.budget import Budget
from bot.store.opening import Store
from tests.store.samples import at_once, plan

NOW, MINUTE = timedelta(), timedelta(minutes=1)
NIGHTLY = "nightly 2026-11-26T03:00:00.000000Z"
both = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@dataclass
class Clock:
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.moment


@dataclass
class Channel:
    """A chat that keeps what it shows: each message's lines, by host and status."""

    error: Exception | None = None
    messages: dict[str, list[str]] = field(default_factory=dict)
    edits: int = 0

    def post_batch(self, batch: Batch, shown: Sequence[Entry], rest: Sequence[Line]) -> MessageRef:
        ts = f"1.{len(self.messages)}"
        self._show(ts, shown, rest)
        return MessageRef(channel=batch.place.channel, ts=ts)

    def update_batch(self, batch: Batch, shown: Sequence[Entry], rest: Sequence[Line]) -> None:
        self._show(batch.place.ts, shown, rest)
        self.edits += 1

    def _show(self, ts: str, shown: Sequence[Entry], rest: Sequence[Line]) -> None:
        if self.error:
            raise self.error
        told = [f"{entry.line.host} {entry.state.status}" for entry in shown]
        self.messages[ts] = told + ([f"{len(rest)} more"] if rest else [])


@dataclass
class Replica:
    store: Store
    channel: Channel
    clock: Clock

    def __post_init__(self) -> None:
        self.show = ShowBatches(
            plans=self.store.plans, batches=self.store.batches, audit=self.store.audit, chat=self.channel,
            clock=self.clock, budget=Budget(clock=self.clock),
        )  # fmt: skip

    def propose(self, host: str) -> None:
        event = Event(tag=Tag.PLAN_PROPOSED, plan=f"p-{host}", host=host)
        self.store.plans.create(plan(f"p-{host}", host), 1, MessageRef(channel="C0OPS"), event, batch=NIGHTLY)

    def reject(self, host: str) -> None:
        event = Event(tag=Tag.PLAN_REJECTED, plan=f"p-{host}", host=host)
        rejected = Change(status=Status.REJECTED, events=(event,), decided=True)
        self.store.plans.change(f"p-{host}", lambda *_: rejected)

    def later(self) -> None:
        self.clock.moment += MINUTE
        self.show()


@pytest.fixture
def replicas(open_another: Callable[[], Store]) -> tuple[Replica, Replica]:
    channel, clock = Channel(), Clock()
    one, other = (Replica(store=open_another(), channel=channel, clock=clock) for _ in range(2))
    return one, other


@both
def test_of_two_replicas_one_posts_it_when_it_is_complete_and_its_plans_by_themselves_nobody(
    replicas: tuple[Replica, Replica],
) -> None:
    one, other = replicas
    one.store.batches.begin(NIGHTLY, "nightly", "C0OPS", MINUTE)
    one.propose("b")
    one.propose("a")
    other.show()
    assert one.channel.messages == {}
    assert one.store.messages.unshown() == ()
    one.store.batches.complete(NIGHTLY)
    assert at_once([one.show, other.show, one.show, other.show]) == [None] * 4
    assert one.channel.messages == {"1.0": ["a proposed", "b proposed"]}
    one.reject("a")
    other.later()
    one.later()
    assert one.channel.messages == {"1.0": ["a rejected", "b proposed"]}
    assert one.channel.edits == 1, "what shows all has no edit to make"


@both
def test_who_comes_second_with_what_it_read_before_posts_nothing(
    replicas: tuple[Replica, Replica],
) -> None:
    one, other = replicas
    one.store.batches.begin(NIGHTLY, "nightly", "C0OPS", NOW)
    one.propose("a")
    one.propose("b")
    (read,) = one.store.batches.behind()
    other.show()
    one.show._look(read)
    assert one.channel.messages == {"1.0": ["a proposed", "b proposed"]}
    assert one.channel.edits == 0


@both
def test_one_whose_process_died_is_posted_by_another_once_its_time_is_up(
    replicas: tuple[Replica, Replica],
) -> None:
    one, other = replicas
    one.store.batches.begin(NIGHTLY, "nightly", "C0OPS", NOW)
    one.propose("a")
    one.propose("b")
    other.show()
    assert one.channel.messages == {"1.0": ["a proposed", "b proposed"]}
    one.propose("c")  # a host that answered late
    other.later()
    assert one.channel.messages == {"1.0": ["a proposed", "b proposed", "c proposed"]}


@both
def test_a_plan_that_somebody_opens_is_shown_as_any_other(replicas: tuple[Replica, Replica]) -> None:
    one, _ = replicas
    one.store.batches.begin(NIGHTLY, "nightly", "C0OPS", NOW)
    one.propose("a")
    one.propose("b")
    one.show()
    opened = at_once([partial(one.store.batches.open_plan, "p-a")] * 4)
    assert sorted(opened, key=str) == [False, False, False, True]
    assert one.store.messages.unshown() == ("p-a",)
    assert {line.plan_id: line.held for line in one.store.batches.lines(NIGHTLY)} == {
        "p-a": False,
        "p-b": True,
    }


@both
def test_when_every_plan_has_ended_and_is_shown_so_it_is_over_and_looked_at_no_more(
    replicas: tuple[Replica, Replica],
) -> None:
    one, _ = replicas
    one.store.batches.begin(NIGHTLY, "nightly", "C0OPS", NOW)
    for host in ("a", "b"):
        one.propose(host)
        one.reject(host)
    one.show()
    assert one.channel.messages == {"1.0": ["a rejected", "b rejected"]}
    assert one.store.batches.behind() == ()
    one.propose("c")
    one.later()
    assert one.channel.messages == {"1.0": ["a rejected", "b rejected", "c proposed"]}


@both
def test_passing_errors_are_tried_again_and_what_slack_refuses_is_shown_plan_by_plan(
    replicas: tuple[Replica, Replica],
) -> None:
    one, _ = replicas
    one.store.batches.begin(NIGHTLY, "nightly", "C0OPS", NOW)
    one.propose("a")
    one.propose("b")
    one.channel.error = ChatError("Slack could not be reached.")
    one.show()
    assert one.store.messages.unshown() == ()
    one.channel.error = ChatRefusedError("Slack answered not_in_channel.")
    one.later()
    assert set(one.store.messages.unshown()) == {"p-a", "p-b"}
    one.later()
    assert one.store.batches.behind() == ()


@both
def test_what_comes_to_nothing_is_forgotten_and_without_one_a_plan_is_as_any_other(
    replicas: tuple[Replica, Replica],
) -> None:
    one, _ = replicas
    one.store.batches.begin("nightly before", "nightly", "C0OPS", NOW)
    one.store.batches.complete("nightly before")
    one.store.batches.begin("nightly next", "nightly", "C0OPS", NOW)
    one.propose("a")
    assert one.store.messages.unshown() == ("p-a",)
    assert one.store.batches.lines(NIGHTLY) == ()


def test_of_more_plans_than_there_is_room_for_those_that_need_somebody_have_the_lines() -> None:
    def line(number: int, status: Status, *, attention: bool = False) -> Line:
        return Line(
            plan_id=f"p{number}", host=f"host-{number:03}", status=status, version=1, predicted=number, held=True,
            posted=False, permalink="", attention=attention,
        )  # fmt: skip

    ended = [line(number, Status.DONE) for number in range(40)]
    waiting = [line(number, Status.PROPOSED) for number in range(40, 60)]
    stuck = line(99, Status.RUNNING, attention=True)
    shown, rest = in_order([*ended, *waiting, stuck], LINES)
    assert len(shown) == LINES
    assert {*waiting, stuck} <= set(shown)
    assert list(shown) == sorted(shown, key=lambda each: each.host)
    assert {each.status for each in rest} == {Status.DONE}
