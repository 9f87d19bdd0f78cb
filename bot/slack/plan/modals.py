"""Listeners of the forms that make plans: narrowing one that waits, and picking volumes by name."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from slack_bolt import Ack, App, Respond

from bot.core.docker.inventory import Kind
from bot.core.errors import ChatError, DeckhandError, RefusedError, ViewGoneError
from bot.core.life.states import PlanState
from bot.core.plan.arguments import PICKED, Arguments, Pick
from bot.core.rules.hosts import Host
from bot.core.rules.policy import Right, profile_objection
from bot.ports import Clock, Plans
from bot.services.decide.decide import still_open
from bot.services.decide.propose import Propose
from bot.services.look.planning import Planning, request_of
from bot.slack.action_ids import ADJUST, VOLUMES
from bot.slack.chat import SlackChat
from bot.slack.door.asked import Asked, Body, asked_by_click
from bot.slack.door.ways import DECIDE, Turn, Way
from bot.slack.kit.blocks import Block
from bot.slack.listeners import Listeners
from bot.slack.plan import adjusting, volumes
from bot.slack.refusals import sentence

_TOO_LATE = (
    "The form could not be opened: Slack gives three seconds for it. Nothing was changed; press the button "
    "once more."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModalListeners:
    """Registers the buttons that open these forms, and the forms, with Bolt."""

    listeners: Listeners
    propose: Propose
    planning: Planning
    plans: Plans
    clock: Clock
    chat: SlackChat

    def register(self, app: App) -> None:
        app.action(ADJUST)(self.adjust_action)
        app.view(adjusting.ADJUST_PLAN)(self.handle_adjust_submission)
        app.action(VOLUMES)(self.volumes_action)
        app.view(volumes.PICK_VOLUMES)(self.handle_volumes_submission)

    # --- narrowing a plan -----------------------------------------------------------------------

    def adjust_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        plan_id = str(action.get("value") or "")

        def work(asked: Asked) -> None:
            state = self._plan(plan_id)
            self._may_request(asked, state.plan.host)
            still_open(state, self.clock.now())
            self._open(asked, adjusting.adjust_form(state, before(state)))

        self.listeners.submit(asked_by_click(body, respond), work, DECIDE)

    def handle_adjust_submission(self, ack: Ack, body: Body, view: Body, respond: Respond) -> None:
        plan_id, request_id = str(view.get("private_metadata") or ""), str(view.get("id") or "")
        asked = asked_by_click(body, respond)
        try:
            # One read before the acknowledgement: only with it can the form show what is wrong in which field.
            state = self._plan(plan_id)
            adjustment = adjusting.adjustment_of(view, state)
            wrong = adjusting.mistakes(adjustment, state, before(state))
        except DeckhandError as error:
            ack()
            self.listeners.submit(asked, _raising(error))
            return
        if wrong:
            ack(response_action="errors", errors=dict(wrong))
            return
        ack()
        channel = state.message.channel if state.message else ""

        def work(asked: Asked) -> None:
            self.propose.adjust(state, adjustment, asked.person, channel, request_id)
            self.listeners.show_now()

        def ask(asked: Asked) -> None:
            self._may_request(asked, state.plan.host)
            same = f"adjust {request_id}"
            self.listeners.submit(asked, work, Turn(way=Way.PLAN, host=state.plan.host, same=same))

        self.listeners.submit(replace(asked, channel=channel), ask)

    # --- picking volumes ------------------------------------------------------------------------

    def volumes_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        host = str(action.get("value") or "")

        def work(asked: Asked) -> None:
            self._may_pick(asked, host)
            opened = self._open(asked, volumes.loading_form(host))
            self.listeners.submit(
                asked, lambda asked: self._fill(asked, host, *opened), Turn(way=Way.LOOK, host=host)
            )

        # Slack gives three seconds to open a form: that waits for no look.
        self.listeners.submit(asked_by_click(body, respond), work, DECIDE)

    def handle_volumes_submission(self, ack: Ack, body: Body, view: Body, respond: Respond) -> None:
        wrong = volumes.mistakes(view)
        if wrong:
            ack(response_action="errors", errors=dict(wrong))
            return
        ack()
        host, channel = volumes.place_of(view)
        wanted, request_id = volumes.request_of(volumes.picked_of(view)), str(view.get("id") or "")

        def work(asked: Asked) -> None:
            self.listeners.propose(replace(asked, trigger_id=request_id), host, wanted)

        self.listeners.submit(replace(asked_by_click(body, respond), channel=channel), work)

    def _fill(self, asked: Asked, host: str, view_id: str, seen_hash: str) -> None:
        try:
            inventory = self.planning.report(host).survey.inventory
            form = volumes.volumes_form(host, asked.channel, inventory)
        except DeckhandError as error:
            form = volumes.trouble_form(sentence(error))
        self._update(view_id, form, seen_hash)

    # --- both -----------------------------------------------------------------------------------

    def _plan(self, plan_id: str) -> PlanState:
        state = self.plans.get(plan_id)
        if state is None:
            raise RefusedError("This plan is not in the database of this Deckhand. Ask for a new one.")
        return state

    def _may_request(self, asked: Asked, name: str) -> Host:
        return self.listeners.host(asked, name, Right.REQUEST)

    def _may_pick(self, asked: Asked, name: str) -> None:
        objection = profile_objection(self._may_request(asked, name).policy, PICKED, {Kind.VOLUME})
        if objection:
            raise RefusedError(f"{name}: {objection}.")

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


def before(state: PlanState) -> Arguments:
    """What the plan was asked for with, as far as a form can narrow it."""
    if state.plan.draft.profile == PICKED:
        items = state.plan.draft.items
        return Arguments(picks=tuple(Pick(kind=item.kind, name=item.id) for item in items))
    return request_of(state.plan)


def _raising(error: DeckhandError) -> Callable[[Asked], object]:
    """Work that comes to nothing but this error, which the person then hears of."""

    def work(_asked: Asked) -> None:
        raise error

    return work
