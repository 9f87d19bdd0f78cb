"""Whatever goes wrong between Deckhand and an engine, as one of the errors of ``bot.core.errors``."""

import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import docker.errors
import requests
import urllib3.exceptions

from bot.core.errors import (
    ConflictError,
    EngineRequestError,
    EngineTimeoutError,
    EngineUnavailableError,
    EngineUnsupportedError,
    HostError,
    HostUnreachableError,
    InBetweenError,
    NotFoundError,
)

NOT_FOUND, CONFLICT = 404, 409
BROKEN = "the connection was lost in the middle of a request; look again before you repeat it."


class LinkError(Exception):
    """A failure below the level where hosts have names: the error it becomes, and its sentence.

    It is no OSError on purpose: urllib3 and requests would wrap it, and swallow some.
    """

    def __init__(self, kind: type[HostError], sentence: str) -> None:
        self.kind, self.sentence = kind, sentence
        super().__init__(sentence)


class NoRoomError(LinkError):
    """The other side has let connections in, and for now no more."""


class InBetween(docker.errors.APIError):
    """An answer that refuses, and is none of an engine's."""


def lost_ssh() -> tuple[type[Exception], ...]:
    """What a broken SSH connection raises; to be asked once something was raised.

    As long as no host is reached by SSH nothing of paramiko's is raised, and paramiko, which takes longer to import
    than a local engine to answer, stays where it is.
    """
    if "paramiko" not in sys.modules:
        return (EOFError,)
    import paramiko  # noqa: PLC0415 - as the sentence above says

    return paramiko.SSHException, EOFError


@contextmanager
def translated(host: str) -> Iterator[None]:
    """Raise what the Docker SDK, HTTP, SSH and sockets raise as the HostError that it means for ``host``."""
    try:
        yield
    except LinkError as error:
        raise error.kind(host, error.sentence) from error
    except docker.errors.APIError as error:
        raise _answered(host, error) from error
    except docker.errors.InvalidVersion as error:
        raise EngineUnsupportedError(
            host, f"the engine's API is too old for this request: {error}"
        ) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _http(host, error) from error
    except lost_ssh() as error:
        raise HostUnreachableError(host, BROKEN) from error
    except OSError as error:
        raise _socket(host, error) from error
    except docker.errors.DockerException as error:
        raise EngineUnavailableError(host, f"the request could not be made: {error}") from error


def _answered(host: str, error: docker.errors.APIError) -> EngineRequestError:
    status = error.status_code or 0
    message = str(error.explanation or error)
    if isinstance(error, InBetween):
        return InBetweenError(host, status, message)
    kinds = {NOT_FOUND: NotFoundError, CONFLICT: ConflictError}
    return kinds.get(status, EngineRequestError)(host, status, message)


STOPPED_ANSWERING = (EngineTimeoutError, "the engine stopped answering in the middle of a request.")
NO_ANSWER = (HostUnreachableError, "no answer from its address: the machine is down or firewalled.")
HTTP: tuple[tuple[type[Exception], tuple[type[HostError], str]], ...] = (
    (requests.ReadTimeout, STOPPED_ANSWERING),
    (urllib3.exceptions.ReadTimeoutError, STOPPED_ANSWERING),
    (requests.ConnectTimeout, NO_ANSWER),
    (
        urllib3.exceptions.EmptyPoolError,
        (EngineTimeoutError, "too many requests wait for this engine; try again in a minute."),
    ),
    (
        requests.JSONDecodeError,
        (EngineUnavailableError, "what answers there does not speak Docker's API."),
    ),
)


def _http(host: str, error: Exception) -> HostError:
    for kind, (meaning, sentence) in HTTP:
        if isinstance(error, kind):
            return meaning(host, sentence)
    below = list(causes(error))
    if any(isinstance(cause, ssl.SSLError | urllib3.exceptions.SSLError) for cause in below):
        return _tls(host, below)
    for cause in below:
        if isinstance(cause, TimeoutError):
            return EngineTimeoutError(host, STOPPED_ANSWERING[1])
        if isinstance(cause, OSError) and not isinstance(cause, requests.RequestException):
            return _socket(host, cause)
    return HostUnreachableError(host, BROKEN)


CERTIFICATE = {
    9: "It is not valid yet: do the clocks of both machines agree?",
    10: "Renew it on the host, and restart its engine.",
    62: "Register the host under a name that the certificate has.",
    64: "Register the host under a name that the certificate has.",
}
"""What to do, by OpenSSL's code for what is wrong with a certificate (X509_V_ERR_…)."""


def _tls(host: str, below: list[BaseException]) -> HostError:
    unverified = next((cause for cause in below if isinstance(cause, ssl.SSLCertVerificationError)), None)
    if unverified is not None:
        remedy = CERTIFICATE.get(unverified.verify_code, "Check ca.pem: another authority has signed it.")
        return EngineUnavailableError(
            host, f"its TLS certificate is not trusted: {unverified.verify_message}. {remedy}"
        )
    return EngineUnavailableError(
        host,
        "the TLS connection was refused. Check cert.pem and key.pem, and that the engine speaks TLS there.",
    )


def _socket(host: str, error: OSError) -> HostError:
    if isinstance(error, ConnectionRefusedError):
        return HostUnreachableError(host, "nothing listens at its address: is the engine running there?")
    if isinstance(error, socket.gaierror):
        return HostUnreachableError(host, "its name does not resolve to an address.")
    if isinstance(error, ConnectionError):
        return HostUnreachableError(host, BROKEN)
    if isinstance(error, TimeoutError):
        return HostUnreachableError(host, NO_ANSWER[1])
    return HostUnreachableError(host, f"the connection failed: {error.strerror or error}.")


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and everything below it: causes, contexts, and what urllib3 keeps in arguments."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
