"""A plan's message while its cleanup runs, and its closing report. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from bot.core.docker.inventory import ORDER
from bot.core.docker.usage import UNKNOWN, VOLUMES, DiskUsage, UsageRow
from bot.core.life.states import WENT_WITH, ItemState, Outcome, PlanState, Status
from bot.core.plan.profiles import KIND_NAMES
from bot.core.units import duration_words, human_size, short_size
from bot.slack.action_ids import AUDIT_DETAILS
from bot.slack.kit.blocks import Block, button, context, fields, section, table
from bot.slack.kit.names import end_words, frees_text, short_name
from bot.slack.kit.text import bar, code, date, lines_within, mention, mentions, plain, plural
from bot.slack.plan.open import why_blocks
from bot.slack.plan.restores import restore_blocks
from bot.slack.plan.running import ended_blocks, going_on_blocks

OUTCOMES_BUDGET = 700
"""Characters of what became of the objects, for each outcome; the audit record has all."""
REASON_LIMIT = 500
NAMES_OF_A_GROUP = 3
NAME_SHOWN = 80
_SIGNS: Mapping[Status, str] = MappingProxyType({
    Status.DONE: "✅", Status.PARTIAL: "⚠️", Status.STOPPED: "🛑", Status.FAILED: "❌",
})  # fmt: skip


def ended_count(state: PlanState) -> int:
    return len(state.items) - len(state.with_outcome(Outcome.PLANNED, Outcome.REMOVING))


def running_blocks(state: PlanState, people: Iterable[str]) -> list[Block]:
    """How far it is, what it is at, and the button that stops it."""
    ended, share = ended_count(state), ended_count(state) / max(len(state.items), 1)
    current = next(iter(state.with_outcome(Outcome.REMOVING)), None)
    now = f"\nNow: {code(short_name(current.item), NAME_SHOWN)}" if current else ""
    began = f"\nBegan {date(state.started_at, '{time_secs}')}" if state.started_at else ""
    return [
        section(
            f"`{bar(share, 20)}` {share:.0%}, {ended} of {plural(len(state.items), 'object')} · "
            f"*{short_size(state.reclaimed)}* freed of {frees_text(state.plan.draft)}{now}{began}"
        ),
        fields(people),
        *going_on_blocks(state),
    ]


def report_title(state: PlanState) -> str:
    """How much was freed, where, and how it ended."""
    what = f"{state.plan.draft.profile} {end_words(state.status)}"
    return f"{_SIGNS[state.status]} {short_size(state.reclaimed)} freed on {state.plan.host} · {what}"


def report_blocks(state: PlanState) -> list[Block]:
    """How it went against what was planned, by kind; what was kept or failed and why; and undoing it.

    ``system df`` before and after is in the audit record.
    """
    blocks = [
        section(
            " · ".join(_outcome_words(state))
            + (f"\n{plain(state.reason, REASON_LIMIT)}" if state.reason else "")
        )
    ]
    if freed := _freed_text(state.with_outcome(Outcome.REMOVED)):
        blocks.append(section(freed))
    blocks += ended_blocks(state)
    gone = state.with_outcome(Outcome.GONE)
    for title, states in (
        ("Went before", [one for one in gone if one.reason.startswith(WENT_WITH)]),
        ("Gone, not confirmed by us", [one for one in gone if not one.reason.startswith(WENT_WITH)]),
        ("Kept", state.with_outcome(Outcome.KEPT)),
        ("Failed", state.with_outcome(Outcome.FAILED)),
    ):
        if states:
            blocks.append(section(_groups_text(title, states)))
    foot = context(" · ".join(_who(state)))
    return [*blocks, *restore_blocks(state, _record_button(state)), foot, *why_blocks(state)]


def _outcome_words(state: PlanState) -> Iterator[str]:
    """How many of how many went, whether that freed what was planned, how long it took, and the disk after it."""
    yield f"*{counts_text(state)}*"
    yield planned_text(state)
    if state.started_at and state.finished_at:
        yield took_text(state.finished_at - state.started_at)
    if state.usage_before and state.usage_after:
        yield f"Docker {short_size(state.usage_before.size)} → {short_size(state.usage_after.size)}"
    if state.measured is not None and state.measured > 0:
        yield f"{short_size(state.measured)} more free on the disk"


def planned_text(state: PlanState) -> str:
    """``as planned``, or what was planned instead."""
    frees = state.plan.draft.frees
    exactly = frees.low <= state.reclaimed <= frees.high or short_size(state.reclaimed) == short_size(
        frees.high
    )
    all_gone = len(state.with_outcome(Outcome.REMOVED)) == len(state.items)
    return "as planned" if exactly and all_gone else f"{frees_text(state.plan.draft)} planned"


def _freed_text(removed: Sequence[ItemState]) -> str:
    """What went, kind by kind."""
    return " · ".join(
        f"{KIND_NAMES[kind].capitalize()} {len(states):,}" + (f" · {short_size(freed)}" if freed else "")
        for kind in ORDER
        if (states := [one for one in removed if one.item.kind is kind])
        for freed in [sum(one.bytes for one in states)]
    )


def _who(state: PlanState) -> Iterator[str]:
    yield f"{mention(state.plan.requester)} asked, {mentions([one.id for one in state.approvers]) or 'nobody'} approved"
    if free := now_free_text(state):
        yield free
    if state.started_at:
        yield date(state.started_at)
    yield f"plan {code(state.plan.id)}"


def now_free_text(state: PlanState) -> str:
    """``now free: 4GB in 3 volumes``: those that no container refers to any more; empty where these are no more.

    By Docker's own count: which they are, and whether they may go, is for a plan of volumes.
    """
    before, after = (
        next((row for row in usage.rows if row.type == VOLUMES and row.known), None) if usage else None
        for usage in (state.usage_before, state.usage_after)
    )
    if before is None or after is None:
        return ""
    count = (after.total - after.active) - (before.total - before.active)
    size = after.reclaimable - before.reclaimable
    return f"now free: {short_size(size)} in {plural(count, 'volume')}" if count > 0 and size > 0 else ""


def _record_button(state: PlanState) -> Block:
    plan = state.plan
    spoken = f"Audit record of {plan.draft.profile} on {plan.host}"
    return button("Audit record", f"{AUDIT_DETAILS}:{plan.id}", plan.id, spoken=spoken)


def counts_text(state: PlanState) -> str:
    """How many objects of how many went, and which other ends there were."""
    removed, every = len(state.with_outcome(Outcome.REMOVED)), len(state.items)
    counts = (
        (len(state.with_outcome(Outcome.GONE)), "gone before"),
        (len(state.with_outcome(Outcome.KEPT)), "kept"),
        (len(state.with_outcome(Outcome.FAILED)), "failed"),
        (len(state.with_outcome(Outcome.PLANNED, Outcome.REMOVING)), "not tried"),
    )
    return ", ".join(
        [f"{removed:,} of {every:,} removed", *(f"{count:,} {word}" for count, word in counts if count)]
    )


def took_text(span: timedelta) -> str:
    """``0.6 s``, ``1 minute``: how long a run took."""
    return f"{span.total_seconds():.1f} s" if span < timedelta(minutes=1) else duration_words(span)


def _groups_text(title: str, states: Sequence[ItemState]) -> str:
    """Objects of one outcome, those with the same reason together, the largest group first."""
    groups: dict[tuple[str, str], list[ItemState]] = defaultdict(list)
    for one in states:
        groups[one.item.kind, one.reason].append(one)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    shown, left = lines_within(
        (_group_line(reason, group) for (_, reason), group in ordered), OUTCOMES_BUDGET
    )
    more = [f"_… and {left:,} more reasons: the audit record lists each object_"] if left else []
    return "\n".join([f"*{title}*: {len(states):,}", *shown, *more])


def _group_line(reason: str, group: Sequence[ItemState]) -> str:
    names = ", ".join(code(short_name(one.item), NAME_SHOWN) for one in group[:NAMES_OF_A_GROUP])
    kind = group[0].item.kind
    what = f"{kind.replace('_', ' ')} {names}"
    if len(group) > 1:
        more = f" and {len(group) - NAMES_OF_A_GROUP:,} more" if len(group) > NAMES_OF_A_GROUP else ""
        what = f"{len(group):,} {KIND_NAMES[kind]}, {names}{more}"
    return f"• {what}" + (f": {plain(reason)}" if reason else "")


def before_after(before: DiskUsage, after: DiskUsage) -> Block:
    """``system df`` twice, in one table."""
    return table(
        ("TYPE", "TOTAL", "SIZE", "RECLAIMABLE"),
        (
            (
                old.type,
                *(f"{was} → {is_now}" for was, is_now in zip(_figures(old), _figures(new), strict=True)),
            )
            for old, new in zip(before.rows, after.rows, strict=True)
        ),
    )


def _figures(row: UsageRow) -> tuple[str, str, str]:
    if not row.known:
        return (UNKNOWN,) * 3
    return str(row.total), human_size(row.size), human_size(row.reclaimable)
