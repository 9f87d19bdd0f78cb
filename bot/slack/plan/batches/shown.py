"""Where the plans of a schedule are shown in one message, and what its buttons do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.core.life.batches import Batch, Entry, Line
from bot.core.life.states import MessageRef, PlanState
from bot.core.rules.hosts import Hosts
from bot.ports import Batches
from bot.slack.chat import SlackChat
from bot.slack.door.asked import Asked
from bot.slack.door.replying import Replies
from bot.slack.kit.text import link
from bot.slack.plan.batches.message import batch_message
from bot.slack.plan.open import About, about_of
from bot.slack.plan.proposing import ProposalHandlers


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBatches:
    """Implements ``bot.ports.BatchChat``."""

    chat: SlackChat
    hosts: Callable[[], Hosts]
    mentioned: Callable[[PlanState], frozenset[str]] = lambda _state: frozenset()
    """People and user groups whom the new message of a plan mentions: here those of all of them together."""
    _doubtful: set[str] = field(default_factory=set)
    """Batches of which nobody knows whether Slack has posted them."""

    def post_batch(self, batch: Batch, shown: Sequence[Entry], rest: Sequence[Line]) -> MessageRef:
        channel = self.chat.place(batch.place.channel)
        since = min(entry.state.plan.created_at for entry in shown)
        calls = sorted({each for entry in shown for each in self.mentioned(entry.state)})
        message = batch_message(batch, shown, rest, self._about, calls)
        ts = self.chat.posted(channel, batch.id, since) if batch.id in self._doubtful else ""
        if ts:
            self.chat.edit(channel, ts, message)
        else:
            self._doubtful.add(batch.id)
            ts = self.chat.post(channel, message, plan=batch.id)
        self._doubtful.discard(batch.id)
        return MessageRef(channel=channel, ts=ts, permalink=self.chat.permalink(channel, ts))

    def update_batch(self, batch: Batch, shown: Sequence[Entry], rest: Sequence[Line]) -> None:
        self.chat.edit(batch.place.channel, batch.place.ts, batch_message(batch, shown, rest, self._about))

    def _about(self, host: str) -> About:
        return about_of(self.hosts().by_name.get(host))


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchHandlers:
    """The buttons of a batch's lines."""

    batches: Batches
    proposals: ProposalHandlers
    replies: Replies
    show_now: Callable[[], None]

    def open(self, asked: Asked, plan_id: str) -> None:
        """Post a plan as a message of its own, for everyone; who may look at its host may."""
        state = self.proposals.plan(plan_id)
        proposals = self.proposals.proposals
        asked.door(proposals.hosts(), proposals.rights).host(state.plan.host)
        if self.batches.open_plan(plan_id):
            self.show_now()
            return
        where = link(state.message.permalink if state.message else "", "Its message")
        where = f"{where} stands in the channel" if where else "Its message comes in a moment"
        self.replies.privately(asked, f"Somebody has opened this plan already. {where}.")
