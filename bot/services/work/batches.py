"""Batches: the many plans of a schedule are one message, whose lines stay true within what Slack takes of edits."""

import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.core.errors import ChatError, ChatRefusedError, MessageGoneError, UndrawableError
from bot.core.life.batches import Batch, Entry, Line, in_order
from bot.core.life.states import MessageRef
from bot.ports import Audit, BatchChat, Batches, Clock, Plans
from bot.services.work.budget import Budget
from bot.services.work.projecting import SHOWING, Pauses
from bot.services.work.standing import as_it_stands

LOG = logging.getLogger(__name__)

LINES = 25
"""Plans of a batch that have a line; the others are in its menu."""
EDITED_EVERY = timedelta(seconds=5)
"""Of one batch; in between, its latest state waits."""


@dataclass(slots=True, kw_only=True)
class ShowBatches:
    """One process's; call it often. Of several processes one is at a batch at a time, so none is posted twice.

    A plan that is alone in its batch is posted as any other, and so is one that stands still.
    """

    plans: Plans
    batches: Batches
    audit: Audit
    chat: BatchChat
    clock: Clock
    budget: Budget
    """Of the edits of the whole app."""
    _pauses: Pauses = field(default_factory=Pauses)

    def __call__(self) -> None:
        for batch in self.batches.behind():
            if self._pauses.over(batch.id, self.clock.now()):
                self._look(batch)

    def _look(self, batch: Batch) -> None:
        lines = self.batches.lines(batch.id)
        stuck = [line for line in lines if line.held and line.attention]
        alone = [line for line in lines if line.held and len(lines) == 1]
        opened = [line for line in (*stuck, *alone) if self.batches.open_plan(line.plan_id)]
        if opened:
            return  # it is looked at again, with what that changed
        if not batch.place.ts and not any(line.held for line in lines):
            self.batches.shown(batch.id, batch.seen, batch.place)
        elif not batch.place.ts or self.budget.take(batch.id):
            self._show(batch)

    def _show(self, batch: Batch) -> None:
        if not self.batches.begin_showing(batch, SHOWING):
            return
        lines = self.batches.lines(batch.id)
        chosen, rest = in_order(lines, LINES)
        entries = [entry for line in chosen if (entry := self._entry(line))]
        try:
            place = self._put(batch, entries, rest)
        except ChatRefusedError as refused:
            self._without_it(batch, lines, refused)
        except ChatError as error:
            self._pauses.failed(batch.id, error, self.clock.now())
            self.batches.leave_unshown(batch.id)
        else:
            self._pauses.sent(batch.id, self.clock.now() + EDITED_EVERY)
            self.batches.shown(batch.id, batch.seen, place)

    def _put(self, batch: Batch, entries: list[Entry], rest: tuple[Line, ...]) -> MessageRef:
        """Edit the message in place, or post it: again, where somebody deleted it. Where it stands then."""
        if not batch.place.ts:
            return self.chat.post_batch(batch, entries, rest)
        try:
            self.chat.update_batch(batch, entries, rest)
        except MessageGoneError:
            gone = replace(batch, place=MessageRef(channel=batch.place.channel))
            return self.chat.post_batch(gone, entries, rest)
        return batch.place

    def _without_it(self, batch: Batch, lines: tuple[Line, ...], refused: ChatRefusedError) -> None:
        """Slack takes no such message: each plan is posted as any other, and what becomes of that is its own."""
        LOG.warning("the plans of schedule %s are shown one by one: %s", batch.schedule, refused)
        if not batch.place.ts or isinstance(refused, UndrawableError):
            for line in lines:
                self.batches.open_plan(line.plan_id)
        self.batches.shown(batch.id, batch.seen, batch.place)

    def _entry(self, line: Line) -> Entry | None:
        state = as_it_stands(self.plans, self.audit, line.plan_id)
        return Entry(line=line, state=state) if state else None
