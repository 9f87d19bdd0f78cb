"""What drawings have in common: whether there is anything to draw with, one at a time, their ink and their letters."""

import os
import threading
from importlib.util import find_spec

INK = "#1d1c1d"
# Else Matplotlib would start a program that lists them, with our environment; it has the one that we draw with.
os.environ.setdefault("MPL_IGNORE_SYSTEM_FONTS", "1")
ONE_AT_A_TIME = threading.Lock()
"""Matplotlib's fonts are not made for several threads."""


def can_draw() -> bool:
    """Whether the package that draws is installed; Deckhand lives without it."""
    return find_spec("matplotlib") is not None


def drawable(text: str) -> str:
    """The text with a box for each character that the font does not have."""
    from matplotlib.font_manager import findfont, get_font  # noqa: PLC0415 - it takes most of a second

    font = get_font(findfont("DejaVu Sans"))
    return "".join(char if font.get_char_index(ord(char)) else "□" for char in text)
