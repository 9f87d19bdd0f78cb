"""A board of hosts: how each stands by what was seen of it last; no host is asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.docker.usage import LastLook
from bot.core.watch.forecast import Forecast
from bot.core.watch.outlook import Outlook
from bot.core.watch.pressure.alert import Alert
from bot.ports import Alerts, Clock, Ledger, Samples

STALE = timedelta(hours=1)
"""What was seen longer ago is said to be old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One host."""

    host: str
    look: LastLook | None = None
    """What it showed the last time, to sampling, to people or to a cleanup; None: nobody has looked."""
    forecast: Forecast | None = None
    lasts: str = ""
    """``12 days left``; empty where nothing can be told."""
    alerts: tuple[Alert, ...] = ()
    """Those that are open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    at: datetime
    """By the database's clock."""
    lines: tuple[Line, ...]
    """Those whose disks are full first before all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostBoard:
    ledger: Ledger
    samples: Samples
    alerts: Alerts
    clock: Clock

    def __call__(self, hosts: Sequence[str]) -> Shown:
        """How these stand now. StoreUnavailableError."""
        now = self.clock.now()
        looks, board = self.ledger.last_looks(hosts), self.alerts.board()
        outlook = Outlook(forecasts=self.samples.forecasts(hosts), now=now)
        every = [*board.waiting, *(alert for each in board.noticed for alert in each.alerts)]
        lines = [
            Line(
                host=host, look=looks.get(host), forecast=outlook.forecasts.get(host), lasts=outlook.words(host),
                alerts=tuple(_open(every, host)),
            )
            for host in sorted(hosts, key=outlook.left)
        ]  # fmt: skip
        return Shown(at=now, lines=tuple(lines))


def _open(alerts: Iterable[Alert], host: str) -> Iterable[Alert]:
    """Those of a host, the worst first."""
    found = {alert.id: alert for alert in alerts if alert.host == host and alert.is_open}
    return sorted(found.values(), key=lambda alert: (-alert.level.rank, alert.kind))
