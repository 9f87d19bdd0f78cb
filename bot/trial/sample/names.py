"""Image references as the engine reads them: `nginx` is `docker.io/library/nginx:latest`."""

import re
from dataclasses import dataclass

from bot.trial.sample.errors import InvalidParameterError

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_FULL_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
_HUB = "docker.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A repository with a tag or a digest, in Docker's familiar (short) form."""

    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag}"

    @property
    def canonical(self) -> str:
        """The full form, which the engine sorts by."""
        domain, path = split_domain(self.repository)
        return f"{domain}/{path}" + (f"@{self.digest}" if self.digest else f":{self.tag}")


def split_domain(repository: str) -> tuple[str, str]:
    """Return registry and path; a first part without dot, colon or `localhost` is no registry."""
    first, slash, rest = repository.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        first, rest = _HUB, repository
    if first in {_HUB, "index.docker.io"}:
        return _HUB, rest if "/" in rest else f"library/{rest}"
    return first, rest


def is_full_id(text: str) -> bool:
    return _FULL_ID.fullmatch(text) is not None


def is_id_prefix(image_id: str, text: str) -> bool:
    """Whether what was asked for is the image's id or the start of it (moby `isImageIDPrefix`)."""
    return image_id.startswith(text) or image_id.removeprefix("sha256:").startswith(text)


def parse(text: str) -> Reference:
    """Read a reference, `latest` where it names neither tag nor digest.

    Raises InvalidParameterError in the engine's wording.
    """
    name, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise InvalidParameterError("invalid reference format")
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        head, tag = name, "latest"
    if not _TAG.fullmatch(tag):
        raise InvalidParameterError("invalid reference format")
    domain, path = split_domain(head)
    if _PATH.fullmatch(path.lower()) and not _PATH.fullmatch(path):
        raise InvalidParameterError(
            f"invalid reference format: repository name ({path}) must be lowercase",
        )
    if not _PATH.fullmatch(path):
        raise InvalidParameterError("invalid reference format")
    repository = path.removeprefix("library/") if domain == _HUB else f"{domain}/{path}"
    return Reference(repository=repository, tag="" if at else tag, digest=digest)
