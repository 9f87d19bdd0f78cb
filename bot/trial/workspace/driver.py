"""The workspace's people and failures as plain calls, for tests and for `deckhand try`."""

from collections.abc import Callable
from typing import TypeVar

from bot.trial.workspace.core import JSON
from bot.trial.workspace.desk import Call, Desk
from bot.trial.workspace.faults import Fault
from bot.trial.workspace.messages import Message
from bot.trial.workspace.page.acts import Acts, Click, Outcome
from bot.trial.workspace.page.forms import Given, Values
from bot.trial.workspace.people.calling import calls_in, reaches
from bot.trial.workspace.people.team import Team
from bot.trial.workspace.people.typed import is_folded

T = TypeVar("T")
DEFAULT_TIMEOUT = 30.0  # seconds


class Driver:
    """Safe to use from any thread. What Slack would not allow raises Refused."""

    def __init__(self, desk: Desk, acts: Acts) -> None:
        self._desk = desk
        self._acts = acts

    @property
    def team(self) -> Team:
        return self._desk.team

    @property
    def home_channel(self) -> str:
        """The channel that is meant where none is named: the first one."""
        return self._desk.team.channels[0].id

    # What people do.

    def command(self, user: str, command: str, text: str = "", *, channel: str = "") -> Outcome:
        """Type a slash command; back when the bot has acked, or after three seconds."""
        return self._acts.command(user, command, text, channel=channel or self.home_channel)

    def say(self, user: str, text: str, *, channel: str = "", thread_ts: str = "") -> Message:
        return self._acts.say(user, text, channel=channel or self.home_channel, thread_ts=thread_ts)

    def click(
        self,
        user: str,
        where: str,
        action_id: str,
        value: Given | None = None,
        *,
        values: Values | None = None,
    ) -> Outcome:
        """Press a button or choose in a menu, of the message with this ts or the view with this id.

        `value` is an option's value, a date, a user's id; for a button it may be given to make sure
        that the button still carries it. Raises Refused (`no_such_element`) when the message, as it
        now stands, has no such element, and `message_not_found` when this person cannot see it.
        """
        click = Click(where=where, action_id=action_id, value=value, values=values or {})
        return self._acts.click(user, click)

    def shortcut(self, user: str, callback_id: str, *, ts: str = "", channel: str = "") -> Outcome:
        """Choose a shortcut: in the menu of the message with this ts, else in the one beside the composer."""
        if ts:
            return self._acts.message_shortcut(user, callback_id, ts)
        return self._acts.global_shortcut(user, callback_id, channel=channel or self.home_channel)

    def suggest(self, user: str, where: str, action_id: str, typed: str = "") -> list[JSON]:
        """Type into a menu that the app fills, and give its options; only such a one can be chosen afterwards."""
        return list(self._acts.suggest(user, where, action_id, typed))

    def delete(self, ts: str) -> None:
        """Delete a message, as an administrator may."""
        self._desk.messages.delete(ts)

    def submit_view(self, user: str, values: Values | None = None) -> Outcome:
        """Submit the top modal. `values` by action_id; what is left out keeps its initial value."""
        return self._acts.submit(user, values or {})

    def close_view(self, user: str, *, everything: bool = False) -> Outcome:
        return self._acts.close(user, everything=everything)

    def open_home(self, user: str) -> Outcome:
        return self._acts.open_home(user)

    # What people see.

    def messages(self, channel: str = "") -> list[Message]:
        """List what everyone sees in a channel, the oldest first; no replies, nothing private."""
        return self._desk.messages.channel(self._desk.team.channel(channel or self.home_channel).id)

    def message(self, ts: str) -> Message:
        return self._desk.messages.get(ts)

    def thread(self, ts: str) -> list[Message]:
        """Give a message and its replies."""
        return self._desk.messages.thread(ts)

    def ephemerals(self, user: str) -> list[Message]:
        return self._desk.messages.ephemerals(user)

    def notifications(self, user: str) -> list[Message]:
        """List the new messages of the bot that notified this person: by a mention, or in person."""
        team = self._desk.team
        with self._desk.pulse:
            posted = [each for each in self._desk.messages.posted if each.by_bot]
        return [
            each
            for each in posted
            if each.only_for in ("", user)
            and team.sees(user, each.channel)
            and (
                team.channel(each.channel).with_person
                or reaches(team, calls_in([each.text, each.blocks]), user)
            )
        ]

    def folded(self, ts: str) -> list[str]:
        """List the texts of a message of which a reader sees only the beginning."""
        return [block["text"]["text"] for block in self._desk.messages.get(ts).blocks if is_folded(block)]

    def direct_messages(self, user: str) -> list[Message]:
        """List what the bot and this person wrote to each other."""
        return self._desk.messages.channel(self._desk.team.direct(user).id)

    def view(self, user: str) -> JSON | None:
        """Give the modal on top, if one is open."""
        return self._desk.views.top(user)

    def home(self, user: str) -> JSON | None:
        return self._desk.views.home(user)

    def file(self, file_id: str) -> bytes | None:
        return self._desk.files.get(file_id).content

    def wait_for(self, predicate: Callable[[], T], timeout: float = DEFAULT_TIMEOUT) -> T:
        """Give the predicate's first truthy answer, asked again after each change here.

        Raises TimeoutError after `timeout` seconds.
        """
        return self._desk.pulse.wait_for(predicate, timeout)

    # What the bot does.

    @property
    def connections(self) -> int:
        return self._desk.links.count

    @property
    def ack_seconds(self) -> list[float]:
        """How long each event took to be acknowledged, from its sending through the socket; the oldest first."""
        return list(self._desk.links.ack_seconds)

    def wait_connected(self, count: int = 1, timeout: float = DEFAULT_TIMEOUT) -> None:
        self.wait_for(lambda: self.connections >= count, timeout)

    def calls(self, method: str) -> list[Call]:
        """List the calls of one method that were answered, the oldest first."""
        with self._desk.pulse:
            return [call for call in self._desk.calls if call.method == method]

    # What goes wrong.

    def fail_next(
        self, method: str, *, error: str = "", status: int = 200, retry_after: int = 1, times: int = 1
    ) -> None:
        """Fail the next calls of `method` (or of `response_url`): an error, or an HTTP status."""
        with self._desk.pulse:
            fault = Fault(error=error, status=status, retry_after=retry_after)
            self._desk.faults.add(method, fault, times)

    def lose_answers(self, method: str, *, status: int = 503, times: int = 1) -> None:
        """Do what the next calls of `method` ask for, and answer as if it had failed."""
        with self._desk.pulse:
            self._desk.faults.add(method, Fault(status=status, afterwards=True), times)

    def close_channel(self, error: str = "not_in_channel", channel: str = "") -> None:
        """Let the bot be in a channel no more: it may neither write nor edit there. An empty error lets it in."""
        with self._desk.pulse:
            self._desk.faults.close(self._desk.team.channel(channel or self.home_channel).id, error)

    def limit_rates(self, *, on: bool = True) -> None:
        """Answer 429 to a bot that is faster than Slack's tiers allow."""
        with self._desk.pulse:
            self._desk.rates.on = on

    def expire_triggers(self) -> None:
        """Make every trigger id so far too old."""
        with self._desk.pulse:
            self._desk.triggers.expire_all()

    def redeliver(self) -> Outcome:
        """Deliver the last event once more."""
        delivery = self._desk.links.redeliver()
        return Outcome(ok=delivery.ok, error=delivery.error, response=delivery.response)

    def lose_acks(self, count: int = 1) -> None:
        """Drop the next acks of the bot; `redeliver` then sends again what was not acknowledged."""
        self._desk.links.lose_acks(count)

    def disconnect_all(self) -> None:
        """Send every connection the `disconnect` frame, after which the bot comes back anew."""
        self._desk.links.refresh_all()

    def hang_up_all(self) -> None:
        """Drop every connection without a word."""
        self._desk.links.hang_up()
