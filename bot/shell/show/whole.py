"""What the shell shows of a whole disk."""

from bot.core.audit.events import time_text
from bot.core.docker.logs import ContainerLog
from bot.core.docker.usage import BUILD_CACHE, CONTAINERS, IMAGES, VOLUMES
from bot.core.json import Json
from bot.core.watch.samples import REST
from bot.core.watch.whole.disk import FREE, Part
from bot.core.watch.whole.words import UNSEEN, growth_words, size_words
from bot.core.watch.words import full_words
from bot.services.watch.whole import Answer
from bot.shell.show.hosts import disk_json
from bot.shell.show.output import say, show_table

NAMES = {
    IMAGES: "images",
    CONTAINERS: "containers",
    VOLUMES: "volumes",
    BUILD_CACHE: "build_cache",
    REST: "rest",
    FREE: "free",
}
"""Of each part, for programs."""


def show_whole(answer: Answer) -> None:
    whole, forecast = answer.whole, answer.forecast
    say(f"{answer.host}: {whole.disk}" if whole.disk else f"{answer.host}: {UNSEEN}")
    if forecast is not None and forecast.enough and forecast.size is not None:
        say(f"If nobody cleans up: {full_words(forecast.unattended, forecast.filling, answer.now)}.")
    say("")
    show_table(
        ("PART", "SIZE", "GROWTH"),
        ((part.name, size_words(part), growth_words(part)) for part in whole.parts),
    )
    for part in whole.parts:
        says, does = part.advice.says, part.advice.does
        if says or does:
            say("", part.name, *(f"  {each}" for each in says), *(f"  > {each}" for each in does))


def whole_json(answer: Answer) -> Json:
    """The same for programs: bytes are integers, percents are of the disk."""
    whole, forecast = answer.whole, answer.forecast
    full = forecast.unattended.at if forecast else None
    return {
        "host": answer.host,
        "at": time_text(answer.now),
        "disk": disk_json(whole.disk),
        "full_at": time_text(full) if full else None,
        "parts": [_part(part) for part in whole.parts],
        "logs": {
            "default_driver": whole.logs.default,
            "unbounded": [_log(one) for one in whole.logs.unbounded],
        },
    }


def _part(part: Part) -> Json:
    grown = part.grown
    return {
        "part": NAMES[part.name],
        "bytes": part.bytes,
        "percent": None if part.share is None else round(part.share * 100),
        "grown": {"bytes": grown.by, "since": time_text(grown.since)} if grown else None,
        "a_day": part.rate,
        "says": list(part.advice.says),
        "does": list(part.advice.does),
    }


def _log(one: ContainerLog) -> Json:
    return {"id": one.id, "name": one.name, "driver": one.driver, "options": dict(one.options)}
