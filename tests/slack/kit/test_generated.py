"""Thousands of generated messages and forms: whatever a host holds, Slack takes it, and nobody is pinged."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.docker.inventory import CacheRecord, Container, Image, Inventory, Mounting, Network, Volume
from bot.core.docker.usage import DiskSpace, DiskUsage, LastLook, Survey, UsageRow
from bot.core.errors import HostUnreachableError
from bot.core.life.states import Outcome, PlanState, Status
from bot.core.plan.plan import Draft, Person
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN
from bot.core.plan.protection import Protection
from bot.services.look.offered import Offers
from bot.services.look.planning import HostReport
from bot.slack.action_ids import APPROVE
from bot.slack.kit.blocks import Block, Message
from bot.slack.kit.limits import fitted
from bot.slack.look.picture import picture_of
from bot.slack.look.reports import counting_message, looking_message, report_message, unreachable_message
from bot.slack.look.usage import details_message, files, listings
from bot.slack.plan.asking.form import Given, Place, asking_form, host_options
from bot.slack.plan.commands import commands_message
from bot.slack.plan.forms.adjusting import adjust_form, before
from bot.slack.plan.forms.rejecting import reject_form
from bot.slack.plan.forms.volumes import volumes_form
from bot.slack.plan.lists import list_message
from bot.slack.plan.message import plan_message
from bot.slack.plan.open import About
from bot.trial.workspace.files import MAX_ALT_TEXT
from bot.trial.workspace.limits.limits import check_suggestions, check_view
from bot.trial.workspace.people.typed import is_folded
from tests.slack.kit.test_extremes import HOSTILE, assert_harmless, assert_slack_takes
from tests.slack.looks import host
from tests.slack.states import ENGINE, MADE, ended, proposed
from tests.support.conversation import strings

HOSTS = 60
"""Each makes about thirty messages and forms for every size: a few thousand in all."""
SIZES = (0, 1, 7, 60)
LONGEST = ("a" * 255 + ":" + "t" * 128, "registry.example:5000/" + "p/" * 100 + "app:1", "v" * 255)


class Make:
    """Hosts that hold anything, the same for a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - examples, not secrets

    def text(self) -> str:
        return self.random.choice((*HOSTILE, *LONGEST, "app:1", "web", "data", f"job-{self.random.random()}"))

    def size(self) -> int:
        return self.random.choice((0, 1, 999, 10**6, 10**9, 10**15))

    def labels(self) -> dict[str, str]:
        return {self.text(): self.text() for _ in range(self.random.randrange(4))}

    def image(self, number: int) -> Image:
        names = tuple(f"{self.text()}" for _ in range(self.random.randrange(3)))
        layer = f"sha256:{number:064x}"
        return Image(
            id=layer, tags=names, labels=self.labels(), size=self.size(), shared_size=0, containers=0,
            built_at=MADE - timedelta(days=self.random.randrange(900)), chain_ids=(layer,), history=(self.size(),),
        )  # fmt: skip

    def container(self, number: int, images: Sequence[Image], volumes: Sequence[Volume]) -> Container:
        image = self.random.choice(images).id if images else "gone"
        mounts = tuple(self.random.choice(volumes).name for _ in range(self.random.randrange(3)) if volumes)
        return Container(
            id=f"{number:064x}", name=self.text() or "x", image_id=image, image=self.text(),
            state=self.random.choice(("running", "exited")),
            created_at=MADE - timedelta(days=3), labels=self.labels(), volumes=mounts, size_rw=self.size(),
        )  # fmt: skip

    def volume(self, number: int) -> Volume:
        seen = Mounting(first_at=MADE, at=MADE, container=self.text(), image=self.text())
        return Volume(
            name=f"{self.text()}{number}", driver="local", labels=self.labels(), created_at=MADE - timedelta(days=9),
            size=self.random.choice((None, self.size())), ref_count=0, mounting=self.random.choice((None, seen)),
        )  # fmt: skip

    def inventory(self, most: int) -> Inventory:
        images = [self.image(number) for number in range(most)]
        volumes = [self.volume(number) for number in range(most)]
        engine = replace(ENGINE, version=self.text(), operating_system=self.text(), data_root=self.text())
        return Inventory(
            engine=engine, taken_at=MADE, images=tuple(images), volumes=tuple(volumes),
            containers=tuple(self.container(number, images, volumes) for number in range(most // 2)),
            networks=tuple(
                Network(id=f"n{n}", name=self.text(), driver="bridge", scope="local", in_use=False)
                for n in range(most // 9)
            ),
            cache=tuple(
                CacheRecord(id=f"k{n}", type="regular", description=self.text(), size=self.size(), shared=False,
                            in_use=False, last_used_at=MADE - timedelta(days=8))
                for n in range(most)
            ),
        )  # fmt: skip

    def usage(self, inventory: Inventory) -> DiskUsage:
        counts = {"Images": inventory.images, "Containers": inventory.containers, "Local Volumes": inventory.volumes,
                  "Build Cache": inventory.cache}  # fmt: skip
        return DiskUsage(rows=tuple(
            UsageRow(type=kind, total=len(found), active=0, size=self.size(), reclaimable=self.size(),
                     known=self.random.random() < 0.9)
            for kind, found in counts.items()
        ))  # fmt: skip


def planned(made: Draft) -> PlanState:
    state = proposed(made.items, made.kept)
    return replace(state, plan=replace(state.plan, draft=replace(made, engine=state.plan.draft.engine)))


def messages_of(make: Make, inventory: Inventory) -> Iterator[Message]:
    usage = make.usage(inventory)
    free = make.random.randrange(10**9)
    survey = Survey(
        inventory=inventory, usage=usage, disk=make.random.choice((None, DiskSpace(size=10**9, free=free)))
    )
    offers = tuple(draft(Measured.of(inventory), profile, Protection()) for profile in BUILT_IN.values())
    report = HostReport(host="prod-3", survey=survey, offers=offers, may_pick_volumes=True)
    last = LastLook(at=MADE, usage=usage, disk=survey.disk)
    tags = ("prod", "t" * 63, "eu")
    yield report_message(report, host("prod-3", "p" * 63, tags), pictures=True)
    yield looking_message("prod-3", last, MADE)
    yield counting_message("prod-3", usage, last, MADE)
    yield unreachable_message(host("prod-3"), HostUnreachableError("prod-3", make.text() * 20), last)
    yield details_message("prod-3", listings(inventory))
    with_items = [offer for offer in offers if offer.items]
    if not with_items:
        return  # no plan is made of nothing
    state = planned(make.random.choice(with_items))
    about = About(tags=tags, approvers=("U0BOB", "S0OPS", "C0OPS", "*") * 9)
    for status in Status:
        yield plan_message(ended(with_any_outcome(make, state), status, reason=make.text() * 9), about)
    yield commands_message(state)
    listed = list_message(state)
    if listed:
        yield listed


def with_any_outcome(make: Make, state: PlanState) -> PlanState:
    return replace(state, items=tuple(
        replace(one, outcome=make.random.choice(tuple(Outcome)), reason=make.text(), bytes=make.size())
        for one in state.items
    ))  # fmt: skip


def forms_of(make: Make, inventory: Inventory) -> Iterator[Block]:
    offers = [draft(Measured.of(inventory), profile, Protection()) for profile in BUILT_IN.values()]
    with_items = [offer for offer in offers if offer.items]
    yield volumes_form("h" * 63, "C0OPS", inventory)
    tags = tuple(make.random.choice(HOSTILE) for _ in range(9))
    hosts = [host("h" * 63, tags=tags)] * len(inventory.images)
    offers_seen = Offers(age=99, frees={offer.profile: offer.frees for offer in offers})
    many = [replace(each, name=f"{number}{'p' * 62}") for number in range(30) for each in BUILT_IN.values()]
    for profiles in (BUILT_IN.values(), many):
        given = Given(host="h" * 63, narrow="x" * 2_000, channel="C0OPS")
        yield asking_form(Place(), given, [host("h" * 63)], profiles, offers_seen)
    loaded = {"options": host_options(hosts, "h")}
    assert check_suggestions(loaded) == []
    if with_items:
        state = planned(make.random.choice(with_items))
        yield adjust_form(state, before(state))
        yield reject_form(state)


def assert_slack_shows(view: Block) -> None:
    assert check_view(view) == []
    "\n".join(strings([view])).encode()  # and it can be sent


@pytest.mark.parametrize("seed", range(HOSTS))
def test_slack_takes_what_any_host_makes(seed: int) -> None:
    make = Make(seed)
    for most in SIZES:
        inventory = make.inventory(most)
        for message in messages_of(make, inventory):
            sent, _ = fitted(message)
            assert_slack_takes(sent)
            if any(
                each.get("action_id") == APPROVE
                for block in sent.blocks
                for each in block.get("elements", ())
            ):
                assert not any(map(is_folded, sent.blocks)), "something would be approved that was not seen"
            assert_harmless(replace(sent, blocks=tuple(b for b in sent.blocks if b["type"] != "actions")))
        for view in forms_of(make, inventory):
            assert_slack_shows(view)


def test_a_host_of_5000_images_of_the_longest_names_is_shown_and_listed_whole() -> None:
    make = Make(5_000)
    inventory = make.inventory(5_000)
    for message in messages_of(make, inventory):
        assert_slack_takes(fitted(message)[0])
    for view in forms_of(make, inventory):
        assert_slack_shows(view)
    whole = files("prod-3", listings(inventory))
    assert [text.count("\n") for text in whole.values()] == [5_000, 2_500, 5_000, 5_000]


@pytest.mark.parametrize("seed", range(8))
def test_a_picture_of_any_host_is_drawn_and_its_words_fit(seed: int) -> None:
    make = Make(seed)
    inventory = make.inventory(make.random.choice(SIZES))
    picture = picture_of("prod-3", Survey(inventory=inventory, usage=make.usage(inventory)))
    assert picture.png.startswith(b"\x89PNG")
    assert picture.alt.startswith("prod-3: ")
    assert len(picture.alt) <= MAX_ALT_TEXT


def test_a_persons_name_is_never_part_of_a_message() -> None:
    state = proposed()
    hostile = replace(state, plan=replace(state.plan, requester=Person(id="<!channel>", name="<!channel>")))
    assert_harmless(plan_message(hostile))
