"""The ports of a database, together."""

from typing import Protocol

from bot.ports.audit import Audit, Trail
from bot.ports.fleets import Fleets
from bot.ports.ledger import Ledger
from bot.ports.messages import Batches, Messages
from bot.ports.notices import Notices, People
from bot.ports.plans import Plans
from bot.ports.restores import Restores
from bot.ports.runs import Runs
from bot.ports.timers import Timers
from bot.ports.watch.alerts import Alerts
from bot.ports.watch.samples import Samples


class Store(Protocol):
    """The ports of one database, to be handed on to those who need one of them."""

    plans: Plans
    fleets: Fleets
    runs: Runs
    restores: Restores
    messages: Messages
    batches: Batches
    timers: Timers
    ledger: Ledger
    samples: Samples
    notices: Notices
    people: People
    alerts: Alerts
    trail: Trail
    audit: Audit
