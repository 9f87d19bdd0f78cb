"""What may lie where the configuration should, and at each of its keys: refused soon, and no thread is held."""

import copy
import os
import socket
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.config import values
from bot.config.file import read_tables
from bot.config.relations import relations
from bot.config.reloading import Reloading
from bot.config.settings import load
from bot.config.toml import MOST_BYTES
from bot.core.errors import ConfigurationError
from tests.support.waiting import wait_until

EXAMPLE = Path(__file__).parents[3] / "deploy" / "deckhand.example.toml"
WHOLE = '[hosts.a]\ncontext = "a"\n'


def a_socket(file: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(file))


def a_link_to_a_fifo(file: Path) -> None:
    os.mkfifo(f"{file}.fifo")
    file.symlink_to(f"{file}.fifo")


def without_end(file: Path) -> None:
    file.touch()
    os.truncate(file, 1 << 40)


ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "fifo": (os.mkfifo, "is a FIFO"),
    "link to a fifo": (a_link_to_a_fifo, "is a FIFO"),
    "device without end": (lambda file: file.symlink_to("/dev/zero"), "is a device"),
    "device": (lambda file: file.symlink_to("/dev/null"), "is a device"),
    "folder": (Path.mkdir, "is a folder"),
    "socket": (a_socket, "is a socket"),
    "link to itself": (lambda file: file.symlink_to(file), "cannot be read"),
    "endless": (without_end, "is longer than 1 MiB"),
    "a little too long": (lambda file: file.write_bytes(b"#" * (MOST_BYTES + 1)), "is longer than 1 MiB"),
    "deep arrays": (
        lambda file: file.write_text("a = " + "[" * 500_000),
        "is not TOML: it is nested too deeply",
    ),
    "deep keys": (
        lambda file: file.write_text(".".join("a" * 500_000) + " = 1"),
        "has a key of more than 64 parts",
    ),
    "deep quoted keys": (
        lambda file: file.write_text('["a" . ' + "'b'. " * 100_000 + "c]"),
        "has a key of more than 64 parts",
    ),
    "one long word": (lambda file: file.write_text("a" * 1_000_000), "is not TOML"),
    "quotes": (lambda file: file.write_text("\"a' " * 250_000), "is not TOML"),
    "an endless number": (lambda file: file.write_text("a = " + "9" * 500_000), "is not TOML"),
    "bytes": (lambda file: file.write_bytes(b"\xff\xfe"), "cannot be read"),
}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # a socket's name must stay below 108 bytes
    return Path("deckhand.toml")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_configuration_is_refused_with_a_sentence(file: Path, odd: str) -> None:
    make, says = ODD[odd]
    make(file)
    with pytest.raises(ConfigurationError) as refused:
        load(file, {})
    assert f"deckhand.toml: {says}" in str(refused.value)


def places(table: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in table.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from places(value, (*above, key))


def test_whatever_stands_at_a_key_is_a_value_or_a_mistake_that_names_the_key() -> None:
    whole = tomllib.loads(EXAMPLE.read_text())
    wrong: tuple[Any, ...] = ("x", "", 3, -1, 1.5, True, [], ["x", 3], {}, {"x": 1}, [[]], "\n")
    for place in places(whole):
        for value in wrong:
            raw = copy.deepcopy(whole)
            table = raw
            for key in place[:-1]:
                table = table[key]
            table[place[-1]] = value
            file, mistakes = read_tables(raw)
            assert all(mistake.startswith(".".join(place)) for mistake in mistakes), (place, value, mistakes)
            if not [*mistakes, *relations(file)]:
                values.profiles(file), values.schedules(file), values.hosts(file)


def test_a_key_that_cannot_be_read_hides_no_mistake_beside_it_and_makes_none_up() -> None:
    raw = tomllib.loads("""
        [hosts.a]
        docker = "http://x"
        tags = ["prod", 3]
        policy = "prd"
        [hosts.b]
        context = 7
        [policies.prod]
        tags = ["prod"]
        look = "U0ANN"
        profiles = ["rutine"]
        quorum = "2"
        quorum_above = 2
        [profiles.mine]
        images = { take = "stopped", min_age = 3 }
        containers = 1
        volumes = { take = "anonymous" }
        [schedules.nightly]
        hosts = ["@prod", "@cii"]
        profile = "mine"
        arguments = "only=networks"
        cron = "never"
        """)
    file, mistakes = read_tables(raw)
    assert {each.partition(": ")[0] for each in mistakes} == {
        "hosts.a.docker", "hosts.a.tags.1", "hosts.b.context", "policies.prod.look", "policies.prod.quorum",
        "profiles.mine.images.take", "profiles.mine.images.min_age", "profiles.mine.containers",
        "schedules.nightly.cron",
    }  # fmt: skip
    assert [each.partition(": ")[0] for each in relations(file)] == [
        "profiles.mine.volumes", "hosts.a.policy", "policies.prod.profiles", "policies.prod.quorum_above",
        "schedules.nightly.channel", "schedules.nightly.hosts",
    ]  # fmt: skip


def test_a_fleet_of_thousands_fits(file: Path) -> None:
    names = ", ".join(f'"registry-{n}.example.com/a.b.c/d.e:1.2.3"' for n in range(500))
    hosts = "".join(
        f'[hosts.host-{n}]\nssh = "deploy@host-{n}.example.com:22"\ntags = ["web", "prod"]\n'
        for n in range(3000)
    )
    file.write_text(f"{hosts}[protect]\nimages = [{names}]\n")
    assert len(load(file, {}).rules.hosts.by_name) == 3000


@pytest.mark.timeout(60)
@pytest.mark.parametrize("odd", ["fifo", "endless", "device without end", "deep keys"])
def test_the_thread_that_watches_the_configuration_goes_on_and_ends(
    file: Path, odd: str, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text(WHOLE)
    adopted: list[object] = []
    watching = Reloading(file, lambda: load(file, {}), adopted.append, look_every=0.05)
    watching.start()
    try:
        file.unlink()
        ODD[odd][0](file)
        watching.now()
        wait_until(lambda: ODD[odd][1] in caplog.text)
        assert not adopted
        file.unlink()
        file.write_text(WHOLE + '[hosts.b]\ncontext = "b"\n')
        wait_until(lambda: bool(adopted))
    finally:
        began = time.monotonic()
        watching.stop()
    assert time.monotonic() - began < 20
