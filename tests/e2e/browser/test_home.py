"""The bot's own Home in Chromium: what waits is decided there, and it follows by itself."""

import re
from typing import Literal

import pytest
from playwright.sync_api import Locator, ViewportSize, expect

from tests.e2e.browser.conftest import Open
from tests.e2e.browser.pages import DESK, PATIENCE, PHONE, Window
from tests.slack.place import Start

POLICY = (
    'tags = ["prod"]\n[policies.default]\nlook = ["*"]\nrequest = ["*"]\napprove = ["*"]\n'
    'self_approval = false\nstop = ["*"]\n'
)


def open_home(window: Window) -> Locator:
    app = window.page.get_by_role("navigation").get_by_role("button", name=re.compile("Deckhand"))
    if not app.is_visible():
        window.page.get_by_role("button", name="Menu").click()
    app.click()
    window.main.get_by_role("button", name="Home", exact=True).click()
    expect(window.main.get_by_role("heading", name="Waiting for you")).to_be_visible(timeout=PATIENCE)
    return window.main


@pytest.mark.parametrize(
    ("size", "scheme"), [(DESK, "light"), (DESK, "dark"), (PHONE, "light")], ids=["desk", "dark", "phone"]
)
def test_what_waits_is_approved_on_the_home_which_then_shows_the_cleanup(
    start: Start, open_window: Open, size: ViewportSize, scheme: Literal["light", "dark"]
) -> None:
    start(POLICY)
    window = open_window(size=size, scheme=scheme)
    window.type("/docker-df prod-3")
    window.ask("dangling")
    window.message(re.compile(r"Approve\? .* on prod-3.* · dangling"))
    window.become("Bob")
    home = open_home(window)
    expect(home).to_contain_text("1 plan waits for you")
    expect(home).to_contain_text("Docker holds")
    window.show("1-waiting")
    window.press("Approve: dangling on prod-3")
    expect(window.dialog).to_contain_text("cannot be undone")
    window.confirm("Approve")
    expect(home).to_contain_text("No plan waits for you", timeout=PATIENCE)
    expect(home.get_by_role("button", name="Details of dangling on prod-3")).to_be_visible(timeout=PATIENCE)
    window.show("2-cleaned")
    window.press("Look at prod-3 now")
    window.main.get_by_role("button", name=re.compile("^Messages")).click()
    window.message("can go now")


def test_a_refusal_on_the_home_is_told_in_the_messages_beside_it(start: Start, window: Window) -> None:
    start(POLICY)
    window.type("/docker-prune prod-3 dangling")
    window.message(re.compile(r"Approve\? .* on prod-3.* · dangling"))
    window.become("Bob")
    open_home(window)
    window.press("Reject: dangling on prod-3")
    window.dialog.get_by_label("Why not?").fill("not now")
    window.dialog.get_by_role("button", name="Reject").click()
    expect(window.main).to_contain_text("No plan waits for you", timeout=PATIENCE)
    window.become("Ann")
    open_home(window)
    expect(window.main).to_contain_text("rejected", timeout=PATIENCE)
    window.show("rejected")
