"""A plan for many hosts in Chromium: narrowed, approved, held at the first trouble, and let go on."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import expect

from bot.trial.sample import SampleEngine
from bot.trial.workspace import Workspace
from tests.e2e.browser.pages import PATIENCE, Window
from tests.slack.conftest import closing_later, ending  # noqa: F401 - fixtures
from tests.slack.fleet.site import Site, sites, use
from tests.slack.fleet.test_a_fleet_plan import OPEN


@pytest.fixture
def begin(
    workspace: Workspace,
    sample: SampleEngine,
    tmp_path: Path,
    closing_later: ExitStack,  # noqa: F811 - pytest's way
) -> Iterator[Callable[..., Site]]:
    yield from sites(workspace, sample, tmp_path, closing_later)


def test_a_plan_for_many_hosts_is_narrowed_approved_held_and_let_go_on(
    begin: Callable[..., Site], window: Window
) -> None:
    site = begin(OPEN)
    window.type("/docker-prune @web everything")
    site.message("Approve? 4GB on 4 hosts")  # four looks take their time on a busy machine
    plan = window.message(re.compile(r"Approve\? 4GB on 4 hosts"))
    expect(plan.get_by_role("row").filter(has_text="web-1")).to_contain_text("0 of 1 approved")
    window.show("1-plan")

    plan.get_by_role("combobox", name="All of one host…").select_option(label="web-2")
    expect(window.dialog).to_contain_text("older:1")
    window.show("2-one-host")
    window.dialog.get_by_text("Close", exact=True).click()

    window.press("Leave hosts out")
    window.dialog.get_by_role("group", name="Leave these out").get_by_role("checkbox").nth(3).check()
    window.show("3-leave-out")
    window.dialog.get_by_role("button", name="Leave out").click()
    window.message(re.compile(r"Approve\? 3GB on 3 hosts"))

    use(site, "web-1", "old:1")
    use(site, "web-1", "older:1")
    window.become("Bob")
    window.press("Approve: everything on @web")
    site.comes_to(lambda state: bool(state.held))
    held = window.message("Held: no further host begins")
    expect(held).to_contain_text("2 of 2 objects were kept", timeout=PATIENCE)
    window.show("4-held")
    assert site.untouched() == {"web-1", "web-2", "web-3", "web-4"}

    window.press("Go on: everything on @web")
    site.comes_to(lambda state: state.ended)
    report = window.message("2GB freed of 3GB planned")
    expect(report.get_by_role("button", name="Stop all")).to_have_count(0)
    expect(report.get_by_role("row").filter(has_text="web-3")).to_contain_text("2 of 2 removed")
    window.show("5-report")
    assert site.untouched() == {"web-1", "web-4"}
