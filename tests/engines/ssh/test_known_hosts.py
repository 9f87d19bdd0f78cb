"""The known_hosts format, line by line."""

import base64
import os
from pathlib import Path

import pytest

from bot.core.errors import HostKeyError
from bot.engines.failures import LinkError
from bot.engines.ssh.known_hosts import ShownKey, known_keys, pin, server_name

BLOB = b"a key"
KEY = f"ssh-ed25519 {base64.b64encode(BLOB).decode()}"


def trusted(tmp_path: Path, line: str, name: str) -> bool:
    path = tmp_path / "known_hosts"
    path.write_text(f"# a comment\n\n{line}\nnonsense\n{name} ssh-ed25519 !!!\n")
    return BLOB in known_keys(name, [tmp_path / "missing", path]).by_type.get("ssh-ed25519", ())


@pytest.mark.parametrize(
    ("patterns", "name"),
    [
        ("prod-3", "prod-3"),
        ("PROD-3", "prod-3"),
        ("prod-2,prod-3,10.0.0.3", "prod-3"),
        ("prod-*", "prod-3"),
        ("prod-?", "prod-3"),
        ("[prod-3]:2222", "[prod-3]:2222"),
        ("[prod-*]:2222", "[prod-3]:2222"),
        ("[::1]:2222", "[::1]:2222"),
    ],
)
def test_a_line_speaks_for_the_servers_that_its_patterns_name(
    tmp_path: Path, patterns: str, name: str
) -> None:
    assert trusted(tmp_path, f"{patterns} {KEY} comment", name)


@pytest.mark.parametrize(
    ("patterns", "name"),
    [
        ("prod-3", "prod-30"),
        ("prod-3", "[prod-3]:2222"),
        ("[prod-3]:2222", "prod-3"),
        ("[p]rod-3", "prod-3"),
        ("prod-*,!prod-3", "prod-3"),
        ("!prod-2", "prod-3"),
        ("|1|AAAA|AAAA", "prod-3"),
        ("|1|broken", "prod-3"),
        ("|1|a|b", "prod-3"),
        ("@cert-authority prod-3", "prod-3"),
        ("@revoked prod-3", "prod-3"),
        ("@unheard-of prod-3", "prod-3"),
    ],
)
def test_a_line_speaks_for_no_other_server(tmp_path: Path, patterns: str, name: str) -> None:
    assert not trusted(tmp_path, f"{patterns} {KEY}", name)


def test_a_server_is_listed_under_its_port_unless_that_is_22() -> None:
    assert server_name("Prod-3", 22) == "prod-3"
    assert server_name("Prod-3", 2222) == "[prod-3]:2222"


def test_a_file_that_cannot_be_read_is_an_error_and_not_an_empty_list(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="cannot be read") as caught:
        known_keys("prod-3", [tmp_path])
    assert caught.value.kind is HostKeyError


def shown(name: str = "prod-3") -> ShownKey:
    return ShownKey(name=name, host=name, port=22, type="ssh-ed25519", blob=BLOB)


def test_pins_are_for_the_eyes_of_their_owner_alone(tmp_path: Path) -> None:
    pins = tmp_path / "deckhand" / "known_hosts"
    before = os.umask(0)
    try:
        pin(pins, shown())
    finally:
        os.umask(before)
    assert (pins.stat().st_mode & 0o777, pins.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    pins.chmod(0o666)  # as a release before this one left it
    pin(pins, shown("prod-4"))
    assert pins.stat().st_mode & 0o777 == 0o600
    assert len(pins.read_text().splitlines()) == 2


def test_a_pin_that_cannot_be_written_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = tmp_path / "known_hosts"
    pin(pins, shown())
    before = pins.read_text()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        pin(pins, shown("prod-4"))
    assert pins.read_text() == before
    assert list(tmp_path.iterdir()) == [pins]
