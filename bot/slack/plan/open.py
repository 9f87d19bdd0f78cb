"""A plan's message before its cleanup begins: what goes, what cannot be undone, what stays, and who decides. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.docker.inventory import Kind
from bot.core.life.leftover import left_of, went
from bot.core.life.restoring import is_said_of
from bot.core.life.states import PlanState, Status
from bot.core.plan.arguments import PICKED
from bot.core.plan.plan import CAREFUL, Draft, Item
from bot.core.plan.reasons import NOT_IN_PROFILE, counted_as
from bot.core.rules.hosts import Host
from bot.core.rules.policy import EVERYONE, Right, is_channel, is_group
from bot.slack.action_ids import ADJUST, APPROVE, ASK_OTHER, REJECT, WHOLE_LIST, WITHDRAW
from bot.slack.kit.arrivals import by_build_buttons
from bot.slack.kit.blocks import Block, actions, button, context, whole
from bot.slack.kit.names import counted, frees_text
from bot.slack.kit.text import (
    code,
    date,
    entry_text,
    escape,
    mention,
    mentions,
    paragraphs,
    plain,
    plural,
)
from bot.slack.plan.looking import kinds_text, look_at, look_at_text, volumes_text
from bot.slack.plan.restores import undo_text
from bot.slack.plan.running import turn_blocks

REASON_LIMIT = 1_500
REASONS_SHOWN = 5
NOTES_LIMIT = 1_500
WHY_SHOWN, WHY_LIMIT = 300, 1_500
"""Characters of why somebody approved, and of all of these in one block; the audit has them whole."""
ALL_AGAIN = ":information_source: All of it can be made or pulled again."
ENTRIES_SHOWN = 8
TAGS_SHOWN = 8
PRODUCTION = frozenset({"prod", "production"})
"""Tags of hosts on which an approval is asked for once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a plan's message says of its host as it is registered now; for display, and it steers nothing."""

    tags: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    """Entries of the policy: ids of users, groups and channels, or ``*``."""
    self_approval: bool = False
    reasons: bool = False
    """Whether each vote says why."""


NOWHERE = About()


def about_of(host: Host | None) -> About:
    """What to say of a host; nothing of one that is not registered any more."""
    if host is None:
        return NOWHERE
    entries = host.policy.entries(Right.APPROVE)
    policy = host.policy
    return About(
        tags=host.tags, approvers=entries, self_approval=policy.self_approval, reasons=policy.reasons
    )


def open_title(state: PlanState, about: About) -> str:
    """What is asked, in one line: how much, where, and by which profile."""
    asked = "Approve?" if state.status is Status.PROPOSED else "Approved:"
    where = f"{state.plan.host}{' (PROD)' if on_production(about) else ''}"
    return f"{asked} {frees_text(left_of(state))} on {where} · {state.plan.draft.profile}"


def open_blocks(state: PlanState, about: About, verdict: str) -> list[Block]:
    """The body of a plan that waits for its decision, or for its turn.

    What a phone shows of it first is what cannot be undone, what to look at, the total and the buttons.
    """
    draft = left_of(state)
    blocks = []
    if state.went_with:
        blocks.append(whole(went_text(state)))
    if state.reason:
        blocks.append(whole(f":warning: {plain(state.reason, REASON_LIMIT)}"))
    if state.status is Status.PROPOSED and draft.items:
        blocks.append(whole(undo_text(draft) or ALL_AGAIN))
    blocks += [whole(text) for text in goes_texts(draft)]
    notes = [
        *([_narrowed_text(draft)] if draft.arguments else []),
        *(_note_text(note) for note in draft.notes if not is_said_of(note)),
    ]
    blocks += [context(text) for text in paragraphs(notes, NOTES_LIMIT)]
    if state.status is Status.PROPOSED:
        blocks.append(actions(_buttons(state)))
    else:
        blocks += turn_blocks(state, verdict)
    return [
        *blocks,
        context(" · ".join(people_words(state, about))),
        *why_blocks(state),
        *_kept_blocks(state),
    ]


def went_text(state: PlanState) -> str:
    """What other cleanups took while this plan waited, and what is left; empty where they took nothing."""
    if not state.went_with:
        return ""
    with_each = ", ".join(f"{count:,} went with plan {code(plan)}" for plan, count in went(state).items())
    left = left_of(state)
    rest = (
        f"{frees_text(left)} in {plural(len(left.items), 'object')} is left"
        if left.items
        else "nothing is left"
    )
    return f":information_source: Since it was proposed {with_each}: {rest}."


def goes_texts(draft: Draft) -> Iterator[str]:
    """What goes: the data first, then the riskiest, then each kind in a line."""
    texts = (volumes_text(draft.items), look_at_text(draft), kinds_text(draft, look_at(draft)))
    return (text for text in texts if text)


def people_words(state: PlanState, about: About) -> Iterator[str]:
    """Who asked, who may approve, how many did of how many, and until when, in a line."""
    plan = state.plan
    yield f"{mention(plan.requester)} asked"
    if state.status is Status.PROPOSED and about.approvers:
        yield f"may approve: {may_approve_text(state, about)}"
    yield f"{_votes(state)} approved"
    yield f"policy {plain(plan.policy, 60)}"
    if state.status is Status.PROPOSED:
        yield f"until {date(plan.expires_at)}"
    yield f"plan {code(plan.id)}"


def people(state: PlanState) -> Iterator[str]:
    """Who asked, and who approved of how many, under which policy."""
    plan = state.plan
    yield f"*Asked for by*\n{mention(plan.requester)}"
    yield f"*Approvals*\n{_votes(state)}"
    yield f"*Policy*\n{escape(plan.policy)}"


def _votes(state: PlanState) -> str:
    names = mentions([person.id for person in state.approvers])
    return f"{len(state.approvers)} of {state.quorum}" + (f": {names}" if names else "")


def why_blocks(state: PlanState) -> list[Block]:
    """Why each of those approved who said so; nothing where nobody did."""
    said = [
        f"{mention(vote.person)}: “{plain(vote.reason, WHY_SHOWN)}”"
        for vote in state.votes
        if vote.approve and vote.reason
    ]
    return [context(text) for text in paragraphs(said, WHY_LIMIT)]


def may_approve_text(state: PlanState, about: About) -> str:
    """Who may decide, as the policy says it."""
    requester = state.plan.requester
    entries = [entry for entry in about.approvers if about.self_approval or entry != requester.id]
    shown = [entry_text(entry) for entry in entries[:ENTRIES_SHOWN]]
    if len(entries) > ENTRIES_SHOWN:
        shown.append(f"{len(entries) - ENTRIES_SHOWN} more")
    meant = any(entry == EVERYONE or is_channel(entry) or is_group(entry) for entry in entries)
    but = f", but not {mention(requester)}" if meant and not about.self_approval else ""
    return (
        ", ".join(shown) + but if shown else f"nobody: only {mention(requester)} is named, who asked for it"
    )


def _buttons(state: PlanState) -> list[Block]:
    plan, what = state.plan, f"{state.plan.draft.profile} on {state.plan.host}"
    found = [
        *([approve_button(state)] if left_of(state).items else []),
        button("Reject", REJECT, plan.id, style="danger", spoken=f"Reject: {what}"),
        button("Adjust", ADJUST, plan.id, spoken=f"Adjust: {what}"),
        button("Ask somebody else", ASK_OTHER, plan.id, spoken=f"Ask somebody else to decide: {what}"),
    ]
    if state.approvers:
        found.append(button("Withdraw my approval", WITHDRAW, plan.id, spoken=f"Withdraw approval: {what}"))
    found.append(
        button(whole_list_label(plan.draft), WHOLE_LIST, plan.id, spoken=f"All that goes and stays: {what}")
    )
    return [*found, *by_build_buttons(plan.host, plan.draft)]


def approve_button(state: PlanState, action_id: str = APPROVE) -> Block:
    """Approves; where that is called for, it asks once more what is in the form."""
    plan, what = state.plan, f"{state.plan.draft.profile} on {state.plan.host}"
    spoken = f"Approve: {what}, frees {frees_text(plan.draft)}"
    return button("Approve", action_id, plan.id, style="primary", spoken=spoken)


def whole_list_label(draft: Draft) -> str:
    return f"All {len(draft.items):,}" if len(draft.items) > 1 else "All of it"


def on_production(about: About) -> bool:
    return not PRODUCTION.isdisjoint(tag.lower() for tag in about.tags)


def asks_once_more(draft: Draft, about: About) -> bool:
    """Whether Approve asks whether that is meant: on production, where data would go, and where it has to say why."""
    return on_production(about) or about.reasons or any(item.kind is Kind.VOLUME for item in draft.items)


def profile_text(state: PlanState) -> str:
    """What the profile takes, as it was asked for."""
    draft = state.plan.draft
    if draft.profile == PICKED:
        return f"Picked by name: {code(draft.arguments, 600)}"
    narrowed = f" {code(draft.arguments)}" if draft.arguments else ""
    return f"Profile *{escape(draft.profile)}*{narrowed}: {plain(state.plan.profile_words, 600)}"


def _narrowed_text(draft: Draft) -> str:
    if draft.profile == PICKED:
        return "Picked by name"
    return f"Asked for with {code(draft.arguments, 300)}"


def _note_text(note: str) -> str:
    """A note behind a sign that says how bad it is."""
    sign = ":warning:" if note.startswith(CAREFUL) else ":information_source:"
    return f"{sign} {plain(note, 500)}"


def goes_text(items: Sequence[Item]) -> str:
    """How many objects of which kind go."""
    return ", ".join(counted(count, kind) for kind, count in Counter(item.kind for item in items).items())


def _kept_blocks(state: PlanState) -> list[Block]:
    return [context(kept_text(state.plan.draft))] if state.plan.draft.kept else []


def kept_text(draft: Draft) -> str:
    """What stays, counted by its reasons, in a line."""
    others = sum(one.because == NOT_IN_PROFILE for one in draft.kept)
    counts = Counter(one.because for one in draft.kept if one.because != NOT_IN_PROFILE).most_common()
    reasons = [
        f"{count:,} ({plain(counted_as(because, count), 60)})" for because, count in counts[:REASONS_SHOWN]
    ]
    if len(counts) > REASONS_SHOWN:
        reasons.append(f"{sum(count for _, count in counts[REASONS_SHOWN:]):,} for other reasons")
    if others:
        reasons.append(f"{others:,} of other kinds")
    return f"Stays: {', '.join(reasons)}; *{whole_list_label(draft)}* tells why of each"
