"""``/docker-df HOST why-full``, and the button at the report: what holds the whole disk."""

from collections.abc import Callable

import pytest

from bot.slack.action_ids import WHY_FULL
from tests.slack.place import ANN, BOB, OPEN_TO_ALL, Place, buttons, eventually, shown

Start = Callable[[str], Place]


@pytest.mark.parametrize("text", ["prod-3 why-full", "prod-3 why full", "prod-3 WHY-FULL"])
def test_whoever_asks_reads_each_part_of_the_disk_and_what_to_do(start: Start, text: str) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, "/docker-df", text)
    said = shown(place.message("what Docker counts"))
    for words in ("*Images*", "*Build Cache*", "*Not in Docker's figures* not known", "A plan takes"):
        assert words in said
    assert "How large the disk is and how full, nobody tells" in said


def test_the_button_at_the_report_says_the_same(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, "/docker-df", "prod-3")
    report = place.message("can go now")
    assert buttons(report)[WHY_FULL] == "prod-3"
    assert place.workspace.click(ANN, report.ts, WHY_FULL).ok
    eventually(lambda: "what Docker counts" in place.workspace.thread(report.ts)[-1].text)


def test_who_may_not_look_is_told_nothing_of_the_disk(start: Start) -> None:
    place = start('[policies.default]\nlook = ["U0ANN"]\n')
    place.workspace.command(BOB, "/docker-df", "prod-3 why-full")
    assert "or you may not look at it here" in place.told(BOB)


def test_it_is_told_of_one_host(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, "/docker-df", "prod-* why-full")
    assert "Why a disk is full is told of one host: name it." in place.told(ANN)
