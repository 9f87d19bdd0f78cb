"""The page while the bot, or the server behind the page, goes and comes back."""

import re
from contextlib import ExitStack

from playwright.sync_api import expect

from bot.trial.workspace import Workspace
from tests.e2e.browser.conftest import Open
from tests.e2e.browser.pages import PATIENCE, Window
from tests.slack.place import ANN, Start, team

OPEN = '[policies.default]\nlook = ["*"]\nrequest = ["*"]\napprove = ["*"]\n'
AWAY = "Deckhand is away: what you type or press gets no answer until it is back."


def test_a_command_right_after_the_bot_was_asked_to_reconnect_is_answered(
    start: Start, window: Window
) -> None:
    place = start(OPEN)
    expect(window.main.get_by_text(AWAY)).to_have_count(0)
    place.workspace.disconnect_all()
    place.workspace.wait_connected()
    window.type("/docker-df prod-3")
    window.ask("dangling")
    window.message(re.compile(r"Approve\? .* on prod-3.* · dangling"))
    expect(window.main.get_by_text(AWAY)).to_be_hidden()


def test_while_the_bot_is_away_the_page_says_so_and_then_goes_on(start: Start, window: Window) -> None:
    place = start(OPEN)
    window.type("/docker-prune prod-3 dangling")
    plan = window.message(re.compile(r"Approve\? .* on prod-3.* · dangling"))
    place.workspace.hang_up_all()
    expect(window.main.get_by_text(AWAY)).to_be_visible()
    plan.get_by_role("button", name="All that goes and stays").click()
    expect(window.page.get_by_text("That did not work: the app is not connected.")).to_be_visible()
    window.type("/docker-df prod-3")
    window.message("Deckhand is not connected.")
    window.show("away")
    expect(window.main.get_by_text(AWAY)).to_be_hidden(timeout=PATIENCE)
    plan.get_by_role("button", name="Reject: dangling on prod-3").click()
    expect(window.dialog).to_be_visible()


def test_a_page_whose_server_was_restarted_finds_it_again(workspace: Workspace, open_window: Open) -> None:
    window = open_window(
        expected=("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE")
    )
    workspace.say(ANN, "before")
    window.message("before")
    workspace.stop()
    window.see("The trial server cannot be reached.")
    window.box.fill("unsent")
    window.box.press("Enter")
    expect(window.box).to_have_value("unsent")
    with ExitStack() as stack:
        again = stack.enter_context(Workspace(port=workspace.port, team=team(), key=workspace.key))
        again.say(ANN, "after")
        window.message("after")
        expect(window.main.get_by_text("The trial server cannot be reached.")).to_be_hidden()
        expect(window.main.get_by_text("before")).to_have_count(0)
        window.page.close()
