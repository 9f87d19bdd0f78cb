"""Listeners: acknowledge, hand the work to a thread of our own, and see that everyone gets an answer.

Bolt's own pool has five threads and Slack waits three seconds: no engine, SSH or database work happens here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from slack_bolt import Ack, App, Respond

from bot.core.errors import ChannelClosedError, ChatError, RefusedError, UsageError
from bot.core.life.states import Status
from bot.core.plan.arguments import Arguments
from bot.core.rules.hosts import Host, Hosts
from bot.core.rules.policy import Right
from bot.services.decide.decide import Decide
from bot.services.decide.propose import Propose
from bot.services.look.planning import Planning
from bot.services.rules.rights import Rights
from bot.services.rules.visible import Door
from bot.services.run.stop import Stop
from bot.slack import parsing
from bot.slack.chat import SlackChat
from bot.slack.door.answering import NOT_IN_CHANNEL, Answering, Submit
from bot.slack.door.asked import Asked, Body, asked_by_click, asked_by_command, text_of
from bot.slack.door.ways import DECIDE, Turn, Way
from bot.slack.look.reports import PROPOSE, why_message
from bot.slack.plan.open import APPROVE, REJECT, WITHDRAW
from bot.slack.plan.rejecting import REASON, REJECT_REASON, place_of, plan_of, reason_of, reject_form
from bot.slack.plan.running import STOP, TAKE_UP

_FORM_TOO_LATE = (
    "The form for the reason could not be opened: Slack gives three seconds for it. Nothing was changed; press "
    "Reject once more."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the listeners call; wired by ``app``."""

    hosts: Callable[[], Hosts]
    rights: Rights
    planning: Planning
    propose: Propose
    decide: Decide
    stop: Stop
    show_now: Callable[[], None]
    """Bring messages up to date before going on."""


class Listeners:
    """Registers Deckhand's commands and actions with Bolt."""

    def __init__(self, services: Services, chat: SlackChat, answering: Answering) -> None:
        self._services = services
        self._chat = chat
        self._answering = answering
        self.submit: Submit = answering.submit

    def register(self, app: App) -> None:
        app.command(parsing.PRUNE)(self.handle_prune_command)
        app.action(re.compile(f"^{PROPOSE}:"))(self.propose_action)
        app.action(APPROVE)(self.approve_action)
        app.action(REJECT)(self.reject_action)
        app.action(WITHDRAW)(self.withdraw_action)
        app.view(REJECT_REASON)(self.handle_reject_submission)
        app.action(STOP)(self.stop_action)
        app.action(TAKE_UP)(self.take_up_action)

    # --- commands -------------------------------------------------------------------------------

    def handle_prune_command(self, ack: Ack, body: Body, respond: Respond) -> None:
        ack()

        def work(asked: Asked) -> None:
            try:
                command = parsing.parse_prune(text_of(body))
            except parsing.HelpRequestedError as help_requested:
                known = parsing.profiles_help(self._services.planning.rules().profiles.values())
                raise parsing.HelpRequestedError(f"{help_requested}\n{known}") from None
            if isinstance(command, parsing.WhyCommand):
                self._explain(asked, command)
            else:
                self.propose(asked, command.host, command.arguments)

        self.submit(asked_by_command(body, respond), work)

    # --- actions --------------------------------------------------------------------------------

    def propose_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        wanted = Arguments(profile=str(action["action_id"]).partition(":")[2])
        host = str(action.get("value") or "")
        self.submit(asked_by_click(body, respond), lambda asked: self.propose(asked, host, wanted))

    def approve_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        plan_id, decide = str(action.get("value") or ""), self._services.decide
        self._decide(
            asked_by_click(body, respond),
            lambda asked: decide(plan_id, asked.person, approve=True, channel=asked.channel),
        )

    def reject_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        plan_id = str(action.get("value") or "")
        self._decide(asked_by_click(body, respond), lambda asked: self._ask_why(asked, plan_id))

    def stop_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        plan_id, stop = str(action.get("value") or ""), self._services.stop
        self._decide(asked_by_click(body, respond), lambda asked: stop(plan_id, asked.person, asked.channel))

    def take_up_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        plan_id, stop = str(action.get("value") or ""), self._services.stop
        self._decide(
            asked_by_click(body, respond), lambda asked: stop.resume(plan_id, asked.person, asked.channel)
        )

    def withdraw_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        plan_id, decide = str(action.get("value") or ""), self._services.decide
        self._decide(asked_by_click(body, respond), lambda asked: decide.withdraw(plan_id, asked.person))

    # --- views ----------------------------------------------------------------------------------

    def handle_reject_submission(self, ack: Ack, body: Body, view: Body, respond: Respond) -> None:
        plan_id, reason, channel = plan_of(view), reason_of(view), place_of(view)
        if not reason:
            ack(response_action="errors", errors={REASON: "Write a few words: they end the plan."})
            return
        ack()
        self._decide(
            asked_by_click(body, respond), lambda asked: self._reject(asked, plan_id, reason, channel)
        )

    # --- the work, in our own threads -----------------------------------------------------------

    def _propose(self, asked: Asked, host: str, arguments: Arguments) -> None:
        state = self._services.propose(host, arguments, asked.person, asked.channel, asked.trigger_id)
        self.submit(
            asked, lambda _asked: self._see_shown(state.plan.id)
        )  # an engine's turn waits for no Slack

    def _see_shown(self, plan_id: str) -> None:
        """Bring the plan's message up to date; ChannelClosedError where it cannot be posted."""
        self._services.show_now()
        now = self._services.propose.plans.get(plan_id)
        unseen = now is not None and not (now.message and now.message.ts)
        if now is not None and now.status is Status.CANCELLED and unseen:
            raise ChannelClosedError(NOT_IN_CHANNEL)

    def _not_swapped(self, asked: Asked, host: str, profile: str | None) -> None:
        """Raise UsageError where the profile stands in the place of the host."""
        hosts = self._services.propose.door(asked.person, asked.channel).known().by_name
        if profile in hosts and host not in hosts and host in self._services.planning.rules().profiles:
            raise UsageError(f"The host comes first: /docker-prune {profile} {host}")

    def _ask_why(self, asked: Asked, plan_id: str) -> None:
        state = self._services.decide.check_rejection(plan_id, asked.person, asked.channel)
        at_home = asked.channel if asked.channel == asked.person.id else ""
        try:
            self._chat.open_view(asked.trigger_id, reject_form(state, at_home))
        except ChatError as error:
            raise RefusedError(_FORM_TOO_LATE) from error

    def _reject(self, asked: Asked, plan_id: str, reason: str, channel: str) -> None:
        """Reject a plan for a reason; a form has no channel, so what is to be said goes where the plan is.

        Where it was opened from a Home, it is told in person.
        """
        if not channel:
            state = self._services.propose.plans.get(plan_id)
            channel = state.message.channel if state and state.message else asked.channel
        asked = replace(asked, channel=channel)
        decide = self._services.decide

        def work(asked: Asked) -> None:
            decide(plan_id, asked.person, approve=False, reason=reason, channel=asked.channel)

        self._answering.answered(asked, work, DECIDE)

    def _explain(self, asked: Asked, command: parsing.WhyCommand) -> None:
        host = self.host(asked, command.host, Right.LOOK).name

        def work(asked: Asked) -> None:
            explanations = self._services.planning.explain(host, command.name)
            self._chat.post(asked.channel, why_message(host, command.name, explanations))

        self.submit(asked, work, Turn(way=Way.LOOK, host=host, same=f"{asked.channel} {command!r}"))

    def host(self, asked: Asked, name: str, right: Right) -> Host:
        """The host, where who asked has the right on it; UnknownHostError, RefusedError."""
        services = self._services
        door = Door(
            hosts=services.hosts(),
            rights=services.rights,
            person=asked.person,
            channel=asked.channel,
            right=right,
        )
        return door.host(name)

    def show_now(self) -> None:
        """Bring messages up to date before going on."""
        self._services.show_now()

    def propose(self, asked: Asked, host: str, arguments: Arguments) -> None:
        """Have a plan proposed in its turn; what is wrong with the request is raised at once.

        The same that is asked for by the same person while this waits or is planned is this.
        """
        self._not_swapped(asked, host, arguments.profile)
        self._services.propose.check(host, arguments, asked.person, asked.channel)
        self.submit(
            asked,
            lambda asked: self._propose(asked, host, arguments),
            Turn(way=Way.PLAN, host=host, same=f"{asked.channel} {host} {arguments!r}"),
        )

    # --- both -----------------------------------------------------------------------------------

    def _decide(self, asked: Asked, work: Callable[[Asked], object]) -> None:
        self.submit(asked, work, DECIDE)
