"""How a host's disk filled: in words that Slack takes, and drawn where there is something to draw with."""

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.core.docker.usage import VOLUMES
from bot.core.watch.forecast import forecast
from bot.core.watch.growth import Cleaned
from bot.core.watch.samples import Sample
from bot.services.watch.histories import History
from bot.slack.kit.blocks import Message
from bot.slack.watch import handlers
from bot.slack.watch.chart import ALT_LIMIT, chart_of, drawn_at_all
from bot.slack.watch.history import history_message
from tests.core.watch.histories import GB, made
from tests.slack.kit.test_extremes import assert_harmless, assert_slack_takes
from tests.slack.looks import cleanup
from tests.slack.place import ANN, BOB, OPEN_TO_ALL, Place, eventually, shown

Start = Callable[[str], Place]


def history(samples: Sequence[Sample], cleanups: int = 0, host: str = "prod-3") -> History:
    now = samples[-1].at if samples else made(1, 1).samples[-1].at
    done = [
        replace(
            cleanup(number), started_at=now - timedelta(days=number), finished_at=now - timedelta(days=number)
        )
        for number in range(cleanups, 0, -1)
    ]
    cleaned = [Cleaned(each.started_at.timestamp(), each.started_at.timestamp()) for each in done]
    return History(
        host=host, now=now, span=timedelta(days=30), samples=samples, cleanups=done,
        forecast=forecast(samples, cleaned),
    )  # fmt: skip


def said(message: Message) -> str:
    return "\n".join(str(block) for block in message.blocks)


def test_the_message_says_when_the_disk_is_full_what_grows_and_how_full_it_was() -> None:
    message = history_message(history(made(5, 30, size=460 * GB).samples, cleanups=3))
    assert_slack_takes(message)
    assert message.text.startswith("prod-3: 66% full, 27 days left. The disk grows by 5.9GB a day")
    text = said(message)
    for words in (
        "If nobody cleans up: full in 27 days",
        "GROWS BY",
        "Not in Docker's figures",
        "3 cleanups freed",
    ):
        assert words in text
    assert text.count("GB free ·") == 10


def test_a_host_that_nobody_has_sampled_yet_has_no_history_and_is_told_when() -> None:
    message = history_message(history([]))
    assert_slack_takes(message)
    assert message.text == "prod-3: no history yet."
    assert "each quarter of an hour" in said(message)


def test_a_time_without_a_sample_says_when_the_last_one_was() -> None:
    whole = history(made(5, 30, size=460 * GB).samples)
    message = history_message(replace(whole, samples=[]))
    assert message.text == "prod-3: no history of that time."
    assert "It was sampled last" in said(message)


@pytest.mark.parametrize("days", [0, 1, 4, 30])
@pytest.mark.parametrize("lacks", ["nothing", "the disk", "volumes", "all figures"])
def test_slack_takes_whatever_a_history_lacks(days: int, lacks: str) -> None:
    changes = {
        "nothing": lambda each: each,
        "the disk": lambda each: replace(each, size=None, free=None),
        "volumes": lambda each: replace(each, kinds={k: f for k, f in each.kinds.items() if k != VOLUMES}),
        "all figures": lambda each: replace(each, kinds={}),
    }
    found = history([changes[lacks](each) for each in made(2, days).samples], cleanups=40, host="h" * 63)
    message = history_message(found)
    assert_slack_takes(message)
    assert_harmless(message)
    if drawn_at_all(found):
        picture = chart_of(found)
        assert picture.png.startswith(b"\x89PNG")
        assert len(picture.alt) <= ALT_LIMIT


def test_the_words_of_the_picture_carry_its_numbers() -> None:
    alt = chart_of(history(made(5, 30, size=460 * GB).samples, cleanups=2)).alt
    assert alt.startswith(
        "The disk of prod-3: 300GB used on 07 Sep, 301GB of 460GB on 07 Oct 2026. Cleanups: "
    )
    assert "full in 27 days" in alt
    assert "What grows: Images" in alt


def seed(place: Place) -> None:
    now = place.store.ledger.now()
    samples = made(5, 30, size=460 * GB).samples
    moved = [replace(each, at=each.at + (now - samples[-1].at)) for each in samples]
    place.store.samples.keep("prod-3", "test", "engine", *moved)


def test_somebody_who_asks_gets_the_words_and_the_picture(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    seed(place)
    place.workspace.command(ANN, "/docker-df", "prod-3 history")
    message = place.message("27 days left")
    assert "If nobody cleans up: full in 27 days" in shown(message)
    eventually(lambda: len(place.workspace.thread(message.ts)) > 1)
    (file,) = place.workspace.thread(message.ts)[1].files
    assert file["alt_txt"].startswith("The disk of prod-3: ")
    place.workspace.command(BOB, "/docker-df", "prod-3 history 7d")
    assert "The last 7 days" in shown(place.message("The last 7 days"))


def answered(place: Place, times: int) -> bool:
    return len([m for m in place.workspace.messages() if "27 days left" in shown(m)]) == times


def test_who_asks_again_while_the_picture_is_still_being_drawn_is_answered_again(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = threading.Event()
    monkeypatch.setattr(handlers, "chart_of", lambda history: drawn.wait(60) and chart_of(history))
    place = start(OPEN_TO_ALL)
    seed(place)
    try:
        for times in (1, 2):
            place.workspace.command(ANN, "/docker-df", "prod-3 history")
            assert eventually(partial(answered, place, times))
    finally:
        drawn.set()


def test_without_anything_to_draw_with_the_words_come_alone(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)  # as Python knows a package that is not there
    place = start(OPEN_TO_ALL)
    seed(place)
    place.workspace.command(ANN, "/docker-df", "prod-3 history")
    message = place.message("27 days left")
    place.workspace.command(ANN, "/docker-df", "prod-3 history 14d")
    place.message("The last 14 days")
    assert len(place.workspace.thread(message.ts)) == 1


def test_who_may_not_look_sees_no_history(start: Start) -> None:
    place = start('[policies.default]\nlook = ["U0ANN"]\n')
    seed(place)
    place.workspace.command(BOB, "/docker-df", "prod-3 history")
    assert "or you may not look at it here" in place.told(BOB)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("prod-3 history soon", "“soon” is not a duration"),
        ("prod-3 history 5m", "Write how far back, from 1h to 3650d."),
        ("prod-3 history 7d more", "I do not understand “more”."),
        ("prod-3 histroy", "I do not understand “histroy”."),
        ("prod-* history", "A history is that of one host"),
    ],
)
def test_what_cannot_be_a_history_is_answered_with_what_to_write(
    start: Start, text: str, answer: str
) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, "/docker-df", text)
    assert answer in place.told(ANN)
