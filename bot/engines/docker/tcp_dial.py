"""Connections to an engine at a TCP port, with or without TLS; the TLS material is used for nothing else."""

import socket
import ssl
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_ import create_urllib3_context

from bot.core.errors import EngineUnavailableError, HostUnreachableError
from bot.engines.contexts import Endpoint
from bot.engines.docker.adapter import Dial
from bot.engines.failures import LinkError
from bot.engines.limits import Limits
from bot.engines.targets import Tcp
from bot.engines.tcp import connect


def tcp_dial(target: Tcp, limits: Limits) -> Dial:
    """Connections to this port; TLS has ``limits.connect`` seconds once there is one.

    Certificates are read at each connection, so that renewed ones are used.
    """

    def dial() -> socket.socket:
        context = _context(target.endpoint) if target.secure else None
        link = connect(target.host, target.port, limits)
        if context is None:
            return link
        try:
            link.settimeout(limits.connect)  # of the handshake in all
            return context.wrap_socket(link, server_hostname=target.host)
        except TimeoutError as error:
            link.close()
            raise LinkError(
                HostUnreachableError,
                f"no TLS connection to {target.host}:{target.port} came about in {limits.connect:g} s.",
            ) from error
        except BaseException:
            link.close()
            raise

    return dial


def _context(endpoint: Endpoint) -> ssl.SSLContext:
    """What a connection is checked with; LinkError where the folder's files cannot be used. CA alone works too."""
    authority = certificate = key = None
    if endpoint.tls is not None:
        authority, certificate, key = (
            _file(endpoint.tls, name) for name in ("ca.pem", "cert.pem", "key.pem")
        )
        if bool(certificate) != bool(key):
            raise LinkError(
                EngineUnavailableError,
                f"the folder {endpoint.tls} needs both cert.pem and key.pem, or neither.",
            )
        if not authority and not certificate:
            raise LinkError(
                EngineUnavailableError, f"the folder {endpoint.tls} has neither ca.pem nor cert.pem."
            )
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED if endpoint.verify else ssl.CERT_NONE)
    try:
        if endpoint.verify:
            context.load_verify_locations(authority or DEFAULT_CA_BUNDLE_PATH)
        if certificate:
            context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        raise LinkError(
            EngineUnavailableError, f"the certificates in {endpoint.tls} cannot be used: {error}."
        ) from error
    return context


def _no_password() -> str:
    """OpenSSL would ask at the terminal for it, and wait."""
    raise ValueError("key.pem has a passphrase, and nobody is there to type it")


def _file(folder: Path, name: str) -> str | None:
    path = folder / name
    return str(path) if path.is_file() else None
