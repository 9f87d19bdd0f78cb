"""What the shell shows of engines, plans and cleanups: tables for people, JSON for programs."""

from collections.abc import Iterable, Sequence
from itertools import islice

from bot.core.audit import facts
from bot.core.audit.events import time_text
from bot.core.audit.review import Statistics
from bot.core.docker.inventory import EngineInfo
from bot.core.docker.usage import DiskUsage
from bot.core.json import Json
from bot.core.life.restoring import digests, lost_for_good
from bot.core.life.states import CLEANUP_OUTCOMES, PlanState
from bot.core.plan.objects import Explanation
from bot.core.plan.plan import Draft
from bot.core.units import short_size
from bot.ports import Cleanup
from bot.shell.show.output import print_json, say, show_table

LINES_AT_ONCE = 500


def show_usage(usage: DiskUsage) -> None:
    show_table(
        ("TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"),
        (row.cells for row in usage.rows),
        right=(1, 2, 3, 4),
    )


def draft_json(host: str, draft: Draft) -> Json:
    """A draft as ``deckhand plan --json`` prints it; bytes are integers."""
    engine = draft.engine
    return {
        "host": host,
        "profile": draft.profile,
        "engine": {
            "id": engine.id,
            "version": engine.version,
            "api_version": engine.api_version,
            "store": engine.store,
        },
        "frees": facts.frees(draft.frees),
        "notes": list(draft.notes),
        "arrival_unknown": _unarrived(draft),
        "target": _reach(draft),
        "items": [facts.listed(item) for item in draft.items],
        "kept": [
            {"kind": kept.kind, "id": kept.id, "name": kept.name, "rule": kept.rule} for kept in draft.kept
        ],
    }


def _unarrived(draft: Draft) -> Json:
    waiting = draft.unarrived
    if waiting is None:
        return None
    old_at = time_text(waiting.due) if waiting.due else None
    return {"images": waiting.count, "bytes": waiting.bytes, "old_at": old_at}


def _reach(draft: Draft) -> Json:
    """How far a plan to a target gets; bytes of the disk."""
    reach = draft.reach
    if reach is None:
        return None
    return {
        "disk": reach.disk.size,
        "free": reach.disk.free,
        "wanted": reach.target.wanted(reach.disk),
        "free_after": reach.after.free,
        "met": not reach.lacking,
    }


def _objects(count: int) -> str:
    return f"{count:,} object{'' if count == 1 else 's'}"


def show_draft(host: str, draft: Draft) -> None:
    said = f"{_frees(draft)} ({draft.frees.why})"
    say(f"{host}: {draft.request} would remove {_objects(len(draft.items))} and free {said}.")
    for note in draft.notes:
        say(note)
    show_table(
        ("REMOVE", "NAME", "SIZE", "WHY"),
        (
            (item.kind, ", ".join(item.references) or item.name, short_size(item.bytes), item.rule)
            for item in draft.items
        ),
        right=(2,),
    )
    say("")
    show_table(("KEEP", "NAME", "WHY"), ((kept.kind, kept.name, kept.rule) for kept in draft.kept))


def show_drafts(planned: Sequence[tuple[str, Draft]]) -> None:
    """Print a line for each host and cleanup, and what all of them come to."""
    show_table(
        ("HOST", "CLEANUP", "OBJECTS", "FREES", "CANNOT BE UNDONE"),
        (
            (host, draft.request, f"{len(draft.items):,}", _frees(draft),
             str(sum(lost_for_good(draft.items).values())))
            for host, draft in planned
        ),
        right=(2, 3, 4),
    )  # fmt: skip
    total = sum(draft.frees.high for _, draft in planned)
    say(f"{_objects(sum(len(draft.items) for _, draft in planned))} on {len({host for host, _ in planned})} hosts, "
        f"{short_size(total)} at most.")  # fmt: skip


def _frees(draft: Draft) -> str:
    high = short_size(draft.frees.high)
    return high if draft.frees.exact else f"{short_size(draft.frees.low)} to {high}"


def show_explanations(explanations: Sequence[Explanation], *, as_json: bool) -> None:
    """Print why each profile takes or keeps each object that was meant."""
    if as_json:
        print_json([_explanation_json(one) for one in explanations])
        return
    for one in explanations:
        say(f"{one.thing.kind} {', '.join(one.thing.references) or one.thing.name} ({one.thing.id})")
        show_table(
            ("PROFILE", "", "WHY", "UNTIL"),
            (
                (each.profile, "removes" if each.takes else "keeps", each.rule,
                 f"{each.due:%Y-%m-%d %H:%M}Z" if each.due else "")
                for each in one.reasons
            ),
        )  # fmt: skip


def _explanation_json(one: Explanation) -> Json:
    return {
        "kind": one.thing.kind,
        "id": one.thing.id,
        "name": one.thing.name,
        "profiles": [
            {"profile": each.profile, "takes": each.takes, "rule": each.rule,
             "due": time_text(each.due) if each.due else None}
            for each in one.reasons
        ],
    }  # fmt: skip


CLEANUP_WIDTHS = (18, 18, 12, 8, 10, 10, 12, 12, 20)
"""Columns that long lists keep from their first line to their last: they are written before their end is known."""


def show_cleanups(cleanups: Iterable[Cleanup]) -> None:
    """Print cleanups one by one, however many there are."""
    titles = (
        "ID",
        "HOST",
        "PROFILE",
        "OUTCOME",
        "FREED",
        "PREDICTED",
        "ASKED BY",
        "APPROVED BY",
        "STARTED",
    )
    head: Sequence[str] | None = titles
    lines = (_cleanup_line(cleanup) for cleanup in cleanups)
    while batch := list(islice(lines, LINES_AT_ONCE)):
        show_table(titles, batch, right=(4, 5), widths=CLEANUP_WIDTHS, show_head=head is not None)
        head = None
    if head is not None:
        say("No cleanup fits.")


def _cleanup_line(one: Cleanup) -> Sequence[str]:
    return (
        one.id,
        one.host,
        one.profile,
        one.outcome,
        short_size(one.reclaimed_bytes),
        short_size(one.predicted_bytes),
        one.requested_by,
        ", ".join(one.approved_by),
        f"{one.started_at:%Y-%m-%d %H:%M:%S}Z",
    )


def show_statistics(statistics: Statistics) -> None:
    total = statistics.all
    counted = f"{total.cleanups:,} cleanup{'' if total.cleanups == 1 else 's'}"
    say(f"{counted}, {short_size(total.bytes)} freed.")
    for title, tallies in (
        ("HOST", statistics.by_host), ("PROFILE", statistics.by_profile), ("MONTH", statistics.by_month),
        ("ASKED BY", statistics.by_requester), ("OUTCOME", statistics.by_outcome),
    ):  # fmt: skip
        say("")
        rows = ((name, f"{each.cleanups:,}", short_size(each.bytes)) for name, each in tallies.items())
        show_table((title, "CLEANUPS", "FREED"), rows, right=(1, 2))


def show_record(state: PlanState) -> None:
    plan = state.plan
    say(
        f"{plan.draft.profile} on {plan.host}: {state.status}"
        + (f" ({state.reason})" if state.reason else "")
    )
    say(
        f"asked for by {plan.requester.id}, approved by {', '.join(p.id for p in state.approvers) or 'nobody'}"
    )
    say(
        f"engine {plan.draft.engine.version} {plan.draft.engine.id}; predicted "
        f"{short_size(plan.draft.frees.high)}, freed {short_size(state.reclaimed)}"
        + (f", measured {state.measured:,} bytes more free" if state.measured is not None else "")
    )
    show_table(
        ("KIND", "NAME", "OUTCOME", "BYTES", "REASON"),
        (
            (
                i.item.kind,
                ", ".join(i.item.references) or i.item.name,
                i.outcome,
                short_size(i.bytes),
                i.reason,
            )
            for i in state.items
        ),
        right=(3,),
    )
    _say_what_can_be_restored(state)
    for title, usage in (("before", state.usage_before), ("after", state.usage_after)):
        if usage:
            say("", f"system df {title}:")
            show_usage(usage)


def _say_what_can_be_restored(state: PlanState) -> None:
    if state.status not in CLEANUP_OUTCOMES or not state.restorable:
        return
    count = len(state.restorable)
    images = "1 removed image" if count == 1 else f"{count:,} removed images"
    say("", f"{images} can be pulled again (Restore, in Slack), from:")
    for one in state.restorable:
        say(f"  {', '.join(digests(one.item))}")
    if state.restoring:
        asked = state.restoring
        say(f"restored for {asked.asked_by.id} at {asked.asked_at:%Y-%m-%d %H:%M:%S}Z, {asked.status}:")
        items = {one.position: one.item for one in state.items}
        for image in asked.images:
            name = items[image.position].name if image.position in items else str(image.position)
            say(f"  {name}: {image.outcome}" + (f" ({image.reason})" if image.reason else ""))


def show_engine(engine: EngineInfo) -> None:
    say(f"Docker Engine {engine.version} (API {engine.api_version}), data root {engine.data_root}")
