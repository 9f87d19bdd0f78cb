"""The page on a phone: nothing but tables scrolls sideways, and everything is within reach."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from bot.trial.sample import Builder, SampleEngine, Step
from tests.e2e.browser.conftest import Open
from tests.e2e.browser.pages import PHONE, reveal
from tests.slack.place import ANN, Start

POLICY = """tags = ["prod"]
[policies.default]
look = ["*"]
request = ["*"]
approve = ["*"]
self_approval = false
volumes = "named"
"""
LONG = "registry.a-company-with-a-long-name.example/platform/build-tools/" + "service-" * 12 + "api"


def with_long_names(sample: SampleEngine) -> None:
    build = Builder(sample.universe)
    with sample.universe.lock:
        steps = (Step(command="COPY . /", size=9_876_543_210),)
        build.image(f"{LONG}:2026-11-24", steps=steps, age=timedelta(days=300))
        build.volume(
            "v-" + "data" * 40, size=123_456_789_012, age=timedelta(days=300), labels={"k" * 60: "v" * 60}
        )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_cleanup_is_decided_and_followed_on_a_phone(
    start: Start, sample: SampleEngine, open_window: Open, scheme: str
) -> None:
    with_long_names(sample)
    place = start(POLICY)
    window = open_window(size=PHONE, scheme="dark" if scheme == "dark" else "light")
    window.type("/docker-df prod-3")
    report = window.message("can go now")
    window.show("1-report")
    window.press("Docker's table and the largest objects on prod-3")
    report.get_by_role("button", name=re.compile("repl")).click()
    table = window.thread.get_by_role("region", name="Table")
    expect(table).to_be_visible()
    assert table.evaluate("node => node.scrollWidth > node.clientWidth"), "the table scrolls in its own box"
    window.show("1-details")
    window.thread.get_by_role("button", name="Close thread").click()
    window.press("Choose volumes of prod-3")
    expect(window.dialog.get_by_label(re.compile("Type the host"))).to_be_visible()
    window.show("2-volumes")
    window.page.keyboard.press("Escape")
    place.workspace.command(ANN, "/docker-df", "prod-3")
    expect(window.main.get_by_role("article").filter(has_text="can go now")).to_have_count(2)
    scroll = window.page.locator("#scroll")
    scroll.evaluate("node => node.scrollTo(0, 0)")
    expect(scroll).to_have_attribute("data-end", "no")
    place.workspace.command(ANN, "/docker-prune", "prod-3 everything")
    plan = window.message(re.compile(r"Approve\? .* on prod-3.* · everything"))
    window.press("New messages")
    expect(plan.get_by_role("button", name="Approve")).to_be_in_viewport()
    expect(window.main.get_by_role("button", name="New messages")).to_be_hidden()
    window.show("3-plan")
    plan.get_by_role("button", name="Adjust").click()
    expect(window.dialog).to_be_visible()
    window.show("4-adjust")
    window.page.keyboard.press("Escape")
    window.page.get_by_role("button", name="Menu").click()
    expect(window.page.get_by_role("navigation", name="Workspace")).to_be_visible()
    window.show("5-menu")
    window.page.keyboard.press("Escape")
    expect(window.page.get_by_role("button", name="Menu")).to_be_focused()
    window.become("Bob")
    window.press("Approve: everything on prod-3")
    window.show("6-confirm")
    window.confirm("Approve")
    report = window.message("freed on prod-3 · everything done")
    reveal(report)
    window.show("7-report")
    report.get_by_role("button", name=re.compile("repl")).click()
    expect(window.thread.get_by_role("article").nth(1)).to_be_visible()
    window.show("8-thread")
    expect(window.page.locator("#main[inert]")).to_have_count(1)  # it is behind the thread, out of reach
    window.thread.get_by_role("button", name="Close thread").click()
    expect(window.thread).to_be_hidden()
