"""What goes is told with what makes it safe to go: its age, its last use, and whose it is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.docker.inventory import CacheRecord, Container, Image, Kind, Mounting, Network, Volume
from bot.core.life.risk import Risk, risk_of, riskiest
from bot.core.plan.arguments import Pick
from bot.core.plan.going import age_told, label_words
from bot.core.plan.objects import picked
from bot.core.plan.plan import Draft, Item
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN
from bot.core.plan.protection import Protection
from tests.core.things import ago, container, image, inventory, network, record, volume

SHOP = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}


Thing = Container | Network | Image | CacheRecord | Volume
NOTHING = image("nothing")


def planned(
    *things: Thing, profile: str = "everything", ran: Mapping[tuple[str, str], Sequence[str]] | None = None
) -> Draft:
    seen = replace(inventory(*things), ran=ran or {})
    return draft(Measured.of(seen), BUILT_IN[profile], Protection())


def words(*things: Thing, profile: str = "everything") -> list[str]:
    return [item.rule for item in planned(*things, profile=profile).items]


@pytest.mark.parametrize(
    ("told", "about"),
    [
        ("exited 41 days ago (137)", {"exit_code": 137}),
        ("exited 41 days ago, restart policy unless-stopped", {"exit_code": 0, "restart": "unless-stopped"}),
        ("exited 41 days ago, Compose service shop/web", {"labels": SHOP}),
        ("exited 41 days ago", {"restart": "no"}),
    ],
)  # fmt: skip
def test_a_stopped_container_goes_with_its_end_and_what_it_belongs_to(
    told: str, about: dict[str, object]
) -> None:
    gone = container("job", NOTHING, state="exited", created_at=ago(days=50), ended_at=ago(days=41), **about)
    assert words(gone) == [told]


@pytest.mark.parametrize(
    "name", ["web-1-before-4.20", "web-1-old", "web-1_backup-2", "web-1.bak", "0123456789ab_web-1"]
)
def test_a_container_whose_name_says_that_it_was_put_aside_is_told_as_what_it_ran(name: str) -> None:
    gone = container(
        name, NOTHING, state="exited", created_at=ago(days=50), ended_at=ago(days=41), exit_code=0
    )
    assert words(gone) == ["exited 41 days ago, ran before as web-1"]


def test_a_container_that_never_ran_says_so() -> None:
    gone = container("job", NOTHING, state="created", created_at=ago(days=8), ended_at=ago(days=8))
    assert words(gone) == ["created 8 days ago, and never started"]


def test_an_image_that_a_service_ran_before_is_told_as_such() -> None:
    old, new = (
        image(name, (name, 9), tags=(f"{name}:1",), tagged_at=ago(days=60)) for name in ("old", "new")
    )
    ran = {("compose", "shop/web"): ["sha256:new", "sha256:old"]}
    told = {item.id: item.rule for item in planned(old, new, ran=ran).items}
    assert "ran before as shop/web (1 release ago)" in told["sha256:old"]
    assert "ran last as shop/web" in told["sha256:new"]


def test_networks_and_build_cache_tell_their_age() -> None:
    net = replace(network("ci", labels={"com.docker.compose.project": "ci"}), created_at=ago(days=47))
    assert words(net, record("r", last_used_at=ago(days=12))) == [
        "no container uses it; created 47 days ago, Compose project ci",
        "no build used it for 12 days",
    ]


def test_an_anonymous_volume_tells_whose_it_was() -> None:
    anonymous = Volume(
        name="a" * 64, driver="local", labels={"com.docker.volume.anonymous": ""}, created_at=ago(days=97), size=9,
        ref_count=0, mounting=Mounting(first_at=ago(days=90), at=ago(days=40), container="shop-db-1", image="db:16"),
    )  # fmt: skip
    (told,) = words(anonymous, profile="volumes")
    assert told.startswith("without a name of its own, and no container mounts it; created 97 days ago, ")
    assert told.endswith("last mounted by shop-db-1 (db:16) 40 days ago")


def test_labels_that_people_wrote_are_told_and_those_of_docker_are_not() -> None:
    labels = {
        "owner": "alice",
        "keep": "",
        "com.docker.volume.anonymous": "",
        **{f"x{n}": "1" for n in range(9)},
    }
    assert [*label_words(labels)] == [
        "keep", "owner=alice", "x0=1", "x1=1", "x2=1", "and 6 more labels"
    ]  # fmt: skip


def item(kind: Kind, rule: str, size: int = 1, *references: str) -> Item:
    return Item(kind=kind, id=f"{kind} {rule} {size}", name="n", references=references, bytes=size, rule=rule)


def test_what_is_lost_for_good_and_may_be_wanted_is_looked_at_first_and_the_largest_of_it() -> None:
    picked_one = item(Kind.VOLUME, "picked by name")
    back = item(Kind.CONTAINER, "exited 41 days ago (0), ran before as web")
    failed = item(Kind.CONTAINER, "exited 12 days ago (137)", 5)
    larger = item(Kind.CONTAINER, "exited 12 days ago (1)", 50)
    built = item(Kind.IMAGE, "no container uses it", 900, "app:1")
    pulled = item(Kind.IMAGE, "no container uses it", 900, "app:2", "app@sha256:1")
    cache = item(Kind.BUILD_CACHE, "last used 1 day ago", 5_000)
    assert riskiest([cache, pulled, built, failed, larger, back, picked_one]) == (
        picked_one, back, larger, failed, built
    )  # fmt: skip
    assert risk_of(item(Kind.CONTAINER, "exited; the profile takes stopped containers")) is Risk.WRITTEN


def test_an_age_is_read_back_from_the_words_and_words_of_a_release_before_tell_none() -> None:
    assert age_told(item(Kind.CONTAINER, "exited 41 days ago (137), of web:1")) == timedelta(days=41)
    assert age_told(item(Kind.IMAGE, "unused for at least 23 days")) == timedelta(days=23)
    assert age_told(item(Kind.CONTAINER, "exited 1 hour ago")) == timedelta(hours=1)
    assert age_told(item(Kind.CONTAINER, "exited; the profile takes stopped containers")) is None


def test_the_cache_of_a_builder_that_is_gone_goes_as_what_it_is() -> None:
    left = volume("buildx_buildkit_ci-10_state", anonymous=False)
    seen = inventory(left)
    [item] = draft(
        Measured.of(seen), picked(seen, [Pick(kind=Kind.VOLUME, name=left.name)]), Protection()
    ).items
    assert item.rule.startswith("picked by name, and no container mounts it; created 9 days ago, ")
    assert ", build cache of builder ci-1, its builder is gone, who mounted it last" in item.rule
