"""A real registry with a login: asked before an approval, pulled from after it, and nobody else learns the login."""

import base64
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import EngineRequestError
from bot.core.life.restoring import Pullable, RegistrySays
from bot.core.rules.hosts import SocketAddress
from bot.core.rules.registries import RegistryLogin
from bot.engines.docker.registries.logins import Logins
from bot.engines.failures import LinkError
from bot.engines.registry import DockerEngines
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.filtering import filtering_proxy
from tests.support.machines.hosts import HOST, registered
from tests.support.machines.registry import PrivateRegistry, private_registry

USER, PASSWORD = "puller", "a-password-that-nobody-may-see"

Say = Callable[..., RegistrySays]


@pytest.fixture(scope="module")
def registry() -> Iterator[PrivateRegistry]:
    with private_registry((USER, PASSWORD)) as started:
        yield started


@pytest.fixture
def pushed(engine: PrivateEngine, registry: PrivateRegistry) -> str:
    """The digest reference of an image that the registry has."""
    engine.docker("login", "--username", USER, "--password-stdin", registry.address, stdin=PASSWORD)
    try:
        name = f"{registry.address}/app:1"
        engine.build(["FROM scratch", "COPY busybox /b", f"LABEL at={time.time_ns()}"], name)
        engine.docker("push", "--quiet", name)
        (digest,) = json.loads(engine.docker("image", "inspect", name, "--format", "{{json .RepoDigests}}"))
    finally:
        engine.docker("logout", registry.address)
    return str(digest)


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    file.chmod(0o600)
    return file


def logins_at(registry: PrivateRegistry, password_file: Path) -> Logins:
    return Logins({registry.address: RegistryLogin(username=USER, password_file=str(password_file))})


def said(engine: PrivateEngine, reference: str, logins: Logins) -> RegistrySays:
    with closing(DockerEngines(registered(SocketAddress(url=engine.url)), None, logins)) as engines:
        return engines.connect(HOST).registries_say({"an image": [reference]})["an image"]


def test_a_registry_is_asked_with_its_login_and_says_what_it_has(
    engine: PrivateEngine, registry: PrivateRegistry, pushed: str, password_file: Path
) -> None:
    logins = logins_at(registry, password_file)
    assert said(engine, pushed, logins) == RegistrySays(pullable=Pullable.YES)
    without = said(engine, pushed, Logins({}))
    assert without.pullable is Pullable.REFUSED
    assert "no login for this registry is configured" in without.why
    unknown = said(engine, f"{pushed[:-4]}0000", logins)
    assert unknown.pullable is Pullable.REFUSED
    password_file.write_text("wrong")
    assert said(engine, pushed, logins).pullable is Pullable.REFUSED


def test_a_registry_that_is_gone_is_not_checked_and_asked_once(
    engine: PrivateEngine, registry: PrivateRegistry, pushed: str, password_file: Path
) -> None:
    logins = logins_at(registry, password_file)
    registry.stop()
    try:
        assert said(engine, pushed, logins).pullable is Pullable.UNKNOWN
        images = {str(number): [f"{pushed[:-4]}{number:04}"] for number in range(200)}
        with filtering_proxy(engine.socket) as proxy:
            looking = DockerEngines(registered(SocketAddress(url=proxy.url)), None, logins)
            with closing(looking) as engines:
                answers = engines.connect(HOST).registries_say(images)
            asked = [each for each in proxy.asked if "/distribution/" in each]
    finally:
        registry.start()
    assert {answer.pullable for answer in answers.values()} == {Pullable.UNKNOWN}
    assert len(asked) <= 6


def test_a_registry_that_says_nothing_costs_seconds_and_no_more(
    engine: PrivateEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engines.docker.registries.says.ANSWER_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        name = f"127.0.0.1:{silent.getsockname()[1]}/app@sha256:{'0' * 64}"
        began = time.monotonic()
        assert said(engine, name, Logins({})).pullable is Pullable.UNKNOWN
        assert time.monotonic() - began < 15


def test_a_pull_gets_the_login_and_one_without_is_refused(
    engine: PrivateEngine, registry: PrivateRegistry, pushed: str, password_file: Path
) -> None:
    engine.docker("image", "rm", "--force", pushed, f"{registry.address}/app:1")

    def pull(logins: Logins) -> None:
        with (
            closing(DockerEngines(registered(SocketAddress(url=engine.url)), None, logins)) as engines,
            engines.hold(HOST, engines.connect(HOST).info()) as held,
        ):
            held.pull(pushed)

    with pytest.raises(EngineRequestError, match="no login for this registry is configured"):
        pull(Logins({}))
    pull(logins_at(registry, password_file))
    assert engine.docker("image", "inspect", pushed, "--format", "{{.Id}}")


def test_the_login_is_in_its_own_registrys_requests_and_in_no_others(
    engine: PrivateEngine, registry: PrivateRegistry, pushed: str, password_file: Path
) -> None:
    logins = logins_at(registry, password_file)
    assert PASSWORD.encode() in base64.urlsafe_b64decode(logins.header(pushed))
    for other in ("app@sha256:00", "ghcr.io/a/b@sha256:00", f"127.0.0.1:1/app@sha256:{'0' * 64}"):
        assert json.loads(base64.urlsafe_b64decode(logins.header(other))) == {}
    with filtering_proxy(engine.socket) as proxy:
        looking = DockerEngines(registered(SocketAddress(url=proxy.url)), None, logins)
        with closing(looking) as engines:
            found = engines.connect(HOST)
            found.survey()
            found.registries_say({"one": [pushed], "another": [f"127.0.0.1:1/app@sha256:{'0' * 64}"]})
            with engines.hold(HOST, found.info()) as held:
                held.pull(pushed)
    with_login = {request for request, headers in proxy.headers if PASSWORD in headers}
    assert {request.partition("/app")[0].partition("%")[0] for request in with_login} == {
        f"GET /distribution/{registry.address}", "POST /images/create",
    }  # fmt: skip


def test_no_text_of_a_login_shows_it(
    engine: PrivateEngine,
    registry: PrivateRegistry,
    pushed: str,
    password_file: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    logins = logins_at(registry, password_file)
    password_file.write_text(PASSWORD + "x")
    answer = said(engine, pushed, logins)
    password_file.write_text(PASSWORD)
    said(engine, pushed, logins)
    everything = f"{answer} {logins!r} {vars(logins)} {caplog.text}"
    assert PASSWORD not in everything
    assert base64.b64encode(PASSWORD.encode()).decode().rstrip("=") not in everything


# --- where logins come from -----------------------------------------------------------------------


def decoded(logins: Logins, reference: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(logins.header(reference)))
    found.pop("serveraddress", None)
    return found


@pytest.fixture
def docker_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Logins]:
    """Logins by a ``config.json``; ``docker-credential-ours`` is a helper that knows two registries."""
    programs = tmp_path / "bin"
    programs.mkdir()
    helper = programs / "docker-credential-ours"
    helper.write_text(
        "#!/bin/sh\nread -r server\nenv > " + str(tmp_path / "seen") + "\n"
        'case "$server" in\n'
        '  ghcr.io) echo \'{"ServerURL": "x", "Username": "helped", "Secret": "s1"}\' ;;\n'
        '  https://index.docker.io/v1/) echo \'{"Username": "<token>", "Secret": "a-token"}\' ;;\n'
        "  slow.example.com) sleep 60 ;;\n"
        '  *) echo "credentials not found for $server"; exit 1 ;;\n'
        "esac\n"
    )
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")

    def made(config: object, registry: str = "ghcr.io") -> Logins:
        file = tmp_path / "config.json"
        file.write_text(config if isinstance(config, str) else json.dumps(config))
        file.chmod(0o600)
        return Logins({registry: RegistryLogin(docker_config=str(file))})

    return made


PLAIN = base64.b64encode(b"ann:se:cret").decode()


@pytest.mark.parametrize(
    ("config", "login"),
    [
        ({"auths": {"ghcr.io": {"auth": PLAIN}}}, {"username": "ann", "password": "se:cret"}),
        ({"auths": {"https://ghcr.io": {"auth": PLAIN}}}, {"username": "ann", "password": "se:cret"}),
        ({"auths": {"ghcr.io": {"identitytoken": "t"}}}, {"identitytoken": "t"}),
        ({"credHelpers": {"ghcr.io": "ours"}}, {"username": "helped", "password": "s1"}),
        ({"auths": {"ghcr.io": {}}, "credsStore": "ours"}, {"username": "helped", "password": "s1"}),
        ({"credsStore": "ours"}, {"username": "helped", "password": "s1"}),
    ],
)
def test_a_configuration_of_dockers_gives_the_login_that_docker_would_use(
    docker_config: Callable[..., Logins], config: object, login: object
) -> None:
    assert decoded(docker_config(config), "ghcr.io/team/app@sha256:00") == login


def test_docker_hub_is_meant_by_images_without_a_registry(docker_config: Callable[..., Logins]) -> None:
    logins = docker_config({"credsStore": "ours"}, "docker.io")
    for reference in ("app@sha256:00", "team/app@sha256:00", "docker.io/team/app@sha256:00"):
        assert decoded(logins, reference) == {"identitytoken": "a-token"}


def test_a_helper_is_told_nothing_secret(docker_config: Callable[..., Logins], tmp_path: Path) -> None:
    docker_config({"credHelpers": {"ghcr.io": "ours"}}).header("ghcr.io/a@sha256:00")
    assert "xoxb-secret" not in (tmp_path / "seen").read_text()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("{", "is not a configuration of Docker's"),
        ("[]", "is not a configuration of Docker's"),
        ({}, "has no login for it"),
        ({"auths": {"ghcr.io": {"auth": "???secret???"}}}, "cannot be read"),
        ({"credHelpers": {"ghcr.io": "missing"}}, "there is no program docker-credential-missing"),
        ({"credHelpers": {"ghcr.io": "../../bin/sh"}}, "there is no program"),
        ({"credHelpers": {"ghcr.io": "ours"}, "x": 1}, ""),
    ],
)
def test_what_cannot_be_read_is_said_without_what_it_holds(
    docker_config: Callable[..., Logins], config: object, words: str
) -> None:
    logins = docker_config(config)
    if not words:
        assert logins.header("ghcr.io/a@sha256:00")
        return
    with pytest.raises(LinkError, match=words) as caught:
        logins.header("ghcr.io/a@sha256:00")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_helper_that_hangs_or_knows_nothing_is_a_sentence_in_time(
    docker_config: Callable[..., Logins], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engines.docker.registries.logins.HELPER_SECONDS", 1.0)
    for registry, words in (("slow.example.com", "did not answer"), ("other.example.com", "ended with 1")):
        logins = docker_config({"credHelpers": {registry: "ours"}}, registry)
        began = time.monotonic()
        with pytest.raises(LinkError, match=f"docker-credential-ours {words}"):
            logins.header(f"{registry}/a@sha256:00")
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o606])
def test_a_password_that_others_can_read_is_not_used(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "password"
    file.write_text("x")
    file.chmod(mode)
    logins = Logins({"ghcr.io": RegistryLogin(username="u", password_file=str(file))})
    with pytest.raises(LinkError, match=f"{file} is no file of Deckhand's alone: chmod 600 it"):
        logins.header("ghcr.io/a@sha256:00")


def test_a_password_file_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo", 0o600)
    for name, words in (("fifo", "is no file"), ("nowhere", "No such file"), ("", "Is a directory")):
        logins = Logins({"ghcr.io": RegistryLogin(username="u", password_file=str(tmp_path / name))})
        with pytest.raises(LinkError, match=words):
            logins.header("ghcr.io/a@sha256:00")
