"""Deckhand from beginning to end in Chromium: people look, ask, narrow, decide, watch, and undo."""

import re

from playwright.sync_api import expect

from bot.trial.sample import SampleEngine
from tests.e2e.browser.pages import PATIENCE, Window, reveal
from tests.slack.place import ANN, BOB, CYD, Start

OPEN = '[policies.default]\nlook = ["*"]\nrequest = ["*"]\napprove = ["*"]\nself_approval = false\nstop = ["*"]\n'
PRODUCTION = f'tags = ["prod"]\n{OPEN}restore = ["*"]\nvolumes = "named"\n'


def test_a_cleanup_from_the_first_look_to_the_restored_images(
    start: Start, sample: SampleEngine, window: Window
) -> None:
    place = start(PRODUCTION)
    window.type("/docker-df prod-3")
    window.ask("everything")
    window.message(re.compile(r"Approve\? .* on prod-3.* · everything"))
    window.show("1-plan")

    window.press("Adjust: everything on prod-3")
    expect(window.dialog.get_by_role("heading", name="Adjust the plan")).to_be_visible()
    window.dialog.get_by_role("checkbox", name=re.compile("Build cache")).uncheck()
    left_out = window.dialog.get_by_role("group", name="Leave these out").get_by_role("checkbox").first
    left_out.check()
    window.show("2-adjust")
    window.dialog.get_by_role("button", name="Plan anew").click()
    window.message("Replaced plan")
    plan = window.message(re.compile(r"Approve\? .* on prod-3.* · everything"))
    window.show("3-narrower")

    window.press("Approve: everything on prod-3")
    window.see("You asked for this plan, so somebody else has to approve it.")
    sample.removal_seconds = 0.4
    window.become("Bob")
    window.press("Approve: everything on prod-3")
    window.show("4-asked-once-more")
    window.confirm("Cancel")
    expect(plan.get_by_role("button", name="Approve")).to_be_visible()
    window.press("Approve: everything on prod-3")
    window.confirm("Approve")

    running = window.message("Cleanup running")
    expect(running.get_by_role("button", name="Stop after what it is at")).to_be_visible()
    expect(running).to_contain_text(re.compile(r"[1-9]\d* of \d+ objects"), timeout=PATIENCE)
    window.show("5-running")
    sample.removal_seconds = 0.0
    report = window.message("freed on prod-3 · everything done")
    expect(report.get_by_role("button", name="Stop")).to_have_count(0)
    reveal(report)
    window.show("6-report")

    window.press("Audit record")
    report.get_by_role("button", name=re.compile("repl")).click()
    record = window.thread.get_by_role("article").filter(has_text="Timeline")
    expect(record).to_contain_text("Approved by")
    window.show("7-record")
    window.page.keyboard.press("Escape")
    expect(window.thread).to_be_hidden()
    report.get_by_role("button", name=re.compile("^Restore")).click()
    window.show("8-restore-asks")
    window.confirm("Restore")
    expect(report).to_contain_text(re.compile(r"Restore: \d+ restored"), timeout=PATIENCE)
    reveal(report)
    window.show("9-restored")
    assert place.told_privately() == {ANN, BOB}


def test_a_picture_of_a_host_says_in_words_what_it_shows(start: Start, window: Window) -> None:
    start(OPEN)
    window.type("/docker-df prod-3")
    window.press("A picture of where the space of prod-3 is")
    report = window.message("can go now")
    report.get_by_role("button", name=re.compile("repl")).click()
    image = window.thread.get_by_role("img", name=re.compile("prod-3"))
    expect(image).to_have_accessible_name(re.compile("Local Volumes"))
    assert image.evaluate("node => node.decode().then(() => node.naturalWidth)") > 300
    window.show("picture")


def test_what_was_cleaned_is_found_in_the_audit_and_exported(start: Start, window: Window) -> None:
    place = start(OPEN)
    plan = place.propose(ANN, "dangling")
    place.approve(BOB, plan)
    window.message("freed on prod-3 · dangling done")
    window.type("/docker-audit prod-3")
    listed = window.message("The latest cleanup on prod-3")
    window.show("1-list")
    listed.get_by_role("button", name="Details of dangling on prod-3").click()
    listed.get_by_role("button", name="Export 1 cleanup as CSV and JSON").click()
    listed.get_by_role("button", name=re.compile("repl")).click()
    expect(window.thread.get_by_text("Timeline")).to_be_visible()
    with window.page.expect_download() as download:
        window.thread.get_by_role("link", name=re.compile("csv")).click()
    assert "U0BOB" in download.value.path().read_text()
    window.show("2-exported")


def test_a_running_cleanup_is_stopped(start: Start, sample: SampleEngine, window: Window) -> None:
    start(OPEN)
    sample.removal_seconds = 0.5
    window.type("/docker-prune prod-3 ci")
    window.message(re.compile(r"Approve\? .* on prod-3.* · ci"))
    window.become("Bob")
    window.press("Approve: ci on prod-3")
    window.message("Cleanup running")
    window.press("Stop after what it is at")
    stopped = window.message("freed on prod-3 · ci stopped")
    expect(stopped).to_contain_text("Stopped by @Bob")
    expect(stopped.get_by_role("button", name="Stop")).to_have_count(0)
    reveal(stopped)
    window.show("stopped")


def test_a_plan_is_rejected_with_a_reason_in_the_form(start: Start, window: Window) -> None:
    start(OPEN)
    window.type("/docker-prune prod-3 dangling")
    window.message(re.compile(r"Approve\? .* on prod-3.* · dangling"))
    window.become("Bob")
    window.press("Reject: dangling on prod-3")
    window.dialog.get_by_role("button", name="Reject").click()
    expect(window.dialog.get_by_role("alert")).to_have_text("Please complete this required field.")
    window.show("1-why")
    window.dialog.get_by_label("Why not?").fill("Not during the sale & not <today>.")
    window.dialog.get_by_role("button", name="Reject").click()
    expect(window.dialog).to_have_count(0)
    rejected = window.message("Rejected plan: dangling on prod-3")
    expect(rejected).to_contain_text("Not during the sale & not <today>.")
    expect(rejected.get_by_role("button", name="Approve")).to_have_count(0)
    window.show("2-rejected")


def test_a_plan_expires_and_is_planned_afresh(start: Start, window: Window) -> None:
    start(f'{OPEN}expires = "1s"\n')
    window.type("/docker-prune prod-3 dangling")
    expired = window.message("Expired plan: dangling on prod-3")
    expect(expired.get_by_role("button", name="Approve")).to_have_count(0)
    window.show("expired")
    expired.get_by_role("button", name="Plan afresh").click()
    expect(window.main.get_by_role("heading", name=re.compile("plan: dangling on prod-3"))).to_have_count(2)


def test_named_volumes_are_picked_by_name(start: Start, sample: SampleEngine, window: Window) -> None:
    start(PRODUCTION)
    window.type("/docker-df prod-3")
    window.press("Choose volumes of prod-3")
    host = window.dialog.get_by_label("Type the host's name: prod-3")
    expect(host).to_be_visible()
    window.dialog.get_by_role("checkbox", name="uploads-backup").check()
    host.fill("prod-4")
    window.dialog.get_by_role("button", name="Plan").click()
    expect(window.dialog.get_by_role("alert")).to_have_text("Type the name of the host, exactly: prod-3")
    expect(host).to_be_focused()
    expect(window.dialog.get_by_role("checkbox", name="uploads-backup")).to_be_checked()
    window.show("1-wrong-host")
    host.fill("prod-3")
    host.press("Enter")
    window.message(re.compile(r"Approve\? .* on prod-3.* · picked"))
    window.show("2-plan")
    window.become("Bob")
    window.press("Approve: picked on prod-3")
    expect(window.dialog).to_contain_text("This data is gone for good")
    expect(window.dialog).to_contain_text("owner=alice")
    window.show("3-confirm")
    window.confirm("Approve")
    window.message("freed on prod-3 · picked done")
    window.show("4-done")
    with sample.universe.lock:
        assert "uploads-backup" not in sample.universe.volumes


REFUSED = "You may not decide about cleanups on prod-3"


def test_who_may_not_decide_is_told_in_private_who_may(start: Start, window: Window) -> None:
    place = start(OPEN.replace('approve = ["*"]', 'approve = ["U0BOB"]'))
    window.type("/docker-prune prod-3 dangling")
    window.become("Cyd")
    window.press("Approve: dangling on prod-3")
    answer = window.message(REFUSED)
    expect(answer).to_contain_text("Only visible to you")
    expect(answer).to_contain_text("@Bob")
    window.show("told")
    assert place.told_privately() == {CYD}
    window.become("Ann")
    expect(window.main.get_by_text(REFUSED)).to_have_count(0)
    window.become("Cyd")
    answer.get_by_role("button", name="Dismiss").click()
    expect(window.main.get_by_text(REFUSED)).to_have_count(0)
