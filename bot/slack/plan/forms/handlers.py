"""The forms that make plans: narrowing one that waits, and picking volumes by name."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.docker.inventory import Kind
from bot.core.errors import ChatError, DeckhandError, RefusedError, ViewGoneError
from bot.core.plan.arguments import PICKED
from bot.core.rules.hosts import Host
from bot.core.rules.policy import Right, profile_objection
from bot.services.decide.decide import still_open
from bot.slack.chat import SlackChat
from bot.slack.door.answering import Submit
from bot.slack.door.asked import Asked
from bot.slack.door.ways import Turn, Way
from bot.slack.kit.blocks import Block
from bot.slack.plan.forms import adjusting, volumes
from bot.slack.plan.forms.adjusting import before
from bot.slack.plan.forms.whole import whole_view
from bot.slack.plan.proposing import ProposalHandlers, at_its_plan
from bot.slack.refusals import sentence

_TOO_LATE = (
    "The form could not be opened: Slack gives three seconds for it. Nothing was changed; press the button "
    "once more."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormHandlers:
    """Opens the forms, and takes what comes back."""

    asking: ProposalHandlers
    chat: SlackChat
    submit: Submit

    def show_all(self, asked: Asked, plan_id: str) -> None:
        """Show all of a plan, where whoever presses may look at its host."""
        state = self.asking.plan(plan_id)
        proposals = self.asking.proposals
        asked.door(proposals.hosts(), proposals.rights).host(state.plan.host)
        self._open(asked, whole_view(state))

    # --- narrowing a plan -----------------------------------------------------------------------

    def ask_what_to_leave(self, asked: Asked, plan_id: str) -> None:
        state = self.asking.plan(plan_id)
        self._may_request(asked, state.plan.host)
        still_open(state, self.asking.proposals.clock.now())
        self._open(asked, adjusting.adjust_form(state, before(state)))

    def mistakes_of_adjusting(self, asked: Asked, plan_id: str) -> Mapping[str, str]:
        state = self.asking.plan(plan_id)
        return adjusting.mistakes(adjusting.adjustment_of(asked.view, state), state, before(state))

    def adjust(self, asked: Asked, plan_id: str) -> None:
        """Plan afresh what is left of a plan; what is to be said of it goes where that is."""
        state = self.asking.plan(plan_id)
        adjustment, host = adjusting.adjustment_of(asked.view, state), state.plan.host

        def work(asked: Asked) -> None:
            self.asking.proposals.adjust(state, adjustment, asked.person, asked.channel, asked.trigger_id)
            self.asking.show_now()

        def ask(asked: Asked) -> None:
            self._may_request(asked, host)
            self.submit(asked, work, Turn(way=Way.PLAN, host=host, same=f"adjust {asked.trigger_id}"))

        self.submit(at_its_plan(asked, state), ask)

    # --- picking volumes ------------------------------------------------------------------------

    def ask_which_volumes(self, asked: Asked, host: str) -> None:
        objection = profile_objection(self._may_request(asked, host).policy, PICKED, {Kind.VOLUME})
        if objection:
            raise RefusedError(f"{host}: {objection}.")
        view_id, seen_hash = self._open(asked, volumes.loading_form(host))

        def fill(asked: Asked) -> None:
            try:
                inventory = self.asking.planning.report(host).survey.inventory
                form = volumes.volumes_form(host, asked.channel, inventory)
            except DeckhandError as error:
                form = volumes.trouble_form(sentence(error))
            self._update(view_id, form, seen_hash)

        self.submit(asked, fill, Turn(way=Way.LOOK, host=host))

    @staticmethod
    def mistakes_of_picking(asked: Asked, host: str) -> Mapping[str, str]:
        return volumes.mistakes(asked.view, host)

    def pick_volumes(self, asked: Asked, host: str) -> None:
        self.asking.propose(asked, host, volumes.request_of(volumes.picked_of(asked.view)))

    # --- both -----------------------------------------------------------------------------------

    def _may_request(self, asked: Asked, name: str) -> Host:
        proposals = self.asking.proposals
        return asked.door(proposals.hosts(), proposals.rights, Right.REQUEST).host(name)

    def _open(self, asked: Asked, view: Block) -> tuple[str, str]:
        try:
            return self.chat.open_view(asked.trigger_id, view)
        except ChatError as error:
            raise RefusedError(_TOO_LATE) from error

    def _update(self, view_id: str, view: Block, seen_hash: str) -> None:
        try:
            self.chat.update_view(view_id, view, seen_hash)
        except ViewGoneError:
            return  # whoever opened it has closed it
