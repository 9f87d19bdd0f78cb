"""The table of everything that people can type, press or submit, and who handles it."""

from dataclasses import dataclass

from bot.slack import action_ids as ids
from bot.slack.alerts.handlers import AlertHandlers
from bot.slack.audit.handlers import AuditHandlers
from bot.slack.door.routing import Route, action, alone, command, event, options, shortcut, view
from bot.slack.door.ways import DECIDE
from bot.slack.fleet.handlers import FleetHandlers
from bot.slack.home.handlers import HomeHandlers
from bot.slack.look.handlers import LookHandlers
from bot.slack.parsing import AUDIT, DF, PRUNE
from bot.slack.plan.asking.handlers import AskingHandlers
from bot.slack.plan.batches.shown import BatchHandlers
from bot.slack.plan.copies import Copies
from bot.slack.plan.deciding import DecisionHandlers
from bot.slack.plan.forms.handing_over import HandingHandlers
from bot.slack.plan.forms.handlers import FormHandlers
from bot.slack.plan.proposing import ProposalHandlers
from bot.slack.words import WordHandlers

AT_ONCE = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """Who handles what people ask for, by subject."""

    looks: LookHandlers
    proposals: ProposalHandlers
    asking: AskingHandlers
    decisions: DecisionHandlers
    handing: HandingHandlers
    forms: FormHandlers
    alerts: AlertHandlers
    fleets: FleetHandlers
    audits: AuditHandlers
    homes: HomeHandlers
    copies: Copies
    batches: BatchHandlers
    words: WordHandlers


def routes(to: Handlers) -> tuple[Route, ...]:
    """The table. Slack gives three seconds to open a form: that waits for no look, as decisions do not."""
    newest = to.copies.newest
    return (
        command(DF, to.looks.df),
        action(ids.LOOK, to.looks.look),
        action(ids.DETAILS, to.looks.details),
        action(ids.PICTURE, to.looks.picture),
        action(ids.HISTORY, to.looks.history),
        action(ids.WHY_FULL, to.looks.why_full),
        # in words
        event("message", to.words.said),
        event("app_mention", to.words.said),
        # plans
        command(PRUNE, to.proposals.prune),
        alone(PRUNE, to.asking.ask, DECIDE),
        shortcut(ids.PLAN_CLEANUP, to.asking.ask, DECIDE),
        shortcut(ids.PLAN_CLEANUP_HERE, to.asking.ask, DECIDE),
        options(ids.ASK_HOST, to.asking.hosts),
        action(ids.ASK_HOST, to.asking.host_chosen, DECIDE),
        view(ids.ASK_PLAN, to.asking.plan, to.asking.mistakes),
        action(ids.PROPOSE, to.proposals.offered),
        action(ids.PROPOSE_OTHER, to.proposals.chosen),
        action(ids.PLAN_AFRESH, to.proposals.afresh),
        action(ids.COMMANDS, to.proposals.tell_commands),
        action(ids.OPEN_PLAN, to.batches.open, DECIDE),
        # decisions
        action(ids.APPROVE, newest(to.decisions.approve), DECIDE),
        view(ids.APPROVE_PLAN, to.decisions.approve_for_good, to.decisions.mistakes_of_approving, DECIDE),
        action(ids.REJECT, newest(to.decisions.ask_why), DECIDE),
        view(ids.REJECT_REASON, to.decisions.reject, to.decisions.mistakes, DECIDE),
        action(ids.ASK_OTHER, newest(to.handing.ask_whom), DECIDE),
        view(ids.HAND_PLAN, to.handing.hand, to.handing.mistakes, DECIDE),
        action(ids.WITHDRAW, newest(to.decisions.withdraw), DECIDE),
        action(ids.STOP, newest(to.decisions.stop), DECIDE),
        action(ids.TAKE_UP, newest(to.decisions.take_up), DECIDE),
        action(ids.RESTORE, to.decisions.restore, DECIDE),
        # many hosts
        action(ids.FLEET_APPROVE, to.fleets.approve, DECIDE),
        view(ids.FLEET_APPROVE_PLAN, to.fleets.approve_for_good, to.fleets.mistakes_of_approving, DECIDE),
        action(ids.FLEET_REJECT, to.fleets.ask_why, DECIDE),
        view(ids.FLEET_REJECT_REASON, to.fleets.reject, to.fleets.mistakes_of_rejecting, DECIDE),
        action(ids.FLEET_WITHDRAW, to.fleets.withdraw, DECIDE),
        action(ids.FLEET_STOP, to.fleets.stop, DECIDE),
        action(ids.FLEET_GO_ON, to.fleets.go_on, DECIDE),
        action(ids.FLEET_ADJUST, to.fleets.ask_whom_to_leave, DECIDE),
        view(ids.FLEET_ADJUST_PLAN, to.fleets.leave_out, to.fleets.mistakes_of_leaving, DECIDE),
        action(ids.FLEET_ONE, to.fleets.show_one, DECIDE),
        action(ids.FLEET_ALONE, to.fleets.show_alone),
        # forms
        action(ids.WHOLE_LIST, to.forms.show_all, DECIDE),
        action(ids.ADJUST, newest(to.forms.ask_what_to_leave), DECIDE),
        view(ids.ADJUST_PLAN, to.forms.adjust, to.forms.mistakes_of_adjusting),
        action(ids.VOLUMES, to.forms.ask_which_volumes, DECIDE),
        view(ids.PICK_VOLUMES, to.forms.pick_volumes, to.forms.mistakes_of_picking),
        # alerts
        action(ids.ALERT_PLAN, to.alerts.plan),
        action(ids.ALERT_LOOK, to.alerts.look),
        action(ids.ALERT_SNOOZE, to.alerts.ask_how_long, DECIDE),
        view(ids.SNOOZE_ALERT, to.alerts.snooze, to.alerts.nothing_wrong, DECIDE),
        # the audit
        command(AUDIT, to.audits.search),
        action(ids.AUDIT_ALL, to.audits.latest),
        action(ids.AUDIT_PAGE, to.audits.turn),
        action(ids.AUDIT_DETAILS, to.audits.show),
        action(ids.AUDIT_EXPORT, to.audits.export),
        # the Home
        event("app_home_opened", to.homes.opened, AT_ONCE),
        action(ids.HOME_REFRESH, to.homes.refresh, AT_ONCE),
        action(ids.HOME_PAGE, to.homes.turn, AT_ONCE),
        action(ids.HOME_TOLD, to.homes.choose),
        action(ids.HOME_OPEN, to.homes.follow, AT_ONCE),
    )
