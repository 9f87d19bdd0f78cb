"""Propose: a plan is stored exactly as it was made, or the sentence says why there is none."""

from typing import Any

import pytest

from bot.core.docker.inventory import Kind
from bot.core.errors import (
    HostError,
    NothingToRemoveError,
    RefusedError,
    UnknownHostError,
    UnknownProfileError,
)
from bot.core.life.states import MessageRef, Outcome, Status
from bot.core.plan.arguments import Arguments
from bot.core.rules.hosts import Host, Hosts, SocketAddress
from bot.core.rules.policy import Policy
from tests.services.bench import ANNA, BEN, HOST, Bench
from tests.services.held import look


@pytest.mark.overlay2
def test_a_plan_is_stored_with_everything_that_it_came_from_and_nothing_is_removed(bench: Bench) -> None:
    engine = bench.engine
    base = engine.base()
    container = engine.created(base, "--name", "old")
    before = look(engine)
    state = bench.propose()(HOST, Arguments(profile="everything"), ANNA, "C0DISK")
    plan = state.plan
    assert look(engine) == before
    assert bench.state(plan) == state
    assert (state.status, state.quorum, state.message) == (Status.PROPOSED, 1, MessageRef(channel="C0DISK"))
    assert [(each.item.id, each.outcome) for each in state.items] == [
        (container, Outcome.PLANNED),
        (base, Outcome.PLANNED),
    ]
    assert plan.draft.frees.low == plan.draft.frees.high == before.layers_size
    assert plan.expires_at - plan.created_at == bench.policy.expires
    assert (plan.requester, plan.policy, plan.commands) == (ANNA, "open", ("docker system prune -a",))
    assert [row.size for row in plan.usage.rows if row.type == "Images"] == [before.layers_size]
    (proposed,) = bench.store.audit.events(plan.id)
    assert (str(proposed.event.tag), proposed.event.actor) == ("slack:plan:proposed", ANNA.id)
    facts: Any = proposed.event.facts
    assert [each["id"] for each in facts["items"]] == [container, base]
    assert len(bench.changes) == 1


def test_a_profile_that_finds_nothing_says_under_which_rules_everything_is_kept(bench: Bench) -> None:
    bench.engine.run(bench.engine.base())
    with pytest.raises(NothingToRemoveError) as refused:
        bench.propose()(HOST, Arguments(profile="everything"), ANNA, "C0DISK")
    sentence = str(refused.value)
    assert sentence.startswith("prod-3: “everything” finds nothing to remove. Kept: ")
    assert "2 (Docker's own)" in sentence
    assert "1 (running)" in sentence
    assert "1 (in use)" in sentence
    assert bench.store.messages.unshown() == ()
    assert bench.changes == []


def test_an_empty_engine_has_nothing_to_remove(bench: Bench) -> None:
    with pytest.raises(NothingToRemoveError, match="finds nothing to remove"):
        bench.propose()(HOST, Arguments(profile="dangling"), ANNA, "C0DISK")


def test_who_may_not_ask_is_told_who_may_and_the_host_is_asked_nothing(bench: Bench) -> None:
    bench.engine.base()
    bench.policy = Policy(name="strict", look=("*",), request=(BEN.id, "S0OPS"), approve=(BEN.id,))
    bench.engines.close()  # whoever asks the host now fails
    with pytest.raises(RefusedError) as refused:
        bench.propose()(HOST, Arguments(profile="everything"), ANNA, "C0DISK")
    assert str(refused.value) == (
        "You may not ask for cleanups on prod-3: its policy “strict” gives “request” to U0BEN, S0OPS."
    )
    with pytest.raises(HostError):
        bench.propose()(HOST, Arguments(profile="everything"), BEN, "C0DISK")
    assert bench.store.messages.unshown() == ()


def test_an_unknown_profile_or_host_is_named_with_the_nearest_before_the_host_is_asked(bench: Bench) -> None:
    bench.engines.close()
    with pytest.raises(UnknownProfileError, match=r"no profile “everythink”\. Did you mean everything\?"):
        bench.propose()(HOST, Arguments(profile="everythink"), ANNA, "C0DISK")
    with pytest.raises(UnknownHostError, match="Did you mean prod-3"):
        bench.propose()("prod-33", Arguments(profile="everything"), ANNA, "C0DISK")


def test_a_host_that_is_away_is_said_and_no_plan_is_stored(bench: Bench) -> None:
    away = Host(name=HOST, address=SocketAddress(url="unix:///nonexistent/docker.sock"), policy=bench.policy)
    with bench.elsewhere(Hosts({HOST: away})) as propose, pytest.raises(HostError, match="no socket"):
        propose(HOST, Arguments(profile="everything"), ANNA, "C0DISK")
    assert bench.store.messages.unshown() == ()


def test_volumes_are_in_no_profile_but_their_own(bench: Bench) -> None:
    engine = bench.engine
    engine.base()
    engine.volume("--label", "com.docker.volume.anonymous=", size=10)
    engine.volume("data", size=10)
    plan = bench.proposed("everything")
    assert Kind.VOLUME not in {each.kind for each in plan.draft.items}
    named = bench.proposed("volumes").draft
    assert [each.kind for each in named.items] == [Kind.VOLUME]
    assert {each.because for each in named.kept if each.id == "data"} == {"named"}
