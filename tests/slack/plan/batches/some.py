"""Messages of schedules, for goldens and extremes."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from bot.core.life.batches import Batch, Entry, Line
from bot.core.life.states import MessageRef, PlanState
from bot.core.rules.telling import Notice
from bot.slack.kit.blocks import Message
from bot.slack.plan.batches.message import batch_message
from bot.slack.plan.calling import call_message
from bot.slack.plan.open import About
from tests.slack.states import STATES

LINK = "https://example.slack.com/archives/C0OPS/p1700000000000100"
BATCH = Batch(
    id="nightly 2026-03-01T03:00:00.000000Z", schedule="nightly", seen=1,
    place=MessageRef(channel="C0OPS", ts="1700000000.000100", permalink=LINK),
)  # fmt: skip
APPROVERS = About(approvers=("S0OPS", "U0CYD"))
_OPENED = "proposed_one_of_two"


def entry(host: str, state: PlanState, *, opened: bool = False) -> Entry:
    """A plan of that host as a line; its id is as long as real ones are."""
    plan_id = hashlib.sha256(host.encode(errors="replace")).hexdigest()[:10]
    state = replace(state, plan=replace(state.plan, host=host, id=plan_id), batch=BATCH.id)
    line = Line(
        plan_id=state.plan.id, host=host, status=state.status, version=state.version,
        predicted=state.plan.draft.frees.high, held=not opened, posted=opened, permalink=LINK if opened else "",
        attention=bool(state.attention),
    )  # fmt: skip
    return Entry(line=line, state=state)


def message(entries: Sequence[Entry], rest: Sequence[Line] = (), *calls: str) -> Message:
    return batch_message(BATCH, entries, rest, lambda _host: APPROVERS, calls)


EVERY = [
    entry(f"host-{n:02}", state, opened=name == _OPENED) for n, (name, state) in enumerate(STATES.items())
]
_NEW = [entry(f"web-{number}", STATES["proposed"]) for number in range(3)]
_OF_IT = replace(_NEW[0].state, message=BATCH.place)
BATCHES = {
    "batch": message(_NEW),
    "batch_calling": message(_NEW, (), "S0OPS", "U0CYD"),
    "batch_of_every_state": message(EVERY),
    "batch_of_too_many": message(_NEW, [one.line for one in EVERY]),
    "batch_called": call_message(_OF_IT, Notice.NEW, ("S0OPS",)),
    "batch_reminder": call_message(_OF_IT, Notice.REMINDER),
}
