"""Refusals: why something that was understood is not done, as values.

``str`` of one is a plain sentence, for logs and the audit: it names people and channels by their ids. Whoever shows
one to a person says it in the words of the place where they read it (``words``), which knows how people are named
there and what to type.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.life.states import PlanState, Status
from bot.core.rules.people import Known, Standing
from bot.core.rules.policy import APPROVER_PREFIX, EVERYONE, Right, is_channel


class Wording(Protocol):
    """How a place where people read names what a refusal is about."""

    def text(self, text: str) -> str:
        """Anything that is no name of these: hosts, policies, what was asked for."""
        ...

    def person(self, person_id: str) -> str: ...

    def entry(self, entry: str) -> str:
        """Whom an entry of a policy means: a person, a user group, or anyone in a channel."""
        ...

    def asking(self, host: str, request: str) -> str:
        """What to type to ask for a plan; empty where one cannot."""
        ...


class _Plainly:
    """Without any place's markup."""

    @staticmethod
    def text(text: str) -> str:
        return text

    @staticmethod
    def person(person_id: str) -> str:
        ours = person_id.startswith(APPROVER_PREFIX)
        return f"policy “{person_id.removeprefix(APPROVER_PREFIX)}”" if ours else person_id

    @staticmethod
    def entry(entry: str) -> str:
        return f"anyone in {entry}" if is_channel(entry) else entry

    @staticmethod
    def asking(host: str, request: str) -> str:  # noqa: ARG004 - a place's own
        return ""


PLAINLY: Wording = _Plainly()


class Refusal(ABC):
    """Base of all refusals; each knows its sentence, and no place's way of writing."""

    __slots__ = ()

    @abstractmethod
    def words(self, place: Wording) -> str:
        """The sentence, as one reads it at that place."""

    def __str__(self) -> str:
        return self.words(PLAINLY)


# --- no right -----------------------------------------------------------------------------------

VERBS = {
    Right.LOOK: "look at",
    Right.REQUEST: "ask for cleanups on",
    Right.APPROVE: "decide about cleanups on",
    Right.STOP: "stop cleanups on",
    Right.RESTORE: "restore images on",
    Right.AUDIT: "read the audit of",
}
_NOBODY = {
    Standing.BOT: "Bots have no rights in Deckhand: a person has to do this.",
    Standing.DEACTIVATED: "This Slack account is deactivated, so it has no rights in Deckhand any more.",
    Standing.UNKNOWN: (
        "Slack does not say who you are at the moment, so nothing was done. Try again in a minute; if that does not "
        "help, whoever runs Deckhand finds the reason in its log (it asks users.info, with the scope users:read)."
    ),
}
NOTHING_OPEN = {
    Right.LOOK: "No registered host is open to you. Deckhand's policies say who may look at which.",
    Right.REQUEST: "No registered host is open to you for cleanups. Deckhand's policies say who may ask for which.",
    Right.AUDIT: "No audit is open to you. Deckhand's policies say who may read which.",
}


@dataclass(frozen=True, slots=True)
class NoRights(Refusal):
    """Who can have no right, whatever a policy says."""

    standing: Standing

    def words(self, place: Wording) -> str:
        return place.text(_NOBODY[self.standing])


def barred(who: Known) -> NoRights | None:
    """Why somebody can have no right on any host; None when a policy may give them some."""
    return NoRights(who.standing) if who.standing in _NOBODY else None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAllowed(Refusal):
    """Somebody has not a right on a host."""

    who: Known
    right: Right
    host: str
    policy: str
    entries: tuple[str, ...]
    """Whom the host's policy gives the right."""
    guests: bool
    """Whether it means guests too."""

    def words(self, place: Wording) -> str:
        policy = f"its policy “{place.text(self.policy)}” {self._whom(place)}"
        aside = place.text(_aside(self.who, guests=self.guests))
        return f"You may not {VERBS[self.right]} {place.text(self.host)}: {policy}.{aside}"

    def _whom(self, place: Wording) -> str:
        if not self.entries:
            return f"names nobody for “{self.right}”"
        if EVERYONE in self.entries:
            return f"gives everyone “{self.right}”"
        return f"gives “{self.right}” to {', '.join(map(place.entry, self.entries))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingOpen(Refusal):
    """Somebody has a right on no host at all."""

    who: Known
    right: Right

    def words(self, place: Wording) -> str:
        return place.text(f"{NOTHING_OPEN[self.right]}{_aside(self.who, guests=False)}")


def _aside(who: Known, *, guests: bool) -> str:
    """What an outsider or a guest has to know beside whom a policy names; ``guests`` is whether it means these too."""
    if who.standing is Standing.OUTSIDER:
        return f" That means people of its own Slack, and you are of another company: an entry for you is {who.id}."
    if who.standing is Standing.GUEST and not guests:
        return " You are a guest here: guests count only where a policy names them, or says guests = true."
    return ""


# --- too late -----------------------------------------------------------------------------------

_ENDED_WORDS = {
    Status.APPROVED: "already approved",
    Status.REJECTED: "already rejected",
    Status.EXPIRED: "expired",
    Status.CANCELLED: "cancelled",
    Status.SUPERSEDED: "replaced by a newer plan",
    Status.RUNNING: "already approved, and running",
}
_NOBODYS = frozenset({Status.EXPIRED, Status.CANCELLED, Status.SUPERSEDED})
"""Ends that no vote brought about: whoever voted last had no part in them."""
_AGAIN = frozenset({Status.REJECTED, Status.EXPIRED, Status.CANCELLED})
"""Ends after which the same may be planned once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanClosed(Refusal):
    """A plan waits for no decision any more."""

    plan: str
    status: Status
    by: str = ""
    """The id of who voted last, where that brought it about."""
    since: datetime | None = None

    @property
    def again(self) -> bool:
        """Whether planning the same afresh makes sense."""
        return self.status in _AGAIN

    def words(self, place: Wording) -> str:
        ended = _ENDED_WORDS.get(self.status, "already approved, and finished")
        by = f" by {place.person(self.by)}" if self.by else ""
        return f"This plan is {ended}{by}. Nothing was changed by your click."


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanExpired(Refusal):
    """A plan's time is up, whether or not it was ended for that yet."""

    plan: str
    host: str
    request: str
    since: datetime

    @property
    def again(self) -> bool:
        """As of PlanClosed."""
        return True

    def words(self, place: Wording) -> str:
        asking = place.asking(self.host, self.request)
        return f"This plan expired. Ask for a fresh one{f': {asking}' if asking else '.'}"


def already(state: PlanState) -> PlanClosed:
    """Why a click on a plan counts no more that was decided: how it ended, by whom and when."""
    by = state.votes[-1].person.id if state.votes and state.status not in _NOBODYS else ""
    return PlanClosed(plan=state.plan.id, status=state.status, by=by, since=state.decided_at)


def expired(state: PlanState) -> PlanExpired:
    """Why a click on a plan counts no more whose time is up."""
    plan = state.plan
    return PlanExpired(plan=plan.id, host=plan.host, request=plan.draft.request, since=plan.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotToBeAsked(Refusal):
    """Somebody was named to decide about a plan who cannot, or need not be asked."""

    person: str
    why: str
    """Goes on after their name."""

    def words(self, place: Wording) -> str:
        return f"{place.person(self.person)} {place.text(self.why)}, so nobody was asked. Name somebody else."


@dataclass(frozen=True, slots=True)
class NoLonger(Refusal):
    """A host that is not registered any more."""

    host: str
    gone: str
    """What cannot be done therefore."""

    def words(self, place: Wording) -> str:
        return place.text(f"{self.host} is no longer registered, so {self.gone}.")


@dataclass(frozen=True, slots=True)
class BeingRestored(Refusal):
    """The images of a cleanup are being restored, for whoever asked first."""

    person: str

    def words(self, place: Wording) -> str:
        return f"These images are being restored already, for {place.person(self.person)}."
