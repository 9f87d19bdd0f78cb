"""``[profiles.*]`` and ``[protect]`` of a configuration: what they change, and each mistake with its remedy."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config.settings import Settings
from bot.core.docker.inventory import Kind
from bot.core.docker.labels import LabelFilter
from bot.core.plan.profiles import BUILT_IN, Rule, Scope
from bot.core.plan.protection import Protection
from tests.shell.configuration import written

HOST = '[hosts.a]\ndocker = "unix:///var/run/docker.sock"\n'
IMAGES = 'images = { take = "unused" }\n'


def loaded(folder: Path, text: str) -> Settings:
    return written.loaded(folder, HOST + text)


def problems(folder: Path, text: str) -> list[str]:
    return written.problems(folder, HOST + text)


def test_without_profiles_and_protection_the_built_in_ones_stand(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "")
    assert settings.rules.profiles == BUILT_IN
    assert settings.rules.protection("a") == Protection()


def test_a_profile_of_ones_own_is_read_whole_and_comes_after_the_built_in_ones(tmp_path: Path) -> None:
    profiles = loaded(
        tmp_path,
        """
        [profiles.nightly]
        containers = { take = "stopped", min_age = "12h" }
        networks = { take = "unused" }
        images = { take = "dangling", min_age = "2d", keep_last = 3 }
        build_cache = { take = "unused", min_age = "1h30m" }
        labels = ["stage=ci"]
        without_labels = ["keep", "prod"]
        exclude = ["postgres*"]
        [profiles.anonymous-only]
        volumes = { take = "anonymous", min_age = "30d" }
        """,
    ).rules.profiles
    assert list(profiles) == [*BUILT_IN, "nightly", "anonymous-only"]
    nightly = profiles["nightly"]
    assert nightly.rules == {
        Kind.CONTAINER: Rule(scope=Scope.STOPPED, min_age=timedelta(hours=12)),
        Kind.NETWORK: Rule(scope=Scope.UNUSED),
        Kind.IMAGE: Rule(scope=Scope.DANGLING, min_age=timedelta(days=2), keep_last=3),
        Kind.BUILD_CACHE: Rule(scope=Scope.UNUSED, min_age=timedelta(minutes=90)),
    }
    assert nightly.labels == LabelFilter(wanted=("stage=ci",), refused=("keep", "prod"))
    assert (nightly.name, nightly.excluded, nightly.only) == ("nightly", ("postgres*",), None)
    assert profiles["anonymous-only"].rules == {
        Kind.VOLUME: Rule(scope=Scope.ANONYMOUS, min_age=timedelta(days=30))
    }
    assert all(profiles[name] is BUILT_IN[name] for name in BUILT_IN)


def test_a_built_in_profile_is_overridden_whole_and_keeps_its_place(tmp_path: Path) -> None:
    profiles = loaded(
        tmp_path, f"[profiles.everything]\n{IMAGES}[profiles.dangling]\n{IMAGES}"
    ).rules.profiles
    assert list(profiles) == list(BUILT_IN)
    assert profiles["everything"].rules == {Kind.IMAGE: Rule(scope=Scope.UNUSED)}
    assert profiles["everything"].commands() == ("docker image prune -a",)
    assert profiles["system"] is BUILT_IN["system"]


def test_protection_is_read_whole(tmp_path: Path) -> None:
    assert loaded(
        tmp_path,
        """
        [protect]
        images = ["*:stable", "postgres"]
        names = ["db-*"]
        labels = ["keep", "stage=prod"]
        keep_last = 3
        unused_for = "14d"
        dangling_min_age = "0s"
        """,
    ).rules.protection("a") == Protection(
        images=("*:stable", "postgres"),
        names=("db-*",),
        labels=("keep", "stage=prod"),
        keep_last=3,
        unused_for=timedelta(days=14),
        dangling_min_age=timedelta(),
    )


@pytest.mark.parametrize("name", ["picked", "why", "help", "Why", "HELP"])
def test_a_name_that_means_something_else_behind_a_host_is_refused(tmp_path: Path, name: str) -> None:
    (problem,) = problems(tmp_path, f"[profiles.{name}]\n{IMAGES}")
    assert problem == (f"profiles.{name}: “{name}” means something else behind a host; choose another name")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[profiles.x]\n", r"profiles\.x: takes nothing; write for example images = \{ take = \"unused\" \}"),
        ('[profiles.x]\nlabels = ["a"]\n', r"profiles\.x: takes nothing"),
        (
            f'[profiles.x]\n{IMAGES}volumes = {{ take = "anonymous" }}\n',
            r"profiles\.x\.volumes: volumes are in no profile but their own; move this rule",
        ),
        (
            '[profiles.x]\ncontainers = { take = "unused" }\n',
            r"profiles\.x\.containers\.take: means nothing for containers; write stopped$",
        ),
        (
            '[profiles.x]\nimages = { take = "stopped" }\n',
            r"profiles\.x\.images\.take: means nothing for images; write dangling or unused$",
        ),
        (
            '[profiles.x]\nvolumes = { take = "unused" }\n',
            r"profiles\.x\.volumes\.take: means nothing for volumes; write anonymous$",
        ),
        (
            '[profiles.x]\nnetworks = { take = "dangling" }\n',
            r"profiles\.x\.networks\.take: means nothing for networks; write unused$",
        ),
        (
            '[profiles.x]\nbuild_cache = { take = "anonymous" }\n',
            r"profiles\.x\.build_cache\.take: means nothing for build_cache; write dangling or unused$",
        ),
        ('[profiles.x]\nimages = { take = "all" }\n', r"profiles\.x\.images\.take: .*this is 'all'"),
        ('[profiles.x]\nimages = { take = ["unused"] }\n', r"profiles\.x\.images\.take: .*this is \['unused'\]"),
        ('[profiles.x]\nimages = { min_age = "1h" }\n', r"profiles\.x\.images\.take: is missing"),
        ('[profiles.x]\nimages = "unused"\n', r"profiles\.x\.images: .*this is 'unused'"),
        (
            '[profiles.x]\ncontainers = { take = "stopped", keep_last = 2 }\n',
            r"profiles\.x\.containers\.keep_last: there is no such key; the keys here are take, min_age$",
        ),
        (
            '[profiles.x]\nimages = { take = "unused", keep-last = 2 }\n',
            r"profiles\.x\.images\.keep-last: there is no such key; did you mean keep_last\?$",
        ),
        (
            '[profiles.x]\nimages = { take = "unused", keep_last = -1 }\n',
            r"profiles\.x\.images\.keep_last: .*greater than or equal to 0, and this is -1",
        ),
        (
            '[profiles.x]\nimages = { take = "unused", keep_last = true }\n',
            r"profiles\.x\.images\.keep_last: .*this is True",
        ),
        (
            '[profiles.x]\nimages = { take = "unused", min_age = "-1h" }\n',
            r"profiles\.x\.images\.min_age: “-1h” is not a duration",
        ),
        (
            '[profiles.x]\nimages = { take = "unused", min_age = 24 }\n',
            r"profiles\.x\.images\.min_age: a duration is written as text",
        ),
        (f"[profiles.x]\n{IMAGES}image = 1\n", r"profiles\.x\.image: .*did you mean images\?"),
        (f"[profiles.images]\n{IMAGES}image = 1\n", r"profiles\.images\.image: .*did you mean images\?"),
        (f'[profiles.x]\n{IMAGES}labels = "a"\n', r"profiles\.x\.labels: .*this is 'a'"),
        (f'[profiles."a b"]\n{IMAGES}', r"profiles\.a b: .*no name that can be typed in Slack"),
        (f'[profiles."a=b"]\n{IMAGES}', r"profiles\.a=b: .*no name that can be typed in Slack"),
        ("[protect]\nkeep_last = -1\n", r"protect\.keep_last: .*greater than or equal to 0"),
        ('[protect]\nunused_for = "-1h"\n', r"protect\.unused_for: “-1h” is not a duration"),
        ("[protect]\ndangling_min_age = 1\n", r"protect\.dangling_min_age: a duration is written as text"),
        ('[protect]\nimages = "postgres"\n', r"protect\.images: .*this is 'postgres'"),
        ("[protect]\nlabel = []\n", r"protect\.label: there is no such key; did you mean labels\?"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_key_and_remedy(tmp_path: Path, text: str, expected: str) -> None:
    found = problems(tmp_path, text)
    assert len(found) == 1, found
    assert re.match(expected, found[0]), found[0]


def test_all_mistakes_of_several_profiles_are_told_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        '[profiles.why]\n[profiles.x]\ncontainers = { take = "unused", min_age = "soon" }\n[protect]\nkeep_last = -1\n',
    )
    assert sorted(problem.partition(": ")[0] for problem in found) == [
        "profiles.why", "profiles.why", "profiles.x.containers.min_age", "profiles.x.containers.take",
        "protect.keep_last",
    ]  # fmt: skip
