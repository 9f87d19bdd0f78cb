"""The content of the containerd store, asked through an engine's own gRPC endpoint: what is sent, and what is read."""

import json
import re
import ssl
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.docker.inventory import CONTAINERD_STORE, Image
from bot.core.rules.hosts import SocketAddress
from bot.engines.docker.adapter import unix_dial
from bot.engines.docker.budget import Budget
from bot.engines.docker.content import messages
from bot.engines.docker.content.gather import Gatherer
from bot.engines.docker.content.http2 import opened
from bot.engines.docker.content.methods import Method
from bot.engines.docker.tcp_dial import tcp_dial
from bot.engines.docker.told import decode
from bot.engines.over_ssh import SshWays
from bot.engines.registry import DockerEngines
from bot.engines.ssh.dial import Way
from bot.engines.targets import Ssh, Tcp, target_of
from bot.trial.sample import SampleEngine, Universe
from tests.conftest import StartSshd
from tests.engines.docker.stored import (
    CHAIN,
    CONFIG,
    DOCUMENTS,
    HONEST,
    IMAGE,
    LAYER,
    LIMITS,
    MANIFEST,
    info,
    looked,
)
from tests.support.lying.content import UPGRADED, ContentServer
from tests.support.machines.hosts import HOST, registered
from tests.support.machines.tls import certificates


def test_nothing_is_ever_sent_but_three_methods_that_change_nothing(tmp_path: Path) -> None:
    assert {method.value for method in Method} == {
        "/containerd.services.content.v1.Content/List",
        "/containerd.services.content.v1.Content/Read",
        "/moby.buildkit.v1.Control/ListenBuildHistory",
    }
    sources = {path: path.read_text() for path in Path("bot").rglob("*.py")}
    speaking = {
        path.name for path, text in sources.items() if re.search(r"\bimport h2\b|h2\.connection", text)
    }
    assert {name for name in speaking if name != "serving.py"} == {"http2.py"}
    paths = [
        line
        for line in sources[Path("bot/engines/docker/content/http2.py")].splitlines()
        if '":path"' in line
    ]
    assert len(paths) == 1
    assert "Method(method).value" in paths[0]
    with ContentServer(tmp_path, HONEST) as server:
        looked(server)
    assert set(server.asked) == {method.value for method in Method}


def test_a_method_that_is_not_among_them_is_not_sent(tmp_path: Path) -> None:
    with (
        ContentServer(tmp_path, HONEST) as server,
        opened(unix_dial(server.path, LIMITS), Budget(2, 2, 1_000)) as channel,
        pytest.raises(ValueError, match="Update"),
    ):
        channel.call("/containerd.services.content.v1.Content/Update", [b""])  # type: ignore[arg-type]
    assert server.asked == []


@pytest.mark.parametrize("upgrade", [UPGRADED, None], ids=["behind the upgrade", "at once"])
def test_what_is_stored_is_read_whichever_way_the_engine_speaks(
    tmp_path: Path, upgrade: bytes | None
) -> None:
    with ContentServer(tmp_path, HONEST, upgrade) as server:
        content = looked(server)
    assert {digest: blob.size for digest, blob in content.blobs.items()} == {
        MANIFEST: 300,
        CONFIG: 200,
        LAYER: 1_000,
    }
    manifest = content.manifests[MANIFEST]
    assert (manifest.config, manifest.layers, manifest.chain_ids) == (CONFIG, (LAYER,), (CHAIN,))
    assert manifest.made_at == (datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC),)
    assert content.snapshots == {CHAIN: 4_096}
    assert content.holds([MANIFEST]) == {MANIFEST, CONFIG, LAYER, CHAIN}
    assert content.by_history == {MANIFEST, CONFIG, LAYER}


@pytest.mark.parametrize("settings", [(), ("AllowStreamLocalForwarding no",)], ids=["streamlocal", "helper"])
def test_what_is_stored_is_read_through_ssh(
    tmp_path: Path, sshd: StartSshd, settings: tuple[str, ...]
) -> None:
    with ContentServer(tmp_path, HONEST) as stored:
        server = sshd(settings=settings, docker_host=f"unix://{stored.path}")
        ways = SshWays(None, Path("/nonexistent"), None, LIMITS, str(stored.path))
        target = target_of(server.ssh_address)
        assert isinstance(target, Ssh)
        link, _ = ways.link_to(target)
        try:
            dial = ways.dial(target, link)
            content = Gatherer().look(dial, LIMITS, [IMAGE], lambda *_: None)
        finally:
            link.close()
            ways.close(5)
    assert dial.way is (Way.HELPER if settings else Way.STREAMLOCAL)
    assert content.holds([MANIFEST]) == {MANIFEST, CONFIG, LAYER, CHAIN}


def test_what_is_stored_is_read_through_tls(tmp_path: Path) -> None:
    made = certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(made.ca))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(made.server, made.server_key)
    with ContentServer(tmp_path, HONEST, tls=context) as server:
        target = target_of(SocketAddress(url=f"tcp://127.0.0.1:{server.port}", tls=str(made.client)))
        assert isinstance(target, Tcp)
        content = Gatherer().look(tcp_dial(target, LIMITS), LIMITS, [IMAGE], lambda *_: None)
    assert content.holds([MANIFEST]) == {MANIFEST, CONFIG, LAYER, CHAIN}


def test_what_never_changes_is_read_once(tmp_path: Path) -> None:
    gatherer = Gatherer()
    with ContentServer(tmp_path, HONEST) as server:
        first, second = looked(server, gatherer), looked(server, gatherer)
    assert first == second
    assert server.asked.count(Method.READ) == len(DOCUMENTS)
    assert server.asked.count(Method.LIST) == 2


def test_histories_that_take_long_are_asked_for_in_several_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = 20
    manifests, configs, chains = ([f"sha256:{kind}{n:063x}" for n in range(many)] for kind in "abc")
    told = {
        **{m: json.dumps({"config": {"digest": c}}).encode() for m, c in zip(manifests, configs, strict=True)},
        **{c: json.dumps({"rootfs": {"diff_ids": [d]}, "history": [{}]}).encode()
           for c, d in zip(configs, chains, strict=True)},
    }  # fmt: skip

    def listed(_request: bytes) -> tuple[list[bytes], str]:
        found = [
            info(m, 9, containerd_io__gc_ref_content_0=c) for m, c in zip(manifests, configs, strict=True)
        ]
        found += [
            info(c, 9, containerd_io__gc_ref_snapshot_overlayfs=d)
            for c, d in zip(configs, chains, strict=True)
        ]
        return [messages.written("ListAnswer", info=found)], "0"

    def read(request: bytes) -> tuple[list[bytes], str]:
        return [messages.written("ReadAnswer", data=told[messages.read("ReadRequest", request).digest])], "0"

    def history(_image: str, _platform: tuple[str, str, str]) -> list[int]:
        time.sleep(0.1)
        return [7]

    monkeypatch.setattr("bot.engines.docker.content.gather.HISTORIES_SECONDS", 0.5)
    images = [Image(id=m, chain_ids=(d,)) for m, d in zip(manifests, chains, strict=True)]
    gatherer, known = Gatherer(), [0]
    with ContentServer(tmp_path, {**HONEST, Method.LIST: listed, Method.READ: read}) as server:
        while known[-1] < many:
            found = gatherer.look(unix_dial(server.path, LIMITS), LIMITS, images, history)
            known.append(len(found.snapshots))
            assert known[-1] > known[-2]
    assert len(known) > 2


def test_an_engine_that_bars_the_way_says_estimates_and_hosts_check_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = decode.engine_info
    monkeypatch.setattr(
        decode, "engine_info", lambda info, version: replace(told(info, version), store=CONTAINERD_STORE)
    )
    barred = "its content could not be asked for: /grpc is answered 404"
    with (
        SampleEngine(socket_path=tmp_path / "engine.sock", universe=Universe()) as engine,
        closing(DockerEngines(registered(SocketAddress(url=engine.url)))) as engines,
    ):
        inventory = engines.connect(HOST).survey().inventory
        assert (inventory.content, inventory.no_content) == (None, barred)
        rights = next(step for step in engines.check(HOST) if step.name == "rights")
    assert rights.ok
    assert f"Plans say estimates: {barred}" in rights.detail
