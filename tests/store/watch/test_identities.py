"""Which engine a host is known to be."""

from collections.abc import Callable
from dataclasses import replace

from bot.core.audit.events import Tag
from bot.core.docker.sightings import changed_engine
from bot.store.opening import Store
from tests.core.things import ENGINE
from tests.store.samples import at_once

OTHER = replace(ENGINE, id="OTHER", name="other", version="29.0.0")


def events(sql_rows: Store) -> list[tuple[Tag, str, str]]:
    return [(link.event.tag, link.event.host, link.event.actor) for link in sql_rows.audit.events("")]


def test_the_first_engine_that_is_seen_stays_the_hosts_own(
    store: Store, open_another: Callable[[], Store]
) -> None:
    first = store.ledger.identify("prod-3", ENGINE)
    assert (first.id, first.name, first.version, first.store) == (
        ENGINE.id, ENGINE.name, ENGINE.version, ENGINE.store,
    )  # fmt: skip
    assert open_another().ledger.identify("prod-3", OTHER) == first
    assert store.ledger.identify("prod-1", OTHER).id == "OTHER"
    assert {host: known.id for host, known in store.ledger.known_engines().items()} == {
        "prod-3": ENGINE.id,
        "prod-1": "OTHER",
    }
    assert events(store) == [(Tag.HOST_SEEN, "prod-3", ""), (Tag.HOST_SEEN, "prod-1", "")]
    assert store.chain.verify().broken is None


def test_an_accepted_engine_takes_the_place_of_the_known_one_and_the_audit_has_both(store: Store) -> None:
    store.ledger.identify("prod-3", ENGINE)
    store.ledger.accept_engine("prod-3", OTHER, "shell:anna")
    assert store.ledger.identify("prod-3", ENGINE).id == "OTHER"
    seen, accepted = store.audit.events("")
    assert (seen.event.tag, accepted.event.tag) == (Tag.HOST_SEEN, Tag.HOST_ACCEPTED)
    assert accepted.event.actor == "shell:anna"
    assert accepted.event.facts["before"] == seen.event.facts["engine"]
    assert accepted.event.facts["engine"] == {
        "id": "OTHER", "name": "other", "version": "29.0.0", "store": ENGINE.store,
        "data_root": ENGINE.data_root,
    }  # fmt: skip
    assert store.chain.verify().broken is None


def test_a_host_that_was_never_seen_may_be_accepted_too(store: Store) -> None:
    store.ledger.accept_engine("prod-3", ENGINE, "shell:anna")
    assert store.ledger.identify("prod-3", OTHER).id == ENGINE.id


def test_of_many_processes_that_see_a_host_first_one_decides(open_another: Callable[[], Store]) -> None:
    stores = [open_another() for _ in range(6)]
    engines = [replace(ENGINE, id=f"E{number}") for number in range(6)]
    seen = at_once(
        [lambda s=s, e=e: s.ledger.identify("prod-3", e) for s, e in zip(stores, engines, strict=True)]  # type: ignore[misc] # a default binds the loop's value
    )
    assert len({known.id for known in seen if not isinstance(known, BaseException)}) == 1
    assert not [known for known in seen if isinstance(known, BaseException)]
    assert len(stores[0].audit.events("")) == 1


def test_another_engine_is_told_with_both_and_with_what_to_do(store: Store) -> None:
    known = store.ledger.identify("prod-3", ENGINE)
    assert changed_engine(known, "prod-3", ENGINE) is None
    assert changed_engine(None, "prod-3", OTHER) is None
    sentence = str(changed_engine(known, "prod-3", OTHER))
    assert ENGINE.id in sentence
    assert "OTHER" in sentence
    assert sentence.endswith("deckhand hosts accept prod-3")
