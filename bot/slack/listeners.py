"""Listeners: acknowledge, hand the work to a thread of our own, and see that everyone gets an answer.

Bolt's own pool has five threads and Slack waits three seconds: no engine, SSH or database work happens here.
"""

import logging
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, TypeAlias

from slack_bolt import Ack, App, Respond

from bot.core.arguments import Arguments
from bot.core.errors import (
    ChannelClosedError,
    ChatError,
    ChatRefusedError,
    DeckhandError,
    PlanClosedError,
    RefusedError,
    UsageError,
)
from bot.core.hosts import Host, Hosts
from bot.core.lifecycle import Status
from bot.core.plans import Person
from bot.core.policy import Right
from bot.services.decide import Decide
from bot.services.planning import Planning
from bot.services.propose import Propose
from bot.services.rights import Rights
from bot.services.stop import Stop
from bot.slack import parsing
from bot.slack.action_ids import PLAN_AFRESH
from bot.slack.blocks import Message, actions, button, context, section
from bot.slack.chat import SlackChat, slack_errors
from bot.slack.plan_open import APPROVE, REJECT, WITHDRAW
from bot.slack.rejecting import REASON, REJECT_REASON, place_of, plan_of, reason_of, reject_form
from bot.slack.reports import PROPOSE, why_message
from bot.slack.running import STOP, TAKE_UP
from bot.slack.text import date, escape

LOG = logging.getLogger(__name__)

Body: TypeAlias = Mapping[str, Any]

_UNEXPECTED = "Something went wrong inside Deckhand; it is in its log. Nothing was removed by this click."
_FORM_TOO_LATE = (
    "The form for the reason could not be opened: Slack gives three seconds for it. Nothing was changed; press "
    "Reject once more."
)
_NOT_IN_CHANNEL = "I cannot write here. Invite me with `/invite @Deckhand`, then try again."


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who did what where: all that a listener keeps of Slack's payload."""

    person: Person
    channel: str
    """Where they did it; a view has no channel, so what is posted there goes to the person: it is their own id."""
    respond: Respond
    team: str = ""
    """Their team, as the payload says; empty where it does not."""
    trigger_id: str = ""
    """Slack's own id of this one command or click: the same each time that it is delivered."""


def asked_by_command(body: Body, respond: Respond) -> Asked:
    person = Person(id=str(body.get("user_id") or ""), name=str(body.get("user_name") or ""))
    channel, trigger_id = str(body.get("channel_id") or ""), str(body.get("trigger_id") or "")
    team = str(body.get("team_id") or "")
    return Asked(person=person, channel=channel, respond=respond, team=team, trigger_id=trigger_id)


def asked_by_click(body: Body, respond: Respond) -> Asked:
    user = body.get("user") or {}
    name = str(user.get("username") or user.get("name") or "")
    channel = (body.get("channel") or {}).get("id") or (body.get("container") or {}).get("channel_id")
    person = Person(id=str(user.get("id") or ""), name=name)
    return Asked(
        person=person,
        channel=str(channel or person.id),
        respond=respond,
        team=str(user.get("team_id") or ""),
        trigger_id=str(body.get("trigger_id") or ""),
    )


Submit: TypeAlias = Callable[[Asked, Callable[[Asked], object]], None]


class Listeners:
    """Registers Deckhand's commands and actions with Bolt."""

    def __init__(
        self, services: Services, chat: SlackChat, pool: Executor, hold: Callable[[], None] = lambda: None
    ) -> None:
        """``hold`` returns when work may begin."""
        self._hold = hold
        self._services = services
        self._chat = chat
        self._pool = pool

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
                command = parsing.parse_prune(_text(body))
            except parsing.HelpRequestedError as help_requested:
                known = parsing.profiles_help(self._services.planning.profiles.values())
                raise parsing.HelpRequestedError(f"{help_requested}\n{known}") from None
            if isinstance(command, parsing.WhyCommand):
                self._explain(asked, command)
            else:
                self._propose(asked, command.host, command.arguments)

        self._submit(asked_by_command(body, respond), work)

    # --- actions --------------------------------------------------------------------------------

    def propose_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        wanted = Arguments(profile=str(action["action_id"]).partition(":")[2])
        host = str(action.get("value") or "")
        self._submit(asked_by_click(body, respond), lambda asked: self._propose(asked, host, wanted))

    def approve_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        plan_id, decide = str(action.get("value") or ""), self._services.decide
        self._submit(
            asked_by_click(body, respond),
            lambda asked: decide(plan_id, asked.person, approve=True, channel=asked.channel),
        )

    def reject_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        plan_id = str(action.get("value") or "")
        self._submit(asked_by_click(body, respond), lambda asked: self._ask_why(asked, plan_id))

    def stop_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        plan_id, stop = str(action.get("value") or ""), self._services.stop
        self._submit(asked_by_click(body, respond), lambda asked: stop(plan_id, asked.person, asked.channel))

    def take_up_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        plan_id, stop = str(action.get("value") or ""), self._services.stop
        self._submit(
            asked_by_click(body, respond), lambda asked: stop.resume(plan_id, asked.person, asked.channel)
        )

    def withdraw_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        plan_id, decide = str(action.get("value") or ""), self._services.decide
        self._submit(asked_by_click(body, respond), lambda asked: decide.withdraw(plan_id, asked.person))

    # --- views ----------------------------------------------------------------------------------

    def handle_reject_submission(self, ack: Ack, body: Body, view: Body, respond: Respond) -> None:
        plan_id, reason, channel = plan_of(view), reason_of(view), place_of(view)
        if not reason:
            ack(response_action="errors", errors={REASON: "Write a few words: they end the plan."})
            return
        ack()
        self._submit(
            asked_by_click(body, respond), lambda asked: self._reject(asked, plan_id, reason, channel)
        )

    # --- the work, in our own threads -----------------------------------------------------------

    def _propose(self, asked: Asked, host: str, arguments: Arguments) -> None:
        propose = self._services.propose
        self._not_swapped(host, arguments.profile)
        state = propose(host, arguments, asked.person, asked.channel, asked.trigger_id)
        self._services.show_now()
        now = propose.store.plan(state.plan.id)
        unseen = now is not None and not (now.message and now.message.ts)
        if now is not None and now.status is Status.CANCELLED and unseen:
            raise ChannelClosedError(_NOT_IN_CHANNEL)

    def _not_swapped(self, host: str, profile: str | None) -> None:
        """Raise UsageError where the profile stands in the place of the host."""
        hosts = self._services.hosts().by_name
        if profile in hosts and host not in hosts and host in self._services.planning.profiles:
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
            state = self._services.propose.store.plan(plan_id)
            channel = state.message.channel if state and state.message else asked.channel
        asked = replace(asked, channel=channel)
        decide = self._services.decide

        def work(asked: Asked) -> None:
            decide(plan_id, asked.person, approve=False, reason=reason, channel=asked.channel)

        self._answered(asked, work)

    def _explain(self, asked: Asked, command: parsing.WhyCommand) -> None:
        host = self._services.hosts().find(command.host)
        self._services.rights.require(host, Right.LOOK, asked.person, asked.channel)
        explanations = self._services.planning.explain(host.name, command.name)
        self._chat.post(asked.channel, why_message(host.name, command.name, explanations))

    def host(self, name: str) -> Host:
        """A registered host; UnknownHostError."""
        return self._services.hosts().find(name)

    def show_now(self) -> None:
        """Bring messages up to date before going on."""
        self._services.show_now()

    def propose(self, asked: Asked, host: str, arguments: Arguments) -> None:
        """Propose a plan for other listeners."""
        self._propose(asked, host, arguments)

    # --- answers --------------------------------------------------------------------------------

    def submit(self, asked: Asked, work: Callable[[Asked], object]) -> None:
        """Do other listeners' work in a thread of ours, and see that the person gets an answer."""
        self._submit(asked, work)

    def _submit(self, asked: Asked, work: Callable[[Asked], object]) -> None:
        try:
            self._pool.submit(self._answered, asked, work)
        except RuntimeError:  # the pool is closed: the process is ending
            self._privately(asked, "Deckhand is restarting. Try again in a moment.")

    def _answered(self, asked: Asked, work: Callable[[Asked], object]) -> None:
        """Do the work; whatever goes wrong, the person hears of it, privately."""
        try:
            self._hold()
            work(self._identified(asked))
        except ChannelClosedError:
            self._privately(asked, _NOT_IN_CHANNEL)
        except PlanClosedError as closed:
            self._privately(asked, closed_message(closed))
        except RefusedError as error:
            self._privately(asked, str(error))  # our own words, with Slack's mentions in them
        except DeckhandError as error:
            self._privately(asked, escape(str(error)))
        except Exception:
            LOG.exception("a listener failed")
            self._privately(asked, _UNEXPECTED)

    def _identified(self, asked: Asked) -> Asked:
        """The same, with the person's id as records have it: it tells the team of who is of another one."""
        person = self._services.rights.identified(asked.person, asked.team)
        channel = person.id if asked.channel == asked.person.id else asked.channel
        return replace(asked, person=person, channel=channel)

    def _privately(self, asked: Asked, message: Message | str) -> None:
        """Tell one person: in the channel, else through the response URL, else in person."""
        told = message if isinstance(message, Message) else Message(text=message, blocks=(section(message),))
        for way in (self._in_channel, self._by_response, self._in_person):
            try:
                way(asked, told)
            except (ChatError, ValueError) as error:
                LOG.info("%s cannot be answered this way: %s", asked.person.id, error)
            else:
                return
        LOG.warning("%s could not be answered: %s", asked.person.id, told.text)

    def _in_channel(self, asked: Asked, message: Message) -> None:
        self._chat.post_private(asked.channel, asked.person.id, message)

    def _by_response(self, asked: Asked, message: Message) -> None:
        with slack_errors():
            answer = asked.respond(
                text=message.text,
                blocks=list(message.blocks),
                response_type="ephemeral",
                replace_original=False,
            )
        if answer.status_code != HTTPStatus.OK:
            raise ChatRefusedError(f"Slack answered {answer.status_code}.")

    def _in_person(self, asked: Asked, message: Message) -> None:
        self._chat.post_direct(asked.person.id, message)


def closed_message(closed: PlanClosedError) -> Message:
    """What somebody reads who decides about a plan that waits for no decision any more."""
    blocks = [section(str(closed))]
    if closed.at is not None:
        blocks.append(context(f"Since {date(closed.at)}"))
    if closed.again:
        blocks.append(actions([button("Plan afresh", PLAN_AFRESH, closed.plan_id)]))
    return Message(text=str(closed), blocks=tuple(blocks))


def _text(body: Body) -> str:
    return str(body.get("text") or "")


def message_ts(body: Body) -> str:
    """The message whose button was pressed; empty in a view."""
    return str((body.get("container") or {}).get("message_ts") or "")


def thread_of(body: Body) -> str:
    """The thread that a clicked message is in, or begins."""
    return str((body.get("message") or {}).get("thread_ts") or message_ts(body))
