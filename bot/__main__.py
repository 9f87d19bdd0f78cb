"""``python -m bot`` is ``deckhand``."""

from bot.cli import main

main()
