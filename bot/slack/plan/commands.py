"""The Docker commands that a plan stands for. Pure."""

from bot.core.life.states import PlanState
from bot.slack.kit.blocks import Message, context, section
from bot.slack.kit.text import code, escape


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
