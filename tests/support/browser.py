"""A Chromium for the tests."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.support.machines.needs import program

UNWATCHED = Path(__file__).parent / "chromium" / "unwatched"
"""Starts it where it does not hear of the networks that other tests make."""
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
    program("chromium")
    with (
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=UNWATCHED, args=ARGUMENTS)) as started,
    ):
        yield started
