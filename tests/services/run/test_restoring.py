"""Restoring removed images on a real engine, from a real registry on loopback."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.audit.events import Tag
from bot.core.docker.inventory import EngineInfo, Kind
from bot.core.errors import LeaseLostError, RefusedError
from bot.core.life.restoring import Restored, RestoreStatus, lost_for_good
from bot.core.life.states import PlanState
from bot.core.rules.hosts import Hosts
from bot.core.rules.policy import Policy
from bot.core.rules.registries import RegistryLogin
from bot.engines.docker.registries.logins import Logins
from bot.engines.registry import DockerEngines
from bot.ports import Engines
from bot.services.leases import Leases
from bot.services.rules.rights import Rights
from bot.services.run.restore import Restore
from bot.services.work.worker import PATIENCE, Signals, Worker
from tests.services.bench import (
    ANNA,
    BEN,
    OPEN_TO_ALL,
    Bench,
    Lead,
    WatchedEngine,
    hosts_at,
    imported,
)
from tests.support.machines.registry import PrivateRegistry, private_registry
from tests.support.people import NoGroups
from tests.support.waiting import wait_until

RESTORERS = replace(OPEN_TO_ALL, restore=(ANNA.id,))


@pytest.fixture(scope="module")
def registry() -> Iterator[PrivateRegistry]:
    with private_registry() as started:
        yield started


def pushed(bench: Bench, name: str) -> str:
    """The id of an image that a registry has under this name."""
    image_id = imported(bench.engine, name)
    bench.engine.docker("push", "--quiet", name)
    return image_id


def cleaned(bench: Bench) -> PlanState:
    return bench.run(bench.approved("everything"))


def restore(
    bench: Bench, engines: Engines | None = None, policy: Policy = RESTORERS, owner: str = "one"
) -> Restore:
    hosts = hosts_at(bench.engine, policy)
    return Restore(
        hosts=lambda: hosts,
        rights=Rights(directory=NoGroups()),
        plans=bench.store.plans,
        trail=bench.store.trail,
        restores=bench.store.restores,
        engines=engines or bench.engines,
        leases=Leases(claims=bench.store.restores, owner=owner, ticks=time.monotonic),
        changed=lambda: None,
        stopping=lambda: False,
    )


def restored(bench: Bench, plan_id: str) -> list[tuple[Restored, str]]:
    """Ask and pull, and what came of each image."""
    work = restore(bench)
    work.ask(plan_id, ANNA)
    work(plan_id)
    state = bench.store.plans.get(plan_id)
    assert state is not None
    assert state.restoring is not None
    assert state.restoring.status is RestoreStatus.ENDED
    return [(image.outcome, image.reason) for image in state.restoring.images]


def tagged(bench: Bench) -> dict[str, str]:
    lines = bench.engine.docker("image", "ls", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
    return dict(line.split() for line in lines.splitlines())


def test_what_was_pushed_comes_back_with_all_its_old_names(bench: Bench, registry: PrivateRegistry) -> None:
    name = f"{registry.address}/team/app:1"
    image_id = pushed(bench, name)
    bench.engine.docker("tag", name, "app:local")
    before = tagged(bench)
    state = cleaned(bench)
    assert tagged(bench) == {}
    assert len(state.restorable) == 1

    assert restored(bench, state.plan.id) == [(Restored.RESTORED, "")]
    assert tagged(bench) == before == {name: image_id, "app:local": image_id}
    events = {link.event.tag: link.event for link in bench.store.audit.events(state.plan.id)}
    assert events[Tag.RESTORE_ASKED].actor == ANNA.id
    assert events[Tag.RESTORE_ASKED].facts["images"] == [
        {"id": image_id, "name": state.items[0].item.name, "references": list(state.items[0].item.references)}
    ]
    assert events[Tag.RESTORE_IMAGE].facts["outcome"] == "restored"
    assert events[Tag.RESTORE_ENDED].facts["outcomes"] == {"restored": 1, "present": 0, "failed": 0}
    assert bench.store.chain.verify().broken is None


def test_a_second_time_it_is_there_already_and_nothing_is_pulled(
    bench: Bench, registry: PrivateRegistry
) -> None:
    name = f"{registry.address}/again:1"
    pushed(bench, name)
    state = cleaned(bench)
    restored(bench, state.plan.id)
    bench.engine.docker("tag", name, "kept:1")
    bench.engine.docker("rmi", name)  # one of its names only
    assert restored(bench, state.plan.id) == [(Restored.PRESENT, "")]
    assert set(tagged(bench)) == {name, "kept:1"}


def test_a_name_that_another_image_has_by_now_stays_with_it(bench: Bench, registry: PrivateRegistry) -> None:
    name = f"{registry.address}/taken:1"
    image_id = pushed(bench, name)
    bench.engine.docker("tag", name, "taken:local")
    state = cleaned(bench)
    other = imported(bench.engine, "taken:local")
    [(outcome, reason)] = restored(bench, state.plan.id)
    assert (outcome, reason) == (Restored.RESTORED, "taken:local was left: it names another image now")
    assert tagged(bench) == {name: image_id, "taken:local": other}


def test_a_registry_that_is_gone_or_lost_the_image_is_said_for_each_image(
    bench: Bench, registry: PrivateRegistry
) -> None:
    with private_registry() as closing:
        gone = f"{closing.address}/gone:1"
        pushed(bench, gone)
        here = f"{registry.address}/here:2"
        image_id = pushed(bench, here)
        lost = f"{registry.address}/lost:3"
        pushed(bench, lost)
        state = cleaned(bench)
    registry.forget("lost")
    found = {one.item.name: one.position for one in state.restorable}
    restored(bench, state.plan.id)
    now = bench.state(state.plan)
    assert now.restoring is not None
    ended = {image.position: image for image in now.restoring.images}
    assert ended[found[here]].outcome is Restored.RESTORED
    for name, says in ((gone, "connection refused"), (lost, "")):
        image = ended[found[name]]
        assert image.outcome is Restored.FAILED
        assert f"{name.rpartition(':')[0]}@sha256:" in image.reason
        assert "could not be pulled" in image.reason
        assert says in image.reason
    assert tagged(bench) == {here: image_id}


def test_what_was_built_here_is_said_to_be_lost_and_cannot_be_asked_for(bench: Bench) -> None:
    imported(bench.engine, "built:here")
    state = cleaned(bench)
    assert lost_for_good(state.plan.draft.items) == {Kind.IMAGE: 1}
    with pytest.raises(RefusedError, match="None of the removed objects can be restored"):
        restore(bench).ask(state.plan.id, ANNA)
    assert Tag.RESTORE_REFUSED in [link.event.tag for link in bench.store.audit.events(state.plan.id)]


@pytest.fixture
def removed(bench: Bench, registry: PrivateRegistry) -> PlanState:
    pushed(bench, f"{registry.address}/removed:1")
    return cleaned(bench)


def test_who_may_not_restore_is_told_who_may_and_the_attempt_is_in_the_audit(
    bench: Bench, removed: PlanState
) -> None:
    with pytest.raises(RefusedError, match=f"You may not restore images on prod-3.* to {ANNA.id}"):
        restore(bench).ask(removed.plan.id, BEN)
    with pytest.raises(RefusedError, match="names nobody for “restore”"):
        restore(bench, policy=OPEN_TO_ALL).ask(removed.plan.id, ANNA)
    refused = [
        e.event for e in bench.store.audit.events(removed.plan.id) if e.event.tag is Tag.RESTORE_REFUSED
    ]
    assert [event.actor for event in refused] == [BEN.id, ANNA.id]
    assert bench.store.restores.claimable() == ()


def test_a_host_that_is_no_longer_registered_and_a_plan_that_is_nobodys_are_refused(
    bench: Bench, removed: PlanState
) -> None:
    without = replace(restore(bench), hosts=lambda: Hosts({}))
    with pytest.raises(RefusedError, match="prod-3 is no longer registered"):
        without.ask(removed.plan.id, ANNA)
    with pytest.raises(RefusedError, match="not in the database"):
        restore(bench).ask("nowhere", ANNA)


def test_a_storm_of_clicks_on_several_replicas_pulls_once(bench: Bench, removed: PlanState) -> None:
    pulls: list[str] = []
    slow = threading.Event()

    class Watched(WatchedEngine):
        def pull(self, reference: str) -> None:
            pulls.append(reference)
            slow.wait(0.5)
            super().pull(reference)

    lead = Lead(Watched(bench.clients, lambda _name, _things: None))
    replicas = [restore(bench, lead, owner=f"replica-{number}") for number in range(4)]
    refused: list[str] = []

    def click(replica: Restore) -> None:
        try:
            replica.ask(removed.plan.id, ANNA)
        except RefusedError as error:
            refused.append(str(error))
        replica(removed.plan.id)

    threads = [threading.Thread(target=click, args=(replica,)) for replica in replicas * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pulls) == 1
    assert len(refused) == len(threads) - 1
    assert set(refused) == {f"These images are being restored already, for {ANNA.id}."}
    assert bench.tags(removed.plan).count("deckhand:restore:image") == 1


def test_another_process_goes_on_where_one_died(bench: Bench, removed: PlanState) -> None:
    restore(bench).ask(removed.plan.id, ANNA)
    run = bench.store.restores.claim(removed.plan.id, "dead", timedelta())
    assert run is not None
    assert bench.store.restores.claimable() == (removed.plan.id,)
    restore(bench, owner="alive")(removed.plan.id)
    assert bench.store.restores.claimable() == ()
    now = bench.state(removed.plan)
    assert now.restoring is not None
    assert [image.outcome for image in now.restoring.images] == [Restored.RESTORED]


def test_nothing_is_pulled_on_another_engine_than_the_images_were_removed_from(
    bench: Bench, removed: PlanState
) -> None:
    class Other(WatchedEngine):
        def info(self) -> EngineInfo:
            return replace(super().info(), id="another")

    work = restore(bench, Lead(Other(bench.clients, lambda _name, _things: None)))
    work.ask(removed.plan.id, ANNA)
    work(removed.plan.id)
    now = bench.state(removed.plan)
    assert now.restoring is not None
    assert now.restoring.images[0].outcome is Restored.FAILED
    assert "now leads to another" in now.restoring.images[0].reason
    assert tagged(bench) == {}


def test_the_loop_takes_up_what_is_asked_for_and_ends(bench: Bench, removed: PlanState) -> None:
    signals = Signals()
    work = replace(restore(bench), stopping=signals.ending, changed=signals.changed)
    worker = Worker(signals, poll=30)
    worker.take_up("restore", work.leases, work, PATIENCE)
    worker.start()
    work.ask(removed.plan.id, ANNA)

    def over() -> bool:
        now = bench.state(removed.plan).restoring
        return now is not None and now.status is RestoreStatus.ENDED

    wait_until(over)
    worker.stop()
    assert len(tagged(bench)) == 1


def test_who_loses_the_right_before_the_pull_gets_nothing_pulled(bench: Bench, removed: PlanState) -> None:
    restore(bench).ask(removed.plan.id, ANNA, "C0OPS")
    restore(bench, policy=replace(RESTORERS, restore=(BEN.id,)))(removed.plan.id)
    state = bench.store.plans.get(removed.plan.id)
    assert state is not None
    assert state.restoring is not None
    assert state.restoring.status is RestoreStatus.ENDED
    reason = "Anna may not restore images on prod-3 any more"
    assert [one.reason.startswith(reason) for one in state.restoring.images] == [True] * len(state.restorable)
    assert bench.engine.docker("images", "--quiet") == ""


def test_a_right_that_a_channel_gave_counts_at_the_pull_where_it_was_asked_for(
    bench: Bench, removed: PlanState
) -> None:
    in_channel = replace(RESTORERS, restore=("C0OPS",))
    restore(bench, policy=in_channel).ask(removed.plan.id, ANNA, "C0OPS")
    restore(bench, policy=in_channel)(removed.plan.id)
    state = bench.store.plans.get(removed.plan.id)
    assert state is not None
    assert state.restoring is not None
    assert {one.outcome for one in state.restoring.images} == {Restored.RESTORED}


def test_an_image_of_a_private_registry_comes_back_where_its_login_is_configured(
    bench: Bench, tmp_path: Path
) -> None:
    with private_registry(("puller", "a-password")) as closed:
        name = f"{closed.address}/private:1"
        bench.engine.docker(
            "login", "--username", "puller", "--password-stdin", closed.address, stdin="a-password"
        )
        image_id = pushed(bench, name)
        bench.engine.docker("logout", closed.address)
        plan = cleaned(bench).plan
        ((outcome, reason),) = restored(bench, plan.id)
        assert outcome is Restored.FAILED
        assert "no login for this registry is configured" in reason
        password = tmp_path / "password"
        password.write_text("a-password")
        password.chmod(0o600)
        logins = Logins({closed.address: RegistryLogin(username="puller", password_file=str(password))})
        with closing(DockerEngines(hosts_at(bench.engine).by_name, None, logins)) as engines:
            work = restore(bench, engines)
            work.ask(plan.id, ANNA)
            work(plan.id)
        assert bench.engine.docker("image", "inspect", name, "--format", "{{.Id}}") == image_id


def test_nothing_is_pulled_once_the_lease_of_a_restoring_is_lost(bench: Bench, removed: PlanState) -> None:
    work = restore(bench)
    work.ask(removed.plan.id, ANNA)
    lost = Leases(claims=bench.store.restores, owner="one", ticks=time.monotonic, lease=timedelta(seconds=-1))
    with pytest.raises(LeaseLostError, match=r"the lease of the restoring of plan .* could not be renewed"):
        replace(work, leases=lost)(removed.plan.id)
    assert tagged(bench) == {}
    work(removed.plan.id)
    assert len(tagged(bench)) == 1
