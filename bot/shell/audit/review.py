"""Reviewing cleanups in the shell: ``deckhand audit list | stats | show``."""

from typing import Annotated

import typer

from bot.config.settings import load
from bot.core.audit.review import cleanup_json, plan_json, statistics_json
from bot.services.audit import review
from bot.shell.options import AsJson, Config, Filter
from bot.shell.show import output
from bot.shell.show import records as output_records
from bot.shell.stored import asked_cleanups, opened_store


def audit_list(
    words: Filter = None,
    limit: Annotated[int, typer.Option(help="How many at most; 0 for all of them.", min=0)] = 20,
    config: Config = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flags
) -> None:
    """List cleanups, newest first."""
    with asked_cleanups(config, words) as (store, asked):
        cleanups = review.every_cleanup(store.audit, asked.hosts, asked.matching, limit)
        if as_json:
            output.stream_json(cleanup_json(cleanup) for cleanup in cleanups)
        else:
            said = review.Notes()
            output_records.show_cleanups(said.noting(cleanups))
            for note in said.sentences():
                output.say(note)


def audit_stats(words: Filter = None, config: Config = None, as_json: AsJson = False) -> None:  # noqa: FBT002 - typer's flags
    """Count cleanups and what they freed: by host, profile, month, requester and outcome."""
    with asked_cleanups(config, words) as (store, asked):
        statistics = store.audit.statistics(hosts=asked.hosts, matching=asked.matching)
    if as_json:
        output.print_json(statistics_json(statistics))
    else:
        output_records.show_statistics(statistics)


def audit_show(
    cleanup_id: Annotated[str, typer.Argument(metavar="ID", help="The id of a cleanup or of a plan.")],
    config: Config = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Show one cleanup: every object and what became of it, and every event."""
    with opened_store(load(config)) as store:
        recorded = review.find(store.audit, cleanup_id)
    if as_json:
        output.print_json(plan_json(recorded))
        return
    output_records.show_record(recorded.state)
    for note in review.notes(recorded):
        output.say("", note)
    output.say("")
    output.show_table(
        ("SEQ", "AT", "EVENT", "BY"),
        ((str(e.seq), f"{e.at:%Y-%m-%d %H:%M:%S}Z", e.event.tag, e.event.actor) for e in recorded.events),
    )
