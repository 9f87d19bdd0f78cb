"""What would be needed for a rollback, on the real engine: versions, and what a service ran before."""

import pytest

from bot.core.docker.inventory import Kind
from bot.core.plan.plan import Draft
from bot.core.plan.protection import Protection
from tests.services.ages.test_images import planned
from tests.services.bench import Bench, imported

COMPOSE = ("--label", "com.docker.compose.project=shop", "--label", "com.docker.compose.service=web")


def kept(made: Draft) -> dict[str, str]:
    """Why images stay, but for the steps that the classic builder leaves below them."""
    images = (one for one in made.kept if one.kind is Kind.IMAGE)
    return {one.name: one.rule for one in images if one.because != "parent of a kept image"}


def test_an_image_with_three_tags_is_one_version(bench: Bench) -> None:
    imported(bench.engine, "app:1")
    imported(bench.engine, "bpp:9")
    newest = bench.engine.docker("image", "inspect", "--format", "{{.Id}}", "bpp:9")
    for tag in ("app:2", "app:2.0", "app:latest"):
        bench.engine.docker("tag", newest, tag)
    bench.engine.docker("rmi", "bpp:9")
    assert [item.name for item in planned(bench, "everything keep=1").items] == ["app:1"]
    assert not planned(bench, "everything keep=2").items


@pytest.mark.parametrize("labels", [(), COMPOSE])
def test_what_a_service_ran_before_stays_and_the_plan_says_so(bench: Bench, labels: tuple[str, ...]) -> None:
    service = "shop/web" if labels else "web"
    bench.everywhere = Protection(keep_ran=3)
    images = []
    for number in range(1, 6):
        tag = f"app:{number}"
        images.append(
            bench.engine.build(["FROM scratch", "COPY busybox /bin/busybox", f"LABEL n={number}"], tag)
        )
        container = bench.engine.run(tag, "--name", "web", *labels)
        planned(bench, "everything")
        bench.engine.docker("rm", "--force", container)
    bench.engine.docker("rmi", "app:3")  # gone by hand: it was a release all the same
    made = planned(bench, "everything only=images")
    assert {item.name for item in made.items} == {"app:1", "app:2"}
    assert kept(made) == {
        "app:5": f"ran last as {service}: the last 3 that it ran stay",
        "app:4": f"ran before as {service} (1 release ago): the last 3 that it ran stay",
    }


def test_an_image_that_lost_its_name_stays_for_what_it_ran(bench: Bench) -> None:
    bench.everywhere = Protection(keep_ran=2)
    for number in (1, 2):
        bench.engine.build(["FROM scratch", "COPY busybox /bin/busybox", f"LABEL n={number}"], "app:latest")
        container = bench.engine.run("app:latest", "--name", "web")
        planned(bench, "everything")
        bench.engine.docker("rm", "--force", container)
    rules = kept(planned(bench, "everything"))
    assert "ran before as web (1 release ago): the last 2 that it ran stay" in rules.values()
    assert len(rules) == 2
