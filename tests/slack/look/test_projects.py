"""Compose projects in the list of a host's objects: what belongs together stands together."""

from bot.slack.look.usage import listings
from tests.core.things import container, image, inventory

SHOP = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}


def test_a_projects_containers_and_images_stand_together_where_their_sum_has_its_place() -> None:
    web, db, big, other = (
        image(name, tags=(f"{name}:1",), size=size)
        for name, size in (("web", 30), ("db", 40), ("big", 60), ("o", 50))
    )
    seen = inventory(
        web, db, big, other,
        container("shop-web-1", web, labels=SHOP, size_rw=1),
        container("shop-db-1", db, labels=SHOP, size_rw=9),
        container("alone", big, size_rw=5),
    )  # fmt: skip
    images, containers, *_ = listings(seen)
    assert [one.name for one in images.objects] == ["db:1", "web:1", "big:1", "o:1"]
    assert [one.name for one in containers.objects] == ["shop-db-1", "shop-web-1", "alone"]
    assert [one.words[-1] for one in images.objects[:2]] == ["Compose project shop"] * 2
    assert containers.objects[0].words[-1] == "Compose project shop"
