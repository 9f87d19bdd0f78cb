"""The content of the containerd store, asked through an engine's own gRPC endpoint: what is sent, and what is borne."""

import json
import re
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.core.docker.content.blobs import Blob, Content
from bot.core.docker.inventory import CONTAINERD_STORE, Image
from bot.core.errors import EngineAnswerError, EngineTimeoutError, EngineUnsupportedError
from bot.core.rules.hosts import SocketAddress
from bot.engines.docker.adapter import unix_dial
from bot.engines.docker.budget import Budget
from bot.engines.docker.content import documents, messages
from bot.engines.docker.content.gather import Gatherer
from bot.engines.docker.content.http2 import MOST_MESSAGES, opened
from bot.engines.docker.content.methods import Method
from bot.engines.docker.tcp_dial import tcp_dial
from bot.engines.docker.told import decode
from bot.engines.failures import LinkError
from bot.engines.limits import Limits
from bot.engines.over_ssh import SshWays
from bot.engines.registry import DockerEngines
from bot.engines.ssh.dial import Way
from bot.engines.targets import Ssh, Tcp, target_of
from bot.trial.sample import SampleEngine, Universe
from tests.conftest import StartSshd
from tests.support.lying.content import UPGRADED, ContentServer, Talk
from tests.support.machines.hosts import HOST, registered
from tests.support.machines.tls import certificates

LIMITS = Limits(connect=5, read=20, silence=20, list_bytes=4_000_000)
CHAIN = "sha256:" + "c" * 64
MANIFEST, CONFIG, LAYER = (f"sha256:{letter * 64}" for letter in "123")
DOCUMENTS = {
    MANIFEST: json.dumps({"config": {"digest": CONFIG}, "layers": [{"digest": LAYER, "mediaType": "tar"}]}).encode(),
    CONFIG: json.dumps({
        "os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [CHAIN]},
        "history": [{"created": "2026-03-01T12:00:00.5Z"}, {"empty_layer": True}],
    }).encode(),
}  # fmt: skip


def info(digest: str, size: int, **labels: str) -> dict[str, object]:
    named = {key.replace("__", "/").replace("_", "."): value for key, value in labels.items()}
    return {
        "digest": digest,
        "size": size,
        "labels": [{"key": key, "value": value} for key, value in named.items()],
    }


def listing(_request: bytes) -> tuple[list[bytes], str]:
    found = [
        info(MANIFEST, 300, containerd_io__gc_ref_content_0=CONFIG, containerd_io__gc_ref_content_1=LAYER),
        info(CONFIG, 200, containerd_io__gc_ref_snapshot_overlayfs=CHAIN),
        info(LAYER, 1_000, containerd_io__uncompressed=CHAIN),
    ]  # fmt: skip
    return [messages.written("ListAnswer", info=[one]) for one in found], "0"


def reading(request: bytes) -> tuple[list[bytes], str]:
    content = DOCUMENTS.get(messages.read("ReadRequest", request).digest)
    if content is None:
        return [], "5"
    half = len(content) // 2
    return [messages.written("ReadAnswer", data=part) for part in (content[:half], content[half:])], "0"


def building(_request: bytes) -> tuple[list[bytes], str]:
    made = {"logs": {"digest": LAYER}, "result": {"only": {"digest": MANIFEST}}}
    return [messages.written("HistoryAnswer", record=made)], "0"


HONEST: dict[str, Talk] = {Method.LIST: listing, Method.READ: reading, Method.HISTORY: building}
IMAGE = Image(id=MANIFEST, chain_ids=(CHAIN,), history=(4_096, 0))


def looked(server: ContentServer, gatherer: Gatherer | None = None) -> Content:
    return (gatherer or Gatherer()).look(unix_dial(server.path, LIMITS), LIMITS, [IMAGE], lambda *_: None)


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


def refusing(_request: bytes) -> tuple[list[bytes], str]:
    return [], "12"


def garbage(_request: bytes) -> tuple[list[bytes], str]:
    return [b"\xff" * 40], "0"


def endless(_request: bytes) -> tuple[list[bytes], str]:
    return [b"\n\0" * 500_000] * 8, "0"


def nameless(_request: bytes) -> tuple[list[bytes], str]:
    return [b"\n\0"], "0"


def crumbs(_request: bytes) -> tuple[list[bytes], str]:
    return [b""] * (MOST_MESSAGES + 1), "0"


@pytest.mark.parametrize(
    ("method", "talk", "kind"),
    [
        (Method.LIST, nameless, EngineAnswerError),
        (Method.LIST, crumbs, EngineAnswerError),
        (Method.HISTORY, crumbs, EngineAnswerError),
        (Method.LIST, refusing, EngineUnsupportedError),
        (Method.HISTORY, refusing, EngineUnsupportedError),
        (Method.LIST, garbage, EngineAnswerError),
        (Method.READ, garbage, EngineAnswerError),
        (Method.LIST, endless, EngineAnswerError),
    ],
)
def test_what_no_engine_says_ends_in_a_sentence(
    tmp_path: Path, method: Method, talk: Talk, kind: type[Exception]
) -> None:
    with (
        ContentServer(tmp_path, {**HONEST, method: talk}) as server,
        pytest.raises(LinkError) as raised,
    ):
        looked(server)
    assert raised.value.kind is kind
    assert raised.value.sentence.endswith((".", ")"))


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n<html>no</html>", b"220 mail.example.com ESMTP\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n", b"",
])  # fmt: skip
def test_a_way_that_is_barred_is_told_as_such(tmp_path: Path, answer: bytes) -> None:
    with ContentServer(tmp_path, HONEST, answer) as server, pytest.raises(LinkError) as raised:
        looked(server)
    assert raised.value.kind is EngineUnsupportedError
    assert "/grpc" in raised.value.sentence
    assert server.asked == []


def test_an_engine_that_falls_silent_is_given_up_in_time(tmp_path: Path) -> None:
    waiting: Callable[[bytes], tuple[list[bytes], str]] = lambda _request: (_wait(), "0")  # noqa: E731
    with (
        ContentServer(tmp_path, {**HONEST, Method.LIST: waiting}) as server,
        pytest.raises(LinkError) as raised,
    ):
        Gatherer().look(unix_dial(server.path, LIMITS), replace(LIMITS, read=1), [IMAGE], lambda *_: None)
    assert raised.value.kind is EngineTimeoutError


def _wait() -> list[bytes]:
    time.sleep(3)
    return []


def test_what_takes_longer_to_read_than_to_send_is_given_up_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def slow(told: Any) -> Blob:
        time.sleep(0.1)
        read.append(told.digest)
        return Blob(digest=told.digest, size=told.size)

    def many(_request: bytes) -> tuple[list[bytes], str]:
        return [messages.written("ListAnswer", info=[info(MANIFEST, 1)])] * 100, "0"

    monkeypatch.setattr(documents, "blob", slow)
    with ContentServer(tmp_path, {**HONEST, Method.LIST: many}) as server, pytest.raises(LinkError) as raised:
        Gatherer().look(unix_dial(server.path, LIMITS), replace(LIMITS, read=2), [IMAGE], lambda *_: None)
    assert raised.value.kind is EngineTimeoutError
    assert len(read) < 100


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


def test_a_label_that_holds_no_digest_refers_to_nothing(tmp_path: Path) -> None:
    def odd(_request: bytes) -> tuple[list[bytes], str]:
        labels = {
            "containerd_io__gc_ref_content_0": "\0", "containerd_io__gc_ref_content_blob-1": "x" * 70,
            "containerd_io__gc_ref_snapshot_overlayfs": "\x1b[2J", "containerd_io__uncompressed": "none",
        }  # fmt: skip
        return [messages.written("ListAnswer", info=[info(MANIFEST, 1, **labels)])], "0"

    with ContentServer(tmp_path, {**HONEST, Method.LIST: odd}) as server:
        blob = looked(server).blobs[MANIFEST]
    assert (blob.refers_to, blob.variants, blob.chain_id, blob.diff_id) == ((), (), "", "")


def test_a_message_larger_than_any_is_not_unpacked() -> None:
    whole = messages.written("ReadAnswer", data=b"x" * messages.LARGEST_MESSAGE)
    with pytest.raises(LinkError) as raised:
        messages.read("ReadAnswer", whole)
    assert raised.value.kind is EngineAnswerError


@pytest.mark.parametrize("large", ["layers", "history"])
def test_what_is_remembered_of_an_image_is_bounded(large: str) -> None:
    text = json.dumps({"config": {"digest": CONFIG}, "layers": [{"digest": LAYER}] * 5_000}).encode()
    config = json.dumps({"rootfs": {"diff_ids": [CHAIN] * 5_000}, "history": [{}] * 5_000}).encode()
    told = (text, DOCUMENTS[CONFIG]) if large == "layers" else (DOCUMENTS[MANIFEST], config)
    found = documents.manifest(MANIFEST, *told)
    assert max(map(len, (found.layers, found.diff_ids, found.chain_ids, found.steps))) <= 2


def test_anything_may_lie_in_a_store_and_is_taken_for_no_image(tmp_path: Path) -> None:
    odd = {
        MANIFEST: b'{"config": {"digest": "' + CONFIG.encode() + b'"}, "layers": 7}',
        CONFIG: b"\0not JSON",
    }

    def read(request: bytes) -> tuple[list[bytes], str]:
        return [messages.written("ReadAnswer", data=odd[messages.read("ReadRequest", request).digest])], "0"

    with ContentServer(tmp_path, {**HONEST, Method.READ: read}) as server:
        content = looked(server)
    assert content.holds([MANIFEST]) == {MANIFEST, CONFIG, LAYER, CHAIN}
    assert all(not manifest.chain_ids for manifest in content.manifests.values())


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
