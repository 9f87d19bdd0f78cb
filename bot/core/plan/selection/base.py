"""What decides over every kind of object alike: what was asked for, protection, and age."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.docker.inventory import Inventory, Kind, short_id
from bot.core.docker.users import Users
from bot.core.plan.profiles import KIND_NAMES, Profile, Rule
from bot.core.plan.protection import Protection, first_match
from bot.core.plan.reasons import (
    LEFT_OUT,
    NOT_ASKED_FOR,
    NOT_IN_PLAN_BEFORE,
    NOT_IN_PROFILE,
    NOT_RESTORABLE,
    Verdict,
    ago,
    keep,
    old_enough,
)

UNUSED = "no container uses it"
WORTH_TELLING = timedelta(minutes=1)
"""For how long nothing must have been used for that to say anything."""


def _lost(kind: Kind) -> str:
    if kind is Kind.IMAGE:
        return "no registry has just said that it has this image"
    return f"{KIND_NAMES[kind]} cannot"


@dataclass(frozen=True, slots=True)
class Selecting:
    """Pure, and independent of the order in which the engine lists things."""

    inventory: Inventory
    profile: Profile
    protection: Protection
    users: Users

    def rule(self, kind: Kind, object_id: str) -> Rule | Verdict:
        """The profile's rule for an object, or the verdict over it when it has none."""
        if self.profile.only is not None and object_id not in self.profile.only:
            return keep(
                NOT_ASKED_FOR, "nobody picked it: this plan takes what was picked by name, and no more"
            )
        if not self.profile.dropped.isdisjoint((object_id, short_id(object_id))):
            return keep(LEFT_OUT, "left out by the person who adjusted the plan")
        rule = self.profile.rules.get(kind)
        if rule is None:
            return keep(NOT_IN_PROFILE, f"{self.profile.name} takes no {KIND_NAMES[kind]}")
        if self.profile.restorable is not None and object_id not in self.profile.restorable:
            return keep(NOT_RESTORABLE, f"only what can be brought back may go here: {_lost(kind)}")
        return rule

    def within(self, object_id: str, verdict: Verdict) -> Verdict:
        """A plan that replaces another takes nothing that the other did not list; any other reason is told first."""
        if verdict.take and self.profile.within is not None and object_id not in self.profile.within:
            return keep(NOT_IN_PLAN_BEFORE, "the plan that this one replaces did not list it")
        return verdict

    def _spared(self, name: str, labels: Mapping[str, str]) -> Verdict | None:
        """Whether protection or the person who asked spares an object of this name with these labels."""
        pattern = self.protection.of_name(name)
        if pattern:
            return keep("protected by name", f"protected by the name pattern {pattern}")
        excluded = first_match(self.profile.excluded, name)
        if excluded:
            return keep(LEFT_OUT, f"left out by not={excluded}")
        return self._spared_by_label(labels)

    def _spared_by_label(self, labels: Mapping[str, str]) -> Verdict | None:
        label = self.protection.of_labels(labels)
        if label:
            return keep("protected by label", f"protected by the label {label}")
        objection = self.profile.labels.objection(labels)
        return keep("left out by label", objection) if objection else None

    def _old_enough(self, rule: Rule, born: datetime | None, what: str) -> Verdict | None:
        return old_enough(rule.min_age, born, self.inventory.taken_at, what)

    def _made(self, what: str, born: datetime | None) -> str:
        """``; created 9 days ago``, where that is known."""
        return f"; {what} {ago(self.inventory.taken_at - born)}" if born else ""
