"""What Deckhand makes of each engine's own answers; see tests/support/recording.py for how they were recorded.

Expected plans are in ``goldens``; DECKHAND_REWRITE_GOLDENS=1 writes them anew from what comes out now.
"""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.docker.inventory import Inventory, Kind
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN
from bot.core.plan.protection import Protection
from bot.core.units import human_size
from bot.shell.show.records import draft_json
from tests.support.recording import CLI_DF, RECORDINGS, Answers, aged, replayed

GOLDENS = Path(__file__).parent / "goldens"
PROFILES = ("system", "everything", "routine", "volumes")


@pytest.fixture(params=RECORDINGS, ids=[file.stem for file in RECORDINGS])
def recording(request: pytest.FixtureRequest) -> Path:
    """One engine's file of answers."""
    file: Path = request.param
    return file


@pytest.fixture
def answers(recording: Path) -> Answers:
    return aged(recording)


def watched(inventory: Inventory) -> Inventory:
    """As Deckhand sees it who has watched the engine since each image was built."""
    return replace(inventory, images=tuple(replace(i, first_seen_at=i.built_at) for i in inventory.images))


def test_the_engines_that_people_run_are_recorded() -> None:
    recorded = {(file.stem.split(".")[0], file.stem.split("-")[1]) for file in RECORDINGS}
    assert recorded == {
        ("20", "overlay2"),
        *((v, s) for v in ("26", "28") for s in ("overlay2", "containerd")),
    }


def test_the_plans_are_those_of_the_goldens(recording: Path, answers: Answers) -> None:
    measured = Measured.of(watched(replayed(answers).survey().inventory))
    found = {name: draft_json("prod-3", draft(measured, BUILT_IN[name], Protection())) for name in PROFILES}
    file = GOLDENS / recording.name
    if os.environ.get("DECKHAND_REWRITE_GOLDENS"):
        file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    assert file.exists(), f"{file} is missing; DECKHAND_REWRITE_GOLDENS=1 writes it"
    assert found == json.loads(file.read_text())


def test_disk_usage_is_what_the_engines_own_command_line_prints(answers: Answers) -> None:
    rows = [
        {
            "Type": row.type,
            "TotalCount": str(row.total),
            "Active": str(row.active),
            "Size": human_size(row.size),
            "Reclaimable": row.reclaimable_text,
        }
        for row in replayed(answers).disk_usage().rows
    ]
    assert rows == answers[CLI_DF]


def test_an_object_that_is_looked_at_alone_is_the_one_of_the_survey(answers: Answers) -> None:
    engine = replayed(answers)
    inventory = engine.survey().inventory
    for container in inventory.containers:
        alone = engine.container(container.id)
        assert (alone.name, alone.state, alone.image_id) == (
            container.name,
            container.state,
            container.image_id,
        )
        assert (alone.volumes, alone.networks) == (container.volumes, container.networks)
    for network in inventory.networks:
        assert (engine.network(network.id).name, engine.network(network.id).labels) == (
            network.name,
            network.labels,
        )
    for volume in inventory.volumes:
        alone_volume = engine.volume(volume.name)
        assert (alone_volume.labels, alone_volume.options) == (volume.labels, volume.options)
        assert alone_volume.created_at == volume.created_at
    assert engine.refreshed(inventory.images) == inventory.images


def test_the_same_universe_leads_to_the_same_choice_on_every_engine() -> None:
    """But for build cache that an image shares: which layer it holds cannot be told on the containerd store."""
    chosen = {}
    for file in RECORDINGS:
        measured = Measured.of(watched(replayed(aged(file)).survey().inventory))
        plan = draft(measured, BUILT_IN["everything"], Protection())
        names = [item.name for item in plan.items if item.kind in (Kind.CONTAINER, Kind.NETWORK)]
        tags = [item.references[:1] for item in plan.items if item.kind is Kind.IMAGE]
        records = sum(item.kind is Kind.BUILD_CACHE and not item.shared for item in plan.items)
        assert any(item.shared for item in plan.items) is ("overlay2" in file.stem)
        chosen[file.stem] = (names, sorted(tags), records)
    first = next(iter(chosen.values()))
    assert chosen == dict.fromkeys(chosen, first)
    assert first == (
        ["created", "stopped", "front", "spare"],
        [(), (), (), ("kit:1",), ("localhost:5000/team/web:1",)],
        7,
    )


def test_anonymous_volumes_are_taken_where_the_engine_marks_them() -> None:
    """Engine 20.10 does not: there they are kept like named ones."""
    for file in RECORDINGS:
        measured = Measured.of(watched(replayed(aged(file)).survey().inventory))
        plan = draft(measured, BUILT_IN["volumes"], Protection())
        assert len(plan.items) == (0 if file.stem.startswith("20.10") else 1)
