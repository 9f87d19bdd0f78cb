"""`deploy/try` as a newcomer uses it: a page in Chromium, two people, one cleanup, and the audit."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browser.pages import Tour
from tests.support.machines.needs import free_port
from tests.support.shell import program, started
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def trial(tmp_path: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    log = tmp_path / "log"
    arguments = ("--port", str(port), "--data", str(tmp_path / "data"))
    nowhere = f"unix://{tmp_path}/no-engine.sock"  # not this machine's own engine, whatever it holds
    with started(
        str(ROOT / "deploy" / "try"), *arguments, folder=tmp_path, log=log, DOCKER_HOST=nowhere
    ) as process:
        wait_until(lambda: f"ready: open http://127.0.0.1:{port}" in log.read_text())
        yield process


@pytest.fixture
def page(browser: Browser, trial: "subprocess.Popen[bytes]", port: int, tmp_path: Path) -> Iterator[Page]:
    """The page in a browser. Any error in its scripts fails the test."""
    complaints: list[str] = []
    with closing(browser.new_page(viewport={"width": 1180, "height": 1620})) as page:
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(re.findall(rf"http://127\.0\.0\.1:{port}/\?key=\S+", (tmp_path / "log").read_text())[-1])
        yield page
    assert complaints == []


def type_command(page: Page, text: str) -> None:
    composer = page.get_by_label("Message #ops")
    composer.fill(text)
    composer.press("Enter")


def confirm(page: Page) -> None:
    """The host is tagged as production, where Approve asks once more."""
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()


def visible(found: Locator) -> None:
    expect(found).to_be_visible(timeout=30_000)


def test_one_asks_the_other_approves_and_the_audit_has_it(
    page: Page, trial: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    tour = Tour(page)  # of the README: DECKHAND_PICTURES=deploy/pictures tests/run tests/e2e/test_the_page.py
    visible(page.get_by_text("All hosts are simulated: remove"))
    page.get_by_label("Message #ops").fill("/docker-df sample")
    tour.show(1.5)
    type_command(page, "/docker-df sample")
    visible(page.get_by_role("heading", name="sample: 8.75GB can go now (routine)"))
    tour.show(4)
    page.get_by_role("combobox", name="Other cleanup").select_option("dangling")
    approve = page.get_by_role("button", name="Approve: dangling on sample")
    visible(approve)
    tour.show(4)
    approve.click()
    visible(
        page.get_by_role("main").get_by_text("You asked for this plan, so somebody else has to approve it.")
    )

    page.get_by_role("radio", name="Bob").click()
    expect(page.get_by_role("main").get_by_text("You asked for this plan")).to_have_count(0)
    approve.click()
    tour.show(3)
    confirm(page)
    visible(page.get_by_role("heading", name="Cleanup running: dangling on sample"))
    tour.show(1.5)
    visible(page.get_by_role("heading", name="freed on sample · dangling done"))
    expect(approve).to_have_count(0)
    visible(page.get_by_text("5 of 5 removed", exact=True))
    tour.show(4)

    type_command(page, "/docker-audit sample")
    visible(page.get_by_role("heading", name="The latest cleanup on sample"))
    tour.show(4)
    shown = page.get_by_text(re.compile(r"cleanup:\w+")).last.inner_text()

    configuration = str(tmp_path / "data" / "deckhand.toml")
    ended = program("audit", "show", shown, "--json", "--config", configuration, folder=tmp_path)
    record = json.loads(ended.stdout)
    assert (record["requested_by"], record["approved_by"], record["outcome"]) == ("U0ANN", ["U0BOB"], "done")
    assert [item["outcome"] for item in record["items"]] == ["removed"] * 5

    type_command(page, "/docker-df sample history")
    visible(page.get_by_role("heading", name=re.compile(r"sample: \d+% full, \d days left")))
    tour.show(5)
    tour.save("tour")

    trial.terminate()
    assert trial.wait(30) == 0
