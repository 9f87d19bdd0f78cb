"""What a tired person decides by, on a phone: a plan, the form that asks once more, its end, each in a screen or so."""

import re

import pytest
from playwright.sync_api import FloatRect, Locator, ViewportSize, expect

from bot.trial.sample import SampleEngine
from tests.e2e.browser.conftest import Open
from tests.e2e.browser.pages import DESK, PHONE, reveal
from tests.slack.place import ANN, Start

POLICY = """tags = ["prod"]
[policies.default]
look = ["*"]
request = ["*"]
approve = ["*"]
self_approval = false
restore = ["*"]
volumes = "named"
"""
TALLEST = 900
"""Pixels of a message on a phone of 390 by 844."""


def box(part: Locator) -> FloatRect:
    """Where it is; a message that is edited in this moment is drawn again, and is nowhere until then."""
    for _ in range(100):
        if found := part.bounding_box():
            return found
        part.page.wait_for_timeout(100)
    pytest.fail("it is not drawn")


def height(message: Locator) -> float:
    return box(message)["height"]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_look_at_a_host_fits_a_phone_with_all_that_can_be_pressed(
    start: Start, open_window: Open, size: ViewportSize
) -> None:
    start(POLICY)
    window = open_window(size=size)
    window.type("/docker-df prod-3")
    report = window.message("can go now")
    expect(report.get_by_role("button", name="Choose volumes of prod-3")).to_be_visible()
    expect(report.get_by_role("combobox", name="Other cleanup")).to_be_visible()
    reveal(report)
    window.show("look-1-report")
    assert height(report) <= TALLEST
    window.press("Docker's table and the largest objects on prod-3")
    report.get_by_role("button", name=re.compile("repl")).click()
    expect(window.thread.get_by_role("region", name="Table")).to_be_visible()
    window.show("look-2-details")


@pytest.mark.parametrize("profile", ["routine", "everything", "volumes"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_no_message_from_the_plan_to_its_end_is_taller_than_a_phone_shows_at_about_once(
    start: Start, sample: SampleEngine, open_window: Open, profile: str, size: ViewportSize
) -> None:
    place = start(POLICY)
    window = open_window(size=size)
    window.become("Bob")
    place.workspace.command(ANN, "/docker-prune", f"prod-3 {profile}")
    plan = window.message("Approve? ")
    expect(plan.get_by_role("button", name="Approve")).to_be_in_viewport()
    window.show(f"{profile}-1-plan")
    heights = {"plan": height(plan)}
    top, first = box(plan), box(plan.get_by_role("button", name="Approve"))
    assert first["y"] + first["height"] - top["y"] < PHONE["height"], "the first screen has the buttons"
    plan.get_by_role("button", name="All that goes").click()
    expect(window.dialog).to_contain_text("Docker commands")
    window.show(f"{profile}-2-all")
    window.dialog.get_by_role("button", name="Close").first.click()
    expect(window.dialog).to_have_count(0)
    plan.get_by_role("button", name="Approve").click()
    expect(window.dialog).to_contain_text("cannot be undone")
    window.show(f"{profile}-3-asked-once-more")
    window.confirm("Approve")
    report = window.message("freed on prod-3")
    reveal(report)
    window.show(f"{profile}-4-report")
    heights["report"] = height(report)
    assert max(heights.values()) <= TALLEST
