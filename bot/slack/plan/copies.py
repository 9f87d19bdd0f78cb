"""Older copies of a plan's message: where Slack gave no answer one may stand twice, and only the newer counts."""

from dataclasses import dataclass

from bot.core.errors import RefusedError
from bot.core.life.states import PlanState
from bot.ports import Plans
from bot.slack.chat import SlackChat
from bot.slack.door.asked import Asked
from bot.slack.door.routing import Handler
from bot.slack.kit.blocks import Message
from bot.slack.kit.text import escape, link

_OLDER = (
    "This is an older copy of the plan's message, and decides nothing. It now says where the newer one is."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    plans: Plans
    chat: SlackChat

    def newest(self, handle: Handler) -> Handler:
        """Handle what was pressed on the newest message of a plan, or on a Home; an older one loses its buttons."""

        def checked(asked: Asked, plan_id: str) -> None:
            state = self.plans.get(plan_id)
            if state is not None and _is_older(asked, state):
                self.chat.edit(asked.channel, asked.message, _moved(state))
                raise RefusedError(_OLDER)
            handle(asked, plan_id)

        return checked


def _is_older(asked: Asked, state: PlanState) -> bool:
    place = state.message
    known = place is not None and bool(place.ts) and place.channel == asked.channel
    return known and place is not None and asked.message not in ("", place.ts)


def _moved(state: PlanState) -> Message:
    newer = link(state.message.permalink if state.message else "", "a newer message")
    where = newer or "a newer message of this channel"
    what = f"{escape(state.plan.draft.profile)} on {escape(state.plan.host)}"
    return Message.of(f":arrow_right: The cleanup {what} is in {where}.")
