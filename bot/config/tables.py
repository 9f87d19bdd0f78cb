"""The tables of ``deckhand.toml``: their keys, and what may stand in each."""

import re
from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from difflib import get_close_matches
from types import MappingProxyType
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from bot.config.policies import (
    PolicyProtectTable,
    PolicyTable,
    ProtectTable,
    ScheduleTable,
    policy_relations,
    schedule_relations,
)
from bot.config.types import ChannelId, Duration, Name, Table, TimeOfDay
from bot.core.docker.inventory import Kind
from bot.core.plan.arguments import PICKED
from bot.core.plan.profiles import SCOPES, Scope

_SSH = re.compile(
    r"(?:(?P<user>[^@\s]+)@)?(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?"
)
_MOST_PORTS = 65535


def _database_url(value: str) -> str:
    scheme = value.partition(":")[0]
    if scheme not in {"sqlite", "postgresql+psycopg"}:
        raise ValueError(
            f"“{scheme}” is not supported; write sqlite:///deckhand.db or "
            "postgresql+psycopg://user@host/database"
        )
    return value


def ssh_parts(value: str) -> tuple[str | None, str, int | None]:
    """User, host and port of an SSH address; ValueError when it cannot be read."""
    found = _SSH.fullmatch(value.removeprefix("ssh://"))
    port = int(found["port"]) if found and found["port"] else None
    if not found or (port is not None and not 0 < port <= _MOST_PORTS):
        raise ValueError(f"“{value}” is no address; write it like user@host:22")
    return found["user"], found["host"].strip("[]"), port


def _ssh_text(value: str) -> str:
    ssh_parts(value)
    return value


def listen_parts(value: str) -> tuple[str, int]:
    """Host and port to listen on; ValueError when the text names none."""
    host, _, port = value.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 <= int(port) <= _MOST_PORTS:
        raise ValueError(f"“{value}” is no address to listen on; write it like 127.0.0.1:3000")
    return host.strip("[]"), int(port)


def _listen_text(value: str) -> str:
    listen_parts(value)
    return value


def _engine_url(value: str) -> str:
    url = urlsplit(value)
    unix = url.scheme == "unix" and not url.netloc and url.path.startswith("/")
    tcp = url.scheme == "tcp" and url.hostname and not url.path.strip("/")
    if not (unix or tcp):
        raise ValueError(
            f"“{value}” is no address of an engine; write unix:///var/run/docker.sock or tcp://host:2376"
        )
    return value


EngineUrl = Annotated[str, AfterValidator(_engine_url)]
SshText = Annotated[str, AfterValidator(_ssh_text)]
ListenText = Annotated[str, AfterValidator(_listen_text)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]


class DatabaseTable(Table):
    url: DatabaseUrl = "sqlite:///deckhand.db"


class SlackTable(Table):
    mode: Literal["socket", "http"] | None = None
    listen: ListenText = "127.0.0.1:3000"
    pictures: bool = True
    """Whether people may have a host's space drawn."""


class AuditTable(Table):
    """Where and when the end of the audit's chain is posted each day; UTC."""

    head_channel: ChannelId | None = None
    head_at: TimeOfDay = time(9)


class RuleTable(Table):
    """One kind of object in a profile."""

    take: Annotated[Scope, Field(strict=False)]
    min_age: Duration = timedelta()


class ImageRuleTable(RuleTable):
    keep_last: Annotated[int, Field(ge=0)] = 0


class ProfileTable(Table):
    """A profile of one's own, or in the place of a built-in one."""

    containers: RuleTable | None = None
    networks: RuleTable | None = None
    images: ImageRuleTable | None = None
    build_cache: RuleTable | None = None
    volumes: RuleTable | None = None
    labels: list[str] = []
    without_labels: list[str] = []
    exclude: list[str] = []


class HostTable(Table):
    docker: EngineUrl | None = None
    ssh: SshText | None = None
    context: str | None = None
    tls: str | None = None
    identity: str | None = None
    known_hosts: str | None = None
    tags: list[Name] = []
    policy: str | None = None


class ConfigFile(Table):
    """The whole file. A policy's unset keys come from ``[policies.default]``; unset there means nobody."""

    database: DatabaseTable = DatabaseTable()
    slack: SlackTable = SlackTable()
    audit: AuditTable = AuditTable()
    protect: ProtectTable = ProtectTable()
    hosts: Annotated[dict[Name, HostTable], Field(min_length=1)]
    policies: dict[Name, PolicyTable] = {}
    profiles: dict[Name, ProfileTable] = {}
    schedules: dict[Name, ScheduleTable] = {}

    @classmethod
    def keys_at(cls, place: list[str]) -> list[str]:
        """The keys that the table at this place knows."""
        model: Any = cls
        for depth, part in enumerate(place):
            tables = {
                "hosts": HostTable, "policies": PolicyTable, "profiles": ProfileTable,
                "schedules": ScheduleTable,
            }  # fmt: skip
            if model is cls and part in tables:
                model = tables[part]
            elif model is cls:
                model = cls.model_fields[part].annotation
            elif model is PolicyTable and depth > 1:
                model = PolicyProtectTable
            elif depth > 1 and part in PROFILE_KINDS:
                model = ImageRuleTable if part == "images" else RuleTable
        return list(model.model_fields)


def relations(raw: Mapping[str, Any]) -> Iterator[str]:
    """Mistakes between keys, each with its place and remedy; looked for even where single keys are wrong."""
    hosts, policies, profiles = raw.get("hosts"), raw.get("policies"), raw.get("profiles")
    for name, table in profiles.items() if isinstance(profiles, dict) else ():
        for problem in _profile_relations(name, table) if isinstance(table, dict) else ():
            yield f"profiles.{name}{problem}"
    names = list(policies) if isinstance(policies, dict) else []
    for name, table in hosts.items() if isinstance(hosts, dict) else ():
        for problem in _host_relations(table, names) if isinstance(table, dict) else ():
            yield f"hosts.{name}{problem}"
    yield from policy_relations(raw)
    yield from schedule_relations(raw)


def _host_relations(table: Mapping[str, Any], policies: list[str]) -> Iterator[str]:
    ways = [key for key in ("ssh", "context", "docker") if key in table]
    if len(ways) != 1:
        yield (
            f": names {' and '.join(ways) or 'no way to its engine'}; write exactly one of "
            'ssh = "user@host:22", context = "name" or docker = "unix:///var/run/docker.sock"'
        )
    for key in ("identity", "known_hosts"):
        if key in table and "ssh" not in table:
            yield f".{key}: only means something beside ssh; remove it"
    if "tls" in table and not str(table.get("docker", "")).startswith("tcp://"):
        yield '.tls: only means something beside docker = "tcp://…"; remove it'
    policy = table.get("policy")
    if isinstance(policy, str) and policy not in policies:
        nearest = get_close_matches(policy, policies, n=1)
        yield f".policy: there is no [policies.{policy}]; " + (
            f"did you mean {nearest[0]}?" if nearest else "add it"
        )


PROFILE_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "containers": Kind.CONTAINER,
        "networks": Kind.NETWORK,
        "images": Kind.IMAGE,
        "build_cache": Kind.BUILD_CACHE,
        "volumes": Kind.VOLUME,
    }
)
"""The keys of a profile that hold a rule, and the kind that it is about."""
_RESERVED_PROFILES = frozenset({PICKED, "why", "help"})


def _profile_relations(name: str, table: Mapping[str, Any]) -> Iterator[str]:
    kinds = [key for key in PROFILE_KINDS if key in table]
    if name.lower() in _RESERVED_PROFILES:
        yield f": “{name}” means something else behind a host; choose another name"
    if not kinds:
        yield f': takes nothing; write for example images = {{ take = "unused" }} ({", ".join(PROFILE_KINDS)})'
    if "volumes" in kinds and len(kinds) > 1:
        yield ".volumes: volumes are in no profile but their own; move this rule into a profile for itself"
    for key in kinds:
        rule = table[key]
        scopes = sorted(SCOPES[PROFILE_KINDS[key]])
        if isinstance(rule, dict) and rule.get("take") in [scope for scope in Scope if scope not in scopes]:
            yield f".{key}.take: means nothing for {key}; write {' or '.join(scopes)}"
