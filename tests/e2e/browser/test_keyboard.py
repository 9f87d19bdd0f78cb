"""The page without a mouse: commands, their completion and history, buttons, forms, people, and where the focus is."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.browser.conftest import Open
from tests.e2e.browser.pages import Window
from tests.slack.place import Start

OPEN = '[policies.default]\nlook = ["*"]\nrequest = ["*"]\napprove = ["*"]\n'
MOST_TABS = 40


def tab_to(window: Window, target: Locator, key: str = "Tab") -> None:
    """Press the key until the target has the focus; there must be few stops on the way."""
    for _ in range(MOST_TABS):
        window.page.keyboard.press(key)
        if target.evaluate("node => node === document.activeElement"):
            return
    pytest.fail(f"{MOST_TABS} times {key} did not lead there")


def test_a_plan_is_asked_for_and_rejected_without_a_mouse(start: Start, window: Window) -> None:
    start(OPEN)
    keyboard = window.page.keyboard
    expect(window.box).to_be_focused()
    keyboard.type("/docker-p")
    expect(window.page.get_by_role("option")).to_have_count(1)
    keyboard.press("Tab")
    expect(window.box).to_have_value("/docker-prune ")
    expect(window.box).to_have_accessible_description(
        "/docker-prune host [profile] [until=168h] [keep=3] Propose a cleanup for someone to approve"
    )
    keyboard.type("prod-3 dangling")
    window.show("1-usage")
    keyboard.press("Enter")
    plan = window.message(re.compile(r"Approve\? .* on prod-3.* · dangling"))
    expect(window.box).to_be_focused()

    reject = plan.get_by_role("button", name="Reject: dangling on prod-3")
    tab_to(window, reject, "Shift+Tab")
    keyboard.press("Enter")
    reason = window.dialog.get_by_label("Why not?")
    expect(reason).to_be_focused()
    keyboard.press("Escape")
    expect(window.dialog).to_have_count(0)
    expect(reject).to_be_focused()
    keyboard.press("Enter")
    expect(reason).to_be_focused()
    keyboard.type("Too early")
    tab_to(window, window.dialog.get_by_role("button", name="Reject"))
    window.show("2-form")
    keyboard.press("Enter")
    rejected = window.message("Rejected plan: dangling on prod-3")
    expect(rejected).to_contain_text("Too early")
    expect(rejected).to_be_focused()
    tab_to(window, window.box)

    keyboard.press("ArrowUp")
    expect(window.box).to_have_value("/docker-prune prod-3 dangling")


def test_the_command_box_remembers_like_a_shell(start: Start, window: Window) -> None:
    start(OPEN)
    for text in ("/docker-df help", "/docker-audit help", "/docker-audit help"):
        window.type(text)
        expect(window.box).to_have_value("")
    keyboard = window.page.keyboard
    keyboard.type("not yet sent")
    for key, value in (
        ("ArrowUp", "/docker-audit help"),
        ("ArrowUp", "/docker-df help"),
        ("ArrowUp", "/docker-df help"),
        ("ArrowDown", "/docker-audit help"),
        ("ArrowDown", "not yet sent"),
    ):
        keyboard.press(key)
        expect(window.box).to_have_value(value)
    window.page.reload()
    window.box.fill("/docker-df h")
    expect(window.page.get_by_role("option", name="help")).to_be_visible()
    keyboard.press("Tab")
    expect(window.box).to_have_value("/docker-df help")
    window.box.fill("/docker-audit by=x @b")
    expect(window.page.get_by_role("option", name="@bob")).to_be_visible()
    keyboard.press("Escape")
    expect(window.page.get_by_role("option")).to_have_count(0)
    window.box.fill("/")
    expect(window.page.get_by_role("option")).to_have_count(3)
    window.show("list")
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    expect(window.box).to_have_value("/docker-audit ")


def test_people_places_and_the_theme_are_chosen_by_keys(window: Window) -> None:
    keyboard = window.page.keyboard
    window.page.get_by_role("radio", name="Ann").focus()
    keyboard.press("ArrowDown")
    expect(window.page.get_by_role("radio", name="Bob")).to_be_focused()
    expect(window.page.get_by_role("radio", name="Bob")).to_be_checked()
    app = window.page.get_by_role("button", name="Deckhand", exact=True)
    tab_to(window, app, "Shift+Tab")
    keyboard.press("Enter")
    expect(app).to_be_focused()
    messages = window.main.get_by_role("button", name=re.compile("^Messages"))
    tab_to(window, messages)
    keyboard.press("Enter")
    expect(window.box).to_be_focused()
    theme = window.page.get_by_role("button", name="Dark theme")
    tab_to(window, theme, "Shift+Tab")
    keyboard.press("Enter")
    expect(theme).to_have_attribute("aria-pressed", "true")
    expect(window.page.locator("html")).to_have_css("color-scheme", "dark")
    window.page.reload()
    expect(window.page.locator("html")).to_have_css("color-scheme", "dark")


def test_a_screen_reader_hears_what_is_new_and_not_what_is_old(start: Start, open_window: Open) -> None:
    place = start(OPEN)
    window = open_window()
    spoken = window.page.locator("#spoken")
    place.workspace.say("U0BOB", "first\nsecond line")
    expect(spoken).to_have_text("Bob: first")
    window.type("/docker-prune prod-3 dangling")
    expect(spoken).to_contain_text("Deckhand: Cleanup plan: dangling on prod-3")
    window.page.reload()
    window.message(re.compile(r"Approve\? .* on prod-3.* · dangling"))
    expect(spoken).to_have_text("")
