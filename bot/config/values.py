"""What the tables of a file mean: hosts, policies, profiles and schedules as the core knows them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from bot.config.file import ConfigFile
from bot.config.on_call import OnCallTable
from bot.config.pressure import alerting, effective
from bot.config.tables import (
    DEFAULT_POLICY,
    HostTable,
    PaceTable,
    PolicyTable,
    ScheduleTable,
    WatchTable,
)
from bot.config.taking import ProfileTable
from bot.core.docker.labels import LabelFilter
from bot.core.plan.arguments import parse_arguments
from bot.core.plan.profiles import BUILT_IN, Profile, Rule
from bot.core.plan.protection import NOTHING_MORE
from bot.core.rules.hosts import Address, ContextAddress, Host, Hosts, SocketAddress
from bot.core.rules.on_call import OnCall
from bot.core.rules.policy import Policy
from bot.core.rules.registries import RegistryLogin
from bot.core.rules.schedules import Schedule
from bot.core.rules.windows import Windows
from bot.core.watch.pace import Pace

TAG_PREFIX = "@"
EVENTS_TAG = "ci"
"""Containers on such hosts live for seconds: their events are followed unless the host says otherwise."""


def policies_for(host: HostTable, tables: Mapping[str, PolicyTable]) -> tuple[tuple[str, str], ...]:
    """The policies that are for a host, each with why: the one that it names, else by tag, else the default."""
    if host.policy is not None:
        return ((host.policy, "named by the host"),)
    matching = [
        (name, f"by tag {tag}")
        for name, table in tables.items()
        if name != DEFAULT_POLICY
        for tag in tuple(tag for tag in table.tags if tag in host.tags)[:1]
    ]
    return tuple(matching) or ((DEFAULT_POLICY, "the default"),)


def hosts_meant(entry: str, hosts: Mapping[str, HostTable]) -> list[str]:
    """The names of the hosts that ``prod-3`` or ``@ci`` means, in the order of the file."""
    if not entry.startswith(TAG_PREFIX):
        return [entry] if entry in hosts else []
    tag = entry.removeprefix(TAG_PREFIX)
    return [name for name, table in hosts.items() if tag in table.tags]


def hosts(file: ConfigFile) -> Hosts:
    policies = {name: _policy(name, table, file) for name, table in file.policies.items()}
    by_name = {}
    for name, table in file.hosts.items():
        policy, because = policies_for(table, file.policies)[0]
        pace = _pace(table, file.watch)
        pressure = effective(table.pressure, table.tags, file.watch.pressure)
        by_name[name] = Host(
            name=name,
            address=_address(table),
            policy=policies.get(policy, Policy(name=DEFAULT_POLICY)),
            policy_because=because,
            tags=table.tags,
            events=EVENTS_TAG in table.tags if table.events is None else table.events,
            everywhere=file.protect.value(),
            watch=pace,
            alerts=alerting(pressure, pace.every),
        )
    return Hosts(MappingProxyType(by_name))


def _pace(host: HostTable, watch: WatchTable) -> Pace:
    """Its own, else that of the first tag in the file, else that of all."""
    given = {key: getattr(watch, key) for key in PaceTable.model_fields}
    tagged = next((table for tag, table in watch.tags.items() if tag in host.tags), PaceTable())
    given |= {key: getattr(tagged, key) for key in tagged.model_fields_set}
    if "watch" in host.model_fields_set:
        given["every"] = host.watch
    return Pace(every=given["every"], volumes_every=given["volumes_every"] or timedelta())


def _address(table: HostTable) -> Address:
    if table.ssh is not None:
        return replace(table.ssh, identity=table.identity, known_hosts=table.known_hosts)
    if table.context is not None:
        return ContextAddress(context=table.context)
    return SocketAddress(url=table.docker or "", tls=table.tls)


def _policy(name: str, table: PolicyTable, file: ConfigFile) -> Policy:
    """What it leaves out it takes from ``default``, and unset in both means nobody; protection only ever adds."""
    default = file.policies.get(DEFAULT_POLICY, PolicyTable())
    given = dict(table.over(default))
    protection = NOTHING_MORE
    for source in (default, table) if table is not default else (table,):
        protection = protection.and_also(source.protect.value())
    zone = given.pop("time_zone")
    for key in ("windows", "auto_windows", "quiet"):
        given[key] = Windows(windows=given[key] or (), zone=zone)
    del given["tags"], given["protect"]
    return Policy(name=name, protection=protection, **given)


def profiles(file: ConfigFile) -> Mapping[str, Profile]:
    """The built-in ones, as the file overrides them, then the file's own."""
    own = {name: profile(name, table) for name, table in file.profiles.items()}
    return MappingProxyType({**BUILT_IN, **own})


def profile(name: str, table: ProfileTable) -> Profile:
    rules = {
        rule.kind: Rule(scope=rule.take, **rule.model_dump(exclude={"take"}))
        for rule in table.rules().values()
        if rule is not None
    }
    labels = LabelFilter(wanted=table.labels, refused=table.without_labels)
    return Profile(
        name=name, rules=MappingProxyType(rules), labels=labels, excluded=table.exclude, arrival=table.arrival
    )


def schedules(file: ConfigFile) -> tuple[Schedule, ...]:
    return tuple(_schedule(name, table, file.hosts) for name, table in file.schedules.items())


def _schedule(name: str, table: ScheduleTable, known: Mapping[str, HostTable]) -> Schedule:
    return Schedule(
        name=name,
        hosts=tuple(dict.fromkeys(host for entry in table.hosts for host in hosts_meant(entry, known))),
        arguments=parse_arguments([table.profile, *table.arguments.split()]),
        cron=table.cron,
        zone=table.time_zone,
        channel=table.channel,
        grace=table.grace,
        expires=table.expires,
        when=table.when,
    )


def on_call(file: ConfigFile) -> Mapping[str, OnCall]:
    return MappingProxyType({name: _on_call(name, table) for name, table in file.on_call.items()})


def _on_call(name: str, table: OnCallTable) -> OnCall:
    return OnCall(name=name, weeks=table.weeks, begins=table.begins, zone=table.time_zone)


def registries(file: ConfigFile) -> Mapping[str, RegistryLogin]:
    return MappingProxyType({name: RegistryLogin(**dict(table)) for name, table in file.registries.items()})
