"""Certificates for a private engine on TCP, made with openssl."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.needs import program


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    ca: Path
    server: Path
    server_key: Path
    client: Path
    """A folder with ca.pem, cert.pem and key.pem."""
    client_with_ca_only: Path


def certificates(folder: Path) -> Certificates:
    """A new authority, a server's certificate for the loopback interface, and a client's."""
    ca, ca_key = folder / "ca.pem", folder / "ca-key.pem"
    _openssl("req", "-x509", *_new_key(ca_key), "-out", str(ca), "-subj", "/CN=test authority", "-days", "2")
    client, bare = folder / "client", folder / "bare"
    for each in (client, bare):
        each.mkdir()
        shutil.copy(ca, each / "ca.pem")
    server, server_key = folder / "server.pem", folder / "server-key.pem"
    _sign(ca, ca_key, server, server_key, "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    _sign(ca, ca_key, client / "cert.pem", client / "key.pem", "extendedKeyUsage=clientAuth\n")
    return Certificates(ca=ca, server=server, server_key=server_key, client=client, client_with_ca_only=bare)


def _new_key(path: Path) -> tuple[str, ...]:
    return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(path))


def _sign(ca: Path, ca_key: Path, certificate: Path, key: Path, extensions: str) -> None:
    request, extra = certificate.with_suffix(".csr"), certificate.with_suffix(".ext")
    extra.write_text(extensions)
    _openssl("req", "-new", *_new_key(key), "-out", str(request), "-subj", "/CN=127.0.0.1")
    authority = ("-CA", str(ca), "-CAkey", str(ca_key), "-CAcreateserial")
    made = ("-out", str(certificate), "-extfile", str(extra), "-days", "2")
    _openssl("x509", "-req", "-in", str(request), *authority, *made)


def _openssl(*arguments: str) -> None:
    subprocess.run([program("openssl"), *arguments], check=True, capture_output=True)
