"""Why a disk is full: one look at a host with all that is known of its past, part by part."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from bot.core.docker.logs import NOT_KNOWN, Logs
from bot.core.errors import HostError, StoreUnavailableError
from bot.core.watch.forecast import WINDOW, Forecast
from bot.core.watch.whole.disk import Seen, WholeDisk, whole_disk
from bot.ports import Engines
from bot.services.look.planning import HostReport, Planning
from bot.services.watch.histories import Histories, History


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What holds a host's disk."""

    report: HostReport
    whole: WholeDisk
    forecast: Forecast | None
    now: datetime
    """By the engine's clock: when it was looked at."""

    @property
    def host(self) -> str:
        return self.report.host


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyFull:
    planning: Planning
    engines: Engines
    histories: Histories

    def __call__(self, host: str) -> Answer:
        """Look at a host, and at its past as far as it is known. HostError, UnknownHostError."""
        report = self.planning.report(host)
        past = self._past(host)
        forecast = past.forecast if past else None
        seen = Seen(
            survey=report.survey, offers=report.offers, logs=self._logs(host), samples=past.samples if past else (),
            rates=forecast.kinds if forecast and forecast.enough else {},
        )  # fmt: skip
        return Answer(
            report=report, whole=whole_disk(seen), forecast=forecast, now=report.survey.inventory.taken_at
        )

    def _logs(self, host: str) -> Logs:
        """Nothing where the engine does not tell: the rest is worth reading without it."""
        with suppress(HostError):
            return self.engines.connect(host).logs()
        return NOT_KNOWN

    def _past(self, host: str) -> History | None:
        with suppress(StoreUnavailableError):
            return self.histories.of(host, WINDOW)
        return None
