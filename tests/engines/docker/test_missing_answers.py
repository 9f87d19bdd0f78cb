"""An engine that leaves something out, or says null: what is unknown is kept, and nothing breaks."""

import copy
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from bot.core.docker.inventory import Kind
from bot.core.errors import EngineUnsupportedError
from bot.core.plan.plan import Draft
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN
from bot.core.plan.protection import Protection
from bot.engines.docker.engine import DockerEngine
from tests.support.recording import CLI_DF, LISTS, RECORDINGS, Answers, aged, replayed

Way: TypeAlias = tuple[str, ...]
"""Keys down from an answer; ANY stands for every element of a list or every key of an object."""

NEWEST = max(file for file in RECORDINGS if "containerd" in file.stem)
ANY = "*"
DEEPEST = 4
PROFILES = ("everything", "routine", "volumes")
READ = frozenset(
    {
        "BuildCache", "Config", "Containers", "Created", "CreatedAt", "Description", "DockerRootDir",
        "Driver", "DriverStatus", "HostConfig", "ID", "Id", "Image", "ImageID", "Images", "InUse", "Labels",
        "LastTagTime", "LastUsedAt", "Layers", "LayersSize", "Metadata", "Mounts", "Name", "Names",
        "NetworkID", "NetworkMode", "NetworkSettings", "Networks", "OperatingSystem", "Options", "Parent",
        "ParentId", "Parents", "RefCount", "RepoDigests", "RepoTags", "RootFS", "Scope", "ServerVersion",
        "Shared", "SharedSize", "Size", "SizeRootFs", "SizeRw", "State", "SystemTime", "Type", "UsageData",
        "Volumes", " Parents",
    }
)  # fmt: skip
"""Keys that bot/engines/docker/told reads somewhere."""
ALONE = ("/containers/*/json", "/networks/*", "/volumes/*")
"""Asked only when an object is looked at once more."""


@pytest.fixture(params=RECORDINGS, ids=[file.stem for file in RECORDINGS])
def answers(request: pytest.FixtureRequest) -> Answers:
    file: Path = request.param
    return aged(file)


def plans(engine: DockerEngine) -> dict[str, Draft]:
    """What each profile would do; the reports that show no plan are made too."""
    survey = engine.survey()
    measured = Measured.of(survey.inventory)
    return {name: draft(measured, BUILT_IN[name], Protection()) for name in PROFILES}


def taken(found: dict[str, Draft], *kinds: Kind) -> dict[str, set[str]]:
    return {
        name: {item.id for item in each.items if not kinds or item.kind in kinds}
        for name, each in found.items()
    }


def places(value: Any, way: Way) -> Iterator[tuple[Any, str]]:
    """Every object and key in it that the way leads to."""
    *heads, last = way
    if not heads:
        if isinstance(value, dict) and last in value:
            yield value, last
        return
    head, *_ = heads
    below = (
        list(value) if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    )
    if head != ANY:
        below = [value[head]] if isinstance(value, dict) and head in value else []
    for each in below:
        yield from places(each, way[1:])


def kind_of(path: str) -> str:
    """Which question it is, whatever object it asks about: ``/images/*/json``."""
    parts = path.split("?", maxsplit=1)[0].split("/")
    return "/".join([*parts[:2], ANY, *parts[3:]]) if path not in LISTS else path


def ways(value: Any, way: Way = ()) -> Iterator[Way]:
    """All ways into an answer, as far as Deckhand reads it."""
    if isinstance(value, list):
        for each in value:
            yield from ways(each, (*way, ANY))
    elif isinstance(value, dict) and len(way) < DEEPEST:
        for key, each in value.items():
            if key in READ:
                yield (*way, key)
                yield from ways(each, (*way, key))


def changed(answers: Answers, kind: str, way: Way, change: Callable[[Any, str], None]) -> Answers:
    """A copy of the answers with a change at every place of that kind."""
    made = {path: copy.deepcopy(value) if kind_of(path) == kind else value for path, value in answers.items()}
    for path, value in made.items():
        if kind_of(path) == kind:
            for holder, key in places(value, way):
                change(holder, key)
    return made


def leave_out(holder: Any, key: str) -> None:
    del holder[key]


def say_null(holder: Any, key: str) -> None:
    holder[key] = None


@pytest.mark.parametrize("answers", [RECORDINGS[0], NEWEST], ids=attrgetter("stem"), indirect=True)
@pytest.mark.parametrize("change", [leave_out, say_null])
def test_whatever_is_left_out_nothing_more_is_taken(
    answers: Answers, change: Callable[[Any, str], None]
) -> None:
    before = taken(plans(replayed(answers)))
    everywhere = {
        (kind_of(path), way)
        for path, value in answers.items()
        if path not in (CLI_DF, "/version") and kind_of(path) not in ALONE
        for way in ways(value)
    }
    assert len(everywhere) > 80
    wrong = []
    for kind, way in sorted(everywhere - {("/info", ("ID",))}):
        try:
            after = plans(replayed(changed(answers, kind, way, change)))
        except Exception as error:  # noqa: BLE001 - all that break are told at once
            wrong.append(f"{kind} {way}: {error!r}")
            continue
        wrong += [f"{kind} {way}: {name} takes {more}" for name, ids in taken(after).items()
                  if (more := ids - before[name])]  # fmt: skip
    assert wrong == []


@pytest.mark.parametrize("change", [leave_out, say_null])
def test_an_engine_without_an_id_is_refused(answers: Answers, change: Callable[[Any, str], None]) -> None:
    with pytest.raises(EngineUnsupportedError, match="no id"):
        replayed(changed(answers, "/info", ("ID",), change)).survey()


@pytest.mark.parametrize("path", LISTS[3:])
def test_a_list_that_is_null_takes_nothing_more(answers: Answers, path: str) -> None:
    before = taken(plans(replayed(answers)))
    null = {"Volumes": None} if path == "/volumes" else None
    engine = replayed({**answers, path: null})
    if path.startswith("/containers"):  # nothing would be known to be unused
        with pytest.raises(EngineUnsupportedError, match="which containers"):
            engine.survey()
    else:
        assert all(ids <= before[name] for name, ids in taken(plans(engine)).items())


@pytest.mark.parametrize("said", ["Parent", " Parents", "Parents"])
def test_a_records_parents_are_read_under_each_of_their_names(answers: Answers, said: str) -> None:
    def rename(record: Any, _: str) -> None:
        found = [record.pop(key) for key in ("Parent", " Parents", "Parents") if key in record]
        parents = [each for one in found for each in ([one] if isinstance(one, str) else one) if each]
        record[said] = parents if said != "Parent" else "".join(parents)

    renamed = changed(answers, "/system/df", ("BuildCache", ANY, "ID"), rename)
    assert replayed(renamed).cache_records() == replayed(answers).cache_records()
    assert any(record.parents for record in replayed(renamed).cache_records())


@pytest.mark.parametrize(
    "said", [None, [], ["<none>:<none>"], ["<none>@<none>"]], ids=["null", "empty", "tag", "digest"]
)
def test_an_untagged_image_is_one_however_the_engine_says_so(
    answers: Answers, said: list[str] | None
) -> None:
    def say(image: Any, key: str) -> None:
        if key in image and all("<none>" in each for each in image[key] or ()):
            image[key] = said

    told = answers
    for kind, way in (
        ("/images/json?all=1", (ANY,)),
        ("/images/*/json", ()),
        ("/system/df", ("Images", ANY)),
    ):
        for key in ("RepoTags", "RepoDigests"):
            told = changed(told, kind, (*way, key), say)
    assert plans(replayed(told)) == plans(replayed(answers))


@pytest.mark.parametrize("cache", [None, []])
def test_no_build_cache_is_none_however_the_engine_says_so(answers: Answers, cache: list[Any] | None) -> None:
    engine = replayed({**answers, "/system/df": {**answers["/system/df"], "BuildCache": cache}})
    before = taken(plans(replayed(answers)))
    after = plans(engine)
    assert taken(after, Kind.BUILD_CACHE) == {name: set() for name in PROFILES}
    assert all(ids <= before[name] for name, ids in taken(after).items())
    assert (engine.disk_usage().rows[3].total, engine.disk_usage().rows[3].size) == (0, 0)


def test_a_count_of_containers_that_is_unknown_leaves_it_to_their_list(answers: Answers) -> None:
    def unknown(image: Any, key: str) -> None:
        image[key] = -1

    told = changed(answers, "/system/df", ("Images", ANY, "Containers"), unknown)
    told = changed(told, "/images/json?all=1", (ANY, "Containers"), unknown)
    assert plans(replayed(told)) == plans(replayed(answers))


def test_containers_that_only_the_engine_counts_keep_their_image(answers: Answers) -> None:
    """They were made after the list, or the list left them out."""

    def one_more(image: Any, key: str) -> None:
        image[key] = (image[key] or 0) + 1

    told = changed(answers, "/system/df", ("Images", ANY, "Containers"), one_more)
    listed = {image["Id"] for image in told["/system/df"]["Images"]}
    assert not any(ids & listed for ids in taken(plans(replayed(told)), Kind.IMAGE).values())


@pytest.mark.parametrize(
    ("way", "kind"),
    [
        (("Volumes", ANY, "UsageData"), Kind.VOLUME),
        (("Volumes", ANY, "UsageData", "RefCount"), Kind.VOLUME),
        (("BuildCache", ANY, "InUse"), Kind.BUILD_CACHE),
        (("BuildCache", ANY, "ID"), Kind.BUILD_CACHE),
    ],
)
@pytest.mark.parametrize("change", [leave_out, say_null])
def test_what_may_be_in_use_is_kept(
    answers: Answers, way: Way, kind: Kind, change: Callable[[Any, str], None]
) -> None:
    told = plans(replayed(changed(answers, "/system/df", way, change)))
    assert taken(told, kind) == {name: set() for name in PROFILES}
