"""Propose for many hosts: one look at each within a bound, and one fleet plan of what came of it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.core.audit import fleets as told
from bot.core.errors import (
    DeckhandError,
    HostError,
    NothingToRemoveError,
    RefusedError,
    StoreUnavailableError,
    UsageError,
)
from bot.core.ids import id_of
from bot.core.life.fleets import MOST_HOSTS, Fleet, FleetState, LeftOut, member_of
from bot.core.life.states import MessageRef, Status
from bot.core.plan.arguments import PICKED, Arguments
from bot.core.plan.plan import Person
from bot.core.plan.profiles import DEFAULT_PROFILE
from bot.core.plan.waves import Waves
from bot.core.rules.hosts import Host
from bot.ports import Clock, Fleets, NewPlan
from bot.services.decide.propose import Propose
from bot.services.look.fleet import Pool

LOG = logging.getLogger(__name__)

WITHIN = timedelta(seconds=60)
"""Hosts that have not answered by then have no part in the plan."""
REASON_LIMIT = 300
"""Characters of why a host is left out; a look at it alone says all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeFleet:
    """Asks for the same on many hosts. Whatever keeps one of them out is said of it, and keeps no other out."""

    propose: Propose
    fleets: Fleets
    pool: Pool
    """Its size is the bound on how many hosts are asked at once."""
    clock: Clock
    """One that never jumps."""
    waves: Callable[[], Waves]
    """Those in force: a fleet keeps the ones that it was proposed with."""
    within: timedelta = WITHIN

    def check(self, selection: str, arguments: Arguments, requester: Person, channel: str) -> Sequence[Host]:
        """The hosts that are meant, as far as the person may know of them; raise what is wrong before any is asked."""
        hosts = self.propose.door(requester, channel).known().select(selection)
        if len(hosts) > MOST_HOSTS:
            raise UsageError(
                f"“{selection}” means {len(hosts)} hosts, and one plan takes {MOST_HOSTS} at most: all of them have to "
                "be read before somebody approves. Ask for fewer at a time, by tags or patterns."
            )
        self.propose.planning.check(arguments)
        return hosts

    def __call__(
        self, selection: str, arguments: Arguments, requester: Person, channel: str, request_id: str = ""
    ) -> FleetState:
        """Plan afresh on each host and store the fleet; NothingToRemoveError when there is nothing on any of them.

        A request that comes twice under the same id makes one fleet.
        """
        fleet_id = id_of(request_id) if request_id else self.propose.new_id()
        made = self.fleets.get(fleet_id)
        if made is not None:
            self._approved_by_policies(made)  # which a process that died may have left undone
            return made
        hosts = self.check(selection, arguments, requester, channel)
        found, left_out = self._looked(hosts, arguments, requester, channel)
        if not found:
            raise NothingToRemoveError(_nothing(selection, left_out))
        now = self.propose.clock.now()
        fleet = Fleet(
            id=fleet_id, selection=selection, request=request_words(arguments), requester=requester,
            created_at=now, waves=self.waves(), left_out=tuple(left_out),
            members=tuple(member_of(new.plan.host, new.plan.id, new.plan.draft) for new in found),
        )  # fmt: skip
        state = self.fleets.create(fleet, found, MessageRef(channel=channel), told.proposed)
        self._approved_by_policies(state)
        self.propose.changed()
        return state

    def _approved_by_policies(self, state: FleetState) -> None:
        for one in state.with_status(Status.PROPOSED):
            plan = self.propose.plans.get(one.plan)
            if plan is not None:
                self.propose.approved_by_policy(plan)

    def _looked(
        self, hosts: Sequence[Host], arguments: Arguments, requester: Person, channel: str
    ) -> tuple[list[NewPlan], list[LeftOut]]:
        """What each host's plan would be, in the order of the hosts; and who has none, and why."""
        asked = {
            host.name: self.pool.submit(
                partial(self._planned, host.name, arguments, requester, channel, self.propose.new_id())
            )
            for host in hosts
        }
        self._wait(asked)
        found: list[NewPlan] = []
        left_out: list[LeftOut] = []
        engines: dict[str, str] = {}
        for name, future in asked.items():
            answer = future.result() if future.done() and not future.cancelled() else self._too_late()
            if isinstance(answer, str):
                left_out.append(LeftOut(host=name, why=answer))
                continue
            same = engines.setdefault(answer.plan.draft.engine.identity.key, name)
            if same != name:
                left_out.append(LeftOut(host=name, why=f"it is the same engine as {same}"))
            else:
                found.append(answer)
        return found, left_out

    def _wait(self, asked: Mapping[str, "Future[NewPlan | str]"]) -> None:
        until: datetime = self.clock.now() + self.within
        waiting = set(asked.values())
        while waiting and (left := (until - self.clock.now()).total_seconds()) > 0:
            _, waiting = wait(waiting, timeout=left)
        for future in waiting:
            future.cancel()  # one that has not begun never does

    def _too_late(self) -> str:
        return f"no answer within {self.within.total_seconds():g} s"

    def _planned(
        self, host: str, arguments: Arguments, requester: Person, channel: str, plan_id: str
    ) -> NewPlan | str:
        """A host's plan, or why it has none: without the host's name, since it stands behind that."""
        try:
            return self.propose.planned(host, arguments, requester, channel, plan_id)
        except StoreUnavailableError:
            raise
        except (NothingToRemoveError, RefusedError, HostError, UsageError) as error:
            return _without_name(host, str(error))
        except DeckhandError as error:
            LOG.warning("planning on %s for a fleet: %s", host, error)
            return _without_name(host, str(error))
        except Exception as error:
            LOG.exception("planning on a host of a fleet failed in a way that nobody has thought of")
            return f"Deckhand failed over what it answered ({type(error).__name__}); its log says more"


def request_words(arguments: Arguments) -> str:
    """The profile and what narrows it, as they would be written behind a host."""
    profile = PICKED if arguments.picks else arguments.profile or DEFAULT_PROFILE
    return " ".join((profile, *arguments.words))


def _without_name(host: str, sentence: str) -> str:
    said = sentence.removeprefix(f"{host}: ").strip()
    return said if len(said) <= REASON_LIMIT else f"{said[: REASON_LIMIT - 1]}…"


def _nothing(selection: str, left_out: Sequence[LeftOut]) -> str:
    by_reason: dict[str, list[str]] = {}
    for one in left_out:
        by_reason.setdefault(one.why, []).append(one.host)
    said = " ".join(f"{', '.join(hosts)}: {why}" for why, hosts in by_reason.items())
    return f"There is no plan for “{selection}”. {said}"
