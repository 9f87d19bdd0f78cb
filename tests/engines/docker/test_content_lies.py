"""Whatever a content store says, or what poses as one: it ends in a sentence, in time, and is taken for no image."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.core.docker.content.blobs import Blob
from bot.core.errors import EngineAnswerError, EngineTimeoutError, EngineUnsupportedError
from bot.engines.docker.adapter import unix_dial
from bot.engines.docker.content import documents, messages
from bot.engines.docker.content.gather import Gatherer
from bot.engines.docker.content.http2 import MOST_MESSAGES
from bot.engines.docker.content.methods import Method
from bot.engines.failures import LinkError
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
from tests.support.lying.content import Answering, ContentServer


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
    tmp_path: Path, method: Method, talk: Answering, kind: type[Exception]
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
