"""A window on the trial's page: what a person does in it, as a person would, and pictures of what it shows."""

import os
import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Locator, Page, ViewportSize, expect

PICTURES = os.environ.get("DECKHAND_PICTURES")
"""A folder for a picture of each state; nothing is written without it."""
PATIENCE = 15_000  # milliseconds
PHONE: ViewportSize = {"width": 390, "height": 844}
TOUR: ViewportSize = {"width": 960, "height": 700}
BIGGEST = 1_500_000
"""Bytes that a picture of the README may have."""
DESK: ViewportSize = {"width": 1180, "height": 900}
JSON = dict[str, Any]

_SIDEWAYS = """() => [document.documentElement, ...document.querySelectorAll("body *")]
  .filter(node => node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0
    && !["visible", "hidden", "clip"].includes(getComputedStyle(node).overflowX)
    && !node.closest(".table-box, pre, textarea, input, .unseen"))
  .map(node => `${node.tagName}.${node.className} ${node.scrollWidth} > ${node.clientWidth}`)"""


def picture(page: Page, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


class Tour:
    """A moving picture of a walk; nothing is made without a folder for pictures."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._shown: list[tuple[Image.Image, float]] = []

    def show(self, seconds: float) -> None:
        """The page as it is now, for so long."""
        if not PICTURES:
            return
        before = self._page.viewport_size
        self._page.set_viewport_size(TOUR)
        self._page.wait_for_timeout(300)  # until what moves has come to rest
        self._shown.append((Image.open(BytesIO(self._page.screenshot())).convert("RGB"), seconds))
        if before:
            self._page.set_viewport_size(before)

    def save(self, name: str) -> None:
        if not PICTURES:
            return
        first, *rest = [image.quantize(128, dither=Image.Dither.NONE) for image, _ in self._shown]
        file = Path(PICTURES) / f"{name}.gif"
        file.parent.mkdir(parents=True, exist_ok=True)
        first.save(
            file, save_all=True, append_images=rest, loop=0, optimize=True,
            duration=[round(seconds * 1000) for _, seconds in self._shown],
        )  # fmt: skip
        assert file.stat().st_size <= BIGGEST


def reveal(place: Locator) -> None:
    """Scroll there at once: a message that is edited meanwhile would never be as still as Playwright wants it."""
    place.evaluate("node => node.scrollIntoView({block: 'end'})")


@dataclass(frozen=True, kw_only=True)
class Window:
    """`name` begins the names of its pictures."""

    page: Page
    name: str

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    @property
    def thread(self) -> Locator:
        return self.page.get_by_role("complementary", name="Thread")

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def box(self) -> Locator:
        """Where a person types."""
        return self.main.get_by_role("combobox", name=re.compile("^Message "))

    def type(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def become(self, name: str) -> None:
        person = self.page.get_by_role("radio", name=name)
        if not person.is_visible():
            self.page.get_by_role("button", name="Menu").click()
        person.click()
        expect(self.page.locator("#me")).to_have_text(f"as {name}")

    def message(self, text: str | re.Pattern[str]) -> Locator:
        """The newest message in the channel that says this."""
        found = self.main.get_by_role("article").filter(has_text=text).last
        expect(found).to_be_visible(timeout=PATIENCE)
        return found

    def press(self, name: str, *, exact: bool = False) -> None:
        """The newest button in the channel that is called so."""
        self.main.get_by_role("button", name=name, exact=exact).last.click()

    def ask(self, request: str) -> None:
        """Ask for a cleanup that the newest report offers: by its button, or in its menu."""
        report = self.message("can go now")
        recommended = report.get_by_role("button", name=f"Plan the cleanup {request} ")
        if recommended.count():
            recommended.click()
        else:
            report.get_by_role("combobox", name="Other cleanup").select_option(request)

    def confirm(self, name: str) -> None:
        self.dialog.get_by_role("button", name=name, exact=True).click()

    def see(self, text: str) -> Locator:
        found = self.main.get_by_text(text).last
        expect(found).to_be_visible(timeout=PATIENCE)
        return found

    def show(self, name: str) -> None:
        """A state that somebody wants to look at: nothing in it may be wider than its place."""
        assert self.page.evaluate(_SIDEWAYS) == []
        picture(self.page, f"{self.name}-{name}")
