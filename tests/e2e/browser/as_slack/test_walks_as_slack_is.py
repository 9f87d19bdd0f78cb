"""Slack as it is, in Chromium: the one message of a schedule, the Messages tab, somebody of another company."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import ViewportSize, expect

from bot.core.audit.events import time_text
from bot.trial.sample import SampleEngine
from bot.trial.sample.making.production import production_universe
from bot.trial.workspace import Workspace
from tests.e2e.browser.conftest import Open
from tests.e2e.browser.pages import DESK, PATIENCE, PHONE, Window
from tests.e2e.browser.test_accessible import faults
from tests.slack.place import Place, eventually

OPEN = '[policies.default]\nlook = ["*"]\nrequest = ["*"]\napprove = ["*"]\nself_approval = false\n'
NIGHTLY = """
[schedules.nightly]
hosts = ["prod-3", "ci-1", "web-1"]
profile = "dangling"
cron = "0 3 1 1 *"
channel = "C0OPS"
"""
every_size = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
Start = Callable[[str], Place]


def check(window: Window, state: str) -> None:
    window.show(state)
    assert faults(window) == [], state


def fleet(closing_later: ExitStack) -> str:
    """Two more hosts, each with an engine of its own."""
    hosts = ""
    for name in ("ci-1", "web-1"):
        folder = Path(closing_later.enter_context(TemporaryDirectory(prefix="page-")))
        universe = production_universe(name=name)
        for image in universe.images.values():
            universe.tagged_at.setdefault(image.id, image.created)
        sample = SampleEngine(socket_path=folder / "engine.sock", universe=universe)
        engine = closing_later.enter_context(sample)
        hosts += f'[hosts.{name}]\ndocker = "{engine.url}"\n'
    return hosts


def make_due(place: Place, folder: Path) -> None:
    eventually(place.store.timers.standing)
    moment = time_text(datetime.now(UTC) - timedelta(minutes=1))
    with closing(sqlite3.connect(folder / "deckhand.db", timeout=30)) as db, db:
        db.execute("UPDATE schedule SET next_at = ?", (moment,))


@every_size
def test_the_plans_of_a_schedule_are_one_message_of_which_one_is_opened_and_decided(
    start: Start, open_window: Open, closing_later: ExitStack, tmp_path: Path, size: ViewportSize
) -> None:
    place = start(fleet(closing_later) + OPEN + NIGHTLY)
    window = open_window(size=size)
    make_due(place, tmp_path)
    batch = window.message("Schedule “nightly” planned cleanups on 3 hosts")
    expect(batch).to_contain_text("3 wait for a decision", timeout=PATIENCE)
    expect(batch.get_by_role("button", name=re.compile("^Open the plan: dangling on "))).to_have_count(3)
    check(window, "1-posted")
    batch.get_by_role("button", name=re.compile("^Open the plan: dangling on web-1")).click()
    window.message(re.compile(r"Approve\? .* on web-1 · dangling"))
    check(window, "2-opened")
    window.become("Bob")
    window.press("Approve: dangling on web-1")
    window.message(re.compile(r"520MB freed on web-1"))
    batch = window.message("Schedule “nightly” planned cleanups on 3 hosts")
    expect(batch).to_contain_text("2 wait for a decision, 1 done", timeout=PATIENCE)
    expect(batch.get_by_role("button", name=re.compile("^Open the plan"))).to_have_count(2)
    batch.scroll_into_view_if_needed()
    check(window, "3-one-done")


@every_size
def test_the_messages_tab_takes_commands_and_words(
    start: Start, open_window: Open, size: ViewportSize
) -> None:
    start(OPEN)
    window = open_window(size=size)
    app = window.page.get_by_role("navigation").get_by_role("button", name=re.compile("Deckhand"))
    if not app.is_visible():
        window.page.get_by_role("button", name="Menu").click()
    app.click()
    window.main.get_by_role("button", name=re.compile("^Messages")).click()
    window.type("help")
    expect(window.main.get_by_role("article").last).to_contain_text("/docker-df", timeout=PATIENCE)
    check(window, "1-help")
    window.type("df prod-3")
    window.message("can go now")
    window.type("/docker-prune prod-3 dangling")
    window.message(re.compile(r"Approve\? .* on prod-3 · dangling"))
    check(window, "2-plan")


@every_size
def test_a_stranger_who_presses_approve_is_told_why_not_and_nothing_happens(
    start: Start, open_window: Open, workspace: Workspace, size: ViewportSize
) -> None:
    place = start(OPEN)
    window = open_window(size=size)
    window.type("/docker-prune prod-3 dangling")
    window.message(re.compile(r"Approve\? .* on prod-3 · dangling"))
    window.become("Odd")
    window.press("Approve: dangling on prod-3")
    told = window.message("Only visible to you")
    expect(told).to_contain_text("another", timeout=PATIENCE)
    check(window, "1-refused")
    (open_plan,) = place.store.plans.going_on()
    assert not open_plan.approver_ids
    assert [message.text for message in workspace.ephemerals("U0ODD")] != []
