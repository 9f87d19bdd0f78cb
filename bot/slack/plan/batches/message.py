"""The one message for the many plans of a schedule: what they free in all, and a line and a button for each. Pure."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence

from bot.core.docker.inventory import Kind
from bot.core.life.batches import Batch, Entry, Line
from bot.core.life.leftover import left_of
from bot.core.life.restoring import lost_for_good
from bot.core.life.states import CLEANUP_OUTCOMES, ENDED, PlanState, Status
from bot.core.plan.plan import Draft
from bot.core.units import short_size
from bot.slack.action_ids import AUDIT_DETAILS, OPEN_PLAN
from bot.slack.kit.blocks import Block, Message, actions, button, context, header, menu, option, whole
from bot.slack.kit.names import OUTCOME_EMOJI, counted, end_words, frees_text
from bot.slack.kit.text import code, date, entry_text, escape, link, plain, plural
from bot.slack.plan.message import sentence
from bot.slack.plan.open import About, may_approve_text
from bot.slack.plan.restores import lost_text

MENU_SHOWN = 75
HOST_SHOWN, SAID_SHOWN, OPTION_SHOWN, NAMED = 60, 140, 25, 8
_WAITING = {
    Status.PROPOSED: "wait for a decision",
    Status.APPROVED: "wait for their turn",
    Status.RUNNING: "run",
}
_ONE = {
    Status.PROPOSED: "waits for a decision",
    Status.APPROVED: "waits for its turn",
    Status.RUNNING: "runs",
}

AboutOf = Callable[[str], About]
"""What to say of a host, by its name."""


def batch_message(
    batch: Batch,
    shown: Sequence[Entry],
    rest: Sequence[Line],
    about_of: AboutOf,
    calls: Collection[str] = (),
) -> Message:
    """Everything about the plans of one moment of a schedule; ``calls`` are those who are meant to decide now."""
    lines = [*(entry.line for entry in shown), *rest]
    title = f"Schedule “{plain(batch.schedule, 60)}” planned cleanups on {plural(len(lines), 'host')}"
    waiting = [entry for entry in shown if entry.state.status is Status.PROPOSED]
    standing = f"{_counts(lines)}."
    told = " ".join([standing, *_waiting_words(waiting, rest, about_of)])
    called = f" Meant to decide: {', '.join(entry_text(entry) for entry in calls)}." if calls else ""
    blocks = [header(title), whole(told + called), *(_line_block(entry) for entry in shown)]
    if rest:
        blocks += _rest_blocks(rest)
    blocks.append(
        context("*Open* posts a plan here with all that it removes: there it is decided, by itself.")
    )
    return Message(text=f"{title}. {told}{called}", blocks=tuple(blocks), calls=frozenset(calls))


def _counts(lines: Sequence[Line]) -> str:
    """``4 wait for a decision, 1 runs, 2 done``."""
    counts = Counter(line.status for line in lines)
    words = []
    for status in (status for status in Status if counts[status]):
        ended = status not in _ONE
        said = end_words(status) if ended else (_ONE if counts[status] == 1 else _WAITING)[status]
        words.append(f"*{counts[status]:,} {said}*")
    return ", ".join(words)


def _waiting_words(waiting: Sequence[Entry], rest: Sequence[Line], about_of: AboutOf) -> Iterator[str]:
    """Of those that wait: what they free in all, what cannot be undone, who decides, and until when."""
    others = [line for line in rest if line.status is Status.PROPOSED]
    if not waiting:
        return
    drafts = [left_of(entry.state) for entry in waiting]
    size = sum(draft.frees.high for draft in drafts) + sum(line.predicted for line in others)
    objects = sum(len(draft.items) for draft in drafts)
    hosts = [plain(entry.line.host, HOST_SHOWN) for entry in waiting]
    left = len(hosts) + len(others) - len(hosts[:NAMED])
    more = f" and {left:,} more" if left else ""
    of = f" in {plural(objects, 'object')}" if not others else ""
    yield f"Those that wait free up to *{short_size(size)}*{of}: {', '.join(hosts[:NAMED])}{more}."
    lost = [
        plain(entry.line.host, HOST_SHOWN)
        for entry, draft in zip(waiting, drafts, strict=True)
        if lost_text(draft)
    ]
    if lost:
        many = f" and {len(lost) - NAMED:,} more" if len(lost) > NAMED else ""
        yield f":warning: Not all of it can be undone on {', '.join(lost[:NAMED])}{many}."
    said = {
        may_approve_text(entry.state, about)
        for entry in waiting
        if (about := about_of(entry.line.host)).approvers
    }
    if len(said) == 1:
        yield f"May approve: {said.pop()}."
    yield f"The first expires {date(min(entry.state.plan.expires_at for entry in waiting))}."


def _line_block(entry: Entry) -> Block:
    line, state = entry.line, entry.state
    text = f"*{plain(line.host, HOST_SHOWN)}* {_standing(state)}"
    if line.posted and (where := link(line.permalink, "its message")):
        text += f" · {where}"
    block = whole(text)
    if line.held and state.status not in ENDED:
        block["accessory"] = button(
            "Open", f"{OPEN_PLAN}:{line.plan_id}", line.plan_id, spoken=_spoken(state)
        )
    elif line.held and state.status in CLEANUP_OUTCOMES:
        spoken = f"Audit record: {state.plan.draft.profile} on {plain(state.plan.host, OPTION_SHOWN)}"
        block["accessory"] = button(
            "Audit record", f"{AUDIT_DETAILS}:{line.plan_id}", line.plan_id, spoken=spoken
        )
    return block


def _spoken(state: PlanState) -> str:
    plan = state.plan
    return f"Open the plan: {plan.draft.profile} on {plain(plan.host, OPTION_SHOWN)}, frees {frees_text(plan.draft)}"


def _standing(state: PlanState) -> str:
    """Where a plan stands, in a line."""
    if state.attention:
        return f":rotating_light: *needs attention*: {plain(state.attention, SAID_SHOWN)}"
    if state.status is Status.PROPOSED:
        left = left_of(state)
        objects = plural(len(left.items), "object")
        approved = f" · {len(state.approvers)} of {state.quorum} approved" if state.quorum > 1 else ""
        return f"frees *{frees_text(left)}* in {objects}{_undo(left)}{approved}"
    if state.status is Status.APPROVED:
        turn = f"{code(state.waits_for)} comes first" if state.waits_for else "it is next"
        starts = f"it starts {date(state.starts_at)}" if state.starts_at else turn
        return f":hourglass_flowing_sand: {sentence(state)} {starts[0].upper()}{starts[1:]}."
    if state.status is Status.RUNNING:
        return f":broom: *running*: {sentence(state)}"
    emoji = OUTCOME_EMOJI.get(state.status, ":no_entry_sign:")
    said = sentence(state) if state.status in CLEANUP_OUTCOMES else ""
    return f"{emoji} *{escape(end_words(state.status))}*{f': {said}' if said else ''}"


def _undo(draft: Draft) -> str:
    """How much of it nothing brings back, and the data among that."""
    lost = lost_for_good(draft.items)
    volumes = lost.get(Kind.VOLUME, 0)
    data = f", {counted(volumes, Kind.VOLUME)} among them" if volumes else ""
    return f" · :warning: {sum(lost.values()):,} cannot be undone{data}" if lost else ""


def _rest_blocks(rest: Sequence[Line]) -> Iterator[Block]:
    """Those for which there is no line: a menu of those that may be opened, and the Home of who may decide."""
    to_open = [line for line in rest if line.held and line.status not in ENDED]
    if to_open:
        options = [
            option(f"{plain(line.host, OPTION_SHOWN)}: up to {short_size(line.predicted)}", line.plan_id)
            for line in to_open[:MENU_SHOWN]
        ]
        yield actions([menu(f"Open one of {len(to_open):,} more…", OPEN_PLAN, options)])
    yield context(f"{plural(len(rest), 'more plan')} without a line: {_counts(rest)}. The Home of who may decide lists "
                  "all that wait.")  # fmt: skip
