"""What people decide about a plan with its buttons: approve, reject, withdraw, stop, take up again, restore."""

from dataclasses import dataclass

from bot.core.errors import ChatError, RefusedError
from bot.services.decide.decide import Decide
from bot.services.run.restore import Restore
from bot.services.run.stop import Stop
from bot.slack.chat import SlackChat
from bot.slack.door.answering import Submit
from bot.slack.door.asked import Asked
from bot.slack.door.replying import Replies
from bot.slack.door.ways import DECIDE
from bot.slack.kit.text import escape, plural
from bot.slack.plan.forms.approving import approve_form
from bot.slack.plan.forms.rejecting import REASON, asks_why, reason_of, reject_form
from bot.slack.plan.open import NOWHERE, about_of, asks_once_more
from bot.slack.plan.proposing import at_its_plan

_FORM_TOO_LATE = (
    "The form was not opened: Slack gives three seconds for it. Nothing was changed; press {button} again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionHandlers:
    """The value is the plan's id."""

    decide: Decide
    stopping: Stop
    restoring: Restore
    chat: SlackChat
    replies: Replies
    submit: Submit

    def approve(self, asked: Asked, plan_id: str) -> None:
        """Approve at once what the plan's message showed; else ask once more in a form, of whoever may approve."""
        state, at_home = self.decide.plans.get(plan_id), asked.channel == asked.person.id
        about = about_of(self.decide.hosts().by_name.get(state.plan.host)) if state else NOWHERE
        if state is None or not (at_home or asks_once_more(state.plan.draft, about)):
            self.decide(plan_id, asked.person, approve=True, channel=asked.channel)
            return
        state = self.decide.check_approval(plan_id, asked.person, asked.channel)
        try:
            self.chat.open_view(
                asked.trigger_id, approve_form(state, about, asked.channel if at_home else "")
            )
        except ChatError as error:
            raise RefusedError(_FORM_TOO_LATE.format(button="Approve")) from error

    def approve_for_good(self, asked: Asked, plan_id: str) -> None:
        """Approve after the form; what is to be said of it goes where the plan is, or to the Home it came from."""

        def work(asked: Asked) -> None:
            reason = reason_of(asked.view)
            self.decide(plan_id, asked.person, approve=True, reason=reason, channel=asked.channel)

        self.submit(at_its_plan(asked, self.decide.plans.get(plan_id)), work, DECIDE)

    @staticmethod
    def mistakes_of_approving(asked: Asked, _plan_id: str) -> dict[str, str]:
        wanted = asks_why(asked.view) and not reason_of(asked.view)
        return {REASON: "Write a few words: the policy wants to know why."} if wanted else {}

    def withdraw(self, asked: Asked, plan_id: str) -> None:
        self.decide.withdraw(plan_id, asked.person)

    def stop(self, asked: Asked, plan_id: str) -> None:
        self.stopping(plan_id, asked.person, asked.channel)

    def take_up(self, asked: Asked, plan_id: str) -> None:
        self.stopping.resume(plan_id, asked.person, asked.channel)

    def ask_why(self, asked: Asked, plan_id: str) -> None:
        """Open the form that rejects a plan."""
        state = self.decide.check_rejection(plan_id, asked.person, asked.channel)
        at_home = asked.channel if asked.channel == asked.person.id else ""
        try:
            self.chat.open_view(asked.trigger_id, reject_form(state, at_home))
        except ChatError as error:
            raise RefusedError(_FORM_TOO_LATE.format(button="Reject")) from error

    @staticmethod
    def mistakes(asked: Asked, _plan_id: str) -> dict[str, str]:
        return {} if reason_of(asked.view) else {REASON: "Write a few words: they end the plan."}

    def reject(self, asked: Asked, plan_id: str) -> None:
        """Reject a plan for a reason; what is to be said of it goes where the plan is, or to the Home it came from."""

        def work(asked: Asked) -> None:
            reason = reason_of(asked.view)
            self.decide(plan_id, asked.person, approve=False, reason=reason, channel=asked.channel)

        self.submit(at_its_plan(asked, self.decide.plans.get(plan_id)), work, DECIDE)

    def restore(self, asked: Asked, plan_id: str) -> None:
        state = self.restoring.ask(plan_id, asked.person, asked.channel)
        count = plural(len(state.restorable), "image")
        sentence = f"Deckhand pulls {count} on {escape(state.plan.host)}; the message of the cleanup shows how it goes."
        self.replies.privately(asked, sentence)
