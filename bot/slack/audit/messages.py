"""Messages of the audit: a page of cleanups, and one cleanup with its timeline. Pure: values to blocks.

A button carries the id of a plan, or where a page goes on and the words of its filter: what is shown is read
from the store at the click, with the rights of who clicks.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from difflib import get_close_matches
from itertools import islice

from bot.core.audit.filters import KEYS, AuditFilter, Key
from bot.core.audit.review import Place
from bot.core.audit.states import Recorded
from bot.core.life.states import ItemState, Outcome, PlanState
from bot.core.units import short_size
from bot.ports import Cleanup
from bot.services.audit.review import Notes, Page, notes
from bot.slack.action_ids import AUDIT_DETAILS, AUDIT_EXPORT, AUDIT_PAGE
from bot.slack.kit.blocks import Block, Message, actions, button, context, fields, header, section
from bot.slack.kit.names import OUTCOME_EMOJI, end_words, short_name
from bot.slack.kit.text import (
    code,
    date,
    escape,
    lines_within,
    mention,
    mention_id,
    mentions,
    paragraphs,
    plain,
    plural,
)
from bot.slack.plan.restores import restore_blocks
from bot.slack.plan.runs import before_after, planned_text
from bot.slack.plan.timeline import timeline

HOSTS_SHOWN = 5
WORDS_SHOWN = 400
OBJECTS_BUDGET, TIMELINE_BUDGET = 1_100, 4_000
NAME_SHOWN = 80
REASON_SHOWN = 120
NOTE_SHOWN = 1_500


# --- a page -------------------------------------------------------------------------------------


def page_message(page: Page, note: str = "") -> Message:
    """The answer to ``/docker-audit``; ``note`` is what else to say where nothing was found."""
    matching, tally = page.matching, page.totals.all
    where = f" on {matching.hosts[0]}" if len(matching.hosts) == 1 else ""
    if not page.cleanups:
        text = f"No cleanup{where} is in the audit yet."
        if matching.words() != tuple(f"host={name}" for name in matching.hosts[:1]):
            text = f"No cleanup that you may read fits {_described(matching)}. {escape(note)}".strip()
        return Message(text=text, blocks=(section(text),))
    count = "cleanup" if len(page.cleanups) == 1 else f"{len(page.cleanups):,} cleanups"
    title = f"Earlier cleanups{where}" if page.newer else f"The latest {count}{where}"
    newest = page.cleanups[0]
    return Message(
        text=f"{escape(title)}: {short_size(tally.bytes)} freed in {plural(tally.cleanups, 'cleanup')}. "
        f"Newest here: {escape(newest.profile)} on {escape(newest.host)}, {end_words(newest.outcome)}.",
        blocks=(
            header(title),
            *([context(f"Filter: {_described(matching)}")] if matching.words() else []),
            context(_totals_text(page)),
            *map(cleanup_block, page.cleanups),
            *(context(f":warning: {escape(note)}") for note in Notes(page.cleanups).sentences()),
            actions(_page_buttons(page)),
            context("`deckhand audit show ID` has every item and event."),
        ),
    )


def _described(matching: AuditFilter) -> str:
    parts = (part for key in KEYS for part in _parts(key, [_shown(key, one) for one in key.values(matching)]))
    shown, left = lines_within(parts, WORDS_SHOWN)
    return " · ".join([*shown, *([f"and {left} more"] if left else [])])


def _parts(key: Key, values: Sequence[str]) -> Iterator[str]:
    for value in values if key.each else [" or ".join(values)] if values else []:
        yield f"{key.said} {value}".lstrip()


def _shown(key: Key, value: str | datetime) -> str:
    if isinstance(value, datetime):
        return date(value)
    if key.name == "by" and not value.startswith("@"):
        return mention_id(value)
    return code(f"{key.sign}{value}") if key.each else plain(value)


def _totals_text(page: Page) -> str:
    tally, by_host = page.totals.all, page.totals.by_host
    hosts = ", ".join(
        f"{escape(host)} {short_size(each.bytes)} in {each.cleanups:,}"
        for host, each in islice(by_host.items(), HOSTS_SHOWN)
    )
    more = f" and {plural(len(by_host) - HOSTS_SHOWN, 'more host')}" if len(by_host) > HOSTS_SHOWN else ""
    return f"*{plural(tally.cleanups, 'cleanup')}* · *{short_size(tally.bytes)}* freed · {hosts}{more}"


def cleanup_block(cleanup: Cleanup) -> Block:
    """One line of the list, with the button that opens its record."""
    block = section(_cleanup_text(cleanup))
    spoken = f"Details of {cleanup.profile} on {cleanup.host}"
    block["accessory"] = button("Details", f"{AUDIT_DETAILS}:{cleanup.plan}", cleanup.plan, spoken=spoken)
    return block


def _cleanup_text(cleanup: Cleanup) -> str:
    approvers = mentions(cleanup.approved_by) or "nobody"
    what = f"*{escape(cleanup.host)}* · {plain(cleanup.profile, 60)} · *{end_words(cleanup.outcome)}*"
    return (
        f"{_emoji(cleanup.outcome)} {what} · {date(cleanup.started_at)}\n"
        f"{short_size(cleanup.reclaimed_bytes)} freed, {short_size(cleanup.predicted_bytes)} planned · "
        f"{mention_id(cleanup.requested_by)} asked, {approvers} approved · {code(cleanup.id)}"
    )


def _emoji(outcome: str) -> str:
    return OUTCOME_EMOJI.get(outcome, ":hourglass_flowing_sand:")


def _page_buttons(page: Page) -> list[Block]:
    line = page.matching.line()
    buttons = [
        button(label, f"{AUDIT_PAGE}:{direction}", carried(place, line), spoken=f"{direction} cleanups")
        for label, direction, place in (("← Newer", "newer", page.newer), ("Older →", "older", page.older))
        if place
    ]
    count = plural(page.totals.all.cleanups, "cleanup")
    return [
        *buttons,
        button("Export", AUDIT_EXPORT, f"export {line}", spoken=f"Export {count} as CSV and JSON"),
    ]


def carried(place: Place, line: str) -> str:
    """What a button of a page carries: where to go on, and what is asked for."""
    return f"{place} {line}"


# --- one cleanup --------------------------------------------------------------------------------


def record_message(record: Recorded) -> Message:
    """All that a person asks of one cleanup: who, under which policy, what became of each object, and when."""
    state, plan = record.state, record.state.plan
    title = f"{plan.draft.profile} on {plan.host}: {end_words(state.status)}"
    lines, left = lines_within(timeline(record.events), TIMELINE_BUDGET)
    freed = f"{short_size(state.reclaimed)} freed, {planned_text(state)}"
    blocks = (
        header(title),
        section(f"{_emoji(state.status)} *{freed}*" + (f"\n{plain(state.reason, 500)}" if state.reason else "")),
        *(context(f":warning: {plain(note, NOTE_SHOWN)}") for note in notes(record)),
        fields(_facts(state)),
        *(section(text) for text in _objects(state)),
        *_disk(state),
        *(section(text) for text in paragraphs([f"*Timeline* ({plural(len(record.events), 'event')})", *lines])),
        *([context(f"… and {plural(left, 'more line')}")] if left else []),
        *restore_blocks(state),
        context(f"Plan {code(plan.id)} · `deckhand audit show {escape(plan.id)}` has every item and event."),
    )  # fmt: skip
    return Message(text=f"{escape(title)}. {freed}.", blocks=blocks)


def _disk(state: PlanState) -> Iterator[Block]:
    if state.usage_before and state.usage_after:
        yield context("`docker system df` before and after")
        yield before_after(state.usage_before, state.usage_after)


def _facts(state: PlanState) -> Iterator[str]:
    plan, engine = state.plan, state.plan.draft.engine
    yield f"*Asked for by*\n{mention(plan.requester)} {date(plan.created_at)}"
    yield f"*Approved by*\n{mentions([person.id for person in state.approvers]) or 'nobody'}"
    yield f"*Policy*\n{plain(plan.policy)}, {plural(state.quorum, 'approval')}"
    yield f"*Engine*\n{plain(engine.version, 60)} {code(engine.id, 60)}"
    if state.started_at:
        seconds = (state.finished_at - state.started_at).total_seconds() if state.finished_at else None
        yield f"*Ran*\n{date(state.started_at)}" + (f", for {seconds:.1f} s" if seconds is not None else "")


def _objects(state: PlanState) -> Iterator[str]:
    for outcome in Outcome:
        states = state.with_outcome(outcome)
        if states:
            ordered = sorted(states, key=lambda one: -one.bytes)
            lines, left = lines_within(map(_object_line, ordered), OBJECTS_BUDGET)
            more = [f"_… and {left:,} more_"] if left else []
            yield "\n".join([f"*{outcome.capitalize()}*: {len(states):,}", *lines, *more])


def _object_line(one: ItemState) -> str:
    size = f" {short_size(one.bytes)}" if one.bytes else ""
    reason = f": {plain(one.reason, REASON_SHOWN)}" if one.reason else ""
    return f"• {one.item.kind.replace('_', ' ')} {code(short_name(one.item), NAME_SHOWN)}{size}{reason}"


def nearest_note(texts: Sequence[str], hosts: Iterable[str]) -> str:
    """What to say where a word was taken for an object's name, and may have been meant as a host's."""
    known = list(hosts)
    near = [host for text in texts for host in get_close_matches(text, known, n=1)]
    return f"Did you mean the host {near[0]}?" if near else ""
