"""Certificates for a private engine on TCP, made with openssl."""

import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from tests.support.machines.needs import program


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


def expired(folder: Path, since: datetime) -> Certificates:
    """As ``certificates``, but the server's own was valid until ``since`` only."""
    made = certificates(folder)
    ca, ca_key = folder / "ca.pem", folder / "ca-key.pem"
    signer = x509.load_pem_x509_certificate(ca.read_bytes())
    key = load_pem_private_key(ca_key.read_bytes(), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    old = x509.load_pem_x509_certificate(made.server.read_bytes())
    builder = x509.CertificateBuilder(
        issuer_name=signer.subject, subject_name=old.subject, public_key=old.public_key(),
        serial_number=old.serial_number, not_valid_before=since - timedelta(days=9), not_valid_after=since,
        extensions=list(old.extensions),
    )  # fmt: skip
    made.server.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return made


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
