"""``deckhand config check | show | schema``: the configuration itself; no host and no database is asked."""

from bot.config import toml
from bot.config.settings import load
from bot.shell.options import AsJson, Config
from bot.shell.show import configuration as output_configuration
from bot.shell.show import output


def config_check(config: Config = None) -> None:
    """Check the configuration file; exit code 2 and every mistake with its remedy when there are any."""
    settings = load(config)
    rules = settings.rules
    hosts, schedules = len(rules.hosts.by_name), len(rules.schedules)
    policies = len({host.policy.name for host in rules.hosts.all()})
    output.say(
        f"{settings.file} is in order: {hosts} host{'s' * (hosts != 1)} under {policies} "
        f"polic{'ies' if policies != 1 else 'y'}, {schedules} schedule{'s' * (schedules != 1)}."
    )
    for problem in settings.slack.problems():
        output.say(f"note  {problem}")


def config_show(config: Config = None, as_json: AsJson = False) -> None:  # noqa: FBT002 - typer's flags
    """Show the configuration as it counts: each value, and where it comes from. Secrets are masked."""
    load(config)
    from bot.config.telling.shown import shown  # noqa: PLC0415 - what cannot be used has been told by now

    values = list(shown(config))
    if as_json:
        output.print_json([output_configuration.value_json(one) for one in values])
    else:
        output_configuration.show_values(values, toml.place(config))


def config_schema() -> None:
    """Print the JSON Schema of deckhand.toml, for editors."""
    from bot.config.telling.schema import schema  # noqa: PLC0415 - only who asks for it waits for its making

    output.print_json(schema())
