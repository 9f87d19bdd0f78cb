"""Review: what the audit says, for people and for machines."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.core.audit.filters import AuditFilter, parse_filter
from bot.core.audit.review import CLEANUP_PREFIX, Place, Totals
from bot.core.audit.states import Basis, Recorded
from bot.core.errors import RefusedError, UnknownHostError, UsageError
from bot.core.plan.plan import Person
from bot.core.rules.hosts import Hosts
from bot.core.rules.policy import Right
from bot.ports import Audit, Cleanup, Clock
from bot.services.rules.rights import Rights
from bot.services.rules.visible import Door

PAGE = 10
BATCH = 500
"""Cleanups that are read at once where all are wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the audit, as one person may read it."""

    matching: AuditFilter
    cleanups: tuple[Cleanup, ...]
    totals: Totals
    """Of all pages together."""
    older: Place | None = None
    """From where the next older page goes on, where there is one."""
    newer: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Reads the audit for people: only of registered hosts, and of those only whose audit the person may read.

    What ran on a host that is registered no longer is read in a shell: no policy says any more who may.
    """

    hosts: Callable[[], Hosts]
    rights: Rights
    audit: Audit
    clock: Clock

    def door(self, person: Person, channel: str = "") -> Door:
        """Here a person knows the hosts whose audit they may read, and those at which they may look."""
        return Door(hosts=self.hosts(), rights=self.rights, person=person, channel=channel, right=Right.AUDIT)

    def parse(self, words: Sequence[str], person: Person, channel: str = "") -> AuditFilter:
        """Read a person's filter; UsageError says what is wrong with it.

        The name of a host that is hidden from the person is any word, as if there were no such host.
        """
        door = self.door(person, channel)
        known = door.known()
        for word in words:
            door.note(word.removeprefix("host="), known)
        try:
            return parse_filter(words, known.by_name, self.clock.now())
        except UnknownHostError as unknown:
            known.find(unknown.name)  # says it as to a person who may not know all of them
            raise

    def page(
        self, person: Person, matching: AuditFilter, beyond: Place | None = None, *, channel: str = ""
    ) -> Page:
        """The newest page, or the one beyond a place; RefusedError where no host's audit is open to the person."""
        hosts = self.open_hosts(person, matching, channel)
        if not hosts:
            raise self.rights.closed(Right.AUDIT, person)
        totals = self.audit.totals(hosts=hosts, matching=matching)
        found = self.audit.cleanups(hosts=hosts, matching=matching, limit=PAGE + 1, beyond=beyond)
        more = len(found) > PAGE
        if beyond is not None and beyond.newer:
            if not more:  # the newest page, filled up with what is older
                return self.page(person, matching, channel=channel)
            shown, older, newer = found[1:], True, True
        else:
            shown, older, newer = found[:PAGE], more, beyond is not None
        edges = _edges(shown)
        return Page(
            matching=matching,
            cleanups=shown,
            totals=totals,
            older=edges[1] if edges and older else None,
            newer=replace(edges[0], newer=True) if edges and newer else None,
        )

    def record(self, person: Person, plan_id: str, channel: str = "") -> Recorded:
        """One plan with all its events; RefusedError when the person may not read it, or it is not there."""
        recorded = self.audit.recorded(plan_id)
        if recorded is None:
            raise RefusedError("This plan is not in the database of this Deckhand.")
        state = recorded.state
        host = self.hosts().by_name.get(state.plan.host)
        if host is None:
            raise RefusedError(
                "Its host is no longer registered, so this record is read in a shell only: "
                f"deckhand audit show {plan_id}"
            )
        self.door(person, channel).host(host.name)
        return recorded

    def open_hosts(self, person: Person, matching: AuditFilter, channel: str = "") -> tuple[str, ...]:
        """The registered hosts that the filter means and whose audit the person may read.

        RefusedError for one that is named and closed, UsageError for a tag that no host carries.
        """
        door = self.door(person, channel)
        hosts = door.known()
        for name in matching.hosts:
            door.host(name)
        meant = meant_hosts(matching, hosts)
        registered = hosts.all() if meant is None else [hosts.find(name) for name in meant]
        return tuple(host.name for host in registered if self.rights.has(host, Right.AUDIT, person, channel))


def _edges(cleanups: Sequence[Cleanup]) -> tuple[Place, Place] | None:
    """The places of the newest and of the oldest."""
    if not cleanups:
        return None
    newest, oldest = cleanups[0], cleanups[-1]
    return (
        Place(started_at=newest.found_at, plan=newest.plan),
        Place(started_at=oldest.found_at, plan=oldest.plan),
    )


def meant_hosts(matching: AuditFilter, hosts: Hosts) -> tuple[str, ...] | None:
    """The hosts that a filter names, itself or by a tag; None for all. UsageError for a tag without hosts."""
    if not matching.hosts and not matching.tags:
        return None
    names = list(matching.hosts)
    for tag in matching.tags:
        tagged = [host.name for host in hosts.all() if tag in host.tags]
        if not tagged:
            known = sorted({each for host in hosts.all() for each in host.tags})
            raise UsageError(
                f"No {'registered host' if hosts.whole else 'host that you may look at'} is tagged “{tag}”."
                + (f" The tags are: {', '.join(known[:20])}." if known else " None has a tag.")
            )
        names += tagged
    return tuple(dict.fromkeys(names))


def every_cleanup(
    audit: Audit, hosts: Sequence[str] | None, matching: AuditFilter, limit: int = 0
) -> Iterator[Cleanup]:
    """Cleanups newest first, read in batches; 0 means all of them."""
    beyond, left = None, limit
    while True:
        size = min(BATCH, left) if limit else BATCH
        batch = audit.cleanups(hosts=hosts, matching=matching, limit=size, beyond=beyond)
        yield from batch
        left -= len(batch)
        edges = _edges(batch)
        if edges is None or len(batch) < size or (limit and not left):
            return
        beyond = edges[1]


def find(audit: Audit, cleanup_id: str) -> Recorded:
    """The plan behind a cleanup's or a plan's id, by its events; RefusedError when there is none."""
    recorded = audit.recorded(cleanup_id.removeprefix(CLEANUP_PREFIX))
    if recorded is None:
        raise RefusedError(f"There is no cleanup or plan “{cleanup_id}”. deckhand audit list shows the ids.")
    return recorded


class Notes:
    """What is to be said below a list of cleanups: of how many somebody has changed rows, or archived events."""

    def __init__(self, cleanups: Iterable[Cleanup] = ()) -> None:
        self._changed = self._archived = 0
        for _ in self.noting(cleanups):
            pass

    def noting(self, cleanups: Iterable[Cleanup]) -> Iterator[Cleanup]:
        for cleanup in cleanups:
            self._changed += cleanup.differs
            self._archived += cleanup.basis is Basis.ARCHIVED
            yield cleanup

    def sentences(self) -> list[str]:
        said = []
        if self._changed:
            said.append(
                f"Somebody has changed rows of {self._changed:,} of these in the database. What is shown is what the "
                "audit's events say; `deckhand audit verify` names what was changed."
            )
        if self._archived:
            said.append(
                f"The events of {self._archived:,} of these were archived, so what is shown of them is what the "
                f"database's rows say; {_COMPARE}"
            )
        return said


_COMPARE = "`deckhand audit verify ARCHIVE` compares them with the archived events."
DIFFERENCES_SHOWN = 20


def notes(recorded: Recorded) -> list[str]:
    """What is to be said beside a record: that it was changed, and how; or where its events are."""
    said = []
    if recorded.basis is Basis.ARCHIVED:
        said.append(f"Its events were archived, so what is shown is what the database's rows say; {_COMPARE}")
    if recorded.basis is Basis.NOTHING:
        said.append("No event tells of this plan: somebody has written it into the database.")
    if recorded.differences:
        shown, left = (
            recorded.differences[:DIFFERENCES_SHOWN],
            len(recorded.differences) - DIFFERENCES_SHOWN,
        )
        more = f"; and {left:,} more" if left > 0 else ""
        said.append(
            "Somebody has changed this in the database. What is shown is what the audit's events say. "
            f"Changed: {'; '.join(shown)}{more}."
        )
    return said
