"""Use by path on the real engine: a bind mount into a volume's folder is use of the volume."""

from pathlib import Path

import pytest

from bot.core.docker.inventory import Kind
from bot.core.life.states import Outcome
from tests.services.ages.test_images import planned
from tests.services.bench import Bench
from tests.support.machines.engine import BUSYBOX


def test_a_volume_stays_for_a_container_that_mounts_a_path_in_it(bench: Bench) -> None:
    bench.engine.base()
    for name, inside, running in (("v1", "", True), ("v2", "/dumps", False)):
        volume = bench.engine.volume("--label", "com.docker.volume.anonymous=", name, size=10)
        path = bench.engine.docker("volume", "inspect", "--format", "{{.Mountpoint}}", volume) + inside
        Path(path).mkdir(exist_ok=True)
        start = bench.engine.run if running else bench.engine.stopped
        command = (BUSYBOX, "sleep", "1000000") if running else (BUSYBOX, "true")
        start("base", "--name", f"user-of-{name}", "--volume", f"{path}:/backup:ro", command=command)
    bench.engine.volume("--label", "com.docker.volume.anonymous=", "free")
    made = planned(bench, "volumes")
    assert [item.name for item in made.items] == ["free"]
    rules = {kept.name: kept.rule for kept in made.kept if kept.kind is Kind.VOLUME}
    assert rules["v1"].startswith("container user-of-v1 mounts a path in it (/")
    assert rules["v2"].endswith("/volumes/v2/_data/dumps)")


@pytest.mark.parametrize("through_a_link", [False, True])
def test_a_volume_that_comes_into_use_by_path_after_the_plan_stays(
    bench: Bench, tmp_path: Path, *, through_a_link: bool
) -> None:
    bench.engine.base()
    bench.engine.volume("--label", "com.docker.volume.anonymous=", "vol")
    where = bench.engine.docker("volume", "inspect", "--format", "{{.Mountpoint}}", "vol")
    if through_a_link:
        (tmp_path / "docker").symlink_to(Path(where).parents[2])
        where = f"{tmp_path}/docker/volumes/vol/_data"
    plan = bench.approved("volumes")
    bench.engine.created("base", "--name", "late", "--volume", f"{where}:/data")
    (kept,) = bench.run(plan).items
    assert (kept.outcome, kept.reason) == (Outcome.KEPT, "container late mounts it now")
