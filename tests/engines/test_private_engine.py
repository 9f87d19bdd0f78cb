"""The engine that the tests run against does what its helpers promise."""

import json

import pytest

from tests.support.machines.engine import PrivateEngine, private_engine


@pytest.mark.parametrize("buildkit", [False, True], ids=["legacy", "buildkit"])
def test_both_builders_make_images_without_a_registry(
    clean_engine: PrivateEngine,
    buildkit: bool,  # noqa: FBT001 - pytest passes parameters by name
) -> None:
    lines = ["FROM scratch", "COPY busybox /bin/busybox", 'RUN ["/bin/busybox", "mkdir", "/a"]']
    image = clean_engine.build(lines, "made:here", buildkit=buildkit)
    (found,) = json.loads(clean_engine.docker("image", "inspect", "made:here"))
    assert found["Id"] == image
    assert len(found["RootFS"]["Layers"]) == 2


def test_containers_run_stop_and_wait_to_be_started(clean_engine: PrivateEngine) -> None:
    image = clean_engine.base()
    network = clean_engine.network("front")
    made = {
        clean_engine.run(image): "running",
        clean_engine.run(image, "--network", "front"): "running",
        clean_engine.stopped(image): "exited",
        clean_engine.created(image): "created",
    }
    for container, state in made.items():
        assert clean_engine.docker("inspect", "--format", "{{.State.Status}}", container) == state
    assert clean_engine.docker("network", "inspect", "--format", "{{.Id}}", "front") == network


def test_an_emptied_engine_holds_nothing(engine: PrivateEngine) -> None:
    image = engine.build(["FROM scratch", "COPY busybox /b"], "one:latest", buildkit=True)
    engine.created(image, command=("/b",))
    engine.network("spare")
    engine.volume("--label", "a=b", size=5000)
    engine.empty()
    assert engine.docker("system", "df", "--format", "{{.TotalCount}}").split() == ["0"] * 4
    assert engine.docker("network", "ls", "--quiet", "--filter", "type=custom") == ""


def test_an_engine_that_was_stopped_comes_back_with_its_objects() -> None:
    with private_engine() as own:
        image = own.base()
        own.stop()
        assert not own.answers()
        own.start()
        assert own.docker("image", "ls", "--quiet", "--no-trunc") == image
    assert not own.directory.exists()
