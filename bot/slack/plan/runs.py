"""A plan's message while its cleanup runs, and its closing report. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from bot.core.docker.usage import UNKNOWN, DiskUsage, UsageRow
from bot.core.life.states import ItemState, Outcome, PlanState
from bot.core.plan.profiles import KIND_NAMES
from bot.core.units import human_size
from bot.slack.action_ids import AUDIT_DETAILS
from bot.slack.kit.blocks import Block, button, context, fields, section, table
from bot.slack.kit.names import OUTCOME_EMOJI, frees_text, short_name
from bot.slack.kit.text import bar, code, date, lines_within, plain, plural
from bot.slack.plan.restores import restore_blocks
from bot.slack.plan.running import ended_blocks, going_on_blocks

REMOVED_SHOWN = 6
OUTCOMES_BUDGET = 1_400
"""Characters of what became of the objects, for each outcome."""
REASON_LIMIT = 500
NAMES_OF_A_GROUP = 3
NAME_SHOWN = 80


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
            f"*{human_size(state.reclaimed)}* freed of {frees_text(state.plan.draft)}{now}{began}"
        ),
        fields(people),
        *going_on_blocks(state),
    ]


def report_blocks(state: PlanState, people: Iterable[str]) -> list[Block]:
    """Freed beside predicted and measured, what was kept or failed and why, and the disk before and after."""
    emoji = OUTCOME_EMOJI[state.status]
    blocks = [
        section(f"{emoji} *{human_size(state.reclaimed)} reclaimed*, {frees_text(state.plan.draft)} predicted · "
                f"{counts_text(state)}" + (f"\n{plain(state.reason, REASON_LIMIT)}" if state.reason else "")),
        fields([*people, *_run_facts(state)]),
        *ended_blocks(state),
    ]  # fmt: skip
    for title, outcome in (
        ("Gone, not confirmed by us", Outcome.GONE), ("Kept", Outcome.KEPT), ("Failed", Outcome.FAILED),
    ):  # fmt: skip
        states = state.with_outcome(outcome)
        if states:
            blocks.append(section(_groups_text(title, states)))
    if state.usage_before and state.usage_after:
        blocks.append(context("`docker system df` before and after"))
        blocks.append(before_after(state.usage_before, state.usage_after))
    removed = state.with_outcome(Outcome.REMOVED)
    if removed:
        blocks.append(section(_removed_text(removed)))
    return [*blocks, *restore_blocks(state, _record_button(state))]


def _record_button(state: PlanState) -> Block:
    plan = state.plan
    spoken = f"Audit record of {plan.draft.profile} on {plan.host}"
    return button("Audit record", f"{AUDIT_DETAILS}:{plan.id}", plan.id, spoken=spoken)


def counts_text(state: PlanState) -> str:
    """How many objects came to which end."""
    counts = (
        (len(state.with_outcome(Outcome.REMOVED)), "removed"),
        (len(state.with_outcome(Outcome.GONE)), "gone already"),
        (len(state.with_outcome(Outcome.KEPT)), "kept"),
        (len(state.with_outcome(Outcome.FAILED)), "failed"),
        (len(state.with_outcome(Outcome.PLANNED, Outcome.REMOVING)), "not tried"),
    )
    return ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing to do"


def _run_facts(state: PlanState) -> Iterator[str]:
    if state.started_at and state.finished_at:
        seconds = (state.finished_at - state.started_at).total_seconds()
        yield f"*Ran*\n{date(state.started_at)}, for {seconds:.1f} s"
    if state.measured is not None and state.measured > 0:
        yield f"*Measured*\n{human_size(state.measured)} more free on its disk"


def _removed_text(states: Sequence[ItemState]) -> str:
    ordered = sorted(states, key=lambda state: -state.bytes)
    shown = ordered if len(ordered) == REMOVED_SHOWN + 1 else ordered[:REMOVED_SHOWN]
    lines = [
        f"• {one.item.kind.replace('_', ' ')} {code(short_name(one.item), NAME_SHOWN)} {human_size(one.bytes)}"
        for one in shown
    ]
    left = ordered[len(shown) :]
    freed = human_size(sum(one.bytes for one in left))
    more = [f"• _and {len(left):,} more, {freed}: in the audit_"] if left else []
    return "\n".join([f"*Removed*: {len(states):,}, the largest first", *lines, *more])


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
