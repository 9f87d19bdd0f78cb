"""Reminding, on a real database: one replica reminds of a plan, once, while it still waits."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.audit.events import Event, Tag
from bot.core.errors import ChatError, ChatRefusedError
from bot.core.life.states import MessageRef, PlanState, Status
from bot.ports import Change
from bot.services.watch.reminding import Reminding
from bot.store.opening import Store
from tests.slack.states import proposed

PLAN = "k7m2p9wxyz"
HALF = timedelta(minutes=15)
"""Of the time of that plan."""


@dataclass
class Channel:
    """A chat that keeps what it is told, or raises."""

    error: Exception | None = None
    reminded: list[str] = field(default_factory=list)

    def remind(self, state: PlanState) -> None:
        if self.error:
            raise self.error
        self.reminded.append(state.plan.id)


@dataclass
class Clock:
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.moment


@dataclass
class Replica:
    store: Store
    clock: Clock
    chat: Channel = field(default_factory=Channel)
    after: float = 0.5

    def __post_init__(self) -> None:
        self.remind = Reminding(
            plans=self.store.plans, trail=self.store.trail, chat=self.chat, clock=self.clock, after=self.after
        )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def replicas(open_another: Callable[[], Store], clock: Clock) -> tuple[Replica, Replica]:
    one, other = (Replica(store=open_another(), clock=clock) for _ in range(2))
    event = Event(tag=Tag.PLAN_PROPOSED, plan=PLAN, host="prod-3")
    one.store.plans.create(proposed().plan, 1, MessageRef(channel="C0OPS"), event)
    one.store.messages.shown(PLAN, 1, MessageRef(channel="C0OPS", ts="1.2"))
    return one, other


def test_of_two_replicas_one_reminds_and_never_twice(replicas: tuple[Replica, Replica], clock: Clock) -> None:
    for _ in range(3):
        for each in replicas:
            each.remind()
    assert [each.chat.reminded for each in replicas] == [[], []]
    clock.moment += HALF + timedelta(seconds=9)
    for _ in range(3):
        for each in replicas:
            each.remind()
    assert sorted(each.chat.reminded for each in replicas) == [[], [PLAN]]
    again = Replica(store=replicas[0].store, clock=clock)  # the process is started anew
    again.remind()
    assert again.chat.reminded == []


def test_while_slack_cannot_be_reached_it_tries_again_and_what_slack_refuses_is_over(
    replicas: tuple[Replica, Replica], clock: Clock
) -> None:
    one, _ = replicas
    clock.moment += HALF + timedelta(seconds=9)
    one.chat.error = ChatError("Slack could not be reached.")
    one.remind()
    one.chat.error = None
    one.remind()
    one.remind()
    assert one.chat.reminded == [PLAN]
    refused = Replica(store=one.store, clock=clock, chat=Channel(error=ChatRefusedError("not in channel")))
    refused.remind()
    assert refused.chat.reminded == []


def test_a_plan_that_was_decided_or_that_nobody_wants_to_be_reminded_of_is_left_alone(
    replicas: tuple[Replica, Replica], clock: Clock
) -> None:
    one, _ = replicas
    never = Replica(store=one.store, clock=clock, after=1)
    clock.moment += HALF + timedelta(seconds=9)
    never.remind()
    rejected = Event(tag=Tag.PLAN_REJECTED, plan=PLAN, host="prod-3")
    one.store.plans.change(PLAN, lambda *_: Change(status=Status.REJECTED, events=(rejected,), decided=True))
    one.remind()
    assert (never.chat.reminded, one.chat.reminded) == ([], [])
