"""What people do with fleet plans: ask for one, decide about it, hold it, and open one host of it."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.errors import ChannelClosedError, ChatError, RefusedError
from bot.core.life.fleets import FleetState
from bot.core.life.states import PlanState, Status
from bot.core.plan.arguments import Arguments
from bot.services.fleets.deciding import DecideFleet
from bot.services.fleets.propose import ProposeFleet, request_words
from bot.slack.chat import SlackChat
from bot.slack.door.answering import Submit, not_in_channel
from bot.slack.door.asked import Asked
from bot.slack.door.replying import AT_ONCE, Replies, later
from bot.slack.door.ways import DECIDE, Turn, Way
from bot.slack.fleet.forms import (
    LEAVE_OUT,
    all_is_shown,
    approve_form,
    leave_out_form,
    left_out_of,
    listed_in,
    one_view,
    reject_form,
)
from bot.slack.fleet.hosts import AboutHost, about_host
from bot.slack.fleet.message import on_production
from bot.slack.kit.blocks import Block
from bot.slack.kit.text import escape, plural
from bot.slack.plan.forms.rejecting import REASON, asks_why, reason_of

_OLDER = (
    "This is an older copy of the plan's message, and decides nothing: a newer one stands in this channel."
)
_FORM_TOO_LATE = (
    "The form was not opened: Slack gives three seconds for it. Nothing was changed; press it again."
)
_TOO_MUCH_DATA = (
    "So many volumes would go that one form has no room for them: open the hosts with data one by one (All of one "
    "host…) and give each a message of its own. Nothing was changed."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetHandlers:
    """The value is the fleet's id, where nothing else is said."""

    proposals: ProposeFleet
    decide: DecideFleet
    chat: SlackChat
    replies: Replies
    submit: Submit
    show_now: Callable[[], None]
    """Bring messages up to date before going on."""

    def propose(self, asked: Asked, selection: str, arguments: Arguments) -> None:
        """Have a fleet plan proposed in its turn; what is wrong with the request is raised at once."""
        hosts = self.proposals.check(selection, arguments, asked.person, asked.channel)
        if not self.chat.can_write(asked.channel, asked.person.id):
            raise ChannelClosedError(not_in_channel(asked.channel))
        what = f"*{escape(request_words(arguments))}* on {plural(len(hosts), 'host')} ({escape(selection)})"
        said = f":hourglass_flowing_sand: Planning {what}: one plan comes once they have answered."
        waiting = later(AT_ONCE, lambda: self.replies.privately(asked, said))

        def work(asked: Asked) -> None:
            try:
                state = self.proposals(selection, arguments, asked.person, asked.channel, asked.trigger_id)
            finally:
                waiting.cancel()
            self.submit(asked, lambda _asked: self._see_shown(state.fleet.id))

        self.submit(
            asked, work, Turn(way=Way.PLAN, fleet=True, same=f"{asked.channel} {selection} {arguments!r}")
        )

    def _see_shown(self, fleet_id: str) -> None:
        self.show_now()
        state = self.proposals.fleets.get(fleet_id)
        unseen = state is not None and not (state.message and state.message.ts)
        if unseen and state is not None and not state.with_status(Status.PROPOSED):
            raise ChannelClosedError(not_in_channel(""))

    # --- decisions ------------------------------------------------------------------------------

    def approve(self, asked: Asked, fleet_id: str) -> None:
        """Approve at once what the message showed; else ask once more in a form: on production, and for data."""
        state = self._newest(asked, fleet_id)
        if not self._asks_once_more(state):
            self.decide.approve(fleet_id, asked.person, asked.channel)
            return
        state = self.decide.check(fleet_id, asked.person, asked.channel, approve=True)
        reasons = any(about.reasons for about in self._abouts(state))
        form = approve_form(state, self._waiting_plans(state), asked.channel, reasons=reasons)
        if not all_is_shown(form):
            raise RefusedError(_TOO_MUCH_DATA)
        self._open(asked, form)

    def _asks_once_more(self, state: FleetState) -> bool:
        members = (state.fleet.member(one.plan) for one in state.with_status(Status.PROPOSED))
        return any(one and one.volumes for one in members) or any(
            on_production(about) or about.reasons for about in self._abouts(state)
        )

    def _abouts(self, state: FleetState) -> list[AboutHost]:
        """What is in force on the hosts that wait for their decision."""
        hosts, now = self.decide.hosts().by_name, self.proposals.propose.clock.now()
        return [about_host(hosts.get(one.host), now) for one in state.with_status(Status.PROPOSED)]

    def _waiting_plans(self, state: FleetState) -> list[PlanState]:
        found = [self.proposals.propose.plans.get(one.plan) for one in state.with_status(Status.PROPOSED)]
        return [plan for plan in found if plan is not None]

    def approve_for_good(self, asked: Asked, fleet_id: str) -> None:
        """Approve after the form, and what it listed alone."""

        def work(asked: Asked) -> None:
            reason = reason_of(asked.view)
            listed = listed_in(asked.view)
            self.decide.approve(fleet_id, asked.person, asked.channel, listed=listed, reason=reason)

        self.submit(asked, work, DECIDE)

    @staticmethod
    def mistakes_of_approving(asked: Asked, _fleet_id: str) -> dict[str, str]:
        wanted = asks_why(asked.view) and not reason_of(asked.view)
        return {REASON: "Write a few words: a policy wants to know why."} if wanted else {}

    def ask_why(self, asked: Asked, fleet_id: str) -> None:
        self._newest(asked, fleet_id)
        state = self.decide.check(fleet_id, asked.person, asked.channel, approve=False)
        self._open(asked, reject_form(state, asked.channel))

    @staticmethod
    def mistakes_of_rejecting(asked: Asked, _fleet_id: str) -> dict[str, str]:
        return {} if reason_of(asked.view) else {REASON: "Write a few words: they end the plans."}

    def reject(self, asked: Asked, fleet_id: str) -> None:
        def work(asked: Asked) -> None:
            self.decide.reject(fleet_id, asked.person, reason_of(asked.view), asked.channel)

        self.submit(asked, work, DECIDE)

    def withdraw(self, asked: Asked, fleet_id: str) -> None:
        self._newest(asked, fleet_id)
        self.decide.withdraw(fleet_id, asked.person)

    def stop(self, asked: Asked, fleet_id: str) -> None:
        self._newest(asked, fleet_id)
        self.decide.stop(fleet_id, asked.person, asked.channel)

    def go_on(self, asked: Asked, fleet_id: str) -> None:
        self._newest(asked, fleet_id)
        self.decide.go_on(fleet_id, asked.person, asked.channel)

    # --- leaving hosts out, and one of them alone -----------------------------------------------

    def ask_whom_to_leave(self, asked: Asked, fleet_id: str) -> None:
        state = self._newest(asked, fleet_id)
        if not state.with_status(Status.PROPOSED):
            raise RefusedError("No host of this plan waits for a decision any more. Nothing was changed.")
        self._open(asked, leave_out_form(state, asked.channel))

    @staticmethod
    def mistakes_of_leaving(asked: Asked, _fleet_id: str) -> dict[str, str]:
        return {} if left_out_of(asked.view) else {LEAVE_OUT: "Choose at least one host."}

    def leave_out(self, asked: Asked, fleet_id: str) -> None:
        def work(asked: Asked) -> None:
            self.decide.leave_out(fleet_id, left_out_of(asked.view), asked.person, asked.channel)

        self.submit(asked, work, DECIDE)

    def show_one(self, asked: Asked, plan_id: str) -> None:
        """All of one host's plan, where whoever asks may look at the host."""
        self._open(asked, one_view(self._plan(asked, plan_id), asked.channel))

    def show_alone(self, asked: Asked, plan_id: str) -> None:
        """Give one host's plan a message of its own, in the channel of its fleet."""
        plan = self._plan(asked, plan_id)
        self.decide.fleets.show_alone(plan_id)
        self.show_now()
        host = escape(plan.plan.host)
        self.replies.privately(
            asked, f"The plan for {host} has a message of its own now, in the plan's channel."
        )

    # --- all of them ----------------------------------------------------------------------------

    def _plan(self, asked: Asked, plan_id: str) -> PlanState:
        propose = self.proposals.propose
        plan = propose.plans.get(plan_id)
        if plan is None:
            raise RefusedError("This plan is not in the database of this Deckhand. Ask for a new one.")
        asked.door(propose.hosts(), propose.rights).host(plan.plan.host)
        return plan

    def _newest(self, asked: Asked, fleet_id: str) -> FleetState:
        """The fleet, where it was pressed on its newest message."""
        state = self.proposals.fleets.get(fleet_id)
        if state is None:
            raise RefusedError("This plan is not in the database of this Deckhand. Ask for a new one.")
        place = state.message
        if place and place.ts and place.channel == asked.channel and asked.message not in {"", place.ts}:
            raise RefusedError(_OLDER)
        return state

    def _open(self, asked: Asked, view: Block) -> None:
        try:
            self.chat.open_view(asked.trigger_id, view)
        except ChatError as error:
            raise RefusedError(_FORM_TOO_LATE) from error
