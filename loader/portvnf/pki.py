"""Certificates for the agents' channel: a small authority of one's own.

`portvnf pki init DIR` makes the authority, `portvnf pki issue DIR NAME` a blade's key and
certificate. Operators with an authority of their own use that instead.
"""

from __future__ import annotations

import datetime
import os
import re
from pathlib import Path
from typing import Any

from portvnf.errors import ConfigError, HostError

YEARS = 10


def register(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("pki", help="make certificates for the agents' channel")
    actions = parser.add_subparsers(dest="action", required=True)
    init = actions.add_parser("init", help="make an authority: ca.crt and ca.key")
    init.add_argument("folder", type=Path)
    init.set_defaults(run=lambda arguments: initialise(arguments.folder))
    issue_parser = actions.add_parser("issue", help="make a blade's NAME.crt and NAME.key")
    issue_parser.add_argument("folder", type=Path)
    issue_parser.add_argument("name")
    issue_parser.set_defaults(run=lambda arguments: issue(arguments.folder, arguments.name))


def initialise(folder: Path) -> int:
    """Makes an authority; refuses to replace one."""
    x509, hashes, ec, serialization = _library()
    if (folder / "ca.key").exists():
        raise ConfigError(f"{folder} has an authority already")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "portvnf blades")])
    certificate = (
        _builder(x509, name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make {folder}: {error.strerror}") from None
    _write(folder, "ca", key, certificate, serialization)
    return 0


def issue(folder: Path, name: str) -> int:
    """Makes a blade's key and certificate, signed by the folder's authority."""
    x509, hashes, ec, serialization = _library()
    if not is_name(name):
        raise ConfigError(f"{name!r} cannot be a blade's name in a certificate")
    try:
        authority = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
        signer = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    except OSError as error:
        raise ConfigError(f"cannot read {error.filename}: {error.strerror}") from None
    except (ValueError, TypeError):  # the latter for a key with a password
        raise ConfigError(f"the authority in {folder} is damaged or has a password") from None
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    alternative = x509.SubjectAlternativeName([x509.DNSName(name)])
    certificate = (
        _builder(x509, subject, authority.subject, key.public_key())
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
            critical=False,
        )
        .sign(signer, hashes.SHA256())
    )
    _write(folder, name, key, certificate, serialization)
    return 0


def is_name(name: str) -> bool:
    """Whether a blade can have this name: a host name, of which its files are named too."""
    label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    return bool(re.fullmatch(rf"{label}(\.{label})*", name)) and len(name) < 64 and name != "ca"


def _library() -> Any:
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        raise HostError("making certificates needs the Python package cryptography") from None
    return x509, hashes, ec, serialization


def _builder(x509: Any, subject: Any, issuer: Any, public_key: Any) -> Any:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365 * YEARS))
    )


def _write(folder: Path, name: str, key: Any, certificate: Any, serialization: Any) -> None:
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key_path, certificate_path = folder / f"{name}.key", folder / f"{name}.crt"
    if certificate_path.exists():  # before a key is made that nothing would go with
        raise ConfigError(f"{certificate_path} is there already; it is never replaced")
    _write_new(key_path, private, 0o600)
    _write_new(certificate_path, certificate.public_bytes(pem), 0o644)


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except FileExistsError:
        raise ConfigError(f"{path} is there already; it is never replaced") from None
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from None
