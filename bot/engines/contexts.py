"""Where an engine listens, as a Docker context or a URL says.

Docker's context store is read here, since for the Docker SDK an unknown context is the local engine.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.core.errors import EngineUnavailableError
from bot.engines.failures import LinkError

LOCAL = "unix:///var/run/docker.sock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A URL (unix, tcp or ssh), and the folder with ca.pem, cert.pem and key.pem when it speaks TLS."""

    url: str
    tls: Path | None = None
    verify: bool = True

    @property
    def secure(self) -> bool:
        return self.tls is not None or not self.verify


def endpoint(name: str, environment: Mapping[str, str]) -> Endpoint:
    """The engine that a Docker context names; LinkError when there is none or it cannot be read."""
    store = Path(environment.get("DOCKER_CONFIG") or Path.home() / ".docker")
    if name == "default":
        return _default(store, environment)
    identity = hashlib.sha256(name.encode()).hexdigest()
    described = store / "contexts" / "meta" / identity / "meta.json"
    if not described.is_file():
        known = ", ".join(_names(store))
        raise LinkError(
            EngineUnavailableError,
            f"there is no Docker context “{name}” in {store}. The contexts are: {known}.",
        )
    entry = _engine(name, described)
    tls = store / "contexts" / "tls" / identity / "docker"
    return Endpoint(
        url=str(entry["Host"]), tls=tls if tls.is_dir() else None, verify=not entry.get("SkipTLSVerify")
    )


def _default(store: Path, environment: Mapping[str, str]) -> Endpoint:
    url = environment.get("DOCKER_HOST") or LOCAL
    if not environment.get("DOCKER_TLS_VERIFY") or not url.startswith("tcp://"):
        return Endpoint(url=url)
    return Endpoint(url=url, tls=Path(environment.get("DOCKER_CERT_PATH") or store))


def _engine(name: str, described: Path) -> Mapping[str, Any]:
    try:
        entry = json.loads(described.read_text())["Endpoints"]["docker"]
        if isinstance(entry, dict) and entry.get("Host"):
            return entry
    except (OSError, ValueError, KeyError, TypeError) as error:
        cause = f"{type(error).__name__}: {error}"
    else:
        cause = "it names no engine"
    raise LinkError(
        EngineUnavailableError,
        f"the Docker context “{name}” cannot be read ({described}: {cause}). "
        "Make it anew with: docker context create",
    )


def _names(store: Path) -> list[str]:
    """The names of the contexts that can be read; a corrupt one must not hide the others."""
    names = []
    for described in store.glob("contexts/meta/*/meta.json"):
        try:
            names.append(str(json.loads(described.read_text())["Name"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return ["default", *sorted(names)]


def names_in_environment() -> list[str]:
    """Every context of Docker's own store."""
    return _names(Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker"))


def from_environment(name: str) -> Endpoint:
    return endpoint(name, os.environ)
