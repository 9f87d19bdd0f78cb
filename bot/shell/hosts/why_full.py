"""``deckhand why-full``: what holds the whole disk of a host, since when it grows, and what to do."""

from bot.config.settings import load
from bot.process.clock import process_now
from bot.services.clocks import Clocks
from bot.services.look.planning import Planning
from bot.services.watch.histories import Histories
from bot.services.watch.whole import WhyFull
from bot.shell.options import AsJson, Config, HostName
from bot.shell.reached import connected
from bot.shell.show import output
from bot.shell.show import whole as output_whole
from bot.shell.stored import DatabaseClock, opened_store


def why_full(
    host: HostName,
    config: Config = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Say what holds the whole disk of a host, since when each part grows, and what to do. Removes nothing."""
    settings = load(config)
    name = settings.rules.hosts.find(host).name
    with connected(settings) as engines, opened_store(settings) as store:
        planning = Planning(
            engines=engines, ledger=store.ledger, rules=lambda: settings.rules,
            clocks=Clocks(ledger=store.ledger, process=process_now),
        )  # fmt: skip
        histories = Histories(samples=store.samples, audit=store.audit, clock=DatabaseClock(store.ledger))
        answer = WhyFull(planning=planning, engines=engines, histories=histories)(name)
    if as_json:
        output.print_json(output_whole.whole_json(answer))
    else:
        output_whole.show_whole(answer)
