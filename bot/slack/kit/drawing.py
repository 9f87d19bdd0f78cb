"""What drawings have in common: whether there is anything to draw with, who draws them, their ink and their letters."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

from bot.core.traces import carried

INK = "#1d1c1d"
# Else Matplotlib would start a program that lists them, with our environment; it has the one that we draw with.
os.environ.setdefault("MPL_IGNORE_SYSTEM_FONTS", "1")
SECONDS = 60.0
"""How long a drawing is waited for, with those before it."""
_PEN = ThreadPoolExecutor(1, "drawing")
"""One thread for all of them: Matplotlib opens its fonts anew for each thread, and keeps what it has opened."""


def can_draw() -> bool:
    """Whether the package that draws is installed; Deckhand lives without it."""
    return find_spec("matplotlib") is not None


def drawn(draw: Callable[[], bytes]) -> bytes:
    """What this draws, one after the other; TimeoutError."""
    return _PEN.submit(carried(draw)).result(SECONDS)


def drawable(text: str) -> str:
    """The text with a box for each character that the font does not have."""
    from matplotlib.font_manager import findfont, get_font  # noqa: PLC0415 - it takes most of a second

    font = get_font(findfont("DejaVu Sans"))
    return "".join(char if font.get_char_index(ord(char)) else "□" for char in text)
