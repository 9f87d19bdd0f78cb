"""The known_hosts format, line by line."""

import base64
from pathlib import Path

import pytest

from bot.core.errors import HostKeyError
from bot.engines.failures import LinkError
from bot.engines.known_hosts import known_keys, server_name

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
