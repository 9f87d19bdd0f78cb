"""Each step on the way to an engine is tried, and the one that fails is named."""

import re
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import HostKeyError
from bot.core.rules.hosts import Address, ContextAddress, SocketAddress, SshAddress, Step
from bot.engines.clients import Clients
from bot.engines.importing import ssh_aliases
from bot.engines.registry import DockerEngines
from bot.engines.ssh.known_hosts import pin
from tests.conftest import StartSshd
from tests.engines.ssh.test_ssh import jump_config
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.hosts import HOST, QUICK, registered
from tests.support.machines.needs import free_port
from tests.support.machines.sshd import PrivateSshd, make_key

ALL = [
    "configuration",
    "name",
    "port",
    "host key",
    "login",
    "socket",
    "engine",
    "rights",
    "disk usage",
    "disk",
    "cleanups",
]

Check = Callable[..., Sequence[Step]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def checked(
        address: Address, *, engine_socket: str = "/nowhere", config: Path | None = None
    ) -> Sequence[Step]:
        with closing(DockerEngines(registered(address))) as engines:
            engines._clients = Clients(
                registered(address), limits=QUICK, ssh_config=config, engine_socket=engine_socket,
                known_hosts=Path("/nonexistent"), pins=tmp_path / "pins",
            )  # fmt: skip
            return engines.check(HOST)

    return checked


def failing(steps: Sequence[Step]) -> tuple[str, str]:
    """The one step that failed, and what it says; all before it are fine, all behind it were not tried."""
    ((index, failed),) = [(index, step) for index, step in enumerate(steps) if step.ok is False]
    assert all(step.ok for step in steps[:index])
    assert all(step.ok is None for step in steps[index + 1 :])
    return failed.name, failed.detail


def test_behind_ssh_every_step_is_tried_and_told(
    engine: PrivateEngine, sshd: StartSshd, check: Check
) -> None:
    server = sshd()
    steps = check(server.ssh_address, engine_socket=str(engine.socket))
    assert [step.name for step in steps] == ALL
    assert all(step.ok and step.detail for step in steps)
    said = {step.name: step.detail for step in steps}
    assert said["host key"].startswith("SHA256:")
    assert (said["login"], said["socket"]) == (f"as {server.user}", "through streamlocal")
    assert engine.docker("info", "--format", "{{.ID}}") in said["rights"]
    assert "free of" in said["disk"]


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({"host": "x" * 64}, "name"),
        ({"port": free_port()}, "port"),
        ({"known_hosts": "/nonexistent"}, "host key"),
        ({"identity": "/nonexistent/key"}, "login"),
    ],
    ids=["name", "port", "host key", "login"],
)
def test_the_step_that_fails_behind_ssh_is_named(
    sshd: StartSshd, check: Check, change: dict[str, object], step: str
) -> None:
    address: SshAddress = replace(sshd().ssh_address, **change)  # type: ignore[arg-type] # one field each
    steps = check(address)
    name, sentence = failing(steps)
    assert name == step
    assert not sentence.startswith(HOST)


def test_an_engine_that_is_not_there_is_told_at_its_socket(sshd: StartSshd, check: Check) -> None:
    name, sentence = failing(check(sshd().ssh_address, engine_socket="/nowhere/docker.sock"))
    assert name == "socket"
    assert "login works" in sentence or "not running" in sentence or "docker" in sentence


def test_a_jump_host_has_steps_of_its_own(
    engine: PrivateEngine, sshd: StartSshd, check: Check, tmp_path: Path
) -> None:
    jump, server = sshd(), sshd()
    config = jump_config(tmp_path, jump, server)
    steps = check(SshAddress(host="behind"), config=config, engine_socket=str(engine.socket))
    where = f"jump host {jump.address}:{jump.port}: "
    assert [step.name for step in steps][:7] == [
        "configuration", f"{where}name", f"{where}port", f"{where}host key", f"{where}login", "host key", "login",
    ]  # fmt: skip
    assert all(step.ok for step in steps)


def test_a_local_engine_and_a_missing_one(engine: PrivateEngine, check: Check) -> None:
    steps = check(SocketAddress(url=engine.url))
    assert [step.name for step in steps] == [
        "configuration",
        "socket",
        "engine",
        "rights",
        "disk usage",
        "disk",
        "cleanups",
    ]
    assert all(step.ok for step in steps)
    assert failing(check(SocketAddress(url="unix:///nowhere/docker.sock")))[0] == "socket"
    assert failing(check(SocketAddress(url=f"tcp://127.0.0.1:{free_port()}")))[0] == "port"
    assert failing(check(ContextAddress(context="not-there")))[0] == "configuration"


# --- trust -----------------------------------------------------------------------------------------


@pytest.fixture
def server(sshd: StartSshd) -> PrivateSshd:
    return sshd()


def engines_with(server: PrivateSshd, pins: Path, known: str = "/nonexistent") -> DockerEngines:
    address = replace(server.ssh_address, known_hosts=known)
    return DockerEngines(registered(address), pins)


def test_a_key_that_was_pinned_is_trusted_and_a_changed_one_is_not(
    server: PrivateSshd, engine: PrivateEngine, tmp_path: Path
) -> None:
    pins = tmp_path / "folder" / "pins"
    with closing(engines_with(server, pins)) as engines:
        found = engines.untrusted(HOST)
        assert found is not None
        with pytest.raises(
            HostKeyError, match=rf"{re.escape(found[0].fingerprint)}.*deckhand hosts trust {HOST}$"
        ):
            engines.connect(HOST)
        pin(pins, found[0])
        assert engines.untrusted(HOST) is None
        server.host_key.unlink()
        make_key(server.host_key)
        server.stop()
        server.start()
        changed = engines.untrusted(HOST)
        assert changed is not None
        with pytest.raises(HostKeyError, match=r"has changed.*deckhand hosts trust"):
            engines.connect(HOST)
        pin(pins, changed[0])
        assert engines.untrusted(HOST) is None
        assert len(pins.read_text().splitlines()) == 1


def test_what_is_pinned_counts_before_an_older_key_of_known_hosts(
    server: PrivateSshd, tmp_path: Path
) -> None:
    """Else whoever has the old machine's key could still stand in for the new one."""
    pins = tmp_path / "pins"
    other = make_key(tmp_path / "other").with_suffix(".pub").read_text().split()
    pins.write_text(f"# ours\n{server.known_line().split()[0]} {other[0]} {other[1]}\n")
    with closing(engines_with(server, pins, str(server.known_hosts))) as engines:
        assert engines.untrusted(HOST) is not None
        with pytest.raises(HostKeyError, match="has changed"):
            engines.connect(HOST)


def test_a_revoked_key_cannot_be_trusted(server: PrivateSshd, tmp_path: Path) -> None:
    server.known_hosts.write_text(f"@revoked {server.known_line()}\n")
    with closing(engines_with(server, tmp_path / "pins", str(server.known_hosts))) as engines:
        with pytest.raises(HostKeyError, match="revoked") as caught:
            engines.untrusted(HOST)
        assert "hosts trust" not in str(caught.value)


# --- import ----------------------------------------------------------------------------------------


def test_aliases_of_the_ssh_configuration_are_found_and_patterns_left_out(tmp_path: Path) -> None:
    (tmp_path / "more.d").mkdir()
    (tmp_path / "more.d" / "one").write_text("Host inner\n HostName 10.0.0.1\n")
    (tmp_path / "config").write_text(
        'Include more.d/*\nHost a b *.example.com !c # comment\n User x\nhost = d\nHost a\nHost "q r\n'
        f"Include {tmp_path}/config\n"
    )
    assert ssh_aliases(tmp_path / "config") == ["inner", "a", "b", "d"]
    assert ssh_aliases(tmp_path / "none") == []
