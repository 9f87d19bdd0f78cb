"""What people press under an alert: they look at its host, ask for the plan that ends it, and let it sleep."""

from dataclasses import dataclass, replace

from bot.core.errors import ChatError, RefusedError
from bot.core.plan.arguments import parse_arguments
from bot.services.watch.acting import Acting
from bot.slack.alerts.snoozing import snooze_form, wanted_in
from bot.slack.chat import SlackChat
from bot.slack.door.asked import Asked
from bot.slack.look.handlers import LookHandlers
from bot.slack.plan.proposing import ProposalHandlers

_TOO_LATE = (
    "The form was not opened: Slack gives three seconds for it. Nothing was changed; press Snooze… again."
)
ASKED = "asked for its plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertHandlers:
    acting: Acting
    proposals: ProposalHandlers
    looks: LookHandlers
    chat: SlackChat

    def plan(self, asked: Asked, host: str) -> None:
        """Ask for the plan that ends the alert of a host; the alert counts as answered then."""
        registered = self.proposals.proposals.door(asked.person, asked.channel).host(host)
        words = registered.alerts.ends(self.acting.causes(host))
        self.proposals.propose(asked, host, parse_arguments(words))
        self.acting.answer(host, asked.person, ASKED)

    def look(self, asked: Asked, host: str) -> None:
        """A report of its own: the alert stays where it is."""
        self.looks.look(replace(asked, message=""), host)

    def ask_how_long(self, asked: Asked, notice: str) -> None:
        found = self.acting.open_for(notice, asked.person, asked.channel)
        try:
            self.chat.open_view(asked.trigger_id, snooze_form(notice, asked.channel, found.alerts))
        except ChatError as error:
            raise RefusedError(_TOO_LATE) from error

    @staticmethod
    def nothing_wrong(_asked: Asked, _notice: str) -> dict[str, str]:
        """Whatever is chosen can be done."""
        return {}

    def snooze(self, asked: Asked, notice: str) -> None:
        wanted = wanted_in(asked.view)
        if wanted.wake:
            self.acting.wake(notice, asked.person, asked.channel)
        else:
            self.acting.snooze(
                notice,
                asked.person,
                asked.channel,
                hours=wanted.hours,
                tomorrow=wanted.tomorrow,
                why=wanted.why,
            )
