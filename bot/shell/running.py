"""``deckhand run``: the bot itself."""

import signal

from bot.config.settings import load
from bot.process.arriving import Arriving
from bot.process.logs import log_to_stderr
from bot.shell.options import Config


def run(config: Config = None) -> None:
    """Run the bot: connect to Slack and serve until SIGTERM."""
    arriving = Arriving(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    from bot.engines import over_ssh  # noqa: F401, PLC0415 - now, and not in the middle of somebody's question
    from bot.shell.serving import serve  # noqa: PLC0415 - Slack's packages take a second, and a signal may come meanwhile

    settings = load(config, for_slack=True)
    log_to_stderr(settings.log.form, settings.log.level, settings.log.levels, settings.secrets())
    serve(settings, arriving)
