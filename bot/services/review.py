"""Review: what the audit says, for people and for machines."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from bot.core.audit import ChainedEvent, Json, time_text
from bot.core.errors import RefusedError
from bot.core.hosts import Hosts
from bot.core.lifecycle import PlanState
from bot.core.plans import Person
from bot.core.policy import Right
from bot.ports import Cleanup, Store
from bot.services import facts
from bot.services.rights import Rights

CLEANUP_PREFIX = "cleanup:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    hosts: Callable[[], Hosts]
    rights: Rights
    store: Store

    def latest(
        self, person: Person, host_name: str | None, limit: int = 10, *, channel: str = ""
    ) -> tuple[Cleanup, ...]:
        """The latest cleanups of one host, or of all whose audit the person may read."""
        if host_name is not None:
            host = self.hosts().find(host_name)
            self.rights.require(host, Right.AUDIT, person, channel)
            return self.store.cleanups(hosts=[host.name], limit=limit)
        has = self.rights.has
        seen = [host.name for host in self.hosts().all() if has(host, Right.AUDIT, person, channel)]
        return self.store.cleanups(hosts=seen, limit=limit)


def find(store: Store, cleanup_id: str) -> PlanState:
    """The plan behind a cleanup's or a plan's id; RefusedError when there is none."""
    state = store.plan(cleanup_id.removeprefix(CLEANUP_PREFIX))
    if state is None:
        raise RefusedError(f"There is no cleanup or plan “{cleanup_id}”. deckhand audit list shows the ids.")
    return state


def cleanup_json(cleanup: Cleanup) -> dict[str, Json]:
    """One line of ``deckhand audit list --json``."""
    plain: dict[str, Json] = asdict(cleanup)
    plain["approved_by"] = list(cleanup.approved_by)
    plain["started_at"] = time_text(cleanup.started_at)
    plain["finished_at"] = time_text(cleanup.finished_at) if cleanup.finished_at else None
    return plain


def plan_json(state: PlanState, events: tuple[ChainedEvent, ...]) -> dict[str, Json]:
    """A whole record as ``deckhand audit show --json`` prints it."""
    plan, draft = state.plan, state.plan.draft
    return {
        "id": CLEANUP_PREFIX + plan.id,
        "plan": plan.id,
        "host": plan.host,
        "engine_id": draft.engine.id,
        "profile": draft.profile,
        "requested_by": plan.requester.id,
        "approved_by": [person.id for person in state.approvers],
        "outcome": state.status,
        "reason": state.reason,
        "predicted_bytes": draft.frees.high,
        "reclaimed_bytes": state.reclaimed,
        "started_at": time_text(state.started_at) if state.started_at else None,
        "finished_at": time_text(state.finished_at) if state.finished_at else None,
        "items": [facts.item(item) for item in state.items],
        "before": facts.usage(state.usage_before),
        "after": facts.usage(state.usage_after),
        "events": [event_json(link) for link in events],
    }


def event_json(link: ChainedEvent) -> dict[str, Json]:
    """One event of the chain, with what is needed to check its hash."""
    return {
        "seq": link.seq,
        "at": time_text(link.at),
        "tag": link.event.tag,
        "plan": link.event.plan,
        "host": link.event.host,
        "actor": link.event.actor,
        "facts": dict(link.event.facts),
        "previous": link.previous,
        "hash": link.hash,
    }
