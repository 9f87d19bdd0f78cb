"""The one builder of drafts and plans for tests that need no engine to make them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.core.docker.inventory import EngineInfo
from bot.core.docker.usage import DiskUsage
from bot.core.plan.plan import Draft, Frees, Item, Kept, Person, Plan

NOTHING_READ = DiskUsage(rows=())


def draft_of(
    items: Iterable[Item],
    engine: EngineInfo,
    at: datetime,
    *,
    frees: Frees,
    profile: str = "routine",
    kept: Iterable[Kept] = (),
) -> Draft:
    return Draft(
        profile=profile, engine=engine, taken_at=at, items=tuple(items), kept=tuple(kept), frees=frees
    )


def plan_of(
    draft: Draft,
    requester: Person,
    *,
    plan_id: str = "p1",
    host: str = "prod-3",
    lasts: timedelta = timedelta(minutes=30),
    usage: DiskUsage = NOTHING_READ,
) -> Plan:
    """A plan that was made when its draft was, and waits for so long."""
    return Plan(
        id=plan_id,
        host=host,
        draft=draft,
        requester=requester,
        policy="production",
        profile_words="images: unused, at least 7 days old",
        commands=("docker image prune -a --filter until=168h",),
        created_at=draft.taken_at,
        expires_at=draft.taken_at + lasts,
        usage=usage,
    )
