"""Who may look and who may ask: refused in private, with the name of the policy that says so."""

from bot.core.audit.events import Tag
from tests.slack.place import ANN, BOB, CYD, OPEN_TO_ALL, Start, eventually, shown

ONLY_ANN = '[policies.default]\nlook = ["U0ANN"]\nrequest = ["U0ANN"]\napprove = ["U0BOB"]\n'
MISTAKES = (
    (
        "/docker-df",
        "prod-33",
        "No host named “prod-33” is registered, or you may not look at it here. Did you mean prod-3?",
    ),
    ("/docker-df", "<!channel>", "No host named “&lt;!channel&gt;” is registered, or you may not"),
    (
        "/docker-prune",
        "prod-3 rutine",
        "There is no profile “rutine”. Did you mean routine? The profiles are: ",
    ),
    ("/docker-prune", "prod-3 dangling", "“dangling” finds nothing to remove. Kept: "),
    ("/docker-audit", "help", "shows the latest cleanups"),
    ("/docker-audit", "outcome=<!channel>", "“&lt;!channel&gt;” is no outcome; they are running, done"),
    ("/docker-audit", "@ci", "No host that you may look at is tagged “ci”. None has a tag."),
    ("/docker-audit", 'text="open', "A quotation mark is opened and not closed. Example: prod-3"),
)


def test_who_may_not_look_is_told_what_one_is_told_of_a_host_that_does_not_exist(start: Start) -> None:
    place = start(ONLY_ANN)
    place.workspace.command(BOB, "/docker-df", "prod-3")
    assert place.told(BOB) == (
        "No host named “prod-3” is registered, or you may not look at it here. "
        "/docker-df lists those that you may look at."
    )
    assert place.workspace.messages() == []
    assert place.told_privately() == {BOB}
    refused = [link.event for link in place.store.audit.events("") if link.event.tag is Tag.LOOK_REFUSED]
    assert [(event.actor, event.host) for event in refused] == [(BOB, "prod-3")]


def test_who_may_look_but_not_read_the_audit_is_told_who_may(start: Start) -> None:
    place = start('[policies.default]\nlook = ["*"]\naudit = ["U0ANN"]\n')
    place.workspace.command(BOB, "/docker-audit", "prod-3")
    assert place.told(BOB) == (
        "You may not read the audit of prod-3: its policy “default” gives “audit” to <@U0ANN>."
    )


def test_the_list_of_hosts_names_only_those_that_are_open_to_who_asks(start: Start) -> None:
    place = start(ONLY_ANN)
    place.workspace.command(BOB, "/docker-df")
    assert (
        place.told(BOB) == "No registered host is open to you. Deckhand's policies say who may look at which."
    )
    assert place.workspace.messages() == []
    place.workspace.command(ANN, "/docker-df")
    assert "*prod-3*" in shown(place.message("1 registered host"))


def test_the_audit_of_all_hosts_leaves_out_those_that_are_closed_to_who_asks(start: Start) -> None:
    place = start(ONLY_ANN)
    place.approve(BOB, place.propose(ANN))
    place.message("Cleanup done")
    place.workspace.command(CYD, "/docker-audit")
    assert place.told(CYD) == "No audit is open to you. Deckhand's policies say who may read which."
    place.workspace.command(ANN, "/docker-audit")
    assert "*prod-3*" in shown(place.message("The latest cleanup"))


def test_who_may_not_ask_for_a_cleanup_is_told_who_may_and_no_plan_is_made(start: Start) -> None:
    place = start('[policies.default]\nlook = ["*"]\nrequest = ["S0OPS"]\napprove = ["*"]\n')
    place.workspace.command(CYD, "/docker-prune", "prod-3 everything")
    assert place.told(CYD) == (
        "You may not ask for cleanups on prod-3: its policy “default” gives “request” to <!subteam^S0OPS>."
    )
    assert place.store.messages.unshown() == ()
    assert place.workspace.messages() == []


def test_the_button_under_a_report_asks_for_the_same_right_as_the_command(start: Start) -> None:
    place = start('[policies.default]\nlook = ["*"]\nrequest = ["U0ANN"]\napprove = ["*"]\n')
    place.workspace.command(CYD, "/docker-df", "prod-3")
    report = place.message("can go now")
    place.press(CYD, report, "everything")
    assert place.told(CYD).startswith("You may not ask for cleanups on prod-3")
    place.press(ANN, report, "everything")
    assert "Asked for by ann" in place.message("Cleanup plan: everything on prod-3").text


def test_each_mistake_is_answered_in_private(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    for count, (command, text, answer) in enumerate(MISTAKES, start=1):
        assert place.workspace.command(ANN, command, text).ok
        assert answer in place.told(ANN, count)
    assert place.workspace.messages() == []
    assert place.told_privately() == {ANN}


def test_a_host_that_does_not_answer_is_named_in_private(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.engine.stop()
    place.workspace.command(ANN, "/docker-df", "prod-3")
    assert place.told(ANN).startswith("prod-3: ")


def test_a_plan_whose_host_went_away_is_cancelled_and_nobody_is_said_to_have_cancelled_it(
    start: Start,
) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    place.engine.stop()
    place.approve(BOB, plan)
    cancelled = place.message("Cancelled plan")
    assert cancelled.ts == plan.ts
    assert place.workspace.redeliver().ok
    assert eventually(lambda: place.private(BOB)) == [
        "This plan is cancelled. Nothing was changed by your click."
    ]
