"""A Chromium for the tests."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.support.machines.needs import program

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Only one at a time may run in a process: Playwright wants the main thread for itself."""
    with (
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=program("chromium"), args=ARGUMENTS)) as started,
    ):
        yield started
