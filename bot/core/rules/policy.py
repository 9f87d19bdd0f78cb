"""Who may do what on a host, and which cleanups may run there: read at the click, and closed when in doubt."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from bot.core.docker.ages import Arrival
from bot.core.docker.inventory import Kind
from bot.core.errors import UsageError
from bot.core.plan.arguments import PICKED, arguments_of
from bot.core.plan.plan import Draft, Person
from bot.core.plan.profiles import Profile
from bot.core.plan.protection import NOTHING_MORE, Protection
from bot.core.plan.target.target import Target
from bot.core.rules.people import Known, Standing
from bot.core.rules.windows import Windows
from bot.core.units import human_size

EVERYONE = "*"
APPROVER_PREFIX = "policy:"
"""What the id of an approver begins with who is a policy, not a person."""


class Right(StrEnum):
    LOOK = "look"
    REQUEST = "request"
    APPROVE = "approve"
    STOP = "stop"
    RESTORE = "restore"
    AUDIT = "audit"


class Volumes(StrEnum):
    """Which volumes cleanups may take."""

    NEVER = "never"
    ANONYMOUS = "anonymous"  # those that the engine itself named
    NAMED = "named"  # those too that a person picks one by one


class Tell(StrEnum):
    """How those who may decide are told of a new plan."""

    NEVER = "never"
    CHANNEL = "channel"  # the plan's message mentions them
    DIRECT = "direct"  # each is written to
    ON_CALL = "on_call"  # those of them who are on call are written to


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of a host. A right that names nobody belongs to nobody."""

    name: str
    look: tuple[str, ...] = ()
    request: tuple[str, ...] = ()
    approve: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    restore: tuple[str, ...] = ()
    audit: tuple[str, ...] | None = None
    """None when it was never set: whoever may look at a host may then read its audit."""
    guests: bool = False
    """Whether ``*``, channels and user groups mean the guests of the own team too."""
    quorum: int = 1
    self_approval: bool = False
    expires: timedelta = timedelta(minutes=30)
    profiles: tuple[str, ...] | None = None
    """The profiles that may be asked for; None means every one."""
    volumes: Volumes = Volumes.ANONYMOUS
    protection: Protection = NOTHING_MORE
    """What cleanups leave alone here, beside what they leave alone everywhere."""
    arrival: Arrival = Arrival.SEEN
    """What stands for the arrival of images of which the engine does not tell it."""
    only_restorable: bool = False
    """Whether nothing may go but images that their registry has just said to have."""
    windows: Windows = Windows()  # noqa: RUF009 - frozen, like all values here
    start_within: timedelta = timedelta(hours=24)
    """How long an approval holds before the cleanup has begun."""
    max_bytes: int | None = None
    max_objects: int | None = None
    quorum_above: int | None = None
    """Approvals that a plan beyond one of the two limits needs; None means that there is no such plan."""
    auto_approve: tuple[str, ...] = ()
    """Profiles whose plans the policy itself approves."""
    reasons: bool = False
    """Whether each vote says why."""
    tell: Tell | None = None
    """How those who may decide are told; None: as ``[slack]`` says for all. Being told gives no right."""
    on_call: str = ""
    """Who is on call: a user group (S…), or the name of an on-call schedule."""
    escalate_to: tuple[str, ...] = ()
    """Users, user groups and channels that are told of a plan that nobody has decided about."""
    escalate_after: timedelta = timedelta(minutes=15)
    """How long after those who may decide were told."""
    quiet: Windows = Windows()  # noqa: RUF009 - frozen, like all values here
    """Hours in which nobody is told but of what is urgent; what is held back is told at their end."""
    auto_approve_to: Mapping[str, Target] = field(default_factory=dict)
    """By profile, up to which target the policy itself approves plans that have one."""
    auto_windows: Windows = Windows()  # noqa: RUF009 - frozen, like all values here
    """When it does either; at any time where there are none."""
    auto_on_pressure: bool = False
    """Whether an open alert of a disk asks by itself for the first of ``auto_approve_to``."""

    def entries(self, right: Right) -> tuple[str, ...]:
        """Slack ids of users (U… or W…), user groups (S…) and channels (C… or G…), or ``*``.

        All of them mean people of the app's own team; one of another team is named as T…/U….
        """
        return {
            Right.LOOK: self.look,
            Right.REQUEST: self.request,
            Right.APPROVE: self.approve,
            Right.STOP: self.stop,
            Right.RESTORE: self.restore,
            Right.AUDIT: self.look if self.audit is None else self.audit,
        }[right]

    @property
    def approver(self) -> Person:
        """Who stands as the approver where the policy approves by itself."""
        return Person(id=f"{APPROVER_PREFIX}{self.name}", name=f"policy {self.name}")


# --- who ----------------------------------------------------------------------------------------


def is_group(entry: str) -> bool:
    """Whether a policy entry names a Slack user group."""
    return entry.startswith("S")


def is_channel(entry: str) -> bool:
    """Whether a policy entry names a Slack channel: anyone has the right who asks there."""
    return entry.startswith(("C", "G"))


def groups_to_read(policy: Policy, right: Right, who: Known, channel: str = "") -> tuple[str, ...]:
    """The user groups whose members must be known to decide; none when a plain entry decides already."""
    if not belongs_to(policy, who) or may(policy, right, who, {}, channel):
        return ()
    return tuple(entry for entry in policy.entries(right) if is_group(entry))


def may(
    policy: Policy, right: Right, who: Known, groups: Mapping[str, Iterable[str]], channel: str = ""
) -> bool:
    """Whether the policy gives that person that right; ``groups`` maps group ids to their members.

    A group that is missing from ``groups`` has no members; ``channel`` is where the person asked, if anywhere.
    """
    return deciding_entry(policy, right, who, groups, channel) is not None


def deciding_entry(
    policy: Policy, right: Right, who: Known, groups: Mapping[str, Iterable[str]], channel: str = ""
) -> str | None:
    """The first entry of the policy that gives that person that right; None when none does."""
    if not who.may_have_rights:
        return None
    belongs = belongs_to(policy, who)
    for entry in policy.entries(right):
        if is_group(entry):
            meant = belongs and who.user in groups.get(entry, ())
        elif is_channel(entry) or entry == EVERYONE:
            meant = belongs and entry in (EVERYONE, channel)
        else:
            meant = who.is_named(entry)
        if meant:
            return entry
    return None


def belongs_to(policy: Policy, who: Known) -> bool:
    """Whether the person is among those whom ``*``, channels and user groups mean."""
    return who.standing is Standing.MEMBER or (policy.guests and who.standing is Standing.GUEST)


def may_be_own(policy: Policy, requester_id: str, person_id: str) -> bool:
    """Whether a person's approval of a plan may count, as far as it matters who asked for the plan."""
    return policy.self_approval or person_id != requester_id


# --- what ---------------------------------------------------------------------------------------


def profile_objection(policy: Policy, profile: str, kinds: Iterable[Kind]) -> str | None:
    """Why the policy allows no cleanup of this profile, which takes these kinds; None when it does."""
    if policy.profiles is not None and profile not in policy.profiles:
        allowed = ", ".join(policy.profiles) or "none"
        return f"policy “{policy.name}” does not allow “{profile}” here; what it allows: {allowed}"
    if Kind.VOLUME not in kinds:
        return None
    if policy.volumes is Volumes.NEVER:
        return f"policy “{policy.name}” lets no cleanup take volumes here"
    if profile == PICKED and policy.volumes is not Volumes.NAMED:
        return f"policy “{policy.name}” lets nobody pick volumes here"
    return None


def allows(policy: Policy, profile: Profile) -> bool:
    """Whether a cleanup of this profile may be asked for."""
    return profile_objection(policy, profile.name, profile.rules) is None


def plan_objection(policy: Policy, draft: Draft) -> str | None:
    """Why the policy does not allow this plan, whoever approves it; None when it does."""
    objection = profile_objection(policy, draft.profile, {item.kind for item in draft.items})
    if objection is None and quorum_of(policy, draft) is None:
        objection = (
            f"the plan is for {_size(draft)}, and policy “{policy.name}” allows no cleanup of more than "
            f"{limits_words(policy)}"
        )
    return objection


def quorum_of(policy: Policy, draft: Draft) -> int | None:
    """How many approvals a plan needs; None when it is beyond a limit above which there is no quorum."""
    if within_limits(policy, draft):
        return policy.quorum
    return None if policy.quorum_above is None else max(policy.quorum, policy.quorum_above)


def within_limits(policy: Policy, draft: Draft) -> bool:
    """Whether a plan stays within the bytes and the objects that need no higher quorum."""
    return (policy.max_bytes is None or draft.frees.high <= policy.max_bytes) and (
        policy.max_objects is None or len(draft.items) <= policy.max_objects
    )


def limits_words(policy: Policy) -> str:
    """``50GB or 500 objects``; empty when there is no limit."""
    bytes_words = [human_size(policy.max_bytes)] if policy.max_bytes is not None else []
    objects = [f"{policy.max_objects} objects"] if policy.max_objects is not None else []
    return " or ".join([*bytes_words, *objects])


def approves_itself(policy: Policy, draft: Draft) -> bool:
    """Whether the policy approves this plan without a person: never volumes, never beyond a limit."""
    return (
        (draft.profile in policy.auto_approve or _approves_to_a_target(policy, draft))
        and not any(item.kind is Kind.VOLUME for item in draft.items)
        and within_limits(policy, draft)
        and plan_objection(policy, draft) is None
    )


def _approves_to_a_target(policy: Policy, draft: Draft) -> bool:
    """Whether a plan asks for no more room than the policy gives its profile, and widens nothing for that.

    What cannot be read as such is not approved.
    """
    most = policy.auto_approve_to.get(draft.profile)
    try:
        asked = arguments_of(draft.arguments)
    except UsageError:
        return False
    if most is None or asked.target is None or asked.profile is not None:
        return False
    return asked.target.asks_no_more_than(most) and asked.arrival is Arrival.SEEN


def _size(draft: Draft) -> str:
    return f"{human_size(draft.frees.high)} in {len(draft.items)} objects"
