"""What may stand in ``deckhand.toml``: the types of single values, each with the sentence for a wrong one."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, time, timedelta, tzinfo
from typing import Annotated, Any, Self, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    InstanceOf,
    ValidationError,
    WithJsonSchema,
)

from bot.core.plan.target.target import Target, parse_target
from bot.core.rules.alerting import Period, parse_period
from bot.core.rules.hosts import SshAddress
from bot.core.rules.schedules import When, check_cron, parse_when
from bot.core.rules.windows import Window, parse_window
from bot.core.units import parse_duration, parse_size
from bot.core.watch.pace import LONGEST, SHORTEST
from bot.core.watch.pressure.lines import Line, parse_line

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_REGISTRY = re.compile(
    r"(localhost|[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+|[a-z0-9][a-z0-9-]*(?=:))(:\d{1,5})?"
)
_SLACK_ID = re.compile(r"[UWSCG][A-Z0-9]{2,}|[TE][A-Z0-9]{2,}/[UW][A-Z0-9]{2,}")
_LONGEST_HOLD = timedelta(days=7)
_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{2,}")
_TIME_OF_DAY = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_SSH = re.compile(
    r"(?:(?P<user>[^@\s]+)@)?(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?"
)
_A_DURATION = r"([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w))+"
_A_SHARE = r"[0-9]+(\.[0-9]+)?%"
_A_SIZE = r"[0-9]+(\.[0-9]+)? ?[kMGTPEZY]?B"
_MOST_PORTS = 65535
_Value = TypeVar("_Value")


def read_text(parse: Callable[[str], _Value], written: str) -> BeforeValidator:
    """Reads a text; ``written`` says what the text of such a value looks like."""

    def read(value: object) -> _Value:
        if not isinstance(value, str):
            raise ValueError(f"{written}, and this is {value!r}")  # noqa: TRY004 - pydantic collects ValueErrors
        return parse(value)

    return BeforeValidator(read)


def as_text(example: str, pattern: str | None = None) -> WithJsonSchema:
    """What an editor is told of a text."""
    schema = {"type": "string", "examples": [example]}
    return WithJsonSchema(schema if pattern is None else {**schema, "pattern": f"^({pattern})$"})


def _listed(value: object) -> object:
    if not isinstance(value, list):
        raise ValueError(f'a list is written in brackets, like ["a", "b"], and this is {value!r}')  # noqa: TRY004 - as above
    return tuple(value)


def filled(value: object) -> object:
    if value == []:
        raise ValueError("is empty; write at least 1, or leave the key out")
    return _listed(value)


def _duration(text: str) -> timedelta:
    duration = parse_duration(text)
    if duration < timedelta():
        raise ValueError("a duration cannot be negative")
    return duration


def _pace(text: str) -> timedelta | None:
    if text == "off":
        return None
    pace = _duration(text)
    if not SHORTEST <= pace <= LONGEST:
        raise ValueError('is between 1m and 1d; write it like "15m", or "off"')
    return pace


def _duration_or_off(text: str) -> timedelta | None:
    return None if text == "off" else _duration(text)


def _line_or_off(text: str) -> Line | None:
    return None if text == "off" else parse_line(text)


def _share_line(text: str) -> Line:
    line = parse_line(text)
    if line.free is not None or line.share is None:
        raise ValueError(f"“{text}” is no share; inodes are counted in percent: write it like 90%")
    return line


def _share_line_or_off(text: str) -> Line | None:
    return None if text == "off" else _share_line(text)


def _channel_or_off(text: str) -> str | None:
    return None if text == "off" else _channel_id(text)


def _hold(value: timedelta) -> timedelta:
    if not timedelta() < value <= _LONGEST_HOLD:
        raise ValueError("an approval holds for some time, and for a week at most; write 24h, or up to 7d")
    return value


def slack_id(value: str) -> str:
    if value != "*" and not _SLACK_ID.fullmatch(value):
        raise ValueError(
            f"“{value}” is no Slack id; write user ids (U…), user group ids (S…), channel ids (C…), “*”, or T…/U… "
            "for somebody of another company: a profile's “Copy member ID” in Slack shows one"
        )
    return value


def _channel_id(value: str) -> str:
    if not _CHANNEL_ID.fullmatch(value):
        raise ValueError(
            f"“{value}” is no channel's id (C… or G…); “View channel details” in Slack shows it at the bottom"
        )
    return value


def _time_of_day(text: str) -> time:
    if not _TIME_OF_DAY.fullmatch(text):
        raise ValueError('a time of day is written as text, like "09:00", and is UTC')
    return time.fromisoformat(text)


def check_name(value: str) -> str:
    """The name of a host, policy or profile as it stands; ValueError when it cannot be typed in Slack."""
    if not _NAME.fullmatch(value):
        raise ValueError(
            f"“{value}” is no name that can be typed in Slack; use letters, digits, dots, dashes and "
            "underscores, at most 63"
        )
    return value


def _registry(value: str) -> str:
    if not _REGISTRY.fullmatch(value):
        raise ValueError(
            f"“{value}” is no registry; write its host as images name it, like ghcr.io, docker.io or "
            "registry.example.com:5000"
        )
    return value


def _zone(text: str) -> tzinfo:
    try:
        return UTC if text == "UTC" else ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # unknown; a path to elsewhere; a folder
        raise ValueError(
            f"“{text}” is no time zone that this machine knows; write one like Europe/Berlin or UTC"
        ) from None


def _database_url(value: str) -> str:
    scheme = value.partition(":")[0]
    if scheme not in {"sqlite", "postgresql+psycopg"}:
        raise ValueError(
            f"“{scheme}” is not supported; write sqlite:///deckhand.db or "
            "postgresql+psycopg://user@host/database"
        )
    return value


def _ssh_address(text: str) -> SshAddress:
    found = _SSH.fullmatch(text.removeprefix("ssh://"))
    port = int(found["port"]) if found and found["port"] else None
    if not found or (port is not None and not 0 < port <= _MOST_PORTS):
        raise ValueError(f"“{text}” is no address; write it like user@host:22")
    return SshAddress(user=found["user"], host=found["host"].strip("[]"), port=port)


def _listening(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 <= int(port) <= _MOST_PORTS:
        raise ValueError(f"“{text}” is no address to listen on; write it like 127.0.0.1:3000")
    return host.strip("[]"), int(port)


def _listening_or_off(text: str) -> tuple[str, int] | None:
    return None if text == "off" else _listening(text)


def _engine_url(value: str) -> str:
    url = urlsplit(value)
    unix = url.scheme == "unix" and not url.netloc and url.path.startswith("/")
    tcp = url.scheme == "tcp" and url.hostname and not url.path.strip("/")
    if not (unix or tcp):
        raise ValueError(
            f"“{value}” is no address of an engine; write unix:///var/run/docker.sock or tcp://host:2376"
        )
    return value


Duration = Annotated[
    timedelta,
    read_text(_duration, 'a duration is written as text, like "30m", "168h" or "10d"'),
    as_text("30m", _A_DURATION),
]
PaceOrOff = Annotated[
    timedelta | None,
    read_text(_pace, 'a pace is written as text, like "15m", or "off"'),
    as_text("15m", f"{_A_DURATION}|off"),
]
DurationOrOff = Annotated[
    timedelta | None,
    read_text(_duration_or_off, 'a duration is written as text, like "8h", or "off"'),
    as_text("8h", f"{_A_DURATION}|off"),
]
_LINE_WRITTEN = 'a line is written as text, like "90%", "20GB" or "98% and 5GB"'
LineText = Annotated[InstanceOf[Line], read_text(parse_line, _LINE_WRITTEN), as_text("80%")]
LineOrOff = Annotated[
    InstanceOf[Line] | None, read_text(_line_or_off, f'{_LINE_WRITTEN}, or "off"'), as_text("90%")
]
ShareLine = Annotated[
    InstanceOf[Line],
    read_text(_share_line, 'a share is written as text, like "80%"'),
    as_text("80%", _A_SHARE),
]
ShareLineOrOff = Annotated[
    InstanceOf[Line] | None,
    read_text(_share_line_or_off, 'a share is written as text, like "90%", or "off"'),
    as_text("90%", f"{_A_SHARE}|off"),
]
Hold = Annotated[Duration, AfterValidator(_hold)]
Size = Annotated[
    int, read_text(parse_size, 'a size is written as text, like "500MB" or "50GB"'), as_text("50GB", _A_SIZE)
]
SlackId = Annotated[str, AfterValidator(slack_id), as_text("U0BOB", rf"\*|{_SLACK_ID.pattern}")]
ChannelId = Annotated[str, AfterValidator(_channel_id), as_text("C0OPS", _CHANNEL_ID.pattern)]
ChannelOrOff = Annotated[
    str | None,
    read_text(_channel_or_off, 'a channel is written as text, like "C0OPS", or "off"'),
    as_text("C0OPS", f"{_CHANNEL_ID.pattern}|off"),
]
TimeOfDay = Annotated[
    time,
    read_text(_time_of_day, 'a time of day is written as text, like "09:00"'),
    as_text("09:00", _TIME_OF_DAY.pattern),
]
Name = Annotated[str, AfterValidator(check_name), as_text("prod-3", _NAME.pattern)]
RegistryName = Annotated[str, AfterValidator(_registry), as_text("ghcr.io")]
_Window = Annotated[
    InstanceOf[Window], read_text(parse_window, "a window is written as text"), as_text("mon-fri 22:00-06:00")
]
TimeZone = Annotated[
    InstanceOf[tzinfo],
    read_text(_zone, 'a time zone is written as text, like "Europe/Berlin"'),
    as_text("Europe/Berlin"),
]
TargetText = Annotated[
    InstanceOf[Target],
    read_text(parse_target, 'a target is written as text, like "below=70%" or "free=20GB"'),
    as_text("below=70%"),
]
WhenText = Annotated[
    InstanceOf[When],
    read_text(parse_when, 'how full a disk has to be is written as text, like "above 75%"'),
    as_text("above 75%"),
]
CronText = Annotated[str, AfterValidator(check_cron), as_text("0 3 * * *")]
DatabaseUrl = Annotated[
    str, AfterValidator(_database_url), as_text("sqlite:///deckhand.db", "(sqlite|postgresql\\+psycopg):.*")
]
EngineUrl = Annotated[
    str, AfterValidator(_engine_url), as_text("unix:///var/run/docker.sock", "(unix|tcp)://.+")
]
Ssh = Annotated[
    InstanceOf[SshAddress],
    read_text(_ssh_address, 'an address is written as text, like "user@host:22"'),
    as_text("user@host:22"),
]
Listening = Annotated[
    tuple[str, int],
    read_text(_listening, 'an address is written as text, like "127.0.0.1:3000"'),
    as_text("127.0.0.1:3000"),
]
ListeningOrOff = Annotated[
    tuple[str, int] | None,
    read_text(_listening_or_off, 'an address is written as text, like "127.0.0.1:9797", or "off"'),
    as_text("127.0.0.1:9797"),
]

Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_listed)]
SlackIds = Annotated[tuple[SlackId, ...], BeforeValidator(_listed)]
SomeTexts = Annotated[tuple[str, ...], BeforeValidator(filled)]
_Period = Annotated[
    InstanceOf[Period],
    read_text(parse_period, "a period is written as text"),
    as_text("2026-12-24 18:00 to 2026-12-27 08:00"),
]
SomePeriods = Annotated[tuple[_Period, ...], BeforeValidator(filled)]
SomeWindows = Annotated[tuple[_Window, ...], BeforeValidator(filled)]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @classmethod
    def fields_by_key(cls) -> Mapping[str, str]:
        """Its keys as a file has them, each with its field's name: one is a word of Python's."""
        return {field.alias or name: name for name, field in cls.model_fields.items()}

    @classmethod
    def readable(cls, raw: Mapping[str, Any]) -> Self:
        """As much of a table as can be read: a key that cannot has its default, and is in ``model_fields_set``."""
        right: dict[str, Any] = {}
        keys = cls.fields_by_key()
        for key in raw.keys() & keys.keys():
            value = raw[key]
            if cls._reads(key, value):
                right[key] = value
            elif isinstance(value, list) and (some := [one for one in value if cls._reads(key, [one])]):
                right[key] = some
        read = cls.model_validate(right)
        given = {keys[key] for key in raw.keys() & keys.keys()}
        found = {key: getattr(read, name) for key, name in keys.items()}
        return cls.model_construct(_fields_set=given, **found)

    @classmethod
    def _reads(cls, key: str, value: object) -> bool:
        with suppress(ValidationError):
            return bool(cls.model_validate({key: value}))
        return False
