"""What the shell shows of a host's history."""

from bot.core.audit.events import time_text
from bot.core.docker.usage import BUILD_CACHE, CONTAINERS, IMAGES, UNKNOWN, VOLUMES
from bot.core.json import Json
from bot.core.units import short_size
from bot.core.watch.forecast import Forecast, Full
from bot.core.watch.lines import thinned_out
from bot.core.watch.samples import REST, Sample
from bot.core.watch.words import KIND_HEAD, kind_rows, sentences
from bot.ports import Cleanup
from bot.services.watch.histories import History
from bot.shell.show.output import say, show_table

LINES = 24
_NAMES = {
    IMAGES: "images",
    CONTAINERS: "containers",
    VOLUMES: "volumes",
    BUILD_CACHE: "build_cache",
    REST: "rest",
}


def show_history(history: History) -> None:
    if not history.samples and history.forecast:
        say(
            f"{history.host}: no history of that time; the last sample is of {history.forecast.made_at:%Y-%m-%d %H:%M}."
        )
        return
    if not history.samples:
        say(
            f"{history.host}: no history yet. `deckhand run` looks at each host by itself, as [watch] of the "
            "configuration says."
        )
        return
    say(*sentences(history.forecast, history.now), "")
    if kinds := kind_rows(history.samples, history.forecast):
        show_table(KIND_HEAD, kinds, right=(1, 2, 3))
    say("")
    show_table(
        ("AT", "USED", "FREE", "FULL", "IN DOCKER"),
        (_row(each) for each in thinned_out(history.samples, LINES)),
        right=(1, 2, 3, 4),
    )
    for each in history.cleanups:
        say(
            f"cleanup  {each.started_at:%Y-%m-%d %H:%M}  {short_size(each.reclaimed_bytes)} freed  {each.plan}"
        )


def _row(sample: Sample) -> tuple[str, str, str, str, str]:
    docker = UNKNOWN if sample.docker is None else short_size(sample.docker)
    at = f"{sample.at:%Y-%m-%d %H:%M}"
    if sample.used is None or not sample.size:
        return (at, UNKNOWN, UNKNOWN, UNKNOWN, docker)
    return (
        at, short_size(sample.used), short_size(sample.free or 0), f"{sample.used / sample.size:.0%}", docker,
    )  # fmt: skip


# --- for machines -------------------------------------------------------------------------------


def history_json(history: History) -> Json:
    """A history; bytes are integers, moments are in UTC, times in milliseconds."""
    return {
        "host": history.host,
        "now": time_text(history.now),
        "forecast": forecast_json(history.forecast),
        "samples": [_sample_json(each) for each in history.samples],
        "cleanups": [_cleanup_json(each) for each in history.cleanups],
    }


def forecast_json(forecast: Forecast | None) -> Json:
    """Dates are null where none is told: ``enough`` and ``filling`` say why."""
    if forecast is None:
        return None
    return {
        "made_at": time_text(forecast.made_at),
        "days": forecast.days,
        "enough": forecast.enough,
        "filling": forecast.filling,
        "size": forecast.size,
        "used": forecast.used,
        "bytes_a_day": forecast.rate,
        "bytes_a_day_low": forecast.low,
        "bytes_a_day_high": forecast.high,
        "if_nobody_cleans_up": _full_json(forecast.unattended),
        "at_the_present_rhythm": _full_json(forecast.rhythm),
        "cleanups": forecast.cleanups,
        "kinds": {_NAMES[kind]: rate for kind, rate in forecast.kinds.items()},
    }


def _full_json(full: Full) -> Json:
    moments = {"at": full.at, "earliest": full.earliest, "latest": full.latest}
    return {name: None if moment is None else time_text(moment) for name, moment in moments.items()}


def _sample_json(sample: Sample) -> Json:
    return {
        "at": time_text(sample.at),
        "size": sample.size,
        "free": sample.free,
        "inodes": sample.inodes,
        "free_inodes": sample.free_inodes,
        "milliseconds": round(sample.took * 1000),
        "kinds": {
            _NAMES[kind]: {"count": each.count, "size": each.size, "reclaimable": each.reclaimable}
            for kind, each in sample.kinds.items()
        },
        "rest": sample.rest,
    }


def _cleanup_json(cleanup: Cleanup) -> Json:
    return {
        "plan": cleanup.plan,
        "profile": cleanup.profile,
        "outcome": cleanup.outcome,
        "started_at": time_text(cleanup.started_at),
        "finished_at": None if cleanup.finished_at is None else time_text(cleanup.finished_at),
        "reclaimed_bytes": cleanup.reclaimed_bytes,
    }
