"""A plan's message before its cleanup begins: what goes, what cannot be undone, what stays, and who decides. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.docker.inventory import ORDER, Kind
from bot.core.life.states import PlanState, Status
from bot.core.plan.arguments import PICKED
from bot.core.plan.plan import Draft, Item
from bot.core.plan.profiles import KIND_NAMES
from bot.core.plan.reasons import NOT_IN_PROFILE, counted_as
from bot.core.rules.policy import EVERYONE, is_channel, is_group
from bot.core.units import human_size
from bot.slack.action_ids import ADJUST, APPROVE, COMMANDS, REJECT, WITHDRAW
from bot.slack.kit.arrivals import by_build_buttons
from bot.slack.kit.blocks import Block, actions, button, confirm, context, fields, whole
from bot.slack.kit.names import counted, frees_text, short_name
from bot.slack.kit.text import code, date, entry_text, escape, mention, mentions, plain, plural
from bot.slack.plan.restores import undo_text
from bot.slack.plan.running import turn_blocks

REASON_LIMIT = 1_500
LARGEST_SHOWN = 3
"""Objects named of each kind; the thread names all."""
REASONS_SHOWN = 8
NAME_SHOWN = 80
"""Characters of a name in the message; the thread has the whole of a longer one."""
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


def open_blocks(state: PlanState, about: About, verdict: str) -> list[Block]:
    """The body of a plan that waits for its decision, or for its turn."""
    plan, draft = state.plan, state.plan.draft
    tags = "".join(f" {code(tag, 40)}" for tag in about.tags[:TAGS_SHOWN])
    blocks = [
        whole(f"*Frees {frees_text(draft)}* in {plural(len(draft.items), 'object')} on "
                f"*{escape(plan.host)}*{tags} ({escape(draft.frees.why)})\n{_profile_text(state)}"),
    ]  # fmt: skip
    if state.status is Status.PROPOSED:
        blocks.append(
            whole(undo_text(draft) or ":information_source: All of it can be made or pulled again.")
        )
    if state.reason:
        blocks.append(whole(f":warning: {plain(state.reason, REASON_LIMIT)}"))
    blocks += [fields(people(state, about)), whole(_items_text(draft.items))]
    if draft.kept:
        blocks.append(whole(_kept_text(draft, plan.host)))
    blocks += [context(f":construction: {plain(note)}") for note in draft.notes]
    if state.status is Status.PROPOSED:
        blocks.append(context("Each object is looked at again right before it goes; what has changed is kept. "
                              "The thread lists every object, each vote and what follows."))  # fmt: skip
        blocks.append(actions(_buttons(state, about)))
    else:
        blocks += turn_blocks(state, verdict)
    return blocks


def people(state: PlanState, about: About) -> Iterator[str]:
    """Who asked, who approved of how many, who may, and until when."""
    plan = state.plan
    yield f"*Asked for by*\n{mention(plan.requester)}"
    yield f"*Approvals*\n{_votes(state)}"
    if state.status is Status.PROPOSED and about.approvers:
        yield f"*May approve*\n{may_approve_text(state, about)}"
    yield f"*Policy*\n{escape(plan.policy)}"
    if state.status is Status.PROPOSED:
        yield f"*Expires*\n{date(plan.expires_at)}"


def _votes(state: PlanState) -> str:
    names = mentions([person.id for person in state.approvers])
    return f"{len(state.approvers)} of {state.quorum}" + (f": {names}" if names else "")


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


def _buttons(state: PlanState, about: About) -> list[Block]:
    plan, what = state.plan, f"{state.plan.draft.profile} on {state.plan.host}"
    found = [
        approve_button(state, about),
        button("Reject", REJECT, plan.id, style="danger", spoken=f"Reject: {what}"),
        button("Adjust", ADJUST, plan.id, spoken=f"Adjust: {what}"),
    ]
    if state.approvers:
        found.append(button("Withdraw my approval", WITHDRAW, plan.id, spoken=f"Withdraw approval: {what}"))
    found.append(button("Commands", COMMANDS, plan.id, spoken=f"Docker commands like {what}"))
    return [*found, *by_build_buttons(plan.host, plan.draft)]


def approve_button(state: PlanState, about: About, action_id: str = APPROVE) -> Block:
    """Approves, after one more question where that is called for."""
    plan, what = state.plan, f"{state.plan.draft.profile} on {state.plan.host}"
    spoken = f"Approve: {what}, frees {frees_text(plan.draft)}"
    made = button("Approve", action_id, plan.id, style="primary", spoken=spoken)
    if asks_once_more(plan.draft, about):
        made["confirm"] = _confirm(state)
    return made


def asks_once_more(draft: Draft, about: About) -> bool:
    """Whether Approve asks whether that is meant: on production, and where data would go."""
    return not PRODUCTION.isdisjoint(tag.lower() for tag in about.tags) or any(
        item.kind is Kind.VOLUME for item in draft.items
    )


def _confirm(state: PlanState) -> Block:
    plan, draft = state.plan, state.plan.draft
    volumes = sum(item.kind is Kind.VOLUME for item in draft.items)
    data = f" The data of {plural(volumes, 'volume')} is gone for good." if volumes else ""
    return confirm(
        f"Remove {plural(len(draft.items), 'object')} from {plan.host}?",
        f"*{plain(plan.host, 63)}*: frees {frees_text(draft)}.{data} What you approve is what is removed.",
        "Approve",
        "Not yet",
        danger=True,
    )


def _profile_text(state: PlanState) -> str:
    draft = state.plan.draft
    if draft.profile == PICKED:
        return f"Picked by name: {code(draft.arguments, 600)}"
    narrowed = f" {code(draft.arguments)}" if draft.arguments else ""
    return f"Profile *{escape(draft.profile)}*{narrowed}: {plain(state.plan.profile_words, 600)}"


def goes_text(items: Sequence[Item]) -> str:
    """How many objects of which kind go."""
    return ", ".join(counted(count, kind) for kind, count in Counter(item.kind for item in items).items())


def _items_text(items: Sequence[Item]) -> str:
    return "\n".join(line for kind in ORDER for line in _kind_lines([i for i in items if i.kind is kind]))


def _kind_lines(items: Sequence[Item]) -> Iterator[str]:
    """How many of a kind go and what that frees, and the largest of them by name."""
    if not items:
        return
    size = human_size(sum(item.bytes for item in items))
    yield f"*{KIND_NAMES[items[0].kind].capitalize()}*: {len(items):,}, {size}"
    ordered = sorted(items, key=lambda item: -item.bytes)
    shown = ordered if len(ordered) == LARGEST_SHOWN + 1 else ordered[:LARGEST_SHOWN]
    for item in shown:
        yield f"• {code(short_name(item), NAME_SHOWN)} {human_size(item.bytes)}"
    if len(ordered) > len(shown):
        rest = human_size(sum(item.bytes for item in ordered[len(shown) :]))
        yield f"• _and {len(ordered) - len(shown):,} more, {rest}: the thread lists them_"


def _kept_text(draft: Draft, host: str) -> str:
    others = sum(one.because == NOT_IN_PROFILE for one in draft.kept)
    counts = Counter(
        (one.kind, one.because) for one in draft.kept if one.because != NOT_IN_PROFILE
    ).most_common()
    reasons = [
        f"{counted(count, kind)} ({plain(counted_as(because, count), 80)})"
        for (kind, because), count in counts[:REASONS_SHOWN]
    ]
    if len(counts) > REASONS_SHOWN:
        rest = sum(count for _, count in counts[REASONS_SHOWN:])
        reasons.append(f"{rest:,} for other reasons")
    if others:
        reasons.append(f"{others:,} of kinds that this profile does not take")
    return f":shield: *Stays*: {', '.join(reasons)}. `/docker-prune {escape(host)} why NAME` tells of one object."
