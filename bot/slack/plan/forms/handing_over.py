"""Asking somebody else to decide: the form that names them, and what comes back."""

from dataclasses import dataclass

from bot.core.errors import ChatError, RefusedError, ViewGoneError
from bot.core.plan.plan import Person
from bot.services.decide.handing import HandOver
from bot.slack.chat import SlackChat
from bot.slack.door.answering import Submit
from bot.slack.door.asked import Asked
from bot.slack.door.replying import Replies
from bot.slack.door.ways import DECIDE
from bot.slack.kit.text import mention
from bot.slack.plan.forms.handing import WHOM, hand_form, loading_form, named_in
from bot.slack.plan.open import about_of
from bot.slack.plan.proposing import at_its_plan

_TOO_LATE = (
    "The form was not opened: Slack gives three seconds for it. Nobody was asked; press the button once more."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandingHandlers:
    """The value is the plan's id."""

    handing: HandOver
    chat: SlackChat
    replies: Replies
    submit: Submit

    def ask_whom(self, asked: Asked, plan_id: str) -> None:
        """Open the form, for whoever may ask."""
        state = self.handing.check(plan_id, asked.person, asked.channel)
        try:
            view_id, seen_hash = self.chat.open_view(asked.trigger_id, loading_form())
        except ChatError as error:
            raise RefusedError(_TOO_LATE) from error

        def fill(asked: Asked) -> None:
            found = self.handing.candidates(state, asked.person)
            named = None if found is None else [(one, self.chat.name_of(one)) for one in found]
            about = about_of(self.handing.hosts().by_name.get(state.plan.host))
            try:
                self.chat.update_view(view_id, hand_form(state, about, named, asked.channel), seen_hash)
            except ViewGoneError:
                return  # whoever opened it has closed it

        self.submit(asked, fill)

    @staticmethod
    def mistakes(asked: Asked, _plan_id: str) -> dict[str, str]:
        return {} if named_in(asked.view) else {WHOM: "Name somebody who may decide."}

    def hand(self, asked: Asked, plan_id: str) -> None:
        """Ask who was named; whether they may decide is checked now, whatever the form offered."""
        whom = named_in(asked.view)
        other = Person(id=whom, name=self.chat.name_of(whom))

        def work(asked: Asked) -> None:
            self.handing(plan_id, asked.person, other, asked.channel)
            self.replies.privately(asked, f"{mention(other)} is asked to decide, and told so in person.")

        self.submit(at_its_plan(asked, self.handing.plans.get(plan_id)), work, DECIDE)
