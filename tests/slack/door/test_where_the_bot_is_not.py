"""A command can be typed where the bot is no member: in public and private channels, and between two people."""

from collections.abc import Callable, Iterator
from threading import Event

import pytest

from bot.core.docker.usage import DiskUsage
from bot.core.errors import HostUnreachableError
from bot.engines.docker.engine import DockerEngine
from bot.services.decide.propose import Propose
from bot.slack.action_ids import DETAILS, LOOK
from bot.slack.look import handlers as looks
from bot.slack.plan import proposing
from bot.trial.workspace import Message
from tests.slack.place import ANN, BETWEEN, BOB, HIDDEN, OPEN, OPEN_TO_ALL, Place, Start, shown

everywhere = pytest.mark.parametrize("channel", [OPEN, HIDDEN, BETWEEN])
BOBS_ALONE = """
[policies.default]
look = ["U0BOB"]
"""


def told(place: Place, words: str, user: str = ANN) -> Message:
    """What only this person is told, as soon as it says this."""
    return place.workspace.wait_for(
        lambda: next((each for each in place.workspace.ephemerals(user) if words in shown(each)), None)  # type: ignore[return-value] # waited for
    )


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Set it to let the engine answer; it takes long enough at once for everybody to be told of it."""
    go, survey = Event(), DockerEngine.survey

    def surveyed(self: DockerEngine, early: Callable[[DiskUsage], None] | None = None) -> object:
        assert go.wait(20)
        return survey(self, early)

    monkeypatch.setattr(DockerEngine, "survey", surveyed)
    monkeypatch.setattr(looks, "AT_ONCE", 0.05)
    monkeypatch.setattr(proposing, "AT_ONCE", 0.05)
    yield go
    go.set()


@everywhere
@pytest.mark.parametrize(
    ("command", "text", "words"),
    [
        ("/docker-df", "", "1 registered host"),
        ("/docker-df", "prod-3", "can go now"),
        ("/docker-df", "all", "1 host, 1 answered"),
        ("/docker-prune", "prod-3 why old:1", "Why old:1 on prod-3"),
        ("/docker-audit", "", "No cleanup is in the audit yet"),
    ],
)
def test_an_answer_for_everyone_comes_all_the_same_and_says_who_asked(
    start: Start, channel: str, command: str, text: str, words: str
) -> None:
    place = start(OPEN_TO_ALL)
    assert place.workspace.command(ANN, command, text, channel=channel).ok
    answer = place.message(words, channel)
    if channel != BETWEEN:
        assert f"ann asked: `{command} {text}".strip() in shown(answer)
    assert "invite" not in shown(answer)
    assert all("Looking at" in each for each in place.private(ANN)), "on a slow machine it says that it looks"
    assert place.workspace.notifications(ANN) == []


@everywhere
def test_somebody_hears_at_once_that_a_slow_engine_is_asked_and_the_report_comes_once(
    start: Start, channel: str, held: Event
) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, "/docker-df", "prod-3", channel=channel)
    told(place, "Looking at prod-3")
    assert place.workspace.messages(channel) == []
    held.set()
    place.message("can go now", channel)
    assert len(place.workspace.messages(channel)) == 1


@everywhere
def test_what_is_wrong_with_a_host_is_not_hidden_behind_an_invitation(
    start: Start, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failed(*_arguments: object) -> None:
        raise HostUnreachableError("prod-3", "no answer from 10.0.0.3:22 in 5 s.")

    monkeypatch.setattr(DockerEngine, "survey", failed)
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, "/docker-df", "prod-3", channel=channel)
    assert "no answer from 10.0.0.3:22" in told(place, "did not answer").text
    assert "invite" not in "".join(place.private(ANN))


@everywhere
def test_who_may_look_is_told_there_too(start: Start, channel: str) -> None:
    place = start(BOBS_ALONE)
    place.workspace.command(ANN, "/docker-df", channel=channel)
    told(place, "may look")
    assert place.workspace.messages(channel) == []


@everywhere
def test_a_plan_is_not_begun_where_its_message_cannot_stand(
    start: Start, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Propose, "__call__", lambda *_: pytest.fail("its engine was asked"))
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, "/docker-prune", "prod-3", channel=channel)
    sentence = told(place, "I cannot write here").text
    assert ("`/invite @Deckhand`" in sentence) == (channel != BETWEEN)
    assert place.workspace.messages(channel) == []


@everywhere
def test_the_buttons_of_a_report_work_there(start: Start, channel: str) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, "/docker-df", "prod-3", channel=channel)
    report = place.message("can go now", channel)
    assert place.workspace.click(BOB, report.ts, LOOK).ok
    place.workspace.wait_for(lambda: place.workspace.message(report.ts).edited_ts)
    assert place.workspace.click(BOB, report.ts, DETAILS).ok
    place.message("The largest on prod-3", channel)
    place.press(BOB, report, "everything")
    told(place, "I cannot write here", BOB)


def test_in_its_own_channels_an_answer_says_who_asked_and_calls_nobody(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, "/docker-df", "prod-3 -v")
    report = place.message("can go now")
    assert "ann asked: `/docker-df prod-3 -v`" in shown(report)
    place.workspace.wait_for(lambda: len(place.workspace.thread(report.ts)) > 1)
    assert "asked:" not in shown(place.workspace.thread(report.ts)[1])
    assert place.workspace.notifications(ANN) == []


def test_somebody_hears_at_once_that_a_plan_is_being_made(start: Start, held: Event) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, "/docker-prune", "prod-3 everything")
    told(place, "Planning *everything* on *prod-3*")
    held.set()
    place.message("Cleanup plan")
