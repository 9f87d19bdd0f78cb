"""The trial's first minute in Chromium: its sample host is too full, somebody plans, somebody approves, it is over."""

import re
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from bot.shell.trying import trial
from bot.trial.workspace import Workspace
from tests.e2e.browser.pages import PATIENCE, Window, reveal

UNTIL_THE_NEXT_LOOK = 8 * PATIENCE
"""The host is looked at each minute, and the first time half a minute after the start."""


@pytest.fixture
def workspace(closing_later: ExitStack, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    workspace, _ = closing_later.enter_context(trial(0))
    return workspace


def test_from_the_alert_to_the_approved_plan_to_its_end(window: Window) -> None:
    alert = window.message("sample: the disk is 91% full")
    expect(alert).to_contain_text("If nobody cleans up: full in")
    expect(alert).to_contain_text("It ends below 80%.")
    window.show("1-alert")

    window.press("Plan a cleanup of sample")
    plan = window.message(re.compile(r"Approve\? .* on sample.* · routine"))
    expect(plan).to_contain_text("below=80%")
    window.show("2-plan")

    window.become("Bob")
    window.press("Approve: routine on sample")
    window.confirm("Approve")
    window.message("freed on sample · routine done")
    window.show("3-done")

    over = window.main.get_by_role("article").filter(has_text="sample: over, the disk is")
    expect(over).to_have_count(2, timeout=UNTIL_THE_NEXT_LOOK)
    expect(over.first).to_contain_text("It is below the line again")
    expect(over.first).to_contain_text("asked for its plan")
    expect(over.first.get_by_role("button", name="Plan a cleanup")).to_have_count(0)
    expect(over.last).to_contain_text("The alert")
    reveal(over.first)
    window.show("4-over")
