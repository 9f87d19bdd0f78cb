"""The part of the wiring that only looks: what the bot and the shell share, without Slack."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

from bot.config import Settings
from bot.core.hosts import Hosts
from bot.core.policy import Policy
from bot.engines.registry import DockerEngines
from bot.ports import Store
from bot.services.fleet import FLEET_THREADS, Fleet
from bot.services.lanes import Lane
from bot.services.planning import Planning


class SystemClock:
    """Implements ``bot.ports.Clock``."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def make_planning(
    settings: Settings, engines: DockerEngines, store: Store, hosts: Callable[[], Hosts] | None = None
) -> Planning:
    """Plan as the settings say; ``hosts`` gives those of now, where they may change."""

    def policy_of(host: str) -> Policy | None:
        registered = (hosts() if hosts else settings.hosts).by_name.get(host)
        return registered.policy if registered else None

    return Planning(
        engines=engines, ledger=store, protection=settings.protection, profiles=settings.profiles,
        policy_of=policy_of,
    )  # fmt: skip


def make_fleet(engines: DockerEngines, closing: ExitStack, store: Store | None = None) -> Fleet:
    """Make the gatherer of fleets, which ends with ``closing``."""
    lane = Lane("fleet", FLEET_THREADS)
    closing.callback(lane.close, drop=True)
    closing.callback(engines.close)  # before the lane: what is still being asked then ends at once
    return Fleet(engines=engines, pool=lane, clock=SystemClock(), ledger=store)
