"""Where the login at an image registry is found; the login itself is read when it is needed, and nowhere kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryLogin:
    """A name and the file that holds its password, or a ``config.json`` of Docker's with its credential helpers."""

    username: str = ""
    password_file: str = ""
    docker_config: str = ""
