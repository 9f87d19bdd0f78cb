"""Looking at one host over Socket Mode: what is known at once, then what is so, in one message; and by size."""

import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from bot.core.docker.usage import DiskUsage
from bot.core.errors import HostUnreachableError
from bot.engines.docker.df import Df
from bot.engines.docker.engine import DockerEngine
from bot.engines.docker.told.decode import Answer
from bot.slack.action_ids import DETAILS, LOOK, PICTURE
from bot.slack.chat import SlackChat
from bot.slack.client import web_client
from bot.slack.kit.blocks import Message, actions, button
from bot.slack.look import handlers as looks
from tests.slack.place import ANN, BOB, OPEN_TO_ALL, Place, buttons, eventually, shown

Start = Callable[[str], Place]


class Gate:
    """Holds up the engine until a test lets it go on."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.failing = False

    def pass_through(self) -> None:
        assert self.open.wait(20)
        if self.failing:
            raise HostUnreachableError("prod-3", "no answer from <10.0.0.3>:22 in 5 s.")


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate, survey = Gate(), DockerEngine.survey

    def held(self: DockerEngine, early: Callable[[DiskUsage], None] | None = None) -> object:
        gate.pass_through()
        return survey(self, early)

    monkeypatch.setattr(DockerEngine, "survey", held)
    monkeypatch.setattr(looks, "AT_ONCE", 0.05)
    yield gate
    gate.open.set()


def look(place: Place, text: str = "prod-3", by: str = ANN) -> None:
    place.workspace.command(by, "/docker-df", text)


def test_an_engine_that_takes_its_time_is_said_to_be_asked_and_the_same_message_then_shows_it(
    start: Start, gate: Gate
) -> None:
    place = start(OPEN_TO_ALL)
    gate.open.clear()
    look(place)
    waiting = place.message("Looking at prod-3…")
    gate.open.set()
    report = place.message("can go now")
    assert report.ts == waiting.ts
    assert len(place.workspace.messages()) == 1


def test_the_last_known_figures_stand_there_with_their_age_until_the_engine_answers(
    start: Start, gate: Gate
) -> None:
    place = start(OPEN_TO_ALL)
    look(place)
    first = place.message("can go now")
    gate.open.clear()
    look(place, by=BOB)
    known = place.message("These figures are of")
    held = re.search(r"Docker holds [0-9.]+[kMG]?B", first.text)
    assert held
    assert held[0] in known.text
    assert not [action for action in buttons(known) if action.startswith("propose:")], (
        "nothing is decided on old figures"
    )
    gate.open.set()
    eventually(lambda: "These figures are of" not in shown(place.workspace.message(known.ts)))


def test_volumes_that_take_longest_arrive_last_and_are_said_to_be_missing_until_then(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, ask = threading.Event(), Df._asked

    def slow(self: Df, types: Sequence[str], seconds: float) -> Answer:
        assert "volume" not in types or counted.wait(20)
        return ask(self, types, seconds)

    monkeypatch.setattr(Df, "_asked", slow)
    monkeypatch.setattr("bot.engines.docker.df.EARLY_AFTER", 0.05)
    place = start(OPEN_TO_ALL)
    look(place)
    waiting = place.message("Local Volumes are still being counted")
    assert "Images 1.5GB · " in shown(waiting)
    assert "Local Volumes not counted" in shown(waiting)
    assert not buttons(waiting), "nothing is decided on half of the figures"
    counted.set()
    report = place.message("can go now")
    assert report.ts == waiting.ts
    assert "still being counted" not in shown(report)


def test_a_host_that_does_not_answer_is_told_privately_with_what_it_showed_before(
    start: Start, gate: Gate
) -> None:
    place = start(OPEN_TO_ALL)
    look(place)
    place.message("can go now")
    gate.failing = True
    look(place, by=BOB)
    told = place.told(BOB)
    assert told == "prod-3: no answer from &lt;10.0.0.3&gt;:22 in 5 s."
    (private,) = place.workspace.ephemerals(BOB)
    assert "Tried: unix://" in shown(private)
    assert "What it showed" in shown(private)
    gate.failing = False
    assert place.workspace.click(BOB, private.ts, LOOK).ok
    eventually(lambda: len(place.workspace.messages()) == 2)


def test_what_stands_there_becomes_the_error_of_a_host_that_fails_in_the_end(
    start: Start, gate: Gate
) -> None:
    place = start(OPEN_TO_ALL)
    gate.open.clear()
    look(place)
    waiting = place.message("Looking at prod-3…")
    gate.failing = True
    gate.open.set()
    assert place.message("prod-3 did not answer").ts == waiting.ts
    assert place.told_privately() == set()


def test_refresh_brings_the_same_message_up_to_date(start: Start, gate: Gate) -> None:
    place = start(OPEN_TO_ALL)
    look(place)
    report = place.message("can go now")
    with place.engine.universe.lock:
        removed = len(place.engine.universe.references)
    assert removed
    assert place.workspace.click(BOB, report.ts, LOOK).ok
    eventually(lambda: place.workspace.message(report.ts).edited_ts)
    assert len(place.workspace.messages()) == 1


@pytest.mark.parametrize("how", ["-v", "button"])
def test_the_objects_by_size_stand_in_the_thread_of_the_report(start: Start, how: str) -> None:
    place = start(OPEN_TO_ALL)
    look(place, "prod-3 -v" if how == "-v" else "prod-3")
    report = place.message("can go now")
    if how == "button":
        assert place.workspace.click(BOB, report.ts, DETAILS).ok
    eventually(lambda: len(place.workspace.thread(report.ts)) > 1)
    details = place.workspace.thread(report.ts)[1]
    said = shown(details)
    assert said.index("`old:1` 700MB") < said.index("`web:1` 500MB") < said.index("`older:1` 300MB")
    assert "used by web-1" in said


def test_a_picture_of_the_space_stands_in_the_thread_with_its_numbers_as_words(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    look(place)
    report = place.message("can go now")
    assert place.workspace.click(BOB, report.ts, PICTURE).ok
    eventually(lambda: len(place.workspace.thread(report.ts)) > 1)
    (file,) = place.workspace.thread(report.ts)[1].files
    drawn = place.workspace.file(file["id"])
    assert drawn is not None
    assert drawn.startswith(b"\x89PNG")
    assert file["alt_txt"].startswith("prod-3: Docker holds 1.5GB. Images 1.5GB;")
    assert "The largest: old:1 700MB, web:1 500MB, older:1 300MB." in file["alt_txt"]


def test_where_pictures_are_switched_off_there_is_no_button(start: Start) -> None:
    place = start(OPEN_TO_ALL + "[slack]\npictures = false\n")
    look(place)
    report = place.message("can go now")
    assert PICTURE not in buttons(report)


def test_where_nothing_can_draw_all_else_goes_on_and_an_older_button_says_why(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)  # as Python knows a package that is not there
    place = start(OPEN_TO_ALL)
    look(place)
    report = place.message("can go now")
    assert PICTURE not in buttons(report)
    message = Message(text="of before", blocks=(actions([button("Picture", PICTURE, "prod-3")]),))
    posted = SlackChat(web_client(place.workspace.bot_token, place.workspace.api_url)).post("C0OPS", message)
    assert place.workspace.click(BOB, posted, PICTURE).ok
    assert "not installed (deckhand[pictures])" in place.told(BOB)


def test_who_may_not_look_sees_no_details(start: Start) -> None:
    place = start('[policies.default]\nlook = ["U0ANN"]\nrequest = ["*"]\napprove = ["*"]\n')
    look(place)
    report = place.message("can go now")
    assert place.workspace.click(BOB, report.ts, DETAILS).ok
    assert "or you may not look at it here" in place.told(BOB)


@pytest.mark.parametrize(
    ("command", "text", "answer"),
    [
        ("/docker-df", "prod-3 -x", "I do not understand “-x”"),
        ("/docker-df", "-x", "/docker-df has no option “-x”; it has -v."),
        ("/docker-df", "help", "with *-v* its largest"),
        ("/docker-df", "prod-33", "Did you mean prod-3?"),
        ("/docker-prune", "routine prod-3", "The host comes first: /docker-prune prod-3 routine"),
        ("/docker-prune", "prod-3 until=7 days", "Write “until=7 days” in one word: until=7d."),
        ("/docker-prune", "prod-3 rutine", "There is no profile “rutine”."),
    ],
)
def test_a_mistake_is_answered_with_what_fits_it(start: Start, command: str, text: str, answer: str) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, command, text)
    assert answer in place.told(ANN)
