"""``deckhand plan``: what cleanups would remove."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Annotated

import typer

from bot.config.settings import Settings, load
from bot.core.errors import DeckhandError, HostError, UsageError
from bot.core.plan.arguments import EXAMPLE, Arguments, parse_several
from bot.core.plan.plan import Draft
from bot.ports import Engines, Ledger
from bot.process.clock import process_now
from bot.services.clocks import Clocks
from bot.services.lanes import Lane
from bot.services.look.fleet import FLEET_THREADS
from bot.services.look.planning import Planning
from bot.shell.line import completing
from bot.shell.options import AsJson, Config, Selection
from bot.shell.reached import LOOKING, connected
from bot.shell.refusals import FAILED
from bot.shell.show import output
from bot.shell.show import records as output_records
from bot.shell.stored import opened_store


def plan(
    host: Selection,
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
    """Print what cleanups would remove and keep, and why; of several hosts a line each. Removes nothing."""
    settings, requests = load(config), parse_several(words or ())
    several = settings.rules.hosts.means_several(host)
    if several and why is not None:
        raise UsageError("Why something stays is asked of one host: name it.")
    if several:
        _plan_several(
            settings, [each.name for each in settings.rules.hosts.select(host)], requests, as_json=as_json
        )
        return
    name = settings.rules.hosts.find(host).name
    with connected(settings) as engines, opened_store(settings) as store:
        planning = _planning(settings, engines, store.ledger)
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


def _planning(settings: Settings, engines: Engines, ledger: Ledger) -> Planning:
    return Planning(
        engines=engines, ledger=ledger, rules=lambda: settings.rules,
        clocks=Clocks(ledger=ledger, process=process_now),
    )  # fmt: skip


def _plan_several(
    settings: Settings, names: Sequence[str], requests: Sequence[Arguments], *, as_json: bool
) -> None:
    """Plan on each host as on one alone, many at once; who cannot be planned on is told, and keeps nobody out."""
    planned: list[tuple[str, Draft]] = []
    failed: list[str] = []
    with ExitStack() as closing:
        engines = closing.enter_context(connected(settings))
        planning = _planning(settings, engines, closing.enter_context(opened_store(settings)).ledger)
        lane = Lane("plans", FLEET_THREADS)
        closing.callback(lane.close, drop=True)
        asked = {name: lane.submit(partial(planning.drafts, name, requests)) for name in names}
        with output.counting(LOOKING, len(asked)) as done:
            for number, (name, future) in enumerate(asked.items(), 1):
                try:
                    planned += [(name, draft) for draft in future.result()[1]]
                except HostError as error:
                    failed.append(str(error))
                except DeckhandError as error:
                    failed.append(f"{name}: {error}")
                done(number)
    if as_json:
        output.print_json([output_records.draft_json(name, draft) for name, draft in planned])
    else:
        output_records.show_drafts(planned)
    output.complain(*failed)
    if failed:
        raise typer.Exit(FAILED)
