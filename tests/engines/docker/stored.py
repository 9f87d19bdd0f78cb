"""A content store as an engine tells of it, to be asked."""

import json

from bot.core.docker.content.blobs import Content
from bot.core.docker.inventory import Image
from bot.engines.docker.adapter import unix_dial
from bot.engines.docker.content import messages
from bot.engines.docker.content.gather import Gatherer
from bot.engines.docker.content.methods import Method
from bot.engines.limits import Limits
from tests.support.lying.content import Answering, ContentServer

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


HONEST: dict[str, Answering] = {Method.LIST: listing, Method.READ: reading, Method.HISTORY: building}
IMAGE = Image(id=MANIFEST, chain_ids=(CHAIN,), history=(4_096, 0))


def looked(server: ContentServer, gatherer: Gatherer | None = None) -> Content:
    return (gatherer or Gatherer()).look(unix_dial(server.path, LIMITS), LIMITS, [IMAGE], lambda *_: None)
