"""The part of the wiring that only looks: what the bot and the shell share, without Slack."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from bot.config import Settings
from bot.core.hosts import Hosts
from bot.core.policy import Policy
from bot.engines.registry import DockerEngines
from bot.ports import Store
from bot.services.clocks import Clocks
from bot.services.fleet import FLEET_THREADS, Fleet
from bot.services.lanes import Lane
from bot.services.planning import Planning


def process_now() -> datetime:
    """This machine's own clock: to be compared with the database's, and to compare no stored moment with."""
    return datetime.now(UTC)


class SteadyClock:
    """Implements ``bot.ports.Clock`` for what is measured and never stored: it does not jump when clocks are set."""

    def __init__(self) -> None:
        self._began, self._ticks = process_now(), time.monotonic()

    def now(self) -> datetime:
        return self._began + timedelta(seconds=time.monotonic() - self._ticks)


def make_planning(
    settings: Settings, engines: DockerEngines, store: Store, hosts: Callable[[], Hosts] | None = None
) -> Planning:
    """Plan as the settings say; ``hosts`` gives those of now, where they may change."""

    def policy_of(host: str) -> Policy | None:
        registered = (hosts() if hosts else settings.hosts).by_name.get(host)
        return registered.policy if registered else None

    return Planning(
        engines=engines, ledger=store, protection=settings.protection, profiles=settings.profiles,
        policy_of=policy_of, clocks=Clocks(store=store, process=process_now),
    )  # fmt: skip


def make_fleet(engines: DockerEngines, closing: ExitStack, store: Store | None = None) -> Fleet:
    """Make the gatherer of fleets, which ends with ``closing``."""
    lane = Lane("fleet", FLEET_THREADS)
    closing.callback(lane.close, drop=True)
    closing.callback(engines.close)  # before the lane: what is still being asked then ends at once
    return Fleet(engines=engines, pool=lane, clock=SteadyClock(), ledger=store)
