"""A cleanup is asked for by a form, in Chromium: by the command alone, by shortcuts, with and without a mouse."""

import re

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.e2e.browser.conftest import Open
from tests.e2e.browser.pages import DESK, PATIENCE, PHONE, Window
from tests.e2e.browser.test_accessible import faults
from tests.slack.place import Start

HOSTS = """
tags = ["web"]
[hosts.ci-1]
docker = "unix:///nowhere/ci.sock"
tags = ["builders"]
policy = "small"
[policies.default]
look = ["*"]
request = ["*"]
approve = ["*"]
[policies.small]
profiles = ["dangling", "ci"]
"""
every_size = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def check(window: Window, state: str) -> None:
    window.show(state)
    assert faults(window) == [], state


@every_size
def test_a_host_is_searched_a_profile_chosen_and_a_mistake_stands_at_its_field(
    start: Start, open_window: Open, size: ViewportSize
) -> None:
    start(HOSTS)
    window = open_window(size=size)
    window.type("/docker-df prod-3")
    window.message("can go now")
    window.type("/docker-prune")
    expect(window.dialog.get_by_role("heading", name="Plan a cleanup")).to_be_visible(timeout=PATIENCE)
    host = window.dialog.get_by_role("combobox", name="Host")
    host.click()
    expect(window.dialog.get_by_role("option").filter(has_text="ci-1")).to_be_visible()
    check(window, "1-hosts")
    host.fill("web")
    expect(window.dialog.get_by_role("listbox").get_by_role("option")).to_have_count(1)
    window.dialog.get_by_role("listbox").get_by_role("option").click()
    expect(host).to_have_value("prod-3")
    profile = window.dialog.get_by_role("combobox", name="What may go")
    expect(profile.get_by_role("option", name=re.compile("^everything: frees"))).to_have_count(1)
    profile.select_option("everything")
    narrow = window.dialog.get_by_role("textbox", name="Narrowed to")
    narrow.fill("until=10 days")
    check(window, "2-filled")
    window.confirm("Plan")
    expect(window.dialog.get_by_role("alert")).to_contain_text("in one word: until=10d")
    expect(narrow).to_be_focused()
    expect(narrow).to_have_value("until=10 days")
    expect(host).to_have_value("prod-3")
    check(window, "3-mistake")
    narrow.fill("until=10d")
    window.confirm("Plan")
    window.message(re.compile(r"Approve\? .* on prod-3.* · everything"))
    expect(window.dialog).to_have_count(0)
    window.show("4-plan")


def test_another_host_brings_what_its_policy_allows_and_keeps_what_was_typed(
    start: Start, window: Window
) -> None:
    start(HOSTS)
    window.type("/docker-prune")
    narrow = window.dialog.get_by_role("textbox", name="Narrowed to")
    narrow.fill("until=2h")
    host = window.dialog.get_by_role("combobox", name="Host")
    host.fill("ci")
    window.dialog.get_by_role("option").filter(has_text="builders").click()
    profile = window.dialog.get_by_role("combobox", name="What may go")
    expect(profile.get_by_role("option")).to_have_count(3)  # and the one that says to choose
    expect(narrow).to_have_value("until=2h")
    expect(host).to_have_value("ci-1")


def test_a_global_shortcut_is_chosen_without_a_mouse_and_posts_where_one_is(
    start: Start, window: Window
) -> None:
    start(HOSTS)
    menu = window.main.get_by_role("button", name="Shortcuts", exact=True)
    menu.focus()
    window.page.keyboard.press("Enter")
    item = window.page.get_by_role("menuitem", name="Plan a cleanup")
    expect(item).to_be_focused()
    check(window, "1-menu")
    window.page.keyboard.press("Escape")
    expect(item).to_be_hidden()
    expect(menu).to_be_focused()
    window.page.keyboard.press("ArrowDown")
    window.page.keyboard.press("Enter")
    host = window.dialog.get_by_role("combobox", name="Host")
    expect(host).to_be_focused(timeout=PATIENCE)
    window.page.keyboard.type("prod")
    expect(window.dialog.get_by_role("option").filter(has_text="web")).to_be_visible()
    host.evaluate("box => box.dataset.drawn = 'before'")  # the form is drawn anew for the host that is chosen
    window.page.keyboard.press("ArrowDown")
    window.page.keyboard.press("Enter")
    expect(host).to_have_value("prod-3")
    where = window.dialog.get_by_role("combobox", name="Where its plan is posted")
    expect(where.locator("option:checked")).to_have_text("#ops")
    expect(host).not_to_have_attribute("data-drawn", "before", timeout=PATIENCE)
    expect(host).to_be_focused()
    window.page.keyboard.press("ArrowDown")
    expect(window.dialog.get_by_role("option").filter(has_text="builders")).to_be_visible(timeout=PATIENCE)
    window.page.keyboard.press("Escape")
    expect(window.dialog.get_by_role("listbox")).to_be_hidden()
    check(window, "2-form")
    window.dialog.get_by_role("combobox", name="What may go").select_option("dangling")
    window.confirm("Plan")
    window.message(re.compile(r"Approve\? .* on prod-3.* · dangling"))


@every_size
def test_from_a_thread_the_form_is_opened_by_a_message_and_answered_there(
    start: Start, open_window: Open, size: ViewportSize
) -> None:
    place = start(HOSTS)
    top = place.workspace.say("U0ANN", "prod-3 is full again")
    place.workspace.say("U0BOB", "then clean it", thread_ts=top.ts)
    window = open_window(size=size)
    window.message("prod-3 is full again").get_by_role("button", name=re.compile("reply")).click()
    reply = window.thread.get_by_role("article").filter(has_text="then clean it")
    reply.get_by_role("button", name="Shortcuts of this message").click()
    check(window, "1-menu")
    window.page.get_by_role("menuitem", name="Plan a cleanup here").click()
    host = window.dialog.get_by_role("combobox", name="Host")
    host.fill("prod")
    window.dialog.get_by_role("option").filter(has_text="web").click()
    window.dialog.get_by_role("combobox", name="What may go").select_option("everything")
    window.confirm("Plan")
    told = window.thread.get_by_role("article").filter(has_text="was asked for here")
    expect(told).to_be_visible(timeout=PATIENCE)
    window.show("2-answered")
