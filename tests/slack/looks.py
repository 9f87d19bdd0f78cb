"""What people look at beside plans: reports, the list of hosts, the audit; the same in every run."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from bot.core.audit_format import Head
from bot.core.hosts import Host, SocketAddress
from bot.core.inventory import EngineInfo, Inventory, Kind
from bot.core.objects import Explanation, Found, Reason
from bot.core.plans import Draft
from bot.core.policy import Policy
from bot.core.usage import Survey
from bot.ports import Cleanup
from bot.services.planning import HostReport
from bot.slack.blocks import Message
from bot.slack.reports import audit_message, head_message, hosts_message, report_message, why_message
from tests.slack.states import BEFORE, ENGINE, ITEMS, MADE, MEGABYTE, draft


def report(*offers: Draft, engine: EngineInfo = ENGINE) -> HostReport:
    survey = Survey(inventory=Inventory(engine=engine, taken_at=MADE), usage=BEFORE)
    return HostReport(host="prod-3", survey=survey, offers=offers)


def host(name: str, policy: str = "default", tags: Sequence[str] = ()) -> Host:
    address = SocketAddress(url="unix:///var/run/docker.sock")
    return Host(name=name, address=address, policy=Policy(name=policy), tags=tuple(tags))


def cleanup(number: int, outcome: str = "done", approved_by: Sequence[str] = ("U0BOB",)) -> Cleanup:
    running = outcome == "running"
    started = MADE - timedelta(days=number)
    return Cleanup(
        id=f"cleanup:plan{number}",
        plan=f"plan{number}",
        host=f"prod-{number}",
        engine_id=ENGINE.id,
        profile="routine",
        requested_by="U0ANN",
        approved_by=tuple(approved_by),
        outcome=outcome,
        predicted_bytes=2_000 * MEGABYTE,
        reclaimed_bytes=0 if running else 1_900 * MEGABYTE,
        started_at=started,
        finished_at=None if running else started + timedelta(seconds=9),
    )


def explanation(
    kind: Kind,
    object_id: str,
    name: str,
    *references: str,
    profiles: Sequence[str] = ("routine", "everything"),
) -> Explanation:
    """The first profile keeps it for a day more, the others would remove it."""
    first, *others = profiles
    due = MADE + timedelta(days=1)
    kept = Reason(profile=first, takes=False, rule="built 6 days ago: younger than 7 days", due=due)
    taken = (Reason(profile=profile, takes=True, rule="no container uses it") for profile in others)
    found = Found(kind=kind, id=object_id, name=name, references=references)
    return Explanation(thing=found, reasons=(kept, *taken))


_IMAGE = explanation(Kind.IMAGE, f"sha256:{7:064x}", "db:1", "db:1", "db:latest")
_NAMESAKES = [
    explanation(kind, f"{kind}-7", "db") for kind in (Kind.CONTAINER, Kind.NETWORK, Kind.BUILD_CACHE)
]
_OFFERS = (
    draft((), profile="dangling"),
    draft(ITEMS[:1], profile="ci"),
    draft(profile="routine"),
)
_OUTCOMES = ("running", "done", "partial", "stopped", "failed")

LOOKS: Mapping[str, Message] = MappingProxyType({
    "report": report_message(report(*_OFFERS)),
    "report_nothing_to_clean": report_message(report(draft((), profile="dangling"))),
    "hosts": hosts_message([host("prod-3", "production", ["prod", "eu"]), host("ci-1")]),
    "hosts_none": hosts_message([]),
    "why": why_message("prod-3", "db:1", [_IMAGE]),
    "why_of_several": why_message("prod-3", "db", _NAMESAKES),
    "why_of_too_many": why_message("prod-3", "db", [*_NAMESAKES, _IMAGE, _IMAGE]),
    "audit": audit_message([cleanup(number, outcome) for number, outcome in enumerate(_OUTCOMES)], None),
    "audit_two_approvers": audit_message([cleanup(3, approved_by=("U0BOB", "U0CYD"))], "prod-3"),
    "audit_none": audit_message([], None),
    "audit_head": head_message(Head(seq=1234, hash="0123456789abcdef" * 4)),
    "audit_none_of_host": audit_message([], "prod-3"),
})  # fmt: skip
