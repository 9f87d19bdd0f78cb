"""What the services need from the world, as Protocols. The adapters implement them; ``app`` wires them.

Of the database there is a port a use. Each of their methods is one transaction, and may raise StoreUnavailableError.
"""

from bot.core.audit.review import Cleanup
from bot.ports.audit import Audit, Trail
from bot.ports.chat import BatchChat, Callers, Chat, Clock, Directory, FleetChat, Heads, Teller
from bot.ports.claims import Claim, Claims
from bot.ports.engine import CACHE_BATCH, Engine, Engines, HeldEngine
from bot.ports.fleets import FleetChange, Fleets, NewPlan
from bot.ports.ledger import Ledger
from bot.ports.messages import Batches, Messages
from bot.ports.metrics import NO_METRICS, Counted, Figures, Metrics
from bot.ports.notices import Notices, People, Taking
from bot.ports.plans import HAS_VOTES, Change, OpenPlan, Plans, Replaced
from bot.ports.restores import RestoreRun, Restores
from bot.ports.runs import Run, Runs
from bot.ports.store import Store
from bot.ports.timers import Tick, Timer, Timers, Trouble
from bot.ports.watch.alerts import AlertChat, Alerts, Board, Noticed
from bot.ports.watch.samples import Samples, Taken

__all__ = [
    "CACHE_BATCH",
    "HAS_VOTES",
    "NO_METRICS",
    "AlertChat",
    "Alerts",
    "Audit",
    "BatchChat",
    "Batches",
    "Board",
    "Callers",
    "Change",
    "Chat",
    "Claim",
    "Claims",
    "Cleanup",
    "Clock",
    "Counted",
    "Directory",
    "Engine",
    "Engines",
    "Figures",
    "FleetChange",
    "FleetChat",
    "Fleets",
    "Heads",
    "HeldEngine",
    "Ledger",
    "Messages",
    "Metrics",
    "NewPlan",
    "Noticed",
    "Notices",
    "OpenPlan",
    "People",
    "Plans",
    "Replaced",
    "RestoreRun",
    "Restores",
    "Run",
    "Runs",
    "Samples",
    "Store",
    "Taken",
    "Taking",
    "Teller",
    "Tick",
    "Timer",
    "Timers",
    "Trail",
    "Trouble",
]
