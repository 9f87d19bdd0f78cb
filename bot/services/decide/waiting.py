"""Waiting: how many plans may wait for a decision, so that nobody buries the plans of others."""

from collections.abc import Iterable

from bot.core.errors import RefusedError
from bot.core.life.states import Status
from bot.ports import OpenPlan

OF_A_PERSON, OF_A_HOST = 10, 50
"""On one host."""


def check_room(plans: Iterable[OpenPlan], host: str, requester_id: str) -> None:
    """Raise RefusedError where so many plans wait on a host, or so many of this person, that no more is made."""
    waiting = [plan for plan in plans if plan.host == host and plan.status is Status.PROPOSED]
    yours = sum(plan.requester_id == requester_id for plan in waiting)
    if yours >= OF_A_PERSON:
        raise RefusedError(
            f"{yours} plans of yours wait for their decision on {host} already. Have some decided, reject or adjust "
            "one, or wait until they expire; then ask again."
        )
    if len(waiting) >= OF_A_HOST:
        raise RefusedError(
            f"{len(waiting)} plans wait for their decision on {host} already. Ask again when some are decided."
        )
