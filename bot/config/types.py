"""What may stand in ``deckhand.toml``: the types of single values, each with the sentence for a wrong one."""

import re
from datetime import time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from bot.core.rules.schedules import check_cron
from bot.core.rules.windows import parse_window
from bot.core.units import parse_duration, parse_size

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_SLACK_ID = re.compile(r"[UWSCG][A-Z0-9]{2,}|[TE][A-Z0-9]{2,}/[UW][A-Z0-9]{2,}")
_LONGEST_HOLD = timedelta(days=7)
_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{2,}")
_TIME_OF_DAY = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")


def _duration(value: object) -> timedelta:
    if not isinstance(value, str):
        raise ValueError('a duration is written as text, like "30m", "168h" or "10d"')  # noqa: TRY004 - pydantic
    duration = parse_duration(value)
    if duration < timedelta():
        raise ValueError("a duration cannot be negative")
    return duration


def _hold(value: timedelta) -> timedelta:
    if not timedelta() < value <= _LONGEST_HOLD:
        raise ValueError("an approval holds for some time, and for a week at most; write 24h, or up to 7d")
    return value


def _size(value: object) -> int:
    if not isinstance(value, str):
        raise ValueError('a size is written as text, like "500MB" or "50GB"')  # noqa: TRY004 - pydantic
    return parse_size(value)


def _slack_id(value: str) -> str:
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


def _time_of_day(value: object) -> time:
    if not isinstance(value, str) or not _TIME_OF_DAY.fullmatch(value):
        raise ValueError('a time of day is written as text, like "09:00", and is UTC')
    return time.fromisoformat(value)


def check_name(value: str) -> str:
    """The name of a host, policy or profile as it stands; ValueError when it cannot be typed in Slack."""
    if not _NAME.fullmatch(value):
        raise ValueError(
            f"“{value}” is no name that can be typed in Slack; use letters, digits, dots, dashes and "
            "underscores, at most 63"
        )
    return value


def _window(value: str) -> str:
    parse_window(value)
    return value


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # unknown; a path to elsewhere; a folder
        raise ValueError(
            f"“{value}” is no time zone that this machine knows; write one like Europe/Berlin or UTC"
        ) from None
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Hold = Annotated[Duration, AfterValidator(_hold)]
Size = Annotated[int, BeforeValidator(_size)]
SlackId = Annotated[str, AfterValidator(_slack_id)]
ChannelId = Annotated[str, AfterValidator(_channel_id)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
Name = Annotated[str, AfterValidator(check_name)]
WindowText = Annotated[str, AfterValidator(_window)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
CronText = Annotated[str, AfterValidator(check_cron)]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
