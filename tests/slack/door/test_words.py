"""What people write in words, to the bot and where they mention it, does what the commands do."""

import pytest

from bot.slack.words import HELP
from tests.slack.place import ANN, BOB, OPEN_TO_ALL, Place, Start, eventually, shown

BOBS_ALONE = """
[policies.default]
look = ["U0BOB"]
"""


def answer(place: Place, words: str, user: str = ANN) -> str:
    """What the bot wrote to this person in their own conversation."""
    found = place.workspace.wait_for(
        lambda: [m for m in place.workspace.direct_messages(user) if m.by_bot and words in shown(m)]
    )
    return shown(found[-1])


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("help", "Write one of these"),
        ("hello there", "Write one of these"),
        ("df", "1 registered host"),
        ("DF prod-3", "can go now"),
        ("/docker-df prod-3", "can go now"),
        ("prune prod-3 everything", "Cleanup plan: everything on prod-3"),
        ("audit", "No cleanup is in the audit yet"),
    ],
)
def test_a_direct_message_is_answered(start: Start, said: str, words: str) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.say(ANN, said, channel=place.workspace.team.direct(ANN).id)
    answer(place, words)
    assert place.workspace.messages() == []


def test_commands_can_be_typed_in_the_messages_tab(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    direct = place.workspace.team.direct(ANN).id
    assert place.workspace.command(ANN, "/docker-prune", "prod-3 everything", channel=direct).ok
    answer(place, "Cleanup plan: everything on prod-3")


def test_a_mention_is_answered_in_the_channel_and_a_thread_has_its_plan_too(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.say(ANN, "@deckhand df web.example.com")
    assert "web.example.com" in place.told(ANN)
    said = place.workspace.say(ANN, "who knows?")
    place.workspace.say(BOB, "@deckhand: prune prod-3 everything", thread_ts=said.ts)
    plan = place.message("Cleanup plan: everything on prod-3")
    assert "bob" in shown(plan)
    place.workspace.say(BOB, "@deckhand what can you do?", thread_ts=said.ts)
    place.workspace.wait_for(lambda: any(HELP[:20] in m.text for m in place.workspace.thread(said.ts)))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("df", "1 registered host"),
        ("df prod-3 -v", "can go now"),
        ("df all", "1 host, 1 answered"),
        ("prune prod-3 why old:1", "Why old:1 on prod-3"),
        ("prune prod-3 why a&b<c>", "a&amp;b&lt;c&gt;"),
        ("audit", "No cleanup is in the audit yet"),
    ],
)
def test_what_is_asked_in_a_thread_is_answered_there(start: Start, words: str, told: str) -> None:
    place = start(OPEN_TO_ALL)
    said = place.workspace.say(ANN, "why is it full?")
    place.workspace.say(BOB, f"@deckhand {words}", thread_ts=said.ts)

    def answers() -> list[str]:
        return [shown(each) for each in place.workspace.thread(said.ts) if each.by_bot] + place.private(BOB)

    place.workspace.wait_for(lambda: any(told in each for each in answers()))
    if "-v" in words:
        place.workspace.wait_for(lambda: any("The largest on prod-3" in each for each in answers()))
    assert [each for each in place.workspace.messages() if each.by_bot] == []


def test_who_may_not_look_reads_that_and_nothing_else(start: Start) -> None:
    place = start(BOBS_ALONE)
    place.workspace.say(ANN, "df", channel=place.workspace.team.direct(ANN).id)
    assert "may look" in place.told(ANN)


def test_what_people_say_to_each_other_is_answered_by_nobody_whatever_the_app_hears(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.team.overhears = True
    place.workspace.say(ANN, "df prod-3")
    place.workspace.say(ANN, "@deckhand help")
    place.message("Write one of these")
    place.workspace.command(ANN, "/docker-df")
    place.message("1 registered host")
    assert sum(each.by_bot for each in place.workspace.messages()) == 2
    assert place.private(ANN) == []


def test_the_bot_answers_neither_itself_nor_what_was_edited(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    direct = place.workspace.team.direct(ANN).id
    place.workspace.say(ANN, "help", channel=direct)
    answer(place, "Write one of these")
    place.workspace.command(ANN, "/docker-df")
    place.message("1 registered host")
    assert len(eventually(lambda: place.workspace.direct_messages(ANN))) == 2
