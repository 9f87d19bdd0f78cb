"""What stands in a plan's thread: the list of all its objects, and its log; and what its requester is told. Pure."""

from collections.abc import Sequence

from bot.core.audit.events import ChainedEvent, Tag
from bot.core.docker.inventory import ORDER
from bot.core.life.risk import by_risk
from bot.core.life.states import PlanState
from bot.core.plan.profiles import KIND_NAMES
from bot.core.spreadsheet import tab_line
from bot.core.units import short_size
from bot.slack.kit.blocks import Message, context, section, whole
from bot.slack.kit.names import end_words, item_name
from bot.slack.kit.text import (
    SECTION_LIMIT,
    code,
    escape,
    link,
    mention_id,
    one_line,
    paragraphs,
    plain,
    plural,
)
from bot.slack.plan.runs import counts_text, planned_text
from bot.slack.plan.timeline import timeline

LIST_LIMIT = 2_800
"""Characters of a list that is written out; a longer one is a file."""
REASON_LIMIT = 500
LOG_LINES = 40

_DECIDED = {
    Tag.PLAN_APPROVED: ":white_check_mark: approved",
    Tag.PLAN_REJECTED: ":no_entry_sign: rejected",
    Tag.PLAN_EXPIRED: ":hourglass: expired",
    Tag.PLAN_CANCELLED: ":no_entry_sign: cancelled",
    Tag.CLEANUP_PARKED: ":warning: needs attention",
}
_QUIET = frozenset({Tag.PLAN_PROPOSED, Tag.PLAN_POSTED, Tag.PLAN_CALLED, Tag.PLAN_REMINDED})
"""What the message itself says already, or its thread."""


def list_message(state: PlanState) -> Message | None:
    """Every object that the plan removes, for its thread; None when that is too long to be read there."""
    lines = []
    for kind in ORDER:
        of_kind = by_risk(i for i in state.plan.draft.items if i.kind is kind)
        if of_kind:
            lines.append(f"*{KIND_NAMES[kind].capitalize()}*")
        lines += [f"• {code(item_name(i), 400)} {short_size(i.bytes)}: {plain(i.rule, 300)}" for i in of_kind]
    cut = any(len(one_line(item_name(i))) > 400 or len(i.rule) > 300 for i in state.plan.draft.items)  # noqa: PLR2004 - as above
    if cut or sum(map(len, lines)) + len(lines) > LIST_LIMIT:
        return None
    title = f"All {plural(len(state.plan.draft.items), 'object')} that this plan removes"
    return Message(text=title, blocks=(context(title), *(whole(text) for text in paragraphs(lines))))


def full_list(state: PlanState) -> str:
    """Every item, the riskiest first, and every kept object of a plan as plain text, for the thread."""
    draft = state.plan.draft
    lines = [tab_line(f"Plan {state.plan.id}: {draft.profile} on {state.plan.host}"), "\nRemoves:\n"]
    for item in by_risk(draft.items):
        words = map(one_line, (item_name(item), item.rule, item.id))
        lines.append(tab_line(item.kind, short_size(item.bytes), *words))
    lines.append("\nKeeps:\n")
    lines += (tab_line(kept.kind, *map(one_line, (kept.name, kept.rule, kept.id))) for kept in draft.kept)
    return "".join(lines)


def full_outcomes(state: PlanState) -> str:
    """What became of every item, as tab-separated text, for the thread."""
    lines = [tab_line(f"Cleanup {state.plan.id}: {state.plan.draft.profile} on {state.plan.host}"), "\n"]
    for one in state.items:
        words = map(one_line, (item_name(one.item), one.reason, one.item.id))
        lines.append(tab_line(one.outcome, one.item.kind, short_size(one.bytes), *words))
    return "".join(lines)


def log_message(events: Sequence[ChainedEvent]) -> Message | None:
    """What happened since the thread was written to the last time; None when that is nothing to tell."""
    lines = timeline([link for link in events if link.event.tag not in _QUIET])
    if not lines:
        return None
    shown = lines[-LOG_LINES:]
    texts = paragraphs(shown, SECTION_LIMIT)
    return Message(text=texts[0], blocks=tuple(section(text) for text in texts))


def direct_message(state: PlanState, events: Sequence[ChainedEvent]) -> Message | None:
    """What the requester is told in person: the decision of somebody else, and the end. None when that is nothing."""
    words = [sentence for link in events if (sentence := _told(state, link))]
    if not words:
        return None
    plan = state.plan
    what = f"*{escape(plan.draft.profile)}* on *{escape(plan.host)}*"
    where = link(state.message.permalink if state.message else "", "Open the plan") or f"Plan {code(plan.id)}"
    return Message(
        text=f"Your cleanup {escape(plan.draft.profile)} on {escape(plan.host)}: {words[-1]}",
        blocks=(section("\n".join([f"Your cleanup {what}", *words])), context(where)),
    )


def _told(state: PlanState, link: ChainedEvent) -> str:
    event = link.event
    if event.tag == Tag.CLEANUP_FINISHED:
        return _end_text(state)
    if event.tag not in _DECIDED or (event.actor and event.actor == state.plan.requester.id):
        return ""
    by = f" by {mention_id(event.actor)}" if event.actor else ""
    reason = event.facts.get("reason")
    why = f": {plain(reason, REASON_LIMIT)}" if isinstance(reason, str) and reason else "."
    return f"{_DECIDED[Tag(event.tag)]}{by}{why}"


def _end_text(state: PlanState) -> str:
    freed = f"{short_size(state.reclaimed)} freed, {planned_text(state)}"
    return f":checkered_flag: {end_words(state.status)}: {freed}. {counts_text(state)}."
