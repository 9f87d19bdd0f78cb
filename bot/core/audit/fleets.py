"""What the audit events of a fleet say: each names the fleet and the digest of all that it lists."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from bot.core.audit import facts
from bot.core.audit.events import Event, Tag
from bot.core.audit.plans import FLEET_OF
from bot.core.audit.written import FACT, FLEET_FACT, fleet_digest
from bot.core.json import Json
from bot.core.life.fleets import Fleet, FleetState, Standing
from bot.core.plan.plan import Person


def event(tag: Tag, fleet: Fleet, actor: Person | None = None, **more: Json) -> Event:
    """An event about a fleet, under the fleet's own id; each of its plans has events of its own."""
    said: dict[str, Json] = {FLEET_OF: fleet.id, FLEET_FACT: fleet_digest(fleet), **more}
    if actor:
        said["actor_name"] = actor.name
    return Event(tag=tag, plan=fleet.id, actor=actor.id if actor else "", facts=said)


def proposed(fleet: Fleet) -> Event:
    """The fleet as it was read back from the database: each plan by its digest, and who was left out and why."""
    waves = fleet.waves
    return event(
        Tag.FLEET_PROPOSED, fleet, fleet.requester, selection=fleet.selection, request=fleet.request,
        plans=[
            {"host": one.host, "plan": one.plan, FACT: one.digest, "objects": one.objects,
             "predicted": facts.frees(one.frees),
             "cannot_be_undone": {str(kind): count for kind, count in one.lost.items()}}
            for one in fleet.members
        ],
        left_out=[{"host": one.host, "reason": one.why} for one in fleet.left_out],
        waves={"first": waves.first, "then": str(waves.then), "stop_on": waves.stop_on,
               "kept_share": str(waves.kept_share)},
        deckhand=facts.deckhand(),
    )  # fmt: skip


def clicked(  # noqa: PLR0913, PLR0917 - what a click on many plans came to
    tag: Tag,
    state: FleetState,
    actor: Person,
    counted: Iterable[str],
    refused: Mapping[str, str],
    more: Mapping[str, Json],
) -> Event:
    """A click on all of them: the plans on which it counted, and those on which it did not, and why."""
    fleet = state.fleet
    return event(
        tag, fleet, actor, plans=[*_named(fleet, counted)],
        refused=[{**one, "reason": refused[str(one["plan"])]} for one in _named(fleet, refused)], **more,
    )  # fmt: skip


def wave(state: FleetState, number: int, plans: Sequence[str]) -> Event:
    return event(Tag.FLEET_WAVE, state.fleet, wave=number, plans=[*_named(state.fleet, plans)])


def held(state: FleetState, why: str, plans: Iterable[str]) -> Event:
    return event(Tag.FLEET_HELD, state.fleet, reason=why, plans=[*_named(state.fleet, plans)])


def ended(state: FleetState) -> Event:
    """How it ended on every host, copied in: the report of a fleet reads alone."""
    return event(
        Tag.FLEET_ENDED, state.fleet, plans=[_end(one) for one in state.standings],
        left_out=[{"host": one.host, "reason": one.why} for one in state.fleet.left_out],
        outcomes=dict(Counter(str(one.status) for one in state.standings)),
        reclaimed_bytes=sum(one.reclaimed for one in state.standings),
        predicted_bytes=sum(one.frees.high for one in state.counted), waves=state.begun,
    )  # fmt: skip


def _end(one: Standing) -> dict[str, Json]:
    return {
        "host": one.host, "plan": one.plan, "outcome": str(one.status), "wave": one.wave, "reason": one.reason,
        "outcomes": {str(outcome): count for outcome, count in one.counts.items() if count},
        "reclaimed_bytes": one.reclaimed, "approvers": list(one.approvers),
    }  # fmt: skip


def _named(fleet: Fleet, plans: Iterable[str]) -> list[dict[str, Json]]:
    wanted = set(plans)
    return [{"host": one.host, "plan": one.plan} for one in fleet.members if one.plan in wanted]
