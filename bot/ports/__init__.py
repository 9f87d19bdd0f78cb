"""What the services need from the world, as Protocols. The adapters implement them; ``app`` wires them."""

from bot.ports.audit import Audit, Ledger, Restores
from bot.ports.chat import Chat, Clock, Directory
from bot.ports.engine import CACHE_BATCH, Engine, Engines, HeldEngine
from bot.ports.records import (
    HAS_VOTES,
    Change,
    Cleanup,
    OpenPlan,
    Replaced,
    RestoreRun,
    Run,
    Tick,
    Timer,
    Trouble,
)
from bot.ports.store import Store

__all__ = [
    "CACHE_BATCH",
    "HAS_VOTES",
    "Audit",
    "Change",
    "Chat",
    "Cleanup",
    "Clock",
    "Directory",
    "Engine",
    "Engines",
    "HeldEngine",
    "Ledger",
    "OpenPlan",
    "Replaced",
    "RestoreRun",
    "Restores",
    "Run",
    "Store",
    "Tick",
    "Timer",
    "Trouble",
]
