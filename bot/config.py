"""Configuration: ``deckhand.toml`` and the environment as frozen values; every mistake with its place."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr, ValidationError

from bot.config_file import (
    PROFILE_KINDS,
    ConfigFile,
    HostTable,
    ImageRuleTable,
    PolicyTable,
    ProfileTable,
    ProtectTable,
    RuleTable,
    listen_parts,
    relations,
    ssh_parts,
)
from bot.core.errors import ConfigurationError
from bot.core.hosts import Address, ContextAddress, Host, Hosts, SocketAddress, SshAddress
from bot.core.inventory import Kind
from bot.core.labels import LabelFilter
from bot.core.policy import Policy
from bot.core.profiles import BUILT_IN, Profile, Rule
from bot.core.protection import Protection

DEFAULT_FILE = "deckhand.toml"
DEFAULT_POLICY = "default"
PINS = "deckhand.known_hosts"
EXAMPLE = "deploy/deckhand.example.toml shows a whole one"


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
class Settings:
    file: Path
    database_url: SecretStr
    hosts: Hosts
    protection: Protection
    profiles: Mapping[str, Profile]
    """The built-in ones, as the file overrides them, then the file's own."""
    slack: SlackSettings

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
    raw = _read(file)
    problems = [f"{file}: {problem}" for problem in relations(raw)]
    parsed = ConfigFile.model_construct(hosts={})
    try:
        parsed = ConfigFile.model_validate(raw)
    except ValidationError as error:
        problems = [_problem(file, one) for one in error.errors()] + problems
    slack = _slack(parsed, environment)
    problems += slack.problems() if for_slack else ()
    if problems:
        raise ConfigurationError(problems)
    return Settings(
        file=file,
        database_url=SecretStr(environment.get("DECKHAND_DATABASE_URL") or parsed.database.url),
        hosts=_hosts(parsed),
        protection=_protection(parsed.protect),
        profiles=_profiles(parsed.profiles),
        slack=slack,
    )


def _read(file: Path) -> Mapping[str, Any]:
    try:
        with file.open("rb") as opened:
            return tomllib.load(opened)
    except FileNotFoundError:
        problem = f"there is no such file; write it ({EXAMPLE}), or name it with --config or DECKHAND_CONFIG"
        raise ConfigurationError([f"{file}: {problem}"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"{file}: is not TOML: {error}; {EXAMPLE}"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"{file}: cannot be read: {error}"]) from None


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


def _policies(tables: Mapping[str, PolicyTable]) -> dict[str, Policy]:
    """Named policies; what one leaves out it takes from ``default``, and unset in both means nobody."""
    default = tables.get(DEFAULT_POLICY, PolicyTable()).model_dump(exclude_unset=True)
    return {
        name: Policy(name=name, **{**default, **table.model_dump(exclude_unset=True)})
        for name, table in tables.items()
    }


def _protection(table: ProtectTable) -> Protection:
    return Protection(
        images=tuple(table.images),
        names=tuple(table.names),
        labels=tuple(table.labels),
        keep_last=table.keep_last,
        unused_for=table.unused_for,
        dangling_min_age=table.dangling_min_age,
    )


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
    policies = _policies(parsed.policies)
    nobody = Policy(name=DEFAULT_POLICY)
    return Hosts(
        MappingProxyType(
            {
                name: Host(
                    name=name,
                    address=_address(table),
                    policy=policies.get(table.policy or DEFAULT_POLICY, nobody),
                    tags=tuple(table.tags),
                )
                for name, table in parsed.hosts.items()
            }
        )
    )


def _address(table: HostTable) -> Address:
    if table.ssh is not None:
        user, host, port = ssh_parts(table.ssh)
        return SshAddress(
            host=host, user=user, port=port, identity=table.identity, known_hosts=table.known_hosts
        )
    if table.context is not None:
        return ContextAddress(context=table.context)
    return SocketAddress(url=table.docker or "", tls=table.tls)


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
    )
