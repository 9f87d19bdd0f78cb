"""The tables ``[protect]``, ``[policies.*]`` and ``[schedules.*]``, what holds between them, and their values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, timedelta, tzinfo
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from bot.config.types import (
    ChannelId,
    CronText,
    Duration,
    Hold,
    Name,
    Size,
    SlackId,
    Table,
    TimeZone,
    WindowText,
)
from bot.core.docker.inventory import Kind
from bot.core.errors import UsageError
from bot.core.plan.arguments import PICKED, narrowed, parse_arguments
from bot.core.plan.profiles import BUILT_IN, Profile
from bot.core.plan.protection import NOTHING_MORE, Protection
from bot.core.rules.policy import Policy, Volumes
from bot.core.rules.schedules import Schedule
from bot.core.rules.windows import Windows, parse_window

DEFAULT_POLICY = "default"
TAG_PREFIX = "@"

Raw = Mapping[str, Any]
Entries = Annotated[tuple[SlackId, ...], Field(strict=False)]
Names = Annotated[tuple[str, ...], Field(strict=False)]


class ProtectTable(Table):
    images: list[str] = []
    names: list[str] = []
    labels: list[str] = []
    keep_last: Annotated[int, Field(ge=0)] = 0
    unused_for: Duration = timedelta()
    dangling_min_age: Duration = timedelta(hours=1)

    def value(self) -> Protection:
        return Protection(
            images=tuple(self.images),
            names=tuple(self.names),
            labels=tuple(self.labels),
            keep_last=self.keep_last,
            unused_for=self.unused_for,
            dangling_min_age=self.dangling_min_age,
        )


class PolicyProtectTable(ProtectTable):
    """What is protected beside ``[protect]``; it can only add."""

    dangling_min_age: Duration = timedelta()


class PolicyTable(Table):
    tags: list[Name] = []
    look: Entries = ()
    request: Entries = ()
    approve: Entries = ()
    stop: Entries = ()
    restore: Entries = ()
    audit: Entries | None = None
    guests: bool = False
    quorum: Annotated[int, Field(ge=1)] = 1
    self_approval: bool = False
    expires: Annotated[Duration, Field(gt=timedelta())] = timedelta(minutes=30)
    profiles: Names | None = None
    volumes: Literal["never", "anonymous", "named"] = "anonymous"
    protect: PolicyProtectTable = PolicyProtectTable()
    windows: Annotated[list[WindowText], Field(min_length=1)] | None = None
    time_zone: TimeZone = "UTC"
    start_within: Hold = timedelta(hours=24)
    max_bytes: Size | None = None
    max_objects: Annotated[int, Field(ge=0)] | None = None
    quorum_above: Annotated[int, Field(ge=1)] | None = None
    auto_approve: Names = ()


class ScheduleTable(Table):
    hosts: Annotated[list[str], Field(min_length=1)]
    profile: str
    arguments: str = ""
    cron: CronText
    time_zone: TimeZone = "UTC"
    channel: ChannelId
    grace: Duration = timedelta(hours=1)
    expires: Annotated[Duration, Field(gt=timedelta())] | None = None


# --- mistakes between keys ----------------------------------------------------------------------


def policy_relations(raw: Raw) -> Iterator[str]:
    """Mistakes between policies, hosts and profiles, each with its place and remedy."""
    hosts, policies = _tables(raw, "hosts"), _tables(raw, "policies")
    known_tags = sorted({tag for table in hosts.values() for tag in _texts(table, "tags")})
    for name, table in policies.items():
        place = f"policies.{name}"
        if name == DEFAULT_POLICY and "tags" in table:
            yield f"{place}.tags: every host that no other policy is for has this one; remove the key"
        else:
            for tag in _texts(table, "tags"):
                if tag not in known_tags:
                    yield f"{place}.tags: no host has the tag “{tag}”{_hint(tag, known_tags)}"
        yield from _profile_names(raw, place, table)
        yield from _limits(raw, name, table)
    tags = {name: _texts(table, "tags") for name, table in policies.items()}
    for name, table in hosts.items():
        if "policy" not in table:
            matching = candidates(None, _texts(table, "tags"), tags)
            if len(matching) > 1:
                both = " and ".join(f"{policy} ({why})" for policy, why in matching)
                yield (
                    f"hosts.{name}: two policies are for it: {both}; name the one that counts with "
                    f'policy = "{matching[0][0]}"'
                )


def _profile_names(raw: Raw, place: str, table: Raw) -> Iterator[str]:
    known, effective = _profiles(raw), _effective(raw, table)
    for name in _texts(table, "profiles"):
        if name not in {*known, PICKED}:
            yield f"{place}.profiles: there is no profile “{name}”{_hint(name, [*known, PICKED])}"
    for name in _texts(effective, "auto_approve") if {"auto_approve", "profiles"} & table.keys() else ():
        if name not in known:
            yield f"{place}.auto_approve: there is no profile “{name}”{_hint(name, known)}"
        elif known[name]:
            yield f"{place}.auto_approve: “{name}” takes volumes, which only a person approves; remove it"
        elif "profiles" in effective and name not in _texts(effective, "profiles"):
            yield (
                f"{place}.auto_approve: “{name}” is not among the profiles that this policy allows; add it "
                "there, or remove it here"
            )


def _limits(raw: Raw, name: str, table: Raw) -> Iterator[str]:
    if not {"quorum", "quorum_above"} & table.keys():
        return
    effective = _effective(raw, table)
    above, quorum = effective.get("quorum_above"), effective.get("quorum", 1)
    if above is None:
        return
    if not {"max_bytes", "max_objects"} & effective.keys():
        yield (
            f"policies.{name}.quorum_above: above what? It only means something beside max_bytes or "
            'max_objects; add max_bytes = "50GB", or remove it'
        )
    elif isinstance(above, int) and isinstance(quorum, int) and above <= quorum:
        yield f"policies.{name}.quorum_above: is {above}, and quorum is {quorum} already; write a higher one"


def schedule_relations(raw: Raw) -> Iterator[str]:
    """Mistakes between schedules and what they name, each with its place and remedy."""
    for name, table in _tables(raw, "schedules").items():
        place = f"schedules.{name}"
        profile = table.get("profile")
        names: list[str] = []
        for entry in _texts(table, "hosts"):
            found = hosts_meant(entry, _tables(raw, "hosts"))
            if not found:
                yield f"{place}.hosts: {_nobody(raw, entry)}"
            names += found
        if isinstance(profile, str):
            yield from _schedule_profile(raw, place, table, profile)
            for host in dict.fromkeys(names):
                objection = _forbidden(raw, host, profile)
                if objection:
                    yield f"{place}.profile: {objection}"


def _nobody(raw: Raw, entry: str) -> str:
    hosts = _tables(raw, "hosts")
    if entry.startswith(TAG_PREFIX):
        tags = sorted({tag for table in hosts.values() for tag in _texts(table, "tags")})
        tag = entry.removeprefix(TAG_PREFIX)
        return f"no host has the tag “{tag}”{_hint(tag, tags)}"
    return f"there is no [hosts.{entry}]{_hint(entry, list(hosts))}; a tag is written like @ci"


def _schedule_profile(raw: Raw, place: str, table: Raw, profile: str) -> Iterator[str]:
    known = _profiles(raw)
    if profile not in known:
        yield f"{place}.profile: there is no profile “{profile}”{_hint(profile, known)}"
    text = table.get("arguments", "")
    objection = _arguments_objection(raw, profile, text) if isinstance(text, str) else None
    if objection:
        yield f"{place}.arguments: {objection}"


def _arguments_objection(raw: Raw, profile: str, text: str) -> str | None:
    try:
        arguments = parse_arguments(text.split())
        if profile in BUILT_IN and profile not in _tables(raw, "profiles"):
            narrowed(BUILT_IN[profile], arguments)
    except UsageError as error:
        return str(error)
    narrows = not arguments.picks and arguments.profile is None
    return None if narrows else "write only what narrows the profile, like until=48h keep=3"


def _forbidden(raw: Raw, host: str, profile: str) -> str | None:
    """Why a host's policy does not allow a profile, as far as the raw file tells."""
    table, policies = _tables(raw, "hosts")[host], _tables(raw, "policies")
    named = table.get("policy")
    tags = {name: _texts(each, "tags") for name, each in policies.items()}
    policy, _ = candidates(named if isinstance(named, str) else None, _texts(table, "tags"), tags)[0]
    effective = _effective(raw, policies.get(policy, {}))
    if "profiles" in effective and profile not in _texts(effective, "profiles"):
        return f"“{profile}” is not among the profiles that policy “{policy}” allows on {host}; add it there"
    if effective.get("volumes") == Volumes.NEVER and _profiles(raw).get(profile):
        return f"“{profile}” takes volumes, and policy “{policy}” never lets that happen on {host}"
    return None


def _tables(raw: Raw, key: str) -> dict[str, Raw]:
    """The tables below a key that are tables; what else stands there is told by its own type."""
    tables = raw.get(key)
    found = tables.items() if isinstance(tables, dict) else ()
    return {name: table for name, table in found if isinstance(table, dict)}


def _texts(table: Raw, key: str) -> list[str]:
    values = table.get(key)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _effective(raw: Raw, table: Raw) -> Raw:
    return {**_tables(raw, "policies").get(DEFAULT_POLICY, {}), **table}


def _profiles(raw: Raw) -> dict[str, bool]:
    """Every profile's name, and whether it takes volumes."""
    built_in = {name: Kind.VOLUME in profile.rules for name, profile in BUILT_IN.items()}
    return built_in | {name: "volumes" in table for name, table in _tables(raw, "profiles").items()}


def _hint(name: str, known: Iterable[str]) -> str:
    nearest = get_close_matches(name, list(known), n=1)
    return f"; did you mean {nearest[0]}?" if nearest else f"; there are: {', '.join(known) or 'none'}"


# --- values -------------------------------------------------------------------------------------


def candidates(
    named: str | None, tags: Sequence[str], by_policy: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, str], ...]:
    """The policies that are for a host, each with why: the one that it names, else by tag, else the default."""
    if named is not None:
        return ((named, "named by the host"),)
    matching = [
        (policy, f"by tag {tag}")
        for policy, wanted in by_policy.items()
        if policy != DEFAULT_POLICY
        for tag in tuple(tag for tag in wanted if tag in tags)[:1]
    ]
    return tuple(matching) or ((DEFAULT_POLICY, "the default"),)


def hosts_meant(entry: str, hosts: Mapping[str, Any]) -> list[str]:
    """The names of the hosts that ``prod-3`` or ``@ci`` means, in the order of the file."""
    if not entry.startswith(TAG_PREFIX):
        return [entry] if entry in hosts else []
    tag = entry.removeprefix(TAG_PREFIX)
    return [name for name, table in hosts.items() if tag in _texts(table, "tags")]


def policies(tables: Mapping[str, PolicyTable]) -> dict[str, Policy]:
    """Named policies; what one leaves out it takes from ``default``, and unset in both means nobody."""
    default = tables.get(DEFAULT_POLICY, PolicyTable())
    return {name: _policy(name, table, default) for name, table in tables.items()}


def _policy(name: str, table: PolicyTable, default: PolicyTable) -> Policy:
    given = PolicyTable.model_construct(
        **{key: getattr(source, key) for source in (default, table) for key in source.model_fields_set}
    )
    protection = NOTHING_MORE
    for source in (default, table) if table is not default else (table,):
        protection = protection.and_also(source.protect.value())
    return Policy(
        name=name,
        look=given.look,
        request=given.request,
        approve=given.approve,
        stop=given.stop,
        restore=given.restore,
        audit=given.audit,
        guests=given.guests,
        quorum=given.quorum,
        self_approval=given.self_approval,
        expires=given.expires,
        profiles=given.profiles,
        volumes=Volumes(given.volumes),
        protection=protection,
        windows=Windows(windows=tuple(map(parse_window, given.windows or ())), zone=_zone(given.time_zone)),
        start_within=given.start_within,
        max_bytes=given.max_bytes,
        max_objects=given.max_objects,
        quorum_above=given.quorum_above,
        auto_approve=given.auto_approve,
    )


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


def schedules(
    tables: Mapping[str, ScheduleTable], hosts: Mapping[str, Sequence[str]], profiles: Mapping[str, Profile]
) -> tuple[Schedule, ...]:
    """The schedules of the file; ``hosts`` maps each host to its tags. UsageError as narrowing raises it."""
    return tuple(_schedule(name, table, hosts, profiles) for name, table in tables.items())


def _schedule(
    name: str, table: ScheduleTable, hosts: Mapping[str, Sequence[str]], profiles: Mapping[str, Profile]
) -> Schedule:
    tagged = {host: {"tags": list(tags)} for host, tags in hosts.items()}
    arguments = parse_arguments([table.profile, *table.arguments.split()])
    narrowed(profiles[table.profile], arguments)
    return Schedule(
        name=name,
        hosts=tuple(dict.fromkeys(host for entry in table.hosts for host in hosts_meant(entry, tagged))),
        arguments=arguments,
        cron=table.cron,
        zone=_zone(table.time_zone),
        channel=table.channel,
        grace=table.grace,
        expires=table.expires,
    )
