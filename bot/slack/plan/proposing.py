"""Asking for plans: by command, and by the buttons of reports and of plans that ended; and why something stays."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.core.docker.inventory import Kind
from bot.core.errors import ChannelClosedError, RefusedError, UsageError
from bot.core.life.states import PlanState, Status
from bot.core.plan.arguments import PICKED, Arguments, parse_arguments
from bot.core.plan.profiles import DEFAULT_PROFILE
from bot.core.rules.hosts import Host
from bot.services.decide.propose import Propose
from bot.services.look.planning import Planning, request_of
from bot.slack import parsing
from bot.slack.chat import SlackChat
from bot.slack.door.answering import Submit, not_in_channel
from bot.slack.door.asked import Asked
from bot.slack.door.replying import AT_ONCE, Replies, later
from bot.slack.door.ways import Turn, Way
from bot.slack.kit.blocks import Message
from bot.slack.kit.text import escape, link
from bot.slack.look.reports import why_message
from bot.slack.plan.commands import commands_message

_VOLUMES = "Volumes are picked by name each time: press Volumes… under the host's /docker-df."


def at_its_plan(asked: Asked, state: PlanState | None) -> Asked:
    """The same, asked where the plan's message is, where a form does not tell where it was opened."""
    place = state.message.channel if state and state.message else asked.person.id
    return asked if asked.channel else replace(asked, channel=place)


def _planning_text(host: str, arguments: Arguments) -> str:
    what = "what was picked" if arguments.picks else f"*{escape(arguments.profile or DEFAULT_PROFILE)}*"
    return f":hourglass_flowing_sand: Planning {what} on *{escape(host)}*: its plan comes once the engine has answered."


def _stands_message(state: PlanState, address: str) -> Message:
    """What a thread reads in which a plan was asked for."""
    plan, found = state.plan, link(address, "Its plan") or "Its plan"
    what = f"*{escape(plan.draft.profile)}* on *{escape(plan.host)}*"
    return Message.of(
        f":clipboard: {what} was asked for here. {found} stands in the channel, with its buttons."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalHandlers:
    """What asks for a plan, and what tells of one."""

    planning: Planning
    proposals: Propose
    chat: SlackChat
    replies: Replies
    submit: Submit
    show_now: Callable[[], None]
    """Bring messages up to date before going on."""
    many: Callable[[Asked, str, Arguments], None]
    """Ask for the same on many hosts."""

    def prune(self, asked: Asked, text: str) -> None:
        try:
            command = parsing.parse_prune(text)
        except parsing.HelpRequestedError as help_requested:
            known = parsing.profiles_help(self.planning.rules().profiles.values())
            raise parsing.HelpRequestedError(f"{help_requested}\n{known}") from None
        several = self.proposals.door(asked.person, asked.channel).known().means_several(command.host)
        if isinstance(command, parsing.WhyCommand):
            self._explain(asked, command)
        elif several:
            self.many(asked, command.host, command.arguments)
        else:
            self.propose(asked, command.host, command.arguments)

    def offered(self, asked: Asked, host: str) -> None:
        """Plan what a report or a plan offers; the profile, and what narrows it, is in the action id."""
        self.propose(asked, host, parse_arguments(asked.detail.split()))

    def chosen(self, asked: Asked, request: str) -> None:
        """Plan what was chosen from a report's menu; the host is in the action id."""
        self.propose(asked, asked.detail, parse_arguments(request.split()))

    def afresh(self, asked: Asked, plan_id: str) -> None:
        """Plan once more what a plan that ended asked for."""
        plan = self.plan(plan_id).plan
        volumes = any(item.kind is Kind.VOLUME for item in plan.draft.items)
        if volumes and plan.draft.profile == PICKED:
            raise RefusedError(_VOLUMES)
        self.propose(asked, plan.host, request_of(plan))

    def tell_commands(self, asked: Asked, plan_id: str) -> None:
        """Tell the Docker commands that a plan stands for."""
        state = self.plan(plan_id)
        self._open(asked, state.plan.host)
        self.replies.privately(asked, commands_message(state))

    def plan(self, plan_id: str) -> PlanState:
        """The plan as it is now; RefusedError where there is none of that id."""
        state = self.proposals.plans.get(plan_id)
        if state is None:
            raise RefusedError("This plan is not in the database of this Deckhand. Ask for a new one.")
        return state

    def propose(self, asked: Asked, host: str, arguments: Arguments) -> None:
        """Have a plan proposed in its turn; what is wrong with the request is raised at once.

        The same that is asked for by the same person while this waits or is planned is this.
        """
        self._not_swapped(asked, host, arguments.profile)
        self.proposals.check(host, arguments, asked.person, asked.channel)
        if not self.chat.can_write(asked.channel, asked.person.id):
            raise ChannelClosedError(not_in_channel(asked.channel))
        waiting = later(AT_ONCE, lambda: self.replies.privately(asked, _planning_text(host, arguments)))

        def work(asked: Asked) -> None:
            try:
                state = self.proposals(host, arguments, asked.person, asked.channel, asked.trigger_id)
            finally:
                waiting.cancel()
            # An engine's turn waits for no Slack.
            # A request that came twice has its plan, and where that is was told, already.
            stood = state.message is not None and bool(state.message.ts)
            told = replace(asked, within="") if stood else asked
            self.submit(told, lambda asked: self._see_shown(asked, state.plan.id))

        self.submit(asked, work, Turn(way=Way.PLAN, host=host, same=f"{asked.channel} {host} {arguments!r}"))

    def _see_shown(self, asked: Asked, plan_id: str) -> None:
        """Bring the plan's message up to date; ChannelClosedError where it cannot be posted.

        It stands in the channel, for it has a thread of its own: one in which it was asked for is told where.
        """
        self.show_now()
        now = self.proposals.plans.get(plan_id)
        unseen = now is not None and not (now.message and now.message.ts)
        if now is not None and now.status is Status.CANCELLED and unseen:
            raise ChannelClosedError(not_in_channel(""))
        if asked.within and now is not None and now.message:
            self.replies.openly(asked, _stands_message(now, now.message.permalink), asked.within)

    def _not_swapped(self, asked: Asked, host: str, profile: str | None) -> None:
        """Raise UsageError where the profile stands in the place of the host."""
        hosts = self.proposals.door(asked.person, asked.channel).known().by_name
        if profile in hosts and host not in hosts and host in self.planning.rules().profiles:
            raise UsageError(f"The host comes first: /docker-prune {profile} {host}")

    def _explain(self, asked: Asked, command: parsing.WhyCommand) -> None:
        host = self._open(asked, command.host).name

        def work(asked: Asked) -> None:
            explanations = self.planning.explain(host, command.name)
            self.replies.openly(asked, why_message(host, command.name, explanations))

        self.submit(asked, work, Turn(way=Way.LOOK, host=host, same=f"{asked.channel} {command!r}"))

    def _open(self, asked: Asked, name: str) -> Host:
        """The host, where this person may look at it."""
        return asked.door(self.proposals.hosts(), self.proposals.rights).host(name)
