"""Configuration: ``deckhand.toml`` and the environment as frozen values; every mistake with its place."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote

from pydantic import SecretStr

from bot.config import toml, values
from bot.config.environment import with_files
from bot.config.file import ConfigFile, read_tables
from bot.config.relations import relations
from bot.config.tables import AuditTable
from bot.core.audit.format import AuditKeys
from bot.core.errors import ConfigurationError
from bot.core.rules.registries import RegistryLogin
from bot.core.rules.rules import Rules

PINS = "deckhand.known_hosts"
_PASSWORD = re.compile(r"[^:/]+://[^:/@]*:(.+)@")
"""In the address of a database."""


def masked(url: str) -> str:
    """The address of a database without its password."""
    found = _PASSWORD.match(url)
    return url if found is None else f"{url[: found.start(1)]}***{url[found.end(1) :]}"


_KINDS: Mapping[str, str] = MappingProxyType({
    "xoxb": "a bot token (xoxb-…), from “OAuth & Permissions”",
    "xapp": "an app-level token (xapp-…), from “Basic Information”",
    "xoxp": "a person's token (xoxp-…)",
})  # fmt: skip
"""What Slack's tokens are, by how they begin."""


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
    call_approvers: str = "never"
    """How those who may decide are called when a plan is new: ``never``, in the ``channel``, or each ``direct``."""
    remind_after: float = 0.75
    """The share of a plan's time after which they are reminded, once; 1 means never."""

    def problems(self) -> Sequence[str]:
        """What is missing to run the bot, or stands in another's place; one sentence each."""
        needed = {"SLACK_BOT_TOKEN (xoxb-…)": self.bot_token}
        if self.mode == "socket":
            needed["SLACK_APP_TOKEN (xapp-…), or SLACK_SIGNING_SECRET for HTTP mode"] = self.app_token
        else:
            needed["SLACK_SIGNING_SECRET"] = self.signing_secret
        missing = tuple(
            f"environment: {name} is not set; the Slack app's settings page shows it"
            for name, value in needed.items()
            if value is None
        )
        return missing + self._misplaced()

    def _misplaced(self) -> tuple[str, ...]:
        tokens = {"SLACK_BOT_TOKEN": self.bot_token, "SLACK_APP_TOKEN": self.app_token}
        begun = {name: value.get_secret_value().partition("-")[0] for name, value in tokens.items() if value}
        return tuple(
            f"environment: {name} holds {_KINDS[begins]}; it takes {_KINDS[right]}"
            for name, right in (("SLACK_BOT_TOKEN", "xoxb"), ("SLACK_APP_TOKEN", "xapp"))
            if (begins := begun.get(name, right)) in _KINDS and begins != right
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    keys: AuditKeys
    """From the environment only; they do not print."""
    head_channel: str | None
    """Where the end of the chain is posted each day."""
    head_at: time
    """When, in UTC."""
    archive_after: timedelta | None
    """How old events are that move to a file; None: none do."""
    archive_to: Path
    """The folder of these files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSettings:
    listen: tuple[str, int] | None
    """Where health and metrics are answered; None where nowhere."""
    wanted: bool
    """Whether somebody wrote that: a start without it is then refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    form: str
    """``text`` for people, ``json`` for machines."""
    level: str
    levels: Mapping[str, str]
    """Of single loggers, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    file: Path
    database_url: SecretStr
    rules: Rules
    """What may change while Deckhand runs."""
    slack: SlackSettings
    audit: AuditSettings
    metrics: MetricsSettings
    log: LogSettings
    registries: Mapping[str, RegistryLogin] = field(default_factory=dict)
    """How pulls log in at registries, by their hosts; may change while Deckhand runs."""

    def secrets(self) -> Sequence[str]:
        """What may stand in no log."""
        slack = (self.slack.bot_token, self.slack.app_token, self.slack.signing_secret)
        named = tuple(secret.get_secret_value() for secret in slack if secret is not None)
        password = _PASSWORD.match(self.database_url.get_secret_value())
        return named if password is None else (*named, password[1], unquote(password[1]))

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
    file = toml.place(path, environment)
    parsed, mistakes = read_tables(toml.read(file))
    environment, unreadable = with_files(environment)
    problems = [*unreadable, *(f"{file}: {problem}" for problem in (*mistakes, *relations(parsed)))]
    slack = _slack(parsed, environment)
    audit, unusable = _audit(parsed.audit, file.absolute().parent, environment)
    problems += unusable
    problems += slack.problems() if for_slack else ()
    if problems:
        raise ConfigurationError(problems)
    return Settings(
        file=file,
        database_url=SecretStr(environment.get("DECKHAND_DATABASE_URL") or parsed.database.url),
        rules=Rules(
            hosts=values.hosts(parsed),
            profiles=values.profiles(parsed),
            schedules=values.schedules(parsed),
            on_call=values.on_call(parsed),
            waves=parsed.rollout.waves(),
        ),
        slack=slack,
        audit=audit,
        log=LogSettings(form=parsed.log.format, level=parsed.log.level, levels=parsed.log.levels),
        metrics=MetricsSettings(
            listen=parsed.metrics.listen, wanted="listen" in parsed.metrics.model_fields_set
        ),
        registries=values.registries(parsed),
    )


def _audit(
    table: AuditTable, folder: Path, environment: Mapping[str, str]
) -> tuple[AuditSettings, Sequence[str]]:
    keys, problems = AuditKeys(), tuple[str, ...]()
    try:
        keys = AuditKeys.read(environment.get("DECKHAND_AUDIT_KEY") or "")
    except ValueError as error:
        problems = (f"environment: DECKHAND_AUDIT_KEY: {error}",)
    settings = AuditSettings(
        keys=keys, head_channel=table.head_channel, head_at=table.head_at,
        archive_after=table.archive_after, archive_to=folder / (table.archive_to or ""),
    )  # fmt: skip
    return settings, problems


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
        listen=parsed.slack.listen,
        pictures=parsed.slack.pictures,
        call_approvers=parsed.slack.call_approvers,
        remind_after=parsed.slack.remind_after,
    )
