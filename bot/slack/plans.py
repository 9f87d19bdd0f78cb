"""The plan's message through its whole life: proposed, decided, running, ended. Pure: a state to blocks."""

from collections import Counter
from collections.abc import Iterable, Sequence

from bot.core.inventory import ORDER
from bot.core.lifecycle import CLEANUP_OUTCOMES, ItemState, Outcome, PlanState, Status
from bot.core.plans import Draft, Item
from bot.core.profiles import KIND_NAMES
from bot.core.units import human_size
from bot.core.usage import UNKNOWN, DiskUsage, UsageRow
from bot.slack.blocks import Block, Message, actions, button, context, fields, header, section, table
from bot.slack.plan_names import item_name, short_name
from bot.slack.reports import OUTCOME_EMOJI, frees_text
from bot.slack.restores import restore_blocks, undo_text
from bot.slack.running import ended_blocks, going_on_blocks, turn_blocks
from bot.slack.text import (
    bar,
    code,
    date,
    escape,
    lines_within,
    mention,
    mentions,
    one_line,
    plain,
    plural,
)

APPROVE, REJECT, WITHDRAW = "approve", "reject", "withdraw"
ITEMS_BUDGET = 2_800
REASONS_SHOWN = 12
NAME_SHOWN = 80
"""Characters of a name in the message; the thread has the whole of a longer one."""
REASON_LIMIT = 500
"""Characters of why a plan ended."""

_TITLES = {
    Status.PROPOSED: "Cleanup plan",
    Status.APPROVED: "Approved cleanup",
    Status.REJECTED: "Rejected plan",
    Status.EXPIRED: "Expired plan",
    Status.CANCELLED: "Cancelled plan",
    Status.SUPERSEDED: "Replaced plan",
    Status.RUNNING: "Cleanup running",
    Status.DONE: "Cleanup done",
    Status.PARTIAL: "Cleanup done, some kept",
    Status.STOPPED: "Cleanup stopped",
    Status.FAILED: "Cleanup failed",
}
_ATTENTION = "Cleanup needs attention"


def plan_message(state: PlanState) -> Message:
    """Everything about a plan as it stands, under one header."""
    plan = state.plan
    kind = _ATTENTION if state.attention else _TITLES[state.status]
    title = f"{kind}: {plan.draft.profile} on {plan.host}"
    if state.status in {Status.PROPOSED, Status.APPROVED}:
        body = _open_blocks(state)
    elif state.status is Status.RUNNING:
        body = _running_blocks(state)
    elif state.status in CLEANUP_OUTCOMES:
        body = _report_blocks(state)
    else:
        body = _closed_blocks(state)
    foot = context(f"Plan {code(plan.id)} · engine {plain(plan.draft.engine.version, 60)} "
                   f"{code(plan.draft.engine.id, 60)}")  # fmt: skip
    return Message(text=f"{title}. {_sentence(state)}", blocks=(header(title), *body, foot))


def _sentence(state: PlanState) -> str:
    """The decision, for notifications and screen readers."""
    plan = state.plan
    objects = plural(len(plan.draft.items), "object")
    if state.status is Status.PROPOSED:
        return f"Frees {frees_text(plan.draft)} in {objects}. Asked for by {mention(plan.requester)}."
    if state.attention:
        return f"It stands still. {plain(state.attention, REASON_LIMIT)}"
    if state.status is Status.RUNNING:
        return f"{_ended_count(state)} of {objects}, {human_size(state.reclaimed)} freed so far."
    if state.status in CLEANUP_OUTCOMES:
        return f"{human_size(state.reclaimed)} reclaimed of {frees_text(plan.draft)} predicted. {_counts(state)}."
    return _verdict(state)


# --- before the decision ------------------------------------------------------------------------


def _open_blocks(state: PlanState) -> list[Block]:
    plan, draft = state.plan, state.plan.draft
    blocks = [
        section(f"*Frees {frees_text(draft)}* in {plural(len(draft.items), 'object')} ({escape(draft.frees.why)})\n"
                f"{_profile_text(state)}"),
        fields(_people(state)),
        section(_items_text(draft.items)),
    ]  # fmt: skip
    if draft.kept:
        blocks.append(section(_kept_text(state)))
    blocks += [context(f":construction: {plain(note)}") for note in draft.notes]
    blocks.append(context("Stands for " + " · ".join(code(command) for command in plan.commands)))
    if state.status is Status.PROPOSED:
        blocks.append(
            context(
                f"{undo_text(draft)} Each object is looked at again before it goes; what has changed is kept."
            )
        )
        blocks.append(actions(_buttons(state)))
    else:
        blocks += turn_blocks(state, _verdict(state))
    return blocks


def _buttons(state: PlanState) -> list[Block]:
    plan, what = state.plan, f"{state.plan.draft.profile} on {state.plan.host}"
    frees = frees_text(plan.draft)
    found = [
        button("Approve", APPROVE, plan.id, style="primary", spoken=f"Approve: {what}, frees {frees}"),
        button("Reject", REJECT, plan.id, style="danger", spoken=f"Reject: {what}"),
    ]
    if state.approvers:
        found.append(button("Withdraw my approval", WITHDRAW, plan.id, spoken=f"Withdraw approval: {what}"))
    return found


def _profile_text(state: PlanState) -> str:
    draft = state.plan.draft
    narrowed = f" {code(draft.arguments)}" if draft.arguments else ""
    return f"Profile *{escape(draft.profile)}*{narrowed}: {plain(state.plan.profile_words, 600)}"


def _people(state: PlanState) -> Iterable[str]:
    plan = state.plan
    yield f"*Asked for by*\n{mention(plan.requester)}"
    yield f"*Approvals*\n{_votes(state)}"
    yield f"*Policy*\n{escape(plan.policy)}"
    if state.status is Status.PROPOSED:
        yield f"*Expires*\n{date(plan.expires_at)}"


def _votes(state: PlanState) -> str:
    names = mentions([person.id for person in state.approvers])
    return f"{len(state.approvers)} of {state.quorum}" + (f": {names}" if names else "")


def _items_text(items: Sequence[Item]) -> str:
    shown, left = lines_within(_item_lines(items), ITEMS_BUDGET)
    if left:
        shown.append(f"_{plural(left, 'more line')}: the whole list is in the thread_")
    return "\n".join(shown)


def _item_lines(items: Sequence[Item]) -> list[str]:
    lines: list[str] = []
    for kind in ORDER:
        of_kind = [item for item in items if item.kind is kind]
        if of_kind:
            size = human_size(sum(item.bytes for item in of_kind))
            lines.append(f"*{KIND_NAMES[kind].capitalize()}*: {len(of_kind)}, {size}")
            ordered = sorted(of_kind, key=lambda item: -item.bytes)
            lines.extend(
                f"• {code(short_name(item), NAME_SHOWN)} {human_size(item.bytes)}" for item in ordered
            )
    return lines


def fits(state: PlanState) -> bool:
    """Whether the message itself shows every item of its plan, and every reason for which something stays."""
    draft = state.plan.draft
    _, left = lines_within(_item_lines(draft.items), ITEMS_BUDGET)
    cut = any(len(short_name(item)) > NAME_SHOWN for item in draft.items)
    return not left and not cut and len(_kept_counts(draft)) <= REASONS_SHOWN


def full_list(state: PlanState) -> str:
    """Every item and every kept object of a plan as plain text, for the thread."""
    draft = state.plan.draft
    lines = [f"Plan {state.plan.id}: {draft.profile} on {state.plan.host}", "", "Removes:"]
    lines += [
        f"{i.kind}\t{human_size(i.bytes)}\t{i.id}\t{one_line(item_name(i))}\t{i.rule}" for i in draft.items
    ]
    lines += ["", "Keeps:"]
    lines += [f"{kept.kind}\t{kept.id}\t{one_line(kept.name)}\t{one_line(kept.rule)}" for kept in draft.kept]
    return "\n".join(lines) + "\n"


def _kept_counts(draft: Draft) -> Sequence[tuple[tuple[str, str], int]]:
    """How many objects stay, by kind and reason; the most first."""
    return Counter((KIND_NAMES[one.kind], one.because) for one in draft.kept).most_common()


def _kept_text(state: PlanState) -> str:
    kept, counts = state.plan.draft.kept, _kept_counts(state.plan.draft)
    lines = [f"• {count} {kind}: {plain(because, 80)}" for (kind, because), count in counts[:REASONS_SHOWN]]
    if len(counts) > REASONS_SHOWN:
        rest = sum(count for _, count in counts[REASONS_SHOWN:])
        lines.append(f"• {rest} for other reasons: the whole list is in the thread")
    return f"*Kept*: {plural(len(kept), 'object')}\n" + "\n".join(lines)


# --- after the decision -------------------------------------------------------------------------


def _verdict(state: PlanState) -> str:
    last = mention(state.votes[-1].person) if state.votes else "nobody"
    reason = f" {plain(state.reason, REASON_LIMIT)}" if state.reason else ""
    sentences = {
        Status.APPROVED: f"Approved by {mentions([person.id for person in state.approvers])}.",
        Status.REJECTED: f"Rejected by {last}.{reason} Nothing was removed.",
        Status.EXPIRED: "Nobody decided in time. Nothing was removed; "
        f"`/docker-prune {state.plan.host} {escape(state.plan.draft.request)}` plans afresh.",
        Status.CANCELLED: f"Cancelled.{reason or ' Nothing was removed.'}",
        Status.SUPERSEDED: "A newer plan took its place. Nothing was removed.",
    }
    return sentences.get(state.status, "")


def _closed_blocks(state: PlanState) -> list[Block]:
    draft = state.plan.draft
    return [
        section(_verdict(state)),
        fields(
            [
                f"*Would have freed*\n{frees_text(draft)} in {plural(len(draft.items), 'object')}",
                f"*Asked for by*\n{mention(state.plan.requester)}",
            ]
        ),
    ]


def _ended_count(state: PlanState) -> int:
    return len(state.items) - len(state.with_outcome(Outcome.PLANNED, Outcome.REMOVING))


def _running_blocks(state: PlanState) -> list[Block]:
    ended = _ended_count(state)
    current = next(iter(state.with_outcome(Outcome.REMOVING)), None)
    now = f"\nNow: {code(short_name(current.item), 80)}" if current else ""
    return [
        section(
            f"`{bar(ended / max(len(state.items), 1), 20)}` {ended} of {plural(len(state.items), 'object')} · "
            f"*{human_size(state.reclaimed)}* freed of {frees_text(state.plan.draft)}{now}"
        ),
        fields(_people(state)),
        *going_on_blocks(state),
    ]


def _report_blocks(state: PlanState) -> list[Block]:
    emoji = OUTCOME_EMOJI[state.status]
    blocks = [
        section(f"{emoji} *{human_size(state.reclaimed)} reclaimed*, {frees_text(state.plan.draft)} predicted · "
                f"{_counts(state)}" + (f"\n{plain(state.reason, REASON_LIMIT)}" if state.reason else "")),
        fields([*_people(state), *_run_facts(state)]),
        *ended_blocks(state),
    ]  # fmt: skip
    for title, outcome in (
        ("Removed", Outcome.REMOVED), ("Gone, not confirmed by us", Outcome.GONE),
        ("Kept", Outcome.KEPT), ("Failed", Outcome.FAILED),
    ):  # fmt: skip
        states = state.with_outcome(outcome)
        if states:
            blocks.append(section(_outcome_text(title, states)))
    if state.usage_before and state.usage_after:
        blocks.append(context("`docker system df` before and after"))
        blocks.append(before_after(state.usage_before, state.usage_after))
    return [*blocks, *restore_blocks(state)]


def _counts(state: PlanState) -> str:
    counts = (
        (len(state.with_outcome(Outcome.REMOVED)), "removed"),
        (len(state.with_outcome(Outcome.GONE)), "gone already"),
        (len(state.with_outcome(Outcome.KEPT)), "kept"),
        (len(state.with_outcome(Outcome.FAILED)), "failed"),
        (len(state.with_outcome(Outcome.PLANNED, Outcome.REMOVING)), "not tried"),
    )
    return ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing to do"


def _run_facts(state: PlanState) -> Iterable[str]:
    if state.started_at and state.finished_at:
        seconds = (state.finished_at - state.started_at).total_seconds()
        yield f"*Ran*\n{date(state.started_at)}, for {seconds:.1f} s"
    if state.measured is not None and state.measured > 0:
        yield f"*Measured*\n{human_size(state.measured)} more free on its disk"


def _outcome_text(title: str, states: Sequence[ItemState]) -> str:
    ordered = sorted(states, key=lambda state: -state.bytes)
    shown, left = lines_within((_outcome_line(state) for state in ordered), ITEMS_BUDGET // 2)
    if left:
        shown.append(f"_… and {left} more: `deckhand audit show` lists each_")
    return f"*{title}*: {len(states)}\n" + "\n".join(shown)


def _outcome_line(state: ItemState) -> str:
    size = f" {human_size(state.bytes)}" if state.outcome is Outcome.REMOVED else ""
    reason = f": {plain(state.reason)}" if state.reason else ""
    return f"• {state.item.kind.replace('_', ' ')} {code(short_name(state.item), 80)}{size}{reason}"


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
