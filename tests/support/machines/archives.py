"""Archives that ``docker load`` takes: images of any build date, which nobody has to build."""

import json
import tarfile
from hashlib import sha256
from io import BytesIO

from tests.support.machines.engine import PrivateEngine


def loaded(engine: PrivateEngine, tag: str, created: str | None) -> str:
    """Load an image of one small file, "created" at that moment or at none, and return its id."""
    layer = _tar({"file": tag.encode()})
    config = {
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(layer).hexdigest()}"]},
        "history": [{"created_by": "made by a test"}],
        **({} if created is None else {"created": created}),
    }  # fmt: skip
    text = json.dumps(config).encode()
    name = f"{sha256(text).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": [tag], "Layers": ["layer.tar"]}]
    archive = _tar({"layer.tar": layer, name: text, "manifest.json": json.dumps(manifest).encode()})
    engine.docker("load", "--quiet", stdin=archive.decode("ascii"))
    return engine.docker("image", "inspect", "--format", "{{.Id}}", tag)


def _tar(files: dict[str, bytes]) -> bytes:
    made = BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, BytesIO(content))
    return made.getvalue()
