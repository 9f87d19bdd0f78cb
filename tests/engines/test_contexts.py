"""Docker contexts, read from the store that the real docker command writes."""

import hashlib
from pathlib import Path

import pytest

from bot.core.errors import EngineUnavailableError
from bot.core.rules.hosts import ContextAddress
from bot.engines.contexts import Endpoint, endpoint
from bot.engines.failures import LinkError
from tests.engines.conftest import MakeClients
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.hosts import HOST
from tests.support.machines.tls import certificates


@pytest.fixture
def store(engine: PrivateEngine) -> Path:
    """The private engine's CLI configuration, with one context of each kind."""
    folder = engine.directory / "config"
    if "over-ssh" not in engine.docker("context", "ls", "--quiet"):
        made = certificates(engine.directory).client
        files = f"ca={made}/ca.pem,cert={made}/cert.pem,key={made}/key.pem"
        for name, described in {
            "here": f"host={engine.url}",
            "secure": f"host=tcp://10.0.0.1:2376,{files}",
            "careless": "host=tcp://10.0.0.1:2376,skip-tls-verify=true",
            "over-ssh": "host=ssh://deploy@prod-3:2222",
        }.items():
            engine.docker("context", "create", name, "--docker", described)
    return folder


def test_a_context_with_a_unix_socket_connects(
    engine: PrivateEngine, store: Path, make_clients: MakeClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(store))
    client = make_clients(ContextAddress(context="here")).client(HOST)
    assert client.info()["ID"] == engine.docker("info", "--format", "{{.ID}}")


def test_each_kind_of_context_is_read(store: Path) -> None:
    environment = {"DOCKER_CONFIG": str(store)}
    secure = endpoint("secure", environment)
    assert secure.url == "tcp://10.0.0.1:2376"
    assert secure.tls is not None
    assert {path.name for path in secure.tls.iterdir()} == {"ca.pem", "cert.pem", "key.pem"}
    careless = endpoint("careless", environment)
    assert (careless.verify, careless.secure) == (False, True)
    assert endpoint("over-ssh", environment) == Endpoint(url="ssh://deploy@prod-3:2222")


def test_an_unknown_context_is_an_error_and_not_the_local_engine(
    store: Path, make_clients: MakeClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(store))
    with pytest.raises(EngineUnavailableError, match=r"no Docker context “prod”.*default, careless, here"):
        make_clients(ContextAddress(context="prod")).client(HOST)


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"Name": "broken", "Endpoints": {}}', '{"Endpoints":{"docker":{}}}']
)
def test_a_corrupt_context_is_named_and_hides_no_other(tmp_path: Path, content: str) -> None:
    broken = tmp_path / "contexts" / "meta" / hashlib.sha256(b"broken").hexdigest()
    broken.mkdir(parents=True)
    (broken / "meta.json").write_text(content)
    environment = {"DOCKER_CONFIG": str(tmp_path)}
    with pytest.raises(LinkError, match="“broken” cannot be read"):
        endpoint("broken", environment)
    with pytest.raises(LinkError, match="no Docker context “other”"):
        endpoint("other", environment)


def test_the_default_context_is_what_the_environment_says() -> None:
    assert endpoint("default", {}) == Endpoint(url="unix:///var/run/docker.sock")
    assert endpoint("default", {"DOCKER_HOST": "ssh://prod-3"}) == Endpoint(url="ssh://prod-3")
    secure = {"DOCKER_HOST": "tcp://a:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"}
    assert endpoint("default", secure) == Endpoint(url="tcp://a:2376", tls=Path("/certs"))
