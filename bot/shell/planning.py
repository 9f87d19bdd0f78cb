"""``deckhand plan``: what cleanups would remove."""

from typing import Annotated

import typer

from bot.config.settings import load
from bot.core.plan.arguments import EXAMPLE, parse_several
from bot.process.clock import process_now
from bot.services.clocks import Clocks
from bot.services.look.planning import Planning
from bot.shell.line import completing
from bot.shell.options import AsJson, Config, HostName
from bot.shell.reached import connected
from bot.shell.show import output
from bot.shell.show import records as output_records
from bot.shell.stored import opened_store


def plan(
    host: HostName,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PROFILE…] [ARGUMENT…]",
            help=f"Profiles, and what narrows them: {EXAMPLE}",
            autocompletion=completing.cleanups,
        ),
    ] = None,
    why: Annotated[
        str | None, typer.Option(metavar="OBJECT", help="Say why each profile takes or keeps this object.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Print what cleanups would remove and what they keep, and why. Removes nothing."""
    settings = load(config)
    name, requests = settings.rules.hosts.find(host).name, parse_several(words or ())
    with connected(settings) as engines, opened_store(settings) as store:
        planning = Planning(
            engines=engines, ledger=store.ledger, rules=lambda: settings.rules,
            clocks=Clocks(ledger=store.ledger, process=process_now),
        )  # fmt: skip
        if why is not None:
            explanations = planning.explain(name, why)
            output_records.show_explanations(explanations, as_json=as_json)
            return
        _, drafts = planning.drafts(name, requests)
    if as_json:
        plans = [output_records.draft_json(name, draft) for draft in drafts]
        output.print_json(plans[0] if len(plans) == 1 else list(plans))
        return
    for draft in drafts:
        output_records.show_draft(name, draft)
