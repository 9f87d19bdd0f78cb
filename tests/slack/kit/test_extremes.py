"""Names that mean to break a message, and more of everything than a message can hold."""

import re
from dataclasses import replace

import pytest

from bot.core.audit.events import Tag
from bot.core.audit.filters import AuditFilter
from bot.core.audit.states import Recorded
from bot.core.docker.inventory import Kind
from bot.core.life.states import Outcome, PlanState, Status
from bot.core.plan.plan import Kept
from bot.slack.audit.messages import page_message, record_message
from bot.slack.kit.blocks import Message
from bot.slack.look.reports import hosts_message, report_message
from bot.slack.plan.lists import full_list, list_message
from bot.slack.plan.message import plan_message
from bot.trial.workspace.core import JSON
from bot.trial.workspace.limits.limits import check_message
from bot.trial.workspace.limits.parts import text_characters
from tests.slack.looks import cleanup, events, host, page, report
from tests.slack.states import BOB, CYD, ENGINE, draft, ended, item, proposed, voted, with_outcomes
from tests.support.conversation import strings

MOST_CHARACTERS = 12_000
"""Of all blocks together (facts: messages of about 13,200 have been refused)."""
HOSTILE = (
    "<!channel>",
    "<!here|here>",
    "<@U0EVE>",
    "<https://evil.example|web:1>",
    "a & b &lt;!channel&gt;",
    "`<!channel>` ``` *bold*",
    "one line\n• image `innocent` 1GB\r\n\tanother",
    "\u202ereversed\u2067 \u200fright to left\u061c",
    "\x00\x07\ud800 no text at all",
    "<!channel>" * 20,
    "&" * 200,
    "x" * 200,
    "`" * 200,
    "",
)
OWN = re.compile(r"<@(?:U0ANN|U0BOB|U0CYD)>|<!subteam\^S0OPS>|<#C0OPS>|<!date\^\d+\^[^|<>]*\|[^|<>]*>")
"""What Deckhand itself writes in angle brackets."""
REORDERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def everything(message: Message) -> str:
    return "\n".join(strings([message.text, message.blocks]))


def assert_slack_takes(message: Message) -> None:
    payload: JSON = {"text": message.text, "blocks": list(message.blocks)}
    assert check_message(payload) == []
    assert text_characters(payload["blocks"]) <= MOST_CHARACTERS
    everything(message).encode()  # and it can be sent


def assert_harmless(message: Message) -> None:
    """Nothing of the hosts' is in angle brackets, or reorders what stands around it."""
    text = everything(message)
    assert not set("<>") & set(OWN.sub("", text))
    assert not REORDERING.search(text)


def names(count: int) -> list[str]:
    return [f"{HOSTILE[number % len(HOSTILE)]}{'y' * 200}"[:200] for number in range(count)]


def crowded(count: int = 500) -> PlanState:
    """A plan of many items whose names are all hostile or 200 characters long."""
    kinds = tuple(Kind)
    items = [
        item(number, name, kinds[number % len(kinds)], number, (name, name))
        for number, name in enumerate(names(count))
    ]
    kept = [
        Kept(kind=Kind.IMAGE, id=f"sha256:{number}", name=name, rule=name, because=name)
        for number, name in enumerate(names(count))
    ]
    engine = replace(
        ENGINE, id=HOSTILE[0], version=HOSTILE[5], operating_system=HOSTILE[6], data_root=HOSTILE[7]
    )
    return voted(proposed(items, kept, quorum=3, engine=engine), BOB, CYD, reason="\n".join(HOSTILE) * 100)


@pytest.mark.parametrize("status", Status)
def test_a_plan_of_500_items_with_hostile_names_fits_and_pings_nobody(status: Status) -> None:
    state = with_outcomes(
        crowded(), *[Outcome.REMOVED, Outcome.GONE, Outcome.KEPT, Outcome.FAILED, Outcome.REMOVING] * 100,
        reasons=[f"{name} {'why ' * 500}" for name in names(500)],
    )  # fmt: skip
    message = plan_message(ended(state, status, reason="\n".join(HOSTILE) * 100))
    assert_slack_takes(message)
    assert_harmless(message)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("status", [Status.PROPOSED, Status.RUNNING, Status.PARTIAL])
def test_one_hostile_name_is_shown_as_one_line_of_code(name: str, status: Status) -> None:
    state = with_outcomes(proposed([item(1, name, Kind.BUILD_CACHE, 7)]), Outcome.REMOVING)
    if status is Status.PARTIAL:
        state = with_outcomes(state, Outcome.KEPT, reasons=[name])
    message = plan_message(ended(state, status, reason=name))
    assert_slack_takes(message)
    assert_harmless(message)
    shown = [line for text in strings(message.blocks) for line in text.splitlines() if "innocent" in line]
    assert all("one line • image" in line for line in shown)


def test_one_endless_reason_hides_no_other_item() -> None:
    state = with_outcomes(
        proposed([item(1, "first", megabytes=2), item(2, "second", megabytes=1)]),
        Outcome.FAILED, Outcome.FAILED, reasons=["endless " * 1000, "short"],
    )  # fmt: skip
    text = everything(plan_message(ended(state, Status.PARTIAL)))
    assert "`first`: endless endless" in text
    assert "`second`: short" in text


def test_what_is_gone_already_is_never_listed_as_removed() -> None:
    state = with_outcomes(
        proposed([item(1, "ours", megabytes=1), item(2, "theirs")]), Outcome.REMOVED, Outcome.GONE
    )
    sections = [text for text in strings(plan_message(ended(state, Status.DONE)).blocks) if "theirs" in text]
    assert [section.splitlines()[0] for section in sections] == ["*Gone, not confirmed by us*: 1"]


def test_what_the_message_cannot_show_is_counted_and_stands_in_the_list_of_the_thread() -> None:
    state = crowded()
    text = everything(plan_message(state))
    counted = re.findall(
        r"^\*(?:Containers|Networks|Images|Build cache|Volumes)\* ([0-9,]+)", text, re.MULTILINE
    )
    assert sum(int(count.replace(",", "")) for count in counted) == 500
    assert list_message(state) is None
    lines = full_list(state).splitlines()
    assert len(lines) == len(["plan", "", "removes", "", "keeps"]) + 500 + 500
    ids = [line.split("\t")[-1] for line in lines[3:503]]
    assert sorted(ids) == sorted(one.id for one in state.plan.draft.items)


def test_a_short_list_is_written_out_whole_and_a_long_one_is_a_file() -> None:
    state = proposed([item(number, f"app:{number}") for number in range(40)])
    listed = list_message(state)
    assert listed is not None
    assert_slack_takes(listed)
    assert all(f"`{one.name}`" in everything(listed) for one in state.plan.draft.items)
    assert list_message(proposed([item(number, f"app:{number}") for number in range(400)])) is None


@pytest.mark.parametrize(("reasons", "shows_all"), [(5, True), (6, False)])
def test_more_reasons_than_the_message_shows_are_counted(reasons: int, *, shows_all: bool) -> None:
    kept = [
        Kept(kind=Kind.IMAGE, id=f"i{n}", name="x", rule="r", because=f"reason {n}") for n in range(reasons)
    ]
    assert ("for other reasons" in everything(plan_message(proposed(kept=kept)))) is not shows_all


def test_a_report_of_a_hostile_engine_fits_and_pings_nobody() -> None:
    for name in HOSTILE:
        engine = replace(ENGINE, id=name, name=name, version=name, operating_system=name * 20, data_root=name)
        message = report_message(report(draft(), engine=engine))
        assert_slack_takes(message)
        assert_harmless(message)


@pytest.mark.parametrize("count", [1, 20, 21, 1000])
@pytest.mark.parametrize("tags", [(), ("t" * 63,) * 4, tuple(f"{'t' * 60}{n:03}" for n in range(200))])
def test_every_host_is_shown_or_counted(count: int, tags: tuple[str, ...]) -> None:
    hosts = [host(f"{'h' * 59}{number:04}", "p" * 63, tags) for number in range(count)]
    message = hosts_message(hosts)
    assert_slack_takes(message)
    text = "\n".join(strings(message.blocks))
    shown = len(re.findall(r"^• \*h{59}\d{4}\* · policy p{63}", text, re.MULTILINE))
    assert shown
    left = re.search(r"… and ([\d,]+) more hosts?", text)
    assert shown + (int(left[1].replace(",", "")) if left else 0) == count


@pytest.mark.parametrize("count", [1, 9, 10])
@pytest.mark.parametrize("approvers", [1, 500])
def test_every_cleanup_of_a_page_is_shown_whole(count: int, approvers: int) -> None:
    people = (BOB.id,) * approvers
    cleanups = [
        replace(cleanup(number, approved_by=people), host="h" * 63, profile="p" * 60)
        for number in range(count)
    ]
    matching = AuditFilter(texts=tuple(name for name in HOSTILE if name.isprintable()), hosts=("h" * 63,) * 9)
    message = page_message(page(cleanups, matching, more=True))
    assert_slack_takes(message)
    *shown, buttons, foot = message.blocks
    assert buttons["type"] == "actions"  # what they carry is not shown
    assert_harmless(replace(message, blocks=(*shown, foot)))
    assert "\n".join(strings(message.blocks)).count(" asked, ") == count


def test_a_record_of_many_objects_and_of_a_long_history_fits_and_says_what_it_leaves_out() -> None:
    state = with_outcomes(crowded(), *([*Outcome] * 83), reasons=["endless <!channel> " * 30] * 500)
    refused = [(Tag.PLAN_REFUSED, BOB.id, {"attempted": "approve", "reason": each}) for each in HOSTILE * 200]
    message = record_message(
        Recorded(state=ended(state, Status.PARTIAL, "why " * 900), events=events(*refused))
    )
    assert_slack_takes(message)
    assert_harmless(message)
    text = everything(message)
    assert re.search(r"… and [\d,]+ more lines", text)
    assert len(re.findall(r"_… and [\d,]+ more_", text)) == len(Outcome)
