"""Every form as a golden file of ``goldens/``: what Slack is sent, to the letter; and what comes back from it.

After a wanted change run ``REWRITE_GOLDENS=1 .venv/bin/pytest tests/slack/test_forms.py`` and read the diff.
"""

import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.docker.inventory import Container, Inventory, Kind, Mounting, Volume
from bot.core.plan.arguments import Arguments, Pick, parse_arguments
from bot.core.plan.plan import Frees
from bot.core.plan.profiles import BUILT_IN
from bot.core.rules.hosts import Host, SocketAddress
from bot.core.rules.policy import Policy
from bot.services.look.offered import Offers
from bot.slack.action_ids import ASK_PLAN
from bot.slack.plan.asking.form import Given, Place, asking_form
from bot.slack.plan.forms.adjusting import GROUPS, adjust_form, adjustment_of, before
from bot.slack.plan.forms.approving import approve_form
from bot.slack.plan.forms.handing import hand_form
from bot.slack.plan.forms.handing import loading_form as asking_slack
from bot.slack.plan.forms.rejecting import reject_form
from bot.slack.plan.forms.volumes import loading_form, trouble_form, volumes_form
from bot.slack.plan.open import About
from bot.trial.workspace.limits.limits import check_view
from tests.slack.states import ENGINE, ITEMS, MADE, MEGABYTE, STATES, item, proposed

GOLDENS = Path(__file__).parent / "goldens"
SEEN = Mounting(
    first_at=MADE - timedelta(days=90), at=MADE - timedelta(days=12), container="pg-<1>", image="postgres:14"
)


def host_with(*volumes: Volume, containers: tuple[Container, ...] = ()) -> Inventory:
    return Inventory(engine=ENGINE, taken_at=MADE, volumes=volumes, containers=containers)


def volume(name: str, days: int, megabytes: int | None, **more: Any) -> Volume:
    return Volume(
        name=name, driver="local", created_at=MADE - timedelta(days=days), ref_count=0,
        size=None if megabytes is None else megabytes * MEGABYTE, **more,
    )  # fmt: skip


VOLUMES = host_with(
    volume("pg-data", 400, 700, labels={"app": "<db>", "keep": ""}, mounting=SEEN),
    volume("fresh", 0, 1, mounting=Mounting(first_at=MADE)),
    volume("unknown", 3, None),
    volume("mounted", 30, 20),
    replace(volume("nfs", 30, 5), options={"type": "nfs"}),
    containers=(Container(id="c1", name="web-1", state="exited", image_id="i", volumes=("mounted",)),),
)
MANY = proposed([
    *ITEMS, item(6, "app:2", Kind.IMAGE, 900, ("app:2",)), item(7, "other/app:1", Kind.IMAGE, 3, ("other/app:1",)),
])  # fmt: skip
NARROWED = parse_arguments(["routine", "until=240h", "keep=2"])
PICKED = Arguments(picks=(Pick(kind=Kind.IMAGE, name="app:1"),))
HOSTS = tuple(
    Host(name=name, address=SocketAddress(url="unix:///x"), policy=policy, tags=("<ci>",))
    for name, policy in (("prod-3", Policy(name="default")), ("vault", Policy(name="closed", profiles=())))
)
LOOKED = Offers(
    age=250,
    frees={
        "routine": Frees(low=MEGABYTE, high=3 * MEGABYTE, exact=False, why=""),
        "dangling": Frees(low=0, high=0, exact=True, why=""),
    },
)
ABOUT = About(approvers=("U0BOB", "S0OPS"), reasons=True)
OWN = replace(BUILT_IN["ci"], name="nightly")
FORMS = {
    "ask": asking_form(Place(channel="C0OPS", thread="1.2"), Given(), HOSTS, [*BUILT_IN.values(), OWN], None),
    "ask_anywhere": asking_form(
        Place(),
        Given(host="prod-3", profile="system", narrow="until=1h", channel="C0OPS"),
        HOSTS[:1],
        BUILT_IN.values(),
        LOOKED,
    ),
    "ask_nothing_allowed": asking_form(
        Place(channel="C0OPS"), Given(host="vault"), HOSTS[1:], BUILT_IN.values(), LOOKED
    ),
    "reject": reject_form(STATES["proposed"]),
    "hand": hand_form(STATES["proposed"], ABOUT, [("U0BOB", "bob"), ("U0CYD", "Cyd <of ops>")]),
    "hand_to_anybody": hand_form(STATES["proposed"], replace(ABOUT, approvers=("*",)), None),
    "hand_to_nobody": hand_form(STATES["proposed"], ABOUT, []),
    "hand_loading": asking_slack(),
    "approve_with_reasons": approve_form(STATES["proposed"], ABOUT),
    "adjust": adjust_form(STATES["proposed"], before(STATES["proposed"])),
    "adjust_narrowed_with_groups": adjust_form(MANY, NARROWED),
    "adjust_picked": adjust_form(STATES["proposed"], PICKED),
    "volumes": volumes_form("prod-3", "C0OPS", VOLUMES),
    "volumes_none": volumes_form("prod-3", "C0OPS", host_with()),
    "volumes_none_free": volumes_form("prod-3", "C0OPS", replace(VOLUMES, volumes=VOLUMES.volumes[3:])),
    "volumes_loading": loading_form("prod-3"),
    "volumes_trouble": trouble_form("prod-3: no answer from <10.0.0.3>:22 in 5 s."),
}
every_form = pytest.mark.parametrize("name", FORMS)


@every_form
def test_a_form_is_what_its_golden_says(name: str) -> None:
    golden = GOLDENS / f"{name}.json"
    if os.environ.get("REWRITE_GOLDENS"):
        golden.write_text(json.dumps(FORMS[name], indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert golden.exists(), f"{golden.name} is missing: see the top of this file"
    assert FORMS[name] == json.loads(golden.read_text(encoding="utf-8"))


def test_every_golden_belongs_to_a_form() -> None:
    assert {file.stem for file in GOLDENS.iterdir()} == set(FORMS)


@every_form
def test_slack_takes_the_form(name: str) -> None:
    assert check_view(FORMS[name]) == []


@every_form
def test_a_form_carries_ids_alone(name: str) -> None:
    assert FORMS[name]["private_metadata"] in {
        "", "k7m2p9wxyz", "prod-3 C0OPS", ASK_PLAN, f"{ASK_PLAN} C0OPS", f"{ASK_PLAN} C0OPS 1.2",
    }  # fmt: skip


def test_a_repository_that_was_left_out_is_written_as_its_name() -> None:
    options = [{"value": "app"}]
    view = {"state": {"values": {GROUPS: {GROUPS: {"selected_options": options}}}}}
    assert adjustment_of(view, MANY).excluded == ("app",)


def test_what_was_never_offered_in_a_form_means_nothing() -> None:
    options = [{"value": "postgres"}, {"value": "*"}]
    view = {"state": {"values": {GROUPS: {GROUPS: {"selected_options": options}}}}}
    assert adjustment_of(view, MANY).excluded == ()
