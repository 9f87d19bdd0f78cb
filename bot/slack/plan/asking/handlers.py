"""Asking for a plan by a form: opened by a command alone and by shortcuts, its menu filled, and what comes back."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.core.errors import (
    ChannelClosedError,
    ChatError,
    DeckhandError,
    RefusedError,
    UnknownProfileError,
    ViewGoneError,
)
from bot.core.plan.arguments import Arguments
from bot.core.rules.hosts import Host, Hosts
from bot.core.rules.policy import Right
from bot.slack.chat import SlackChat
from bot.slack.door.answering import not_in_channel
from bot.slack.door.asked import Asked
from bot.slack.kit.blocks import Block
from bot.slack.kit.text import clip, is_user, one_line
from bot.slack.parsing import parse_narrowing
from bot.slack.plan.asking.form import (
    CHANNEL,
    HOST,
    NARROW,
    PROFILE,
    Given,
    Place,
    asking_form,
    given_in,
    host_options,
)
from bot.slack.plan.proposing import ProposalHandlers
from bot.slack.refusals import sentence

_TOO_LATE = (
    "The form could not be opened: Slack gives three seconds for it. Nothing was changed; ask for it once more, or "
    "type what you want: /docker-prune HOST [PROFILE]"
)
_NOT_THERE = "I cannot write there. Invite me with /invite @Deckhand, or choose another channel."
_MISTAKE_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingHandlers:
    """Opens the form, fills its menu of hosts, and hands what was chosen to where typed commands go."""

    asking: ProposalHandlers
    chat: SlackChat

    def ask(self, asked: Asked, _value: str) -> None:
        """Open the form where its plan can stand; without a channel one is chosen in it.

        RefusedError where the person may ask for a cleanup on no host.
        """
        hosts = self._open_to(asked).all()
        if not hosts:
            raise self.asking.proposals.rights.closed(Right.REQUEST, asked.person)
        somewhere = not is_user(asked.channel)
        if somewhere and not self.chat.can_write(asked.channel, asked.person.id):
            raise ChannelClosedError(not_in_channel(asked.channel))
        place = Place(channel=asked.channel, thread=asked.within) if somewhere else Place()
        given = Given(host=hosts[0].name) if len(hosts) == 1 else Given()
        try:
            self.chat.open_view(asked.trigger_id, self._form(place, given, hosts))
        except ChatError as error:
            raise RefusedError(_TOO_LATE) from error

    def hosts(self, asked: Asked, typed: str) -> Sequence[Block]:
        """The options of the menu of hosts: those alone on which this person may ask for a cleanup here."""
        return host_options(self._open_to(asked).all(), typed)

    def host_chosen(self, asked: Asked, name: str) -> None:
        """Offer what the policy of the host that was chosen allows; all else stays as it stands."""
        host = self.asking.proposals.door(asked.person, _channel(asked)).host(name)
        place = Place(channel=_channel(asked), thread=asked.within)
        given = replace(given_in(asked.view), host=host.name)
        with suppress(ViewGoneError):  # whoever opened it has closed it, or chosen another one meanwhile
            self.chat.update_view(
                str(asked.view.get("id") or ""),
                self._form(place, given, [host]),
                str(asked.view.get("hash") or ""),
            )

    def mistakes(self, asked: Asked, _carried: str) -> Mapping[str, str]:
        """What is wrong with a submitted form, by its field: the same as with a typed command, by today's rights."""
        rights, given = self.asking.proposals.rights, given_in(asked.view)
        person = rights.identified(asked.person, asked.team)
        asked = replace(asked, person=person)
        try:
            self.asking.proposals.door(person, asked.channel).host(given.host)
        except DeckhandError as error:
            return _at(HOST, error)
        try:
            arguments = self._arguments(given)
            self.asking.planning.check(arguments)
        except UnknownProfileError as error:
            return _at(self._field_of_profile(asked), error)
        except DeckhandError as error:
            return _at(NARROW, error)
        try:
            self.asking.proposals.check(given.host, arguments, person, asked.channel)
        except DeckhandError as error:
            return _at(self._field_of_profile(asked), error)
        if not asked.channel and not self.chat.can_write(given.channel, person.id):
            return {CHANNEL: _NOT_THERE}
        return {}

    def plan(self, asked: Asked, _carried: str) -> None:
        """Ask for what was chosen, as a typed command does.

        A channel that was chosen in the form gives no right: nobody can tell whether the person is in it.
        """
        given = given_in(asked.view)
        arguments = self._arguments(given)
        self.asking.proposals.check(given.host, arguments, asked.person, asked.channel)
        self.asking.propose(replace(asked, channel=asked.channel or given.channel), given.host, arguments)

    def _open_to(self, asked: Asked) -> Hosts:
        return self.asking.proposals.door(asked.person, _channel(asked)).open_hosts()

    def _form(self, place: Place, given: Given, hosts: Sequence[Host]) -> Block:
        rules, offered = self.asking.planning.rules(), self.asking.planning.offered
        offers = offered.on(given.host) if offered and given.host else None
        return asking_form(place, given, hosts, rules.profiles.values(), offers)

    @staticmethod
    def _arguments(given: Given) -> Arguments:
        """What is asked for; UsageError."""
        return parse_narrowing(given.profile, given.narrow)

    @staticmethod
    def _field_of_profile(asked: Asked) -> str:
        """Where no profile may be chosen, there is no such field."""
        shown = {block.get("block_id") for block in asked.view.get("blocks") or ()}
        return PROFILE if PROFILE in shown else HOST


def _channel(asked: Asked) -> str:
    """Where rights count; empty where no channel is told."""
    return "" if is_user(asked.channel) else asked.channel


def _at(name: str, error: DeckhandError) -> Mapping[str, str]:
    return {name: clip(one_line(sentence(error)), _MISTAKE_LIMIT)}
