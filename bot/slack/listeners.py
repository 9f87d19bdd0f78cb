"""Listeners: acknowledge, hand the work to a thread of our own, and see that everyone gets an answer.

Bolt's own pool has five threads and Slack waits three seconds: no engine, SSH or database work happens here.
"""

import logging
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeAlias

from slack_bolt import Ack, App, Respond

from bot.core.arguments import Arguments
from bot.core.errors import ChatError, ChatRefusedError, DeckhandError, RefusedError
from bot.core.hosts import Hosts
from bot.core.lifecycle import Status
from bot.core.plans import Person
from bot.core.policy import Right
from bot.services.decide import Decide
from bot.services.fleet import Fleet, open_to
from bot.services.planning import Planning
from bot.services.propose import Propose
from bot.services.review import Review
from bot.services.rights import Rights
from bot.slack import parsing
from bot.slack.chat import SlackChat, slack_errors
from bot.slack.fleet import FleetMessage
from bot.slack.plans import APPROVE, REJECT
from bot.slack.reports import PROPOSE, audit_message, hosts_message, report_message, why_message
from bot.slack.text import escape

LOG = logging.getLogger(__name__)

Body: TypeAlias = Mapping[str, Any]

_UNEXPECTED = "Something went wrong inside Deckhand; it is in its log. Nothing was removed by this click."
_NOT_IN_CHANNEL = "I cannot write here. Invite me with `/invite @Deckhand`, then try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the listeners call; wired by ``app``."""

    hosts: Callable[[], Hosts]
    rights: Rights
    planning: Planning
    fleet: Fleet
    propose: Propose
    decide: Decide
    review: Review
    show_now: Callable[[], None]
    """Bring messages up to date before going on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who did what where: all that a listener keeps of Slack's payload."""

    person: Person
    channel: str
    respond: Respond


def asked_by_command(body: Body, respond: Respond) -> Asked:
    person = Person(id=str(body.get("user_id") or ""), name=str(body.get("user_name") or ""))
    return Asked(person=person, channel=str(body.get("channel_id") or ""), respond=respond)


def asked_by_click(body: Body, respond: Respond) -> Asked:
    user = body.get("user") or {}
    name = str(user.get("username") or user.get("name") or "")
    channel = (body.get("channel") or {}).get("id") or (body.get("container") or {}).get("channel_id")
    return Asked(
        person=Person(id=str(user.get("id") or ""), name=name), channel=str(channel or ""), respond=respond
    )


class Listeners:
    """Registers Deckhand's commands and actions with Bolt."""

    def __init__(self, services: Services, chat: SlackChat, pool: Executor) -> None:
        self._services = services
        self._chat = chat
        self._pool = pool

    def register(self, app: App) -> None:
        app.command(parsing.DF)(self.handle_df_command)
        app.command(parsing.PRUNE)(self.handle_prune_command)
        app.command(parsing.AUDIT)(self.handle_audit_command)
        app.action(re.compile(f"^{PROPOSE}:"))(self.propose_action)
        app.action(APPROVE)(self.approve_action)
        app.action(REJECT)(self.reject_action)

    # --- commands -------------------------------------------------------------------------------

    def handle_df_command(self, ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        self._submit(asked_by_command(body, respond), lambda asked: self._look(asked, _text(body)))

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

    def handle_audit_command(self, ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        self._submit(asked_by_command(body, respond), lambda asked: self._audit(asked, _text(body)))

    # --- actions --------------------------------------------------------------------------------

    def propose_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        wanted = Arguments(profile=str(action["action_id"]).partition(":")[2])
        host = str(action.get("value") or "")
        self._submit(asked_by_click(body, respond), lambda asked: self._propose(asked, host, wanted))

    def approve_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        self._decided(ack, body, action, respond, approve=True)

    def reject_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        self._decided(ack, body, action, respond, approve=False)

    def _decided(self, ack: Ack, body: Body, action: Body, respond: Respond, *, approve: bool) -> None:
        ack()
        plan_id = str(action.get("value") or "")
        decide = self._services.decide
        self._submit(
            asked_by_click(body, respond), lambda asked: decide(plan_id, asked.person, approve=approve)
        )

    # --- the work, in our own threads -----------------------------------------------------------

    def _look(self, asked: Asked, text: str) -> None:
        command = parsing.parse_df(text)
        if command.host is None:
            hosts = open_to(self._services.hosts().all(), self._services.rights, asked.person)
            self._chat.post(asked.channel, hosts_message(hosts))
            return
        if self._services.hosts().means_several(command.host):
            self._look_at_fleet(asked, command.host)
            return
        host = self._services.hosts().find(command.host)
        self._services.rights.require(host, Right.LOOK, asked.person)
        self._chat.post(asked.channel, report_message(self._services.planning.report(host.name)))

    def _look_at_fleet(self, asked: Asked, selection: str) -> None:
        selected = self._services.hosts().select(selection)
        hosts = open_to(selected, self._services.rights, asked.person)
        if not hosts:
            raise RefusedError("You may look at none of these hosts.")
        showing = FleetMessage(self._chat, asked.channel, selection, closed=len(selected) - len(hosts))
        showing.end(self._services.fleet.gather(hosts, showing))

    def _propose(self, asked: Asked, host: str, arguments: Arguments) -> None:
        state = self._services.propose(host, arguments, asked.person, asked.channel)
        self._services.show_now()
        now = self._services.propose.store.plan(state.plan.id)
        if now is not None and now.status is Status.CANCELLED:
            raise ChatRefusedError(_NOT_IN_CHANNEL)

    def _explain(self, asked: Asked, command: parsing.WhyCommand) -> None:
        host = self._services.hosts().find(command.host)
        self._services.rights.require(host, Right.LOOK, asked.person)
        explanations = self._services.planning.explain(host.name, command.name)
        self._chat.post(asked.channel, why_message(host.name, command.name, explanations))

    def _audit(self, asked: Asked, text: str) -> None:
        command = parsing.parse_audit(text)
        cleanups = self._services.review.latest(asked.person, command.host)
        self._chat.post(asked.channel, audit_message(cleanups, command.host))

    # --- answers --------------------------------------------------------------------------------

    def _submit(self, asked: Asked, work: Callable[[Asked], object]) -> None:
        try:
            self._pool.submit(self._answered, asked, work)
        except RuntimeError:  # the pool is closed: the process is ending
            self._privately(asked, "Deckhand is restarting. Try again in a moment.")

    def _answered(self, asked: Asked, work: Callable[[Asked], object]) -> None:
        """Do the work; whatever goes wrong, the person hears of it, privately."""
        try:
            work(asked)
        except ChatRefusedError:
            self._privately(asked, _NOT_IN_CHANNEL)
        except RefusedError as error:
            self._privately(asked, str(error))  # our own words, with Slack's mentions in them
        except DeckhandError as error:
            self._privately(asked, escape(str(error)))
        except Exception:
            LOG.exception("a listener failed")
            self._privately(asked, _UNEXPECTED)

    def _privately(self, asked: Asked, sentence: str) -> None:
        """Tell one person; through the response URL where the bot may not write."""
        try:
            try:
                self._chat.post_private(asked.channel, asked.person.id, sentence)
            except ChatError:
                with slack_errors():
                    asked.respond(text=sentence, response_type="ephemeral", replace_original=False)
        except (ChatError, ValueError) as error:
            LOG.warning("%s could not be answered: %s", asked.person.id, error)


def _text(body: Body) -> str:
    return str(body.get("text") or "")
