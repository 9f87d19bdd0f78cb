"""Times as the engine writes them: Go's RFC 3339 and the CLI's "2 hours"."""

from datetime import UTC, datetime, timedelta

from bot.trial.sample.objects import Container

NEVER = "0001-01-01T00:00:00Z"

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# Upper bounds of go-units' HumanDuration: below each, the unit to count in.
_STEPS = (
    (_MINUTE, 1, "seconds"),
    (_HOUR, _MINUTE, "minutes"),
    (2 * _DAY, _HOUR, "hours"),
    (14 * _DAY, _DAY, "days"),
    (60 * _DAY, 7 * _DAY, "weeks"),
    (730 * _DAY, 30 * _DAY, "months"),
)
_ONES = {"seconds": "1 second", "minutes": "About a minute", "hours": "About an hour"}


def stamp(moment: datetime | None) -> str:
    """Write a moment as the engine does; None is year 1, its word for never."""
    if moment is None:
        return NEVER
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return text + "Z"


def human_duration(span: timedelta) -> str:
    """Say a duration as `docker ps` does (go-units `HumanDuration`)."""
    seconds = int(span.total_seconds())
    if seconds < 1:
        return "Less than a second"
    for bound, unit, word in _STEPS:
        if seconds < bound:
            count = seconds // unit
            return _ONES[word] if count == 1 and word in _ONES else f"{count} {word}"
    return f"{seconds // (365 * _DAY)} years"


def status(container: Container, now: datetime) -> str:
    """Say a container's state as the STATUS column does."""
    if container.running:
        up = f"Up {human_duration(now - (container.started_at or now))}"
        return f"{up} (Paused)" if container.state == "paused" else up
    if container.state == "created" or container.finished_at is None:
        return "Created"
    return f"Exited ({container.exit_code}) {human_duration(now - container.finished_at)} ago"
