"""Logins at registries: where each comes from, and the one header in which an engine gets it, for that request alone.

A login is read when it is needed, is kept nowhere, and is in no text that this raises.
"""

import base64
import binascii
import json
import os
import re
import shutil
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from docker.auth import encode_header, resolve_repository_name

from bot.core.errors import EngineUnavailableError
from bot.core.rules.registries import RegistryLogin
from bot.engines.failures import LinkError
from bot.engines.ssh.children import Children, TooLongError

DOCKER_HUB = "docker.io"
HUB_KEYS = ("https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io")
"""Under which Docker's configuration keeps the login of Docker Hub."""
HELPER = re.compile(r"[A-Za-z0-9._-]+")
HELPER_SECONDS = 10.0
MOST_BYTES = 256 * 1024
TOKEN_USER = "<token>"  # noqa: S105 - the name by which a helper tells that its secret is an identity token


NO_LOGIN = "(no login for this registry is configured)"
Ask = Callable[[list[str], str], str]
"""Runs a credential helper with what it reads, and gives what it writes; LinkError."""


class Logins:
    """The logins of the registries that the configuration names; of all others there is none."""

    def __init__(self, sources: Mapping[str, RegistryLogin], ask: Ask | None = None) -> None:
        self._sources = sources
        self._ask = ask or _asked

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Logins) and self._sources == other._sources

    def __hash__(self) -> int:
        return hash(tuple(sorted(self._sources)))

    def header(self, reference: str) -> str:
        """X-Registry-Auth for an image's registry, and for no other; LinkError where its login cannot be read."""
        registry, _ = resolve_repository_name(reference.partition("@")[0])
        registry = DOCKER_HUB if registry in HUB_KEYS else registry
        source = self._sources.get(registry)
        found = {} if source is None else self._login(registry, source)
        header: str | bytes = encode_header(found)
        return header.decode() if isinstance(header, bytes) else header

    def has(self, reference: str) -> bool:
        """Whether a login is configured for an image's registry."""
        registry, _ = resolve_repository_name(reference.partition("@")[0])
        return (DOCKER_HUB if registry in HUB_KEYS else registry) in self._sources

    def _login(self, registry: str, source: RegistryLogin) -> Mapping[str, str]:
        if source.docker_config:
            return {**self._of_docker(registry, Path(source.docker_config)), "serveraddress": registry}
        password = _text(Path(source.password_file), registry).strip()
        return {"username": source.username, "password": password, "serveraddress": registry}

    def _of_docker(self, registry: str, path: Path) -> Mapping[str, str]:
        try:
            config: Any = json.loads(_text(path, registry))
            helpers, auths = dict(config.get("credHelpers") or {}), dict(config.get("auths") or {})
            store = config.get("credsStore")
        except (ValueError, TypeError, AttributeError):
            # Its words would quote the file.
            raise _unusable(registry, f"{path} is not a configuration of Docker's") from None
        keys = HUB_KEYS if registry == DOCKER_HUB else (registry, f"https://{registry}", f"http://{registry}")
        for key in keys:
            if key in helpers or (store and key in auths):
                return self._of_helper(registry, str(helpers.get(key) or store), key)
            if key in auths and isinstance(auths[key], dict) and auths[key]:
                return _of_entry(registry, path, auths[key])
        if store:
            return self._of_helper(registry, str(store), keys[0])
        raise _unusable(registry, f"{path} has no login for it")

    def _of_helper(self, registry: str, name: str, key: str) -> Mapping[str, str]:
        program = shutil.which(f"docker-credential-{name}") if HELPER.fullmatch(name) else None
        if program is None:
            raise _unusable(registry, f"there is no program docker-credential-{name[:60]}")
        try:
            found: Any = json.loads(self._ask([program, "get"], key))
            user, secret = str(found["Username"]), str(found["Secret"])
        except (ValueError, TypeError, KeyError):
            raise _unusable(registry, f"docker-credential-{name} has no login for it") from None
        return {"identitytoken": secret} if user == TOKEN_USER else {"username": user, "password": secret}


def _of_entry(registry: str, path: Path, entry: Mapping[str, Any]) -> Mapping[str, str]:
    if entry.get("identitytoken"):
        return {"identitytoken": str(entry["identitytoken"])}
    if entry.get("auth"):
        try:
            user, _, password = base64.b64decode(str(entry["auth"]), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            raise _unusable(registry, f"the login for it in {path} cannot be read") from None
        return {"username": user, "password": password}
    return {"username": str(entry.get("username") or ""), "password": str(entry.get("password") or "")}


def _text(path: Path, registry: str) -> str:
    """What a file holds that is bounded and nobody else's; LinkError."""
    path = path.expanduser()
    try:
        # Not blocking: a FIFO without a writer would hold everything up.
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with os.fdopen(opened, "rb") as file:
            mode = os.fstat(opened).st_mode
            if not stat.S_ISREG(mode) or mode & stat.S_IRWXO:
                raise _unusable(registry, f"{path} is no file of Deckhand's alone: chmod 600 it")
            data = file.read(MOST_BYTES + 1)
            if len(data) > MOST_BYTES:
                raise _unusable(registry, f"{path} is longer than any login")
            return data.decode()
    except OSError as error:
        raise _unusable(registry, f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise _unusable(registry, f"{path} is no text") from None


def _asked(command: list[str], said: str) -> str:
    try:
        done = Children().ask(command, HELPER_SECONDS, MOST_BYTES, said=said)
    except (TimeoutError, TooLongError, OSError):
        raise LinkError(EngineUnavailableError, f"{Path(command[0]).name} did not answer.") from None
    if done.status:
        raise LinkError(EngineUnavailableError, f"{Path(command[0]).name} ended with {done.status}.")
    return done.output


def _unusable(registry: str, why: str) -> LinkError:
    return LinkError(EngineUnavailableError, f"the login for {registry} cannot be used: {why}.")


NO_LOGINS = Logins({})
