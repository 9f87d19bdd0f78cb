"""Pressure: what each look at a host makes of its alerts, where it has a channel for them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.core.rules.alerting import Alerting
from bot.core.rules.hosts import Hosts
from bot.core.watch.forecast import HORIZON, Forecast
from bot.core.watch.outlook import Outlook
from bot.core.watch.pressure.alert import Kind, Measured
from bot.core.watch.pressure.machine import given_up, looked
from bot.core.watch.samples import Sample
from bot.core.watch.words import OLD, full_words, kinds_words
from bot.ports import Alerts
from bot.services.watch.histories import Histories

NOBODY = "nobody watches it any more: the configuration says so"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure:
    hosts: Callable[[], Hosts]
    alerts: Alerts
    histories: Histories

    def saw(self, host: str, sample: Sample, engine: str) -> None:
        """A host has answered. StoreUnavailableError."""
        rules = self._rules(host)
        if rules.channel:
            seen = measured(sample, engine, self.histories.outlook([host]), host)
            self._look(host, Kind.PRESSURE, seen, rules)
            self._look(host, Kind.UNREACHABLE, seen, rules)

    def missed(self, host: str, why: str, at: datetime) -> None:
        """A host has not answered. StoreUnavailableError."""
        rules = self._rules(host)
        if rules.channel:
            self._look(host, Kind.UNREACHABLE, Measured(at=at, engine="", trouble=why), rules)

    def forget_unwatched(self, now: datetime) -> None:
        """End what is open of hosts that nobody watches any more. StoreUnavailableError."""
        board = self.alerts.board()
        every = [*board.waiting, *(alert for each in board.noticed for alert in each.alerts)]
        for alert in every:
            if alert.is_open and not self._rules(alert.host).channel:
                self.alerts.look(alert.host, alert.kind, partial(given_up, at=now, because=NOBODY))

    def _rules(self, host: str) -> Alerting:
        registered = self.hosts().by_name.get(host)
        return Alerting() if registered is None else registered.alerts

    def _look(self, host: str, kind: Kind, seen: Measured, rules: Alerting) -> None:
        self.alerts.look(host, kind, lambda before: looked(host, kind, before, seen, rules.lines))


def measured(sample: Sample, engine: str, outlook: Outlook, host: str) -> Measured:
    """What a sample and the forecast of its host say of its disk."""
    forecast = outlook.forecasts.get(host)
    counts = (
        forecast is not None and forecast.enough and forecast.size is not None
        and timedelta() <= sample.at - forecast.made_at <= OLD
    )  # fmt: skip
    return Measured(
        at=sample.at, engine=engine, size=sample.size, free=sample.free,
        inodes=sample.inodes, free_inodes=sample.free_inodes,
        left=_left(forecast, sample.at) if forecast and counts else None,
        lasts=full_words(forecast.unattended, forecast.filling, sample.at) if forecast and counts else "",
        grows=kinds_words(forecast) if forecast and counts else "",
    )  # fmt: skip


def _left(forecast: Forecast, now: datetime) -> timedelta:
    """How long the disk lasts; beyond the horizon where no date is told."""
    left = forecast.left(now)
    return HORIZON if left is None else left
