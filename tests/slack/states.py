"""Plans in every status, with moments, names and sizes that never change: what the goldens show."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from bot.core.docker.inventory import EngineInfo, Kind
from bot.core.docker.usage import DiskUsage, UsageRow
from bot.core.life.restoring import ImageRestored, Restored, RestoreStatus, Restoring
from bot.core.life.states import ItemState, MessageRef, Outcome, PlanState, Status, StopAsked, Vote
from bot.core.plan.plan import Draft, Frees, Item, Kept, Person
from tests.support.plans import draft_of, plan_of

MADE = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN, BOB, CYD = Person(id="U0ANN", name="ann"), Person(id="U0BOB", name="bob"), Person(id="U0CYD", name="cyd")
ENGINE = EngineInfo(
    id="7TDM:QPNX:AAAA",
    name="prod-3",
    version="28.0.1",
    api_version="1.48",
    store="overlay2",
    data_root="/var/lib/docker",
    operating_system="Debian GNU/Linux 12",
)
MEGABYTE = 10**6


def usage(images: int, cache: int) -> DiskUsage:
    """``system df`` with so many megabytes of images and of build cache."""
    rows = (("Images", 9, 2, images), ("Containers", 3, 1, 40), ("Local Volumes", 2, 2, 700))
    return DiskUsage(
        rows=(
            *(
                UsageRow(type=kind, total=total, active=active, size=size * MEGABYTE,
                         reclaimable=size * MEGABYTE * (total - active) // total)
                for kind, total, active, size in rows
            ),
            UsageRow(type="Build Cache", total=5, active=0, size=cache * MEGABYTE, reclaimable=cache * MEGABYTE),
        )
    )  # fmt: skip


BEFORE, AFTER = (
    replace(usage(2_200, 310), free=40_000 * MEGABYTE),
    replace(usage(800, 0), free=41_412 * MEGABYTE),
)


def item(
    number: int, name: str, kind: Kind = Kind.IMAGE, megabytes: int = 0, tags: Sequence[str] = ()
) -> Item:
    digest = f"{number:064x}"
    return Item(
        kind=kind,
        id=f"sha256:{digest}" if kind is Kind.IMAGE else digest,
        name=name,
        references=tuple(tags),
        bytes=megabytes * MEGABYTE,
        rule="no container uses it",
    )


ITEMS = (
    item(1, "job-17", Kind.CONTAINER, 40),
    item(2, "ci_default", Kind.NETWORK),
    item(3, "app:1", Kind.IMAGE, 1_200, ("app:1", "app:stable", f"registry.example/app@sha256:{3:064x}")),
    item(4, "<none>", Kind.IMAGE, 200),
    item(5, "mount / from exec /bin/sh -c npm ci", Kind.BUILD_CACHE, 310),
)
KEPT = (
    Kept(kind=Kind.IMAGE, id="sha256:9", name="web:7", rule="container web-1 uses it", because="in use"),
    Kept(kind=Kind.IMAGE, id="sha256:8", name="web:6", rule="container web-2 uses it", because="in use"),
    Kept(kind=Kind.CONTAINER, id="c9", name="web-1", rule="it is running", because="running"),
)


def draft(items: Sequence[Item] = ITEMS, kept: Sequence[Kept] = KEPT, profile: str = "routine") -> Draft:
    total = sum(one.bytes for one in items)
    frees = Frees(low=total - 10 * MEGABYTE, high=total, exact=False, why="some layers are shared")
    return draft_of(items, ENGINE, MADE, frees=frees, profile=profile, kept=kept)


def proposed(
    items: Sequence[Item] = ITEMS,
    kept: Sequence[Kept] = KEPT,
    *,
    quorum: int = 1,
    engine: EngineInfo = ENGINE,
) -> PlanState:
    plan = replace(
        plan_of(replace(draft(items, kept), engine=engine), ANN, plan_id="k7m2p9wxyz", usage=BEFORE),
        profile_words="containers: stopped, at least 1 day old; images: unused, at least 7 days old",
        commands=("docker container prune --filter until=24h", "docker image prune -a --filter until=168h"),
    )
    states = tuple(ItemState(position=number, item=one) for number, one in enumerate(items))
    return PlanState(
        plan=plan, status=Status.PROPOSED, version=1, quorum=quorum, items=states,
        message=MessageRef(channel="C0OPS"),
    )  # fmt: skip


def voted(state: PlanState, *people: Person, approve: bool = True, reason: str = "") -> PlanState:
    votes = tuple(
        Vote(person=person, approve=approve, at=MADE + timedelta(minutes=number), reason=reason)
        for number, person in enumerate(people, start=1)
    )
    return replace(state, votes=votes, reason=reason)


def with_outcomes(state: PlanState, *outcomes: Outcome, reasons: Sequence[str] = ()) -> PlanState:
    """The same with the first items' outcomes, in order; what was removed freed its predicted bytes."""
    given = [*outcomes, *[Outcome.PLANNED] * (len(state.items) - len(outcomes))]
    why = [*reasons, *[""] * (len(state.items) - len(reasons))]
    items = tuple(
        replace(
            one, outcome=outcome, reason=reason, bytes=one.item.bytes if outcome is Outcome.REMOVED else 0
        )
        for one, outcome, reason in zip(state.items, given, why, strict=True)
    )
    return replace(state, items=items)


def ended(state: PlanState, status: Status, reason: str = "") -> PlanState:
    return replace(
        state,
        status=status,
        reason=reason,
        started_at=MADE + timedelta(minutes=2),
        finished_at=MADE + timedelta(minutes=2, seconds=8.25),
        usage_before=BEFORE,
        usage_after=AFTER,
    )


_OPEN = proposed()
_NARROWED = replace(
    _OPEN.plan.draft,
    arguments="until=240h keep=3 not=postgres*",
    notes=("A build seems to run: 1 build cache record is in use. What is younger than an hour stays.",),
)
_APPROVED = replace(voted(proposed(quorum=2), BOB, CYD), status=Status.APPROVED)
_REMOVED, _KEPT, _FAILED, _GONE = Outcome.REMOVED, Outcome.KEPT, Outcome.FAILED, Outcome.GONE
_MIXED = with_outcomes(
    _APPROVED, _REMOVED, _GONE, _KEPT, _FAILED, _REMOVED,
    reasons=("", "no longer there when we looked", "came into use by container web-3",
             "the engine answered 409: conflict: <unable to delete>"),
)  # fmt: skip

_TWICE = with_outcomes(_APPROVED, _REMOVED, _GONE, Outcome.REMOVING)
_AGAIN = replace(
    _TWICE,
    attempt=3,
    items=tuple(replace(one, reconciled=one.outcome is _GONE) for one in _TWICE.items),
)
_DONE = ended(with_outcomes(_APPROVED, *[_REMOVED] * 5), Status.DONE)
_ASKED = Restoring(
    number=1, status=RestoreStatus.RUNNING, asked_by=CYD, asked_at=MADE + timedelta(hours=1)
)  # fmt: skip
_GIVEN_BACK = ImageRestored(
    position=2, outcome=Restored.RESTORED, reason="app:stable was left: it names another image now"
)
_LOST = ImageRestored(
    position=2, outcome=Restored.FAILED, reason="registry.example/app@sha256:3: <manifest unknown>"
)
_OVER = replace(_ASKED, status=RestoreStatus.ENDED, ended_at=MADE + timedelta(hours=2))
RESTORED: Mapping[str, PlanState] = MappingProxyType({
    "restoring": replace(_DONE, restoring=_ASKED),
    "restored": replace(_DONE, restoring=replace(_OVER, images=(_GIVEN_BACK,))),
    "not_restored": replace(_DONE, restoring=replace(_OVER, images=(_LOST,))),
})  # fmt: skip
"""The done one after somebody asked for its images again."""

STATES: Mapping[str, PlanState] = MappingProxyType({
    "proposed": _OPEN,
    "proposed_narrowed": replace(_OPEN, plan=replace(_OPEN.plan, draft=_NARROWED)),
    "proposed_some_went": replace(_OPEN, went_with={0: "pm38xk2vqh", 3: "pm38xk2vqh", 4: "pm38xk2vqh"}),
    "proposed_one_of_two": voted(proposed(quorum=2), BOB),
    "proposed_with_reasons": replace(voted(proposed(quorum=2), BOB, reason="the <disk> is *full*"), reason=""),
    "approved": _APPROVED,
    "approved_until_its_window": replace(_APPROVED, starts_at=MADE + timedelta(hours=9)),
    "approved_by_its_policy": replace(
        voted(proposed(), Person(id="policy:production", name="policy production")), status=Status.APPROVED
    ),
    "rejected": replace(
        voted(_OPEN, BOB, approve=False, reason="not during the sale & <later>"), status=Status.REJECTED
    ),
    "expired": replace(_OPEN, status=Status.EXPIRED),
    "cancelled": replace(
        _APPROVED, status=Status.CANCELLED, reason="prod-3: nothing answers at its address."
    ),
    "superseded": replace(_OPEN, status=Status.SUPERSEDED),
    "running": replace(
        with_outcomes(_APPROVED, _REMOVED, _REMOVED, Outcome.REMOVING), status=Status.RUNNING
    ),
    "approved_waiting": replace(_APPROVED, waits_for="4hx2m7wq9k"),
    "running_taken_up": replace(_AGAIN, status=Status.RUNNING),
    "running_stopping": replace(_AGAIN, status=Status.RUNNING, stop=StopAsked(person=CYD, at=MADE)),
    "attention": replace(
        _AGAIN, status=Status.RUNNING, attention="prod-3: nothing answers at <its> address. " * 30
    ),
    "done": _DONE,
    "done_with_reasons": replace(
        _DONE, votes=tuple(replace(vote, reason="the <disk> is *full*") for vote in _DONE.votes)
    ),
    "partial": ended(_MIXED, Status.PARTIAL),
    "stopped": replace(
        ended(with_outcomes(_APPROVED, _REMOVED), Status.STOPPED), stop=StopAsked(person=CYD, at=MADE)
    ),
    "failed": ended(
        with_outcomes(_APPROVED, _REMOVED, *[_FAILED] * 4, reasons=["", *["not tried: out of reach"] * 4]),
        Status.FAILED, "prod-3: the connection broke.",
    ),
})  # fmt: skip
"""One plan for each status, and one whose first vote of two is in."""
