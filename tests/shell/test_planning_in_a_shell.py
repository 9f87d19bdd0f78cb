"""``deckhand plan``: why an object stays, several profiles at once, narrowed ones, and single objects."""

import json
import re
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from bot.core.plan.profiles import BUILT_IN
from bot.trial.sample.server import SampleEngine
from tests.support.shell import deckhand, program

ItemId = tuple[str, str]


@pytest.fixture(autouse=True)
def _in_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def planned(*words: str) -> CompletedProcess[str]:
    return deckhand("plan", "prod-3", *words, folder=Path())


def printed(*words: str) -> Any:
    ended = planned(*words, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def items(plan: Any) -> set[ItemId]:
    return {(item["kind"], item["id"]) for item in plan["items"]}


def test_several_profiles_are_planned_on_one_look_each_as_alone_and_narrowed_alike() -> None:
    alone = printed("everything")
    both = printed("routine", "everything")
    assert [plan["profile"] for plan in both] == ["routine", "everything"]
    assert both[1] == alone
    assert items(both[0]) < items(both[1])
    narrow = printed("everything", "routine", "only=images", "not=*")
    assert [plan["profile"] for plan in narrow] == ["everything", "routine"]
    assert {kind for plan in narrow for kind, _ in items(plan)} <= {"image"}
    assert items(narrow[0]) < items(both[1])
    assert all(not item["references"] for plan in narrow for item in plan["items"])


def test_a_narrowed_plan_says_how_it_was_narrowed() -> None:
    ended = planned("everything", "keep=2", "not=postgres*")
    assert ended.returncode == 0
    assert ended.stdout.startswith("prod-3: everything keep=2 not=postgres* would remove ")
    assert re.search(r"^image +\S.* among the newest versions of \S+", ended.stdout, re.MULTILINE)


def test_picked_objects_are_planned_alone_and_in_use_ones_stay_with_the_reason(
    sample: SampleEngine,
) -> None:
    universe = sample.universe
    with universe.lock:
        running = next(one for one in universe.containers.values() if one.running)
        stopped = next(one for one in universe.containers.values() if not one.running)
    words = (f"container={running.name}", f"container={stopped.id}", f"image={running.image_id}")
    plan = printed(*words)
    assert plan["profile"] == "picked"
    assert items(plan) == {("container", stopped.id)}
    kept = {one["id"]: one["rule"] for one in plan["kept"]}
    assert kept[running.id] == f"it is {running.state}"
    assert re.fullmatch(r"container \S+ uses it", kept[running.image_id])


def test_why_shows_every_profiles_rule_as_a_table_and_as_json(sample: SampleEngine) -> None:
    universe = sample.universe
    with universe.lock:
        used = next(one for one in universe.containers.values() if one.running)
        name = str(universe.references_of(used.image_id)[0])
    table = planned("--why", name)
    assert (table.returncode, table.stdout.startswith("image ")) == (0, True)
    lines = table.stdout.splitlines()
    assert lines[1].split() == ["PROFILE", "WHY", "UNTIL"]
    assert [line.split()[:2] for line in lines[2:]] == [[profile, "keeps"] for profile in BUILT_IN]
    assert used.image_id in lines[0]

    ended = planned("--why", used.name, "--json")
    (explained,) = json.loads(ended.stdout)
    assert (explained["kind"], explained["id"], explained["name"]) == ("container", used.id, used.name)
    assert [set(one) for one in explained["profiles"]] == [{"profile", "takes", "rule", "due"}] * len(
        BUILT_IN
    )
    by_name = {one["profile"]: one for one in explained["profiles"]}
    assert by_name["system"] == {
        "profile": "system", "takes": False, "rule": f"it is {used.state}", "due": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("routine", "untli=1h"), "There is no argument “untli=”. Did you mean until=?"),
        (("dangling", "only=networks"), "only=: dangling takes no networks; it takes image."),
        (("--why", "nowhere:1"), "There is no “nowhere:1” on this host; write its name, tag or id."),
        (("image=nowhere:1",), "There is no image “nowhere:1” on this host"),
    ],
)
def test_a_wrong_argument_is_answered_with_one_sentence(words: tuple[str, ...], said: str) -> None:
    ended = planned(*words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"deckhand: {said}")


def test_a_wrong_argument_ends_with_2_and_no_traceback(folder: Path) -> None:
    ended = program("plan", "prod-3", "routine", "untli=1h", folder=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "deckhand: There is no argument “untli=”. Did you mean until=?" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_several_hosts_are_planned_as_each_alone_and_who_does_not_answer_keeps_nobody_out(
    folder: Path,
) -> None:
    file = folder / "deckhand.toml"
    file.write_text(
        file.read_text() + '\n[hosts.gone]\ndocker = "unix:///nowhere/docker.sock"\ntags = ["all-of-them"]\n'
    )
    ended = deckhand("plan", "prod-3,gone", "everything", "--json", folder=folder)
    assert ended.returncode == 1
    assert "gone: " in ended.stderr
    (plan,) = json.loads(ended.stdout)
    assert (plan["host"], items(plan)) == ("prod-3", items(printed("everything")))
    ended = deckhand("plan", "prod-*", "everything", "dangling", folder=folder)
    assert ended.returncode == 0
    assert re.search(r"^prod-3 +everything +\d+ ", ended.stdout, re.MULTILINE)
    assert re.search(r"^prod-3 +dangling +\d+ ", ended.stdout, re.MULTILINE)
    asked_why = deckhand("plan", "prod-*", "--why", "web", folder=folder)
    assert asked_why.returncode == 2
    assert "is asked of one host" in asked_why.stderr
