"""The audit in Slack: filtered by words, paged in place, opened and exported in the thread, rights at the click."""

import csv
import io
import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.life.states import Status
from bot.store.opening import open_store
from bot.trial.workspace import Message, Refused
from tests.slack.place import ANN, BOB, CYD, OPEN_TO_ALL, Place, Start, shown
from tests.store.cleaned import cleaned, image
from tests.store.samples import BEN
from tests.support.lying.hostile import STORED, driving, forged_lines

POLICY = '[policies.default]\nlook = ["*"]\naudit = ["U0ANN", "S0OPS"]\n'
BOTH = '[hosts.ci-1]\ndocker = "unix:///nowhere.sock"\ntags = ["ci"]\n' + OPEN_TO_ALL
CLOSED = (
    '[hosts.ci-1]\ndocker = "unix:///nowhere.sock"\npolicy = "closed"\n[policies.closed]\naudit = []\n'
    + OPEN_TO_ALL
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """Twelve cleanups on a host of this Deckhand, one on another, and one on a host of the past."""
    file = tmp_path_factory.mktemp("past") / "deckhand.db"
    shutil.copy(sqlite_template, file)
    with closing(open_store(f"sqlite:///{file}", migrate=False)) as store:
        for number in range(12):
            cleaned(store, f"plan{number:02}", image(f"app:{number}", number=number + 1))
        cleaned(
            store,
            "other",
            image("registry.example/db/postgres:14", number=99),
            host="ci-1",
            status=Status.PARTIAL,
        )
        cleaned(store, "older", host="prod-1")
    return file


@pytest.fixture
def past(filled: Path, tmp_path: Path) -> None:
    shutil.copy(filled, tmp_path / "deckhand.db")


def plans(message: Message) -> list[str]:
    """The plans whose details can be asked for, in their order."""
    return [block["accessory"]["value"] for block in message.blocks if "accessory" in block]


def listed(place: Place, text: str = "", by: str = ANN) -> Message:
    before = len(place.workspace.messages())
    assert place.workspace.command(by, "/docker-audit", text).ok
    place.workspace.wait_for(lambda: len(place.workspace.messages()) > before)
    return place.workspace.messages()[-1]


def turned(place: Place, message: Message, where: str, by: str = ANN) -> Message:
    assert place.workspace.click(by, message.ts, f"audit_page:{where}").ok
    place.workspace.wait_for(lambda: place.workspace.message(message.ts) != message)
    return place.workspace.message(message.ts)


@pytest.mark.usefixtures("past")
def test_pages_turn_in_place_both_ways_newest_first(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    first = listed(place)
    newest = [f"plan{number:02}" for number in reversed(range(12))]
    assert plans(first) == newest[:10]
    assert "*12 cleanups* · *12kB* freed · prod-3 12kB in 12" in shown(first)
    second = turned(place, first, "older")
    assert (second.ts, plans(second)) == (first.ts, newest[10:])
    with pytest.raises(Refused):
        place.workspace.click(ANN, first.ts, "audit_page:older")
    again = turned(place, second, "newer")
    assert plans(again) == plans(first)
    with pytest.raises(Refused):
        place.workspace.click(ANN, first.ts, "audit_page:newer")


FOUND: Mapping[str, Sequence[str]] = {
    "postgres:14": ["other"],
    "db/postgres by=U0BEN": ["other"],
    "@ci": ["other"],
    "ci-1 outcome=done": [],
    "by=U0ANNA outcome=partial since=1h": ["other"],
    "app:3": ["plan03"],
    "until=1h": [],
    "profile=routine text=“app:4”": ["plan04"],
    "prod-1": [],
}


@pytest.mark.usefixtures("past")
def test_words_of_a_sentence_find_what_they_mean(start: Start) -> None:
    place = start(BOTH)
    for text, found in FOUND.items():
        message = listed(place, text)
        assert plans(message) == found, text
        if not found:
            assert message.text.startswith("No cleanup that you may read fits ")


@pytest.mark.usefixtures("past")
def test_a_word_that_may_have_been_a_host_is_answered_with_the_nearest(start: Start) -> None:
    assert "Did you mean the host prod-3?" in listed(start(BOTH), "prod-33").text


@pytest.mark.usefixtures("past")
def test_the_filter_goes_with_the_page(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    first = listed(place, "app* by=U0BEN until=2099-01-01")
    assert "*12 cleanups*" in shown(first)
    second = turned(place, first, "older")
    assert plans(second) == ["plan01", "plan00"]
    assert "object `app*`" in shown(second)


@pytest.mark.usefixtures("past")
def test_what_is_closed_to_a_person_is_in_no_page_no_total_no_record_and_no_file(start: Start) -> None:
    place = start(CLOSED)
    message = listed(place)
    assert "*12 cleanups*" in shown(message)
    assert "ci-1" not in shown(message)
    assert plans(listed(place, "postgres:14")) == []
    place.workspace.command(CYD, "/docker-audit", "ci-1")
    assert place.told(CYD) == (
        "You may not read the audit of ci-1: its policy “closed” names nobody for “audit”."
    )


@pytest.mark.usefixtures("past")
def test_rights_are_read_at_each_click_on_what_somebody_else_asked_for(start: Start) -> None:
    place = start(POLICY)
    message = listed(place)
    for action in ("audit_page:older", "audit_details:plan11", "audit_export"):
        assert place.workspace.click(CYD, message.ts, action).ok
    place.workspace.wait_for(lambda: len(place.private(CYD)) == 3)
    assert set(place.private(CYD)) == {
        "No audit is open to you. Deckhand's policies say who may read which.",
        "There is nothing that you may read.",
        "You may not read the audit of prod-3: its policy “default” gives “audit” to <@U0ANN>, <!subteam^S0OPS>.",
    }
    assert place.workspace.message(message.ts) == message
    assert place.workspace.thread(message.ts) == [message]
    turned(place, message, "older", by=BOB)  # in the group


@pytest.mark.usefixtures("past")
def test_details_come_in_the_thread_with_a_timeline(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    message = listed(place)
    assert place.workspace.click(BOB, message.ts, "audit_details:plan11").ok
    place.workspace.wait_for(lambda: len(place.workspace.thread(message.ts)) == 2)
    record = shown(place.workspace.thread(message.ts)[1])
    for words in (
        "routine on prod-3: done",
        BEN.id,
        "app:11",
        "*Timeline*",
        "1 removed",
        "began",
        "*Removed*: 1",
    ):
        assert words in record
    assert "<!date^" in record


@pytest.mark.usefixtures("past")
def test_an_export_is_two_files_in_the_thread_with_every_object(start: Start) -> None:
    place = start(BOTH)
    message = listed(place, "outcome=done,partial")
    assert place.workspace.click(ANN, message.ts, "audit_export").ok
    place.workspace.wait_for(lambda: len(place.workspace.thread(message.ts)) == 2)
    reply = place.workspace.thread(message.ts)[1]
    assert reply.text == "13 cleanups"
    files = {file["name"]: (place.workspace.file(file["id"]) or b"").decode() for file in reply.files}
    lines = list(csv.DictReader(io.StringIO(files["audit.csv"])))
    assert [line["cleanup"] for line in lines][:2] == ["cleanup:other", "cleanup:plan11"]
    assert (lines[0]["name"], lines[0]["item_outcome"]) == ("registry.example/db/postgres:14", "removed")
    records = json.loads(files["audit.json"])
    assert [record["plan"] for record in records] == [line["cleanup"].partition(":")[2] for line in lines]
    assert records[0]["items"][0]["bytes"] == 1_000


def test_a_name_is_no_formula_of_a_spreadsheet_and_drives_no_terminal(start: Start, tmp_path: Path) -> None:
    with closing(open_store(f"sqlite:///{tmp_path / 'deckhand.db'}")) as store:
        cleaned(store, "evil", image("=HYPERLINK(1)"), image(f"web{STORED}", number=2))
    place = start(OPEN_TO_ALL)
    message = listed(place)
    place.workspace.click(ANN, message.ts, "audit_export")
    place.workspace.wait_for(lambda: len(place.workspace.thread(message.ts)) == 2)
    files = place.workspace.thread(message.ts)[1].files
    contents = [(place.workspace.file(file["id"]) or b"").decode() for file in files]
    assert ",'=HYPERLINK(1)," in contents[0]
    for content in contents:
        assert "owned" in content
        assert not driving(content.replace("\r\n", "\n"))
        assert not forged_lines(content)


@pytest.mark.usefixtures("past")
def test_a_host_that_is_no_longer_registered_is_in_no_page(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    assert [cleanup.plan for cleanup in place.store.audit.cleanups(hosts=["prod-1"])] == ["older"]
    message = listed(place, "by=U0BEN")
    assert "*12 cleanups*" in shown(message)
    assert "prod-1" not in shown(message)
