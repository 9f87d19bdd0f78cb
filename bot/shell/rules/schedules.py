"""``deckhand schedules``: when each schedule comes next."""

from bot.config.settings import load
from bot.shell.options import AsJson, Config
from bot.shell.show import output
from bot.shell.show import rules as output_rules
from bot.shell.stored import opened_store


def schedules(config: Config = None, as_json: AsJson = False) -> None:  # noqa: FBT002 - typer's flags
    """Show the schedules and when each comes next, by the configuration and in the database."""
    settings = load(config)
    with opened_store(settings) as store:
        timers, now = store.timers.standing(), store.ledger.now()
    if as_json:
        output.print_json(output_rules.schedules_json(settings.rules.schedules, timers, now))
    elif settings.rules.schedules or timers:
        output_rules.show_schedules(settings.rules.schedules, timers, now)
    else:
        output.say("No schedule is configured; deploy/manual/schedules.md shows how.")
