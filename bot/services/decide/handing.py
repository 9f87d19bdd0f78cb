"""Handing over: whoever asked for a plan, or may decide about it, names another who may, and that one is told."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.audit import facts
from bot.core.audit.events import Tag
from bot.core.errors import RefusedError
from bot.core.life.states import PlanState, Status
from bot.core.plan.plan import Person
from bot.core.refusals import NotToBeAsked
from bot.core.rules.people import split_id
from bot.core.rules.policy import EVERYONE, Right, is_channel, is_group, may_be_own
from bot.core.rules.telling import asked_name
from bot.ports import Audit, Change, Notices
from bot.services.clicks import Click, Clicks, Way
from bot.services.decide.decide import still_open

MOST_ASKED = 10
"""People who may be asked about one plan: beyond that it is no question any more."""
MOST_LISTED = 50
_HAND_OVER = Way(verb="ask somebody else")


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver(Clicks):
    """Being asked gives nobody a right: only who may decide anyhow can be named."""

    audit: Audit
    notices: Notices

    def check(self, plan_id: str, person: Person, channel: str = "") -> PlanState:
        """The plan, when this person may ask others about it now; RefusedError says why not."""
        with self.clicked(_HAND_OVER, plan_id, person, channel) as click:
            self._check(click, click.seen)
            return click.seen

    def candidates(self, state: PlanState, person: Person) -> tuple[str, ...] | None:
        """Ids of all who can be named; None where the policy names more than can be listed."""
        host = self.hosts().by_name.get(state.plan.host)
        entries = host.policy.entries(Right.APPROVE) if host else ()
        if any(entry == EVERYONE or is_channel(entry) for entry in entries):
            return None
        found: dict[str, None] = {}
        for entry in entries:
            group = sorted(self.rights.directory.members(entry)) if is_group(entry) else [entry]
            found |= dict.fromkeys(one for one in group if split_id(one)[1])
        if len(found) > MOST_LISTED:
            return None
        asked = self._asked(state.plan.id)
        return tuple(one for one in found if not self._objection(state, person, Person(id=one), asked))

    def __call__(self, plan_id: str, person: Person, other: Person, channel: str = "") -> PlanState:
        """Ask another to decide; RefusedError, whose sentence says why, when they cannot be named."""

        def ask(click: Click, state: PlanState, now: datetime) -> Change:
            still_open(state, now)
            event = facts.event(
                Tag.PLAN_HANDED, state.plan, click.person, asked=other.id, asked_name=other.name
            )
            return Change(status=Status.PROPOSED, events=(event,), reason=state.reason, noted=True)

        with self.clicked(_HAND_OVER, plan_id, person, channel) as click:
            self._check(click, click.seen)
            objection = self._objection(click.seen, person, other, self._asked(plan_id))
            if objection:
                raise RefusedError(objection)
            # First: who dies right after the event leaves an intent that another process finds.
            self.notices.intend(asked_name(plan_id, other.id))
            state = self.plans.change(plan_id, lambda state, now: ask(click, state, now))
        self.changed()
        return state

    def _check(self, click: Click, state: PlanState) -> None:
        click.check_right()
        if state.status is not Status.PROPOSED:
            still_open(state, state.plan.created_at)
        refused = self.rights.objection(click.host, Right.APPROVE, click.person, click.channel)
        if refused and click.person.id != state.plan.requester.id:
            raise RefusedError(refused)
        if len(self._asked(state.plan.id)) >= MOST_ASKED:
            raise RefusedError(
                f"{MOST_ASKED} people were asked about this plan already. Nobody more was asked."
            )

    def _objection(
        self, state: PlanState, person: Person, other: Person, asked: frozenset[str]
    ) -> NotToBeAsked | None:
        """Why somebody cannot be named; None when they can."""
        host, plan = self.hosts().find(state.plan.host), state.plan
        channel = state.message.channel if state.message else ""
        reasons = {
            "cannot be named by themselves": other.id == person.id,
            "was asked about this plan already": other.id in asked,
            "has approved this plan already": any(other.id == one.id for one in state.approvers),
            "asked for this plan, and nobody approves their own here": not may_be_own(
                host.policy, plan.requester.id, other.id
            ),
            f"may not decide about cleanups on {host.name}": bool(
                self.rights.objection(host, Right.APPROVE, other, channel)
            ),
        }
        why = next((why for why, is_so in reasons.items() if is_so), "")
        return NotToBeAsked(person=other.id, why=why) if why else None

    def _asked(self, plan_id: str) -> frozenset[str]:
        """Ids of those who were asked, by the audit."""
        return frozenset(
            str(link.event.facts.get("asked"))
            for link in self.audit.events(plan_id)
            if link.event.tag == Tag.PLAN_HANDED
        )
