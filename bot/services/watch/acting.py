"""Acting: what people do about alerts: they let one sleep, wake it, and ask for the plan that ends it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from bot.core.audit import alerts as facts
from bot.core.audit.events import Event
from bot.core.errors import RefusedError
from bot.core.plan.plan import Person
from bot.core.rules.alerting import NO_ALERTS
from bot.core.rules.hosts import Hosts
from bot.core.rules.policy import Right
from bot.core.watch.pressure.alert import Alert, Answer, Kind, Snooze
from bot.ports import Alerts, Clock, Noticed
from bot.services.rules.rights import Rights
from bot.services.rules.visible import Door

MORNING = time(9)
GONE = "This alert is not in the database of this Deckhand any more, or it is over. Nothing was changed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Who may ask for cleanups on a host may say who hears of its alerts."""

    hosts: Callable[[], Hosts]
    rights: Rights
    alerts: Alerts
    clock: Clock
    changed: Callable[[], None]
    """Called when a message has something new to show."""

    def open_for(self, notice: str, person: Person, channel: str) -> Noticed:
        """A message with those of its open alerts on which this person may act.

        RefusedError, or UnknownHostError for hosts that they may not know of, where there are none.
        """
        found = self.alerts.noticed(notice)
        alerts = [alert for alert in found.alerts if alert.is_open] if found else []
        if found is None or not alerts:
            raise RefusedError(GONE)
        door = Door(
            hosts=self.hosts(), rights=self.rights, person=person, channel=channel, right=Right.REQUEST
        )
        mine = [alert for alert in alerts if alert.host in door.open_hosts().by_name]
        if not mine:
            door.host(alerts[0].host)  # which says why not
        return replace(found, alerts=tuple(mine))

    def snooze(  # noqa: PLR0913 - who, what, for how long and why
        self, notice: str, person: Person, channel: str, *, hours: float | None, tomorrow: bool, why: str
    ) -> None:
        """Let the alerts of a message sleep: for so many hours, until tomorrow at 9:00, or until they are over."""
        mine, now = self.open_for(notice, person, channel), self.clock.now()

        def snoozed(alert: Alert) -> Alert:
            until = now + timedelta(hours=hours) if hours is not None else None
            until = self._tomorrow(alert.host, now) if tomorrow else until
            return replace(
                alert,
                snoozed=Snooze(
                    until=until, by=person.id, by_name=person.name, why=why, at=now, level=alert.level
                ),
            )

        def event(alert: Alert) -> Event:
            assert alert.snoozed is not None  # noqa: S101 - it was given just now
            return facts.snoozed(alert, alert.snoozed)

        self._act(mine, snoozed, event)

    def wake(self, notice: str, person: Person, channel: str) -> None:
        """Let the alerts of a message be heard again."""
        mine = self.open_for(notice, person, channel)
        self._act(
            mine,
            lambda alert: replace(alert, snoozed=None),
            lambda alert: facts.woken(alert, person.id, person.name),
        )

    def causes(self, host: str) -> tuple[str, ...]:
        """The lines that the disk of a host has reached, by what is open; RefusedError where it is over."""
        pressing = [alert for _, alert in self.alerts.open_on(host) if alert.kind is Kind.PRESSURE]
        if not pressing:
            raise RefusedError(GONE)
        return tuple(cause for alert in pressing for cause in alert.causes)

    def answer(self, host: str, person: Person, what: str) -> None:
        """Remember that somebody acted on the open alerts of a host; whether they may was asked by what they did."""
        answer = Answer(by=person.id, by_name=person.name, at=self.clock.now(), what=what)
        for notice, alert in self.alerts.open_on(host):
            if notice and alert.kind is Kind.PRESSURE and alert.answered is None:
                self.alerts.act(
                    notice,
                    [alert.id],
                    lambda one: replace(one, answered=answer),
                    lambda one: facts.answered(one, answer),
                )
        self.changed()

    def _act(self, mine: Noticed, change: Callable[[Alert], Alert], tell: Callable[[Alert], Event]) -> None:
        if not self.alerts.act(mine.notice.id, [alert.id for alert in mine.alerts], change, tell):
            raise RefusedError(GONE)
        self.changed()

    def _tomorrow(self, host: str, now: datetime) -> datetime:
        """Tomorrow at 9:00 by the clock on the wall there."""
        registered = self.hosts().by_name.get(host)
        zone = (registered.alerts if registered else NO_ALERTS).quiet.zone
        wall = now.astimezone(zone) + timedelta(days=1)
        return datetime.combine(wall.date(), MORNING, zone).astimezone(now.tzinfo)
