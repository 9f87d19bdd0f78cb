"""``python -m bot`` is ``deckhand``."""

from bot.shell.main import main

main()
