"""Gaps: what nobody can do, or too few can, under the policies that hosts have."""

from collections.abc import Iterable, Iterator, Mapping

from bot.core.rules.hosts import Host
from bot.core.rules.on_call import OnCall
from bot.core.rules.policy import EVERYONE, Policy, Right, Tell, is_channel, is_group

_WITHOUT = {
    Right.LOOK: "nobody may look at them",
    Right.REQUEST: "nobody may ask for a cleanup",
    Right.APPROVE: "nobody may approve one, so none ever runs",
}
_MOST_NAMED = 3


def gaps(hosts: Iterable[Host], on_call: Mapping[str, OnCall]) -> Iterator[str]:
    """A sentence for each, with what to write; who is in groups and channels is not known here."""
    under: dict[str, list[Host]] = {}
    for host in hosts:
        under.setdefault(host.policy.name, []).append(host)
    for name, theirs in under.items():
        policy = theirs[0].policy
        for problem in (*_of(policy), *_of_on_call(policy, on_call)):
            yield f"policy {name} ({_names(theirs)}): {problem}"


def _of(policy: Policy) -> Iterator[str]:
    unmanned = [right for right in _WITHOUT if not policy.entries(right)]
    if (policy.auto_approve or policy.auto_approve_to) and Right.APPROVE in unmanned:
        unmanned.remove(Right.APPROVE)
    for right in unmanned:
        yield f'{_WITHOUT[right]}; write {right} = ["U…"]'
    may_approve, may_ask = (_people(policy, right) for right in (Right.APPROVE, Right.REQUEST))
    if not may_approve or Right.APPROVE in unmanned:
        return
    if len(may_approve) < policy.quorum:
        yield f"a plan needs {policy.quorum} approvals, and {_people_words(may_approve)} may approve; name more"
    elif (
        policy.quorum == len(may_approve) and may_ask and may_ask <= may_approve and not policy.self_approval
    ):
        yield (
            f"a plan needs the approval of all who may approve ({_people_words(may_approve)}), who asks is always one "
            "of them, and nobody approves their own plans; name one more, or write self_approval = true"
        )


def _of_on_call(policy: Policy, on_call: Mapping[str, OnCall]) -> Iterator[str]:
    schedule = on_call.get(policy.on_call) if policy.tell is Tell.ON_CALL else None
    may_approve = _people(policy, Right.APPROVE)
    if schedule is None or not may_approve:
        return
    called = dict.fromkeys(who for week in schedule.weeks for who in week if not is_group(who))
    strangers = [who for who in called if who not in may_approve]
    if strangers:
        yield (
            f"{', '.join(strangers)} of [on_call.{schedule.name}] may not approve, and being on call gives no right: "
            "they are not told; add them to approve, or take them out of the weeks"
        )


def _people(policy: Policy, right: Right) -> frozenset[str]:
    """Those who have it, where each is named; nobody where a group, a channel or everyone has it too."""
    entries = policy.entries(right)
    open_to = any(entry == EVERYONE or is_group(entry) or is_channel(entry) for entry in entries)
    return frozenset() if open_to else frozenset(entries)


def _people_words(people: frozenset[str]) -> str:
    return "1 person" if len(people) == 1 else f"{len(people)} people"


def _names(hosts: list[Host]) -> str:
    more = len(hosts) - _MOST_NAMED
    return ", ".join(host.name for host in hosts[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
