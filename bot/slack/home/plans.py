"""What a Home says of single plans: those that wait, those of the person, those that stand still. Pure."""

from bot.core.life.leftover import left_of
from bot.core.life.states import Outcome, PlanState, Status
from bot.core.units import short_size
from bot.services.home.gather import PlanLine
from bot.slack.kit.names import OUTCOME_EMOJI, end_words, frees_text
from bot.slack.kit.text import bar, code, date, escape, mention, mentions, plain, plural
from bot.slack.plan.message import sentence
from bot.slack.plan.open import TAGS_SHOWN, went_text
from bot.slack.plan.restores import undo_text
from bot.slack.plan.runs import ended_count

ATTENTION_SHOWN = 500
ARGUMENTS_SHOWN = 120


def waiting_text(line: PlanLine) -> str:
    """What is to be decided: what goes where, what cannot be undone, who asks, and until when."""
    state, plan, draft = line.state, line.state.plan, left_of(line.state)
    approved = [person.id for person in state.approvers]
    by = f" ({mentions(approved)})" if approved else ""
    objects = plural(len(draft.items), "object")
    return (
        f"{_title(state)}{_tags(line)}: frees *{frees_text(draft)}* in {objects}\n{_went(state)}"
        f"{undo_text(draft) or ':information_source: All of it can be made or pulled again.'}\n"
        f"Asked for by {mention(plan.requester)} {date(plan.created_at)} · {len(approved)} of {state.quorum} approvals"
        f"{by} · expires {date(plan.expires_at)}"
    )


def _went(state: PlanState) -> str:
    return f"{went_text(state)}\n" if state.went_with else ""


def stuck_text(line: PlanLine) -> str:
    """Why a cleanup stands still, and how much of it is open."""
    state = line.state
    left = len(state.with_outcome(Outcome.PLANNED, Outcome.REMOVING))
    return (
        f":rotating_light: {_title(state)}{_tags(line)}, asked for by {mention(state.plan.requester)}\n"
        f"{plain(state.attention, ATTENTION_SHOWN)}\n"
        f"{plural(left, 'object')} still open; no other cleanup starts on that host until somebody decides."
    )


def yours_text(state: PlanState) -> str:
    """Where a plan stands that has not ended."""
    plan, draft = state.plan, state.plan.draft
    if state.status is Status.PROPOSED:
        approved = f"{len(state.approvers)} of {state.quorum} approvals"
        return (
            f":bell: {_title(state)}: waits for its decision, {approved} · frees {frees_text(draft)} · "
            f"expires {date(plan.expires_at)}"
        )
    if state.status is Status.APPROVED:
        return f":hourglass_flowing_sand: {_title(state)}: {sentence(state)} {_turn(state)}"
    if state.attention:
        return f":rotating_light: {_title(state)}: {sentence(state)}"
    share = ended_count(state) / max(len(state.items), 1)
    stopping = f"\n{mention(state.stop.person)} stopped it: what it is at comes to its end." if (
        state.stop
    ) else ""  # fmt: skip
    return (
        f":broom: {_title(state)}: running\n`{bar(share, 20)}` {share:.0%}, {ended_count(state)} of "
        f"{plural(len(state.items), 'object')} · *{short_size(state.reclaimed)}* freed of {frees_text(draft)}{stopping}"
    )


def ended_text(state: PlanState) -> str:
    """How a plan ended."""
    emoji = OUTCOME_EMOJI.get(state.status, ":no_entry_sign:")
    at = state.finished_at or state.decided_at
    return f"{emoji} {_title(state)}: *{end_words(state.status)}*{f' {date(at)}' if at else ''}\n{sentence(state)}"


def _turn(state: PlanState) -> str:
    if state.waits_for:
        return f"{code(state.waits_for)} comes first."
    return f"It starts {date(state.starts_at)}." if state.starts_at else "It is next."


def _title(state: PlanState) -> str:
    plan, draft = state.plan, state.plan.draft
    narrowed = f" {code(draft.arguments, ARGUMENTS_SHOWN)}" if draft.arguments else ""
    return f"*{plain(draft.profile, 60)}*{narrowed} on *{escape(plan.host)}*"


def _tags(line: PlanLine) -> str:
    tags = line.host.tags[:TAGS_SHOWN] if line.host else ()
    return "".join(f" {code(tag, 40)}" for tag in tags)
