"""Every state of the page under axe: nothing of serious or critical impact, in light and in dark."""

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it has no types
from playwright.sync_api import expect

from bot.trial.sample import SampleEngine
from tests.e2e.browser.conftest import Open
from tests.e2e.browser.pages import Window
from tests.slack.place import Start

POLICY = """tags = ["prod"]
[policies.default]
look = ["*"]
request = ["*"]
approve = ["*"]
self_approval = false
stop = ["*"]
volumes = "named"
"""


def faults(window: Window) -> list[str]:
    """What axe finds; `evaluate` is the debugger's own way in, which the page's policy does not concern."""
    found = Axe().run(window.page).response["violations"]
    return [
        f"{rule['impact']} {rule['id']}: {node['html'][:160]} {node['failureSummary']}"
        for rule in found
        if rule["impact"] in {"serious", "critical"}
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_on_the_page_keeps_people_out(
    start: Start, sample: SampleEngine, open_window: Open, scheme: Literal["light", "dark"]
) -> None:
    place = start(POLICY)
    window = open_window(scheme=scheme)

    def check(state: str) -> None:
        window.show(state)
        assert faults(window) == [], state

    window.box.fill("/")
    expect(window.page.get_by_role("option").first).to_be_visible()
    check("1-list")
    window.type("/docker-df prod-3")
    window.message("can go now")
    check("2-report")
    window.ask("everything")
    window.message(re.compile(r"Approve\? .* on prod-3.* · everything"))
    check("3-plan")
    window.press("Adjust: everything on prod-3")
    window.dialog.get_by_label("At least this old").fill("soon")
    window.dialog.get_by_role("button", name="Plan anew").click()
    expect(window.dialog.get_by_role("alert")).to_be_visible()
    check("4-form")
    window.page.keyboard.press("Escape")
    window.press("Approve: everything on prod-3")
    window.message("Only visible to you")
    check("6-told")
    sample.removal_seconds = 0.4
    window.become("Bob")
    window.press("Approve: everything on prod-3")
    expect(window.dialog).to_be_visible()
    check("6-confirm")
    window.confirm("Approve")
    window.message("Cleanup running")
    check("7-running")
    sample.removal_seconds = 0
    report = window.message("freed on prod-3 · everything done")
    check("8-done")
    report.get_by_role("button", name=re.compile("repl")).click()
    expect(window.thread.get_by_role("article").nth(1)).to_be_visible()
    check("9-thread")
    window.become("Ann")
    window.page.get_by_role("button", name="Deckhand unread").click()
    window.message("everything on prod-3")
    check("10-direct")
    window.main.get_by_role("button", name="Home", exact=True).click()
    window.see("Recent cleanups")
    check("11-home")
    place.workspace.hang_up_all()
    window.see("Deckhand is away")
    check("12-away")
