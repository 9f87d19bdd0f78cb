"""What people may do about a cleanup that waits, runs or stands still, and what they should know of it. Pure."""

from bot.core.life.states import Outcome, PlanState, Status
from bot.slack.action_ids import STOP, TAKE_UP
from bot.slack.kit.blocks import Block, actions, button, context, section
from bot.slack.kit.text import code, date, escape, mention, plain, plural

ATTENTION_LIMIT = 800
"""Characters of why a cleanup stands still."""


def turn_blocks(state: PlanState, verdict: str) -> list[Block]:
    """Of an approved plan: for whom it waits, and the button that cancels it."""
    host = escape(state.plan.host)
    if state.waits_for:
        turn = f"{code(state.waits_for)} comes first on {host}."
    elif state.fleet and not state.wave:
        turn = "It begins with a wave of its fleet's rollout."
    elif state.starts_at is not None:
        window = f"a window of policy “{escape(state.plan.policy)}” opens"
        turn = f"It starts {date(state.starts_at)}, when {window}."
    else:
        turn = f"It is next on {host}."
    return [
        section(f":hourglass_flowing_sand: {verdict} {turn}"),
        actions([_stop_button(state, "Cancel", "Cancel before it begins")]),
    ]


def going_on_blocks(state: PlanState) -> list[Block]:
    """Of a running cleanup: that it is being stopped, that it needs a person, or the button that stops it."""
    blocks = [context(note) for note in _notes(state)]
    if state.attention:
        return [*blocks, *_attention_blocks(state)]
    if state.stop is not None:
        who = mention(state.stop.person)
        return [
            *blocks,
            section(f":octagonal_sign: {who} stopped it: what it is at comes to its end."),
        ]
    return [*blocks, actions([_stop_button(state, "Stop", "Stop after what it is at")])]


def ended_blocks(state: PlanState) -> list[Block]:
    """Of a cleanup that has ended: who stopped it, and which outcomes come from a second look."""
    blocks = []
    left = len(state.with_outcome(Outcome.PLANNED))
    if state.status is Status.STOPPED and state.stop is not None:
        rest = f" {plural(left, 'object')} of the plan stayed untouched." if left else ""
        blocks.append(section(f"Stopped by {mention(state.stop.person)}.{rest}"))
    return blocks + [context(note) for note in _notes(state)]


def _notes(state: PlanState) -> list[str]:
    again = [item for item in state.items if item.reconciled]
    notes = []
    if state.attempt > 1:
        notes.append(f":arrows_counterclockwise: Taken up again {plural(state.attempt - 1, 'time')}.")
    if again:
        gone = sum(item.outcome is Outcome.GONE for item in again)
        found = f": {gone} found gone" if gone else ""
        notes.append(f":mag: {plural(len(again), 'object')} looked at again after an interruption{found}.")
    return notes


def _attention_blocks(state: PlanState) -> list[Block]:
    open_items = len(state.with_outcome(Outcome.PLANNED, Outcome.REMOVING))
    return [
        section(
            f":rotating_light: *Nobody goes on with this cleanup by itself.* "
            f"{plain(state.attention, ATTENTION_LIMIT)}\n"
            f"Mend what is in the way, then press *Take up again*: it goes on with the {plural(open_items, 'object')} "
            f"still open, and looks first at what it had begun. *Stop* ends it there. Until then no other cleanup "
            f"starts on {escape(state.plan.host)}."
        ),
        actions(
            [
                button("Take up again", TAKE_UP, state.plan.id, style="primary",
                       spoken=f"Take up again: {state.plan.draft.profile} on {state.plan.host}"),
                _stop_button(state, "Stop", "Stop where it stands"),
            ]
        ),
    ]  # fmt: skip


def _stop_button(state: PlanState, label: str, spoken: str) -> Block:
    return button(
        label, STOP, state.plan.id, style="danger",
        spoken=f"{spoken}: {state.plan.draft.profile} on {state.plan.host}",
    )  # fmt: skip
