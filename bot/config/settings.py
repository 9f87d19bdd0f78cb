"""Configuration: ``deckhand.toml`` and the environment as frozen values; every mistake with its place."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr, ValidationError

from bot.config.policies import DEFAULT_POLICY, candidates, policies, schedules
from bot.config.reading import EXAMPLE, read_toml
from bot.config.tables import (
    PROFILE_KINDS,
    AuditTable,
    ConfigFile,
    HostTable,
    ImageRuleTable,
    ProfileTable,
    RuleTable,
    listen_parts,
    relations,
    ssh_parts,
)
from bot.core.audit.format import AuditKeys
from bot.core.docker.inventory import Kind
from bot.core.docker.labels import LabelFilter
from bot.core.errors import ConfigurationError, UsageError
from bot.core.plan.profiles import BUILT_IN, Profile, Rule
from bot.core.plan.protection import Protection
from bot.core.rules.hosts import Address, ContextAddress, Host, Hosts, SocketAddress, SshAddress
from bot.core.rules.policy import Policy
from bot.core.rules.schedules import Schedule

DEFAULT_FILE = "deckhand.toml"
PINS = "deckhand.known_hosts"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings:
    """How Slack is reached; tokens come from the environment only and do not print."""

    bot_token: SecretStr | None
    app_token: SecretStr | None
    signing_secret: SecretStr | None
    api_url: str | None
    """Base URL of the Web API; None means Slack's own."""
    mode: str
    """``socket`` or ``http``."""
    listen: tuple[str, int]
    pictures: bool
    """Whether people may have a host's space drawn."""

    def problems(self) -> Sequence[str]:
        """What is missing to run the bot, one sentence each."""
        needed = {"SLACK_BOT_TOKEN (xoxb-…)": self.bot_token}
        if self.mode == "socket":
            needed["SLACK_APP_TOKEN (xapp-…), or SLACK_SIGNING_SECRET for HTTP mode"] = self.app_token
        else:
            needed["SLACK_SIGNING_SECRET"] = self.signing_secret
        return tuple(
            f"environment: {name} is not set; the Slack app's settings page shows it"
            for name, value in needed.items()
            if value is None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    keys: AuditKeys
    """From the environment only; they do not print."""
    head_channel: str | None
    """Where the end of the chain is posted each day."""
    head_at: time
    """When, in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    file: Path
    database_url: SecretStr
    hosts: Hosts
    protection: Protection
    profiles: Mapping[str, Profile]
    """The built-in ones, as the file overrides them, then the file's own."""
    schedules: tuple[Schedule, ...]
    slack: SlackSettings
    audit: AuditSettings

    @property
    def pins(self) -> Path:
        """Deckhand's own known_hosts file, beside the configuration."""
        return self.file.absolute().parent / PINS


def load(
    path: Path | None = None, environment: Mapping[str, str] = os.environ, *, for_slack: bool = False
) -> Settings:
    """Read the configuration; ConfigurationError lists every mistake at once.

    The file is ``path``, else the one that DECKHAND_CONFIG names, else ``./deckhand.toml``. What the bot
    needs of the environment counts too when it is ``for_slack``.
    """
    file = path or Path(environment.get("DECKHAND_CONFIG") or DEFAULT_FILE)
    raw = read_toml(file)
    problems = [f"{file}: {problem}" for problem in relations(raw)]
    parsed = ConfigFile.model_construct(hosts={})
    try:
        parsed = ConfigFile.model_validate(raw)
    except ValidationError as error:
        problems = [_problem(file, one) for one in error.errors()] + problems
    slack = _slack(parsed, environment)
    audit, unusable = _audit(parsed.audit, environment)
    problems += unusable
    problems += slack.problems() if for_slack else ()
    if problems:
        raise ConfigurationError(problems)
    profiles = _profiles(parsed.profiles)
    return Settings(
        file=file,
        database_url=SecretStr(environment.get("DECKHAND_DATABASE_URL") or parsed.database.url),
        hosts=_hosts(parsed),
        protection=parsed.protect.value(),
        profiles=profiles,
        schedules=_schedules(file, parsed, profiles),
        slack=slack,
        audit=audit,
    )


def _schedules(file: Path, parsed: ConfigFile, profiles: Mapping[str, Profile]) -> tuple[Schedule, ...]:
    tags = {name: table.tags for name, table in parsed.hosts.items()}
    try:
        return schedules(parsed.schedules, tags, profiles)
    except UsageError as error:
        raise ConfigurationError([f"{file}: schedules: {error}"]) from None


def _problem(file: Path, error: Any) -> str:
    """One mistake: file, key, what is wrong and what to write instead."""
    place = [str(part) for part in error["loc"] if part != "[key]"]
    key = ".".join(place)
    if error["type"] == "extra_forbidden":
        known = ConfigFile.keys_at(place[:-1])
        nearest = get_close_matches(place[-1], known, n=1)
        hint = f"did you mean {nearest[0]}?" if nearest else f"the keys here are {', '.join(known)}"
        return f"{file}: {key}: there is no such key; {hint}"
    if error["type"] == "missing":
        return f"{file}: {key}: is missing; {EXAMPLE}"
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] != "value_error":
        message = f"{message[:1].lower()}{message[1:]}, and this is {error['input']!r}; {EXAMPLE}"
    return f"{file}: {key}: {message}"


def _profiles(tables: Mapping[str, ProfileTable]) -> Mapping[str, Profile]:
    own = {name: _profile(name, table) for name, table in tables.items()}
    return MappingProxyType({**BUILT_IN, **own})


def _profile(name: str, table: ProfileTable) -> Profile:
    rules: dict[Kind, Rule] = {}
    for key, kind in PROFILE_KINDS.items():
        rule: RuleTable | None = getattr(table, key)
        if rule is not None:
            keep_last = rule.keep_last if isinstance(rule, ImageRuleTable) else 0
            rules[kind] = Rule(scope=rule.take, min_age=rule.min_age, keep_last=keep_last)
    labels = LabelFilter(wanted=tuple(table.labels), refused=tuple(table.without_labels))
    return Profile(name=name, rules=MappingProxyType(rules), labels=labels, excluded=tuple(table.exclude))


def _hosts(parsed: ConfigFile) -> Hosts:
    known = policies(parsed.policies)
    tags = {name: table.tags for name, table in parsed.policies.items()}
    by_name = {}
    for name, table in parsed.hosts.items():
        policy, because = candidates(table.policy, table.tags, tags)[0]
        by_name[name] = Host(
            name=name,
            address=_address(table),
            policy=known.get(policy, Policy(name=DEFAULT_POLICY)),
            policy_because=because,
            tags=tuple(table.tags),
            everywhere=parsed.protect.value(),
        )
    return Hosts(MappingProxyType(by_name))


def _address(table: HostTable) -> Address:
    if table.ssh is not None:
        user, host, port = ssh_parts(table.ssh)
        return SshAddress(
            host=host, user=user, port=port, identity=table.identity, known_hosts=table.known_hosts
        )
    if table.context is not None:
        return ContextAddress(context=table.context)
    return SocketAddress(url=table.docker or "", tls=table.tls)


def _audit(table: AuditTable, environment: Mapping[str, str]) -> tuple[AuditSettings, Sequence[str]]:
    keys, problems = AuditKeys(), tuple[str, ...]()
    try:
        keys = AuditKeys.read(environment.get("DECKHAND_AUDIT_KEY") or "")
    except ValueError as error:
        problems = (f"environment: DECKHAND_AUDIT_KEY: {error}",)
    return AuditSettings(keys=keys, head_channel=table.head_channel, head_at=table.head_at), problems


def _slack(parsed: ConfigFile, environment: Mapping[str, str]) -> SlackSettings:
    def secret(name: str) -> SecretStr | None:
        value = environment.get(name)
        return SecretStr(value) if value else None

    app_token, signing_secret = secret("SLACK_APP_TOKEN"), secret("SLACK_SIGNING_SECRET")
    guessed = "http" if signing_secret and not app_token else "socket"
    return SlackSettings(
        bot_token=secret("SLACK_BOT_TOKEN"),
        app_token=app_token,
        signing_secret=signing_secret,
        api_url=environment.get("SLACK_API_URL") or None,
        mode=parsed.slack.mode or guessed,
        listen=listen_parts(parsed.slack.listen),
        pictures=parsed.slack.pictures,
    )
