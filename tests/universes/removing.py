"""Removing what a plan lists, without a run around it."""

import time

from bot.core.docker.inventory import Kind
from bot.core.life.states import ItemState
from bot.core.plan.plan import Draft
from bot.engines.held import HeldDockerEngine
from bot.services.run.removal import Removal


def removed(engine: HeldDockerEngine, plan: Draft) -> list[ItemState]:
    """How each item ended: all of them in their order, as in a cleanup."""
    removal = Removal(
        engine=engine, draft=plan, before_effect=lambda: None, untagging=lambda *_: None, pause=lambda _: None,
        ticks=time.monotonic, rules=lambda _item: None,
    )  # fmt: skip
    states = [ItemState(position=number, item=one) for number, one in enumerate(plan.items)]
    cache = [state for state in states if state.item.kind is Kind.BUILD_CACHE]
    ended: list[ItemState] = []
    for state in states:
        if state.item.kind is not Kind.BUILD_CACHE:
            ended.append(removal.remove(state))
        elif state is cache[0]:
            ended.extend(removal.cache.remove(cache))
    removal.end()
    return ended
