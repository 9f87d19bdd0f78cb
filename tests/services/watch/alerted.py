"""A fleet that is sampled by a clock of the test, and a chat that remembers what was told of it."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bot.core.audit.events import Event, Tag
from bot.core.errors import ChatError, MessageGoneError
from bot.core.life.states import MessageRef
from bot.core.plan.plan import Person
from bot.core.rules.alerting import Alerting
from bot.core.watch.pressure.alert import Alert
from bot.core.watch.pressure.lines import Bounds, Line, Lines
from bot.core.watch.pressure.notice import Step
from bot.ports import Noticed
from bot.services.rules.rights import Rights
from bot.services.watch.acting import Acting
from bot.services.watch.alerting import TellAlerts
from bot.store.opening import Store
from tests.services.watch.sampled import GB, QUARTER, Engines, Pretended, Replica, registered
from tests.support.people import NoGroups

ANN = Person(id="U0ANN", name="ann")
LINES = Lines(
    warn=Bounds(at=Line(share=0.9), clears=Line(share=0.8)),
    critical=Bounds(at=Line(share=0.98), clears=Line(share=0.9)),
    unreachable=timedelta(minutes=30),
)
ALERTS = Alerting(channel="C0OPS", lines=LINES)
HOUR = timedelta(hours=1)
both = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@dataclass
class Chat:
    """Implements ``bot.ports.AlertChat``: it remembers what was told."""

    posts: list[Noticed] = field(default_factory=list)
    edits: list[Noticed] = field(default_factory=list)
    said: list[tuple[Step, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    """The step, the hosts, and to whom."""
    away: bool = False
    gone: bool = False

    def post_alerts(self, noticed: Noticed, _now: datetime) -> MessageRef:
        self._there()
        self.posts.append(noticed)
        return MessageRef(channel=noticed.notice.channel, ts=f"{len(self.posts)}.0", permalink="https://x/1")

    def update_alerts(self, noticed: Noticed, _now: datetime) -> None:
        self._there()
        if self.gone:
            self.gone = False
            raise MessageGoneError("it was deleted")
        self.edits.append(noticed)

    def say_of_alerts(self, noticed: Noticed, step: Step, to: Sequence[str], _now: datetime) -> None:
        self._there()
        self.said.append((step, tuple(alert.host for alert in noticed.alerts), tuple(to)))

    def _there(self) -> None:
        if self.away:
            raise ChatError("Slack is away")

    @property
    def steps(self) -> list[Step]:
        return [step for step, *_ in self.said]


@dataclass
class Watched:
    """A fleet that is sampled and told of by one replica."""

    store: Store
    alerts: Alerting = ALERTS
    names: tuple[str, ...] = ("prod-1",)
    engines: Engines = field(default_factory=Engines)
    chat: Chat = field(default_factory=Chat)

    def __post_init__(self) -> None:
        hosts = registered(list(self.names), alerts=self.alerts)
        clock = Pretended(self.store.ledger.now() - timedelta(days=300))
        self.clock = clock
        self.replica = Replica(self.store, self.engines, hosts, clock)
        ids = itertools.count(1)
        self.telling = TellAlerts(
            hosts=lambda: self.replica.hosts, alerts=self.store.alerts, chat=self.chat, clock=clock, owner="a",
            new_id=lambda: f"n{next(ids)}", forget_unwatched=self.replica.pressure.forget_unwatched,
        )  # fmt: skip
        self.acting = Acting(
            hosts=lambda: self.replica.hosts,
            rights=Rights(directory=NoGroups(), record=self.store.trail.record_refusal),
            alerts=self.store.alerts, clock=clock, changed=lambda: None,
        )  # fmt: skip

    def go_on(self, times: int = 1, used: int | None = None, after: timedelta = QUARTER) -> None:
        """So many intervals: each host is looked at, then people are told."""
        if used is not None:
            self.engines.used = used * GB
        for _ in range(times):
            self.clock.at += after
            self.replica.look()
            self.telling()
            self.clock.at += timedelta(seconds=40)
            self.telling()

    def open(self, host: str = "prod-1") -> Alert | None:
        return next((alert for _, alert in self.store.alerts.open_on(host)), None)

    def events(self, *tags: Tag) -> list[Event]:
        return [link.event for link in self.store.audit.events("") if link.event.tag in tags]
