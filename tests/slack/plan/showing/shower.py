"""What shows plans, on a clock of the test's own."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.audit.events import Event, Tag
from bot.core.life.states import MessageRef, PlanState, Status
from bot.ports import Change
from bot.services.work.show import Show
from bot.store.opening import Store
from bot.trial.workspace import Workspace
from tests.slack.states import proposed


@dataclass
class Clock:
    moment: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_time(self, span: timedelta) -> None:
        self.moment += span


@dataclass(frozen=True, kw_only=True)
class Shower:
    workspace: Workspace
    store: Store
    show: Show
    clock: Clock

    def create(self, state: PlanState | None = None) -> PlanState:
        plan = (state or proposed()).plan
        return self.store.plans.create(plan, 1, MessageRef(channel="C0OPS"), event(Tag.PLAN_PROPOSED))

    def become(self, status: Status) -> None:
        self.store.plans.change(
            "k7m2p9wxyz",
            lambda _state, _now: Change(status=status, events=(event(TAGS[status]),), decided=True),
        )

    @property
    def text(self) -> str:
        (message,) = self.workspace.messages()
        return message.text

    def updates(self) -> int:
        return len(self.workspace.calls("chat.update"))


TAGS = {
    Status.APPROVED: Tag.PLAN_APPROVED, Status.REJECTED: Tag.PLAN_REJECTED, Status.EXPIRED: Tag.PLAN_EXPIRED,
    Status.CANCELLED: Tag.PLAN_CANCELLED, Status.SUPERSEDED: Tag.PLAN_SUPERSEDED,
}  # fmt: skip


def event(tag: Tag = Tag.PLAN_APPROVED) -> Event:
    return Event(tag=tag, plan="k7m2p9wxyz", host="prod-3")
