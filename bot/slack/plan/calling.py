"""Telling people that a plan waits for a decision: in person, in its thread, in a channel, and once a day."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.life.leftover import left_of
from bot.core.life.states import PlanState
from bot.core.rules.telling import Notice
from bot.slack.chat import SlackChat
from bot.slack.kit.blocks import Block, Message, context, section
from bot.slack.kit.names import frees_text
from bot.slack.kit.text import code, date, entry_text, escape, link, mention, mention_id, plural

DIGEST_SHOWN = 20
"""Plans of one digest; the Home has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Implements ``bot.ports.Callers``."""

    chat: SlackChat

    def call_person(self, state: PlanState, notice: Notice, person: str, by: str = "") -> None:
        self.chat.post_direct(person, call_message(state, notice, by=by))

    def call_in_thread(self, state: PlanState, notice: Notice, mentioned: Sequence[str]) -> None:
        if state.message:
            message = call_message(state, notice, mentioned)
            self.chat.post(state.message.channel, message, state.message.ts)

    def call_channel(self, state: PlanState, notice: Notice, channel: str) -> None:
        self.chat.post(channel, call_message(state, notice))

    def send_digest(self, person: str, states: Sequence[PlanState]) -> None:
        self.chat.post_direct(person, digest_message(states))


def call_message(state: PlanState, notice: Notice, mentioned: Sequence[str] = (), by: str = "") -> Message:
    """That a plan waits for a decision, and why one is told; ``mentioned`` are called by it.

    Who is called for a plan that is a line of its schedule's message is called once for all of them.
    """
    plan, draft = state.plan, left_of(state)
    of_batch = bool(state.together) and notice is not Notice.ASKED
    what = f"*{escape(draft.profile)}* on *{escape(plan.host)}*"
    if of_batch:
        what = f"What {mention(plan.requester)} proposed, {what} and others,"
    said = {
        Notice.NEW: f"{what} waits for a decision",
        Notice.REMINDER: f"{what} still waits for a decision",
        Notice.ESCALATION: f"{what} still waits for a decision: nobody has made it since {date(plan.created_at)}",
        Notice.ASKED: f"{mention_id(by)} asks you to decide about {what}",
    }[notice]
    frees = f"It frees {frees_text(draft)} in {plural(len(draft.items), 'object')}."
    until = f"It expires {date(plan.expires_at)}, and then nothing is removed."
    if of_batch:
        frees, until = "Each is a line of one message.", f"The first expires {date(plan.expires_at)}."
    who = f" May decide: {', '.join(map(entry_text, mentioned))}." if mentioned else ""
    asked = f" {mention(plan.requester)} asked for it, {len(state.approvers)} of {state.quorum} approved."
    asked = "" if of_batch else asked
    blocks = [section(f":bell: {said}. {frees}{asked} {until}{who}"), *_link(state)]
    text = f"{said.replace('*', '')}. {frees} {until}{who}"
    return Message(text=text, blocks=tuple(blocks), calls=frozenset(mentioned))


def digest_message(states: Sequence[PlanState]) -> Message:
    """All that waits for somebody's decision, the first to expire first."""
    ordered = sorted(states, key=lambda state: state.plan.expires_at)
    lines = [_line(state) for state in ordered[:DIGEST_SHOWN]]
    more = len(ordered) - len(lines)
    title = f"{plural(len(ordered), 'plan')} {'waits' if len(ordered) == 1 else 'wait'} for your decision"
    blocks: list[Block] = [section(f":bell: *{title}*"), *map(section, lines)]
    rest = f"… and {more:,} more. " if more else ""
    blocks.append(context(f"{rest}Your Home has each with its buttons, and how you are told."))
    return Message(text=title, blocks=tuple(blocks))


def _line(state: PlanState) -> str:
    plan, draft = state.plan, left_of(state)
    what = f"*{escape(draft.profile)}* on *{escape(plan.host)}*"
    where = link(state.message.permalink if state.message else "", "Open") or f"plan {code(plan.id)}"
    frees = f"frees {frees_text(draft)} in {plural(len(draft.items), 'object')}"
    votes = f"{len(state.approvers)} of {state.quorum} approved"
    return f"{what}: {frees} · {mention(plan.requester)} asked · {votes} · until {date(plan.expires_at)} · {where}"


def _link(state: PlanState) -> list[Block]:
    where = link(state.message.permalink if state.message else "", "Open the plan")
    return [context(where)] if where else []
