"""Listeners of a plan's smaller buttons: the commands that it stands for, and planning the same afresh."""

from collections.abc import Callable
from typing import TypeAlias

from slack_bolt import Ack, App, Respond

from bot.core.docker.inventory import Kind
from bot.core.errors import RefusedError
from bot.core.life.states import PlanState
from bot.core.plan.arguments import PICKED
from bot.core.rules.policy import Right
from bot.ports import Plans
from bot.services.look.planning import request_of
from bot.slack.action_ids import COMMANDS, PLAN_AFRESH
from bot.slack.chat import SlackChat
from bot.slack.door.asked import Asked, Body, asked_by_click
from bot.slack.kit.blocks import Message, context, section
from bot.slack.kit.text import code, escape
from bot.slack.listeners import Listeners

_VOLUMES = "Volumes are picked by name each time: press Volumes… under the host's /docker-df."
Work: TypeAlias = Callable[[Asked, PlanState], None]


class PlanListeners:
    """Registers them with Bolt; the work is done in the threads of the other listeners."""

    def __init__(self, listeners: Listeners, plans: Plans, chat: SlackChat) -> None:
        self._listeners = listeners
        self._plans = plans
        self._chat = chat

    def register(self, app: App) -> None:
        app.action(COMMANDS)(self.commands_action)
        app.action(PLAN_AFRESH)(self.plan_afresh_action)

    def commands_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        self._about_plan(asked_by_click(body, respond), action, self._tell_commands)

    def plan_afresh_action(self, ack: Ack, body: Body, action: Body, respond: Respond) -> None:
        ack()
        self._about_plan(asked_by_click(body, respond), action, self._plan_afresh)

    def _about_plan(self, asked: Asked, action: Body, work: Work) -> None:
        plan_id = str(action.get("value") or "")

        def found(asked: Asked) -> None:
            state = self._plans.get(plan_id)
            if state is None:
                raise RefusedError("This plan is not in the database of this Deckhand. Ask for a new one.")
            work(asked, state)

        self._listeners.submit(asked, found)

    def _tell_commands(self, asked: Asked, state: PlanState) -> None:
        self._listeners.host(asked, state.plan.host, Right.LOOK)
        self._chat.post_private(asked.channel, asked.person.id, commands_message(state))

    def _plan_afresh(self, asked: Asked, state: PlanState) -> None:
        if (
            any(item.kind is Kind.VOLUME for item in state.plan.draft.items)
            and state.plan.draft.profile == PICKED
        ):
            raise RefusedError(_VOLUMES)
        self._listeners.propose(asked, state.plan.host, request_of(state.plan))


def commands_message(state: PlanState) -> Message:
    """What one would type by hand to much the same effect."""
    plan = state.plan
    lines = "\n".join(f"• {code(command, 400)}" for command in plan.commands[:20]) or "There is none."
    title = f"*{escape(plan.draft.profile)}* on *{escape(plan.host)}* stands for"
    return Message(
        text=f"{escape(plan.draft.profile)} stands for {', '.join(map(escape, plan.commands[:20]))}",
        blocks=(
            section(f"{title}\n{lines}"),
            context(
                "Typed by hand, these decide anew what goes; the plan removes what it lists, and nothing else."
            ),
        ),
    )
