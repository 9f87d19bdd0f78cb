"""Who answers people in Slack, made from what they ask for."""

from collections.abc import Callable

from bot.core.rules.hosts import Hosts
from bot.ports import Batches, Clock
from bot.services.use_cases import UseCases
from bot.slack.alerts.handlers import AlertHandlers
from bot.slack.audit.handlers import AuditHandlers
from bot.slack.chat import SlackChat
from bot.slack.door.answering import Answering
from bot.slack.door.routing import Routing
from bot.slack.fleet.handlers import FleetHandlers
from bot.slack.home.handlers import HomeHandlers
from bot.slack.home.showing import HomeShow
from bot.slack.kit.drawing import can_draw
from bot.slack.look.handlers import LookHandlers
from bot.slack.plan.asking.handlers import AskingHandlers
from bot.slack.plan.batches.shown import BatchHandlers
from bot.slack.plan.copies import Copies
from bot.slack.plan.deciding import DecisionHandlers
from bot.slack.plan.forms.handing_over import HandingHandlers
from bot.slack.plan.forms.handlers import FormHandlers
from bot.slack.plan.proposing import ProposalHandlers
from bot.slack.routes import Handlers, routes
from bot.slack.watch.handlers import HistoryHandlers
from bot.slack.words import WordHandlers


def open_routes(  # noqa: PLR0913 - what each handler is made of
    uses: UseCases, *, hosts: Callable[[], Hosts], homes: HomeShow, show: Callable[[], None], chat: SlackChat,
    answering: Answering, clock: Clock, pictures: bool,
    batches: Batches,
) -> Routing:  # fmt: skip
    """Make every handler, and the table that leads to them; ``pictures`` are offered where they can be drawn."""
    replies, submit = answering.replies, answering.submit
    fleets = FleetHandlers(
        proposals=uses.propose_fleet, decide=uses.decide_fleet, chat=chat, replies=replies, submit=submit,
        show_now=show,
    )  # fmt: skip
    proposals = ProposalHandlers(
        planning=uses.planning, proposals=uses.propose, chat=chat, replies=replies, submit=submit,
        show_now=show, many=fleets.propose,
    )  # fmt: skip
    drawn = pictures and can_draw()
    past = HistoryHandlers(
        histories=uses.histories, whole=uses.why_full, replies=replies, submit=submit, pictures=drawn
    )
    looks = LookHandlers(
        hosts=hosts, rights=uses.rights, planning=uses.planning, fleet=uses.fleet,
        clock=clock, replies=replies, submit=submit,
        past=past, pictures=drawn,
    )  # fmt: skip
    audits = AuditHandlers(review=uses.review, replies=replies)
    handlers = Handlers(
        looks=looks,
        proposals=proposals,
        fleets=fleets,
        asking=AskingHandlers(asking=proposals, chat=chat),
        decisions=DecisionHandlers(
            decide=uses.decide, stopping=uses.stop, restoring=uses.restore, chat=chat, replies=replies,
            submit=submit,
        ),
        handing=HandingHandlers(handing=uses.hand_over, chat=chat, replies=replies, submit=submit),
        forms=FormHandlers(asking=proposals, chat=chat, submit=submit),
        alerts=AlertHandlers(acting=uses.acting, proposals=proposals, looks=looks, chat=chat),
        audits=audits,
        words=WordHandlers(looks=looks, proposals=proposals, audits=audits, replies=replies),
        homes=HomeHandlers(show=homes),
        batches=BatchHandlers(batches=batches, proposals=proposals, replies=replies, show_now=show),
        copies=Copies(plans=uses.propose.plans, chat=chat),
    )  # fmt: skip
    return Routing(routes=routes(handlers), answering=answering, pressed_at_home=handlers.homes.pressed)
