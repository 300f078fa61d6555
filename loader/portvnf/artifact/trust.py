"""Who may publish an artifact: Ed25519 signatures beside the file (RFC 8032).

`vepc.bc.sig` is four lines of ASCII:

    portvnf-signature 1
    key KEY-ID              SHA-256 of the public key, 64 hex digits
    artifact SHA-256        of the artifact's bytes, 64 hex digits
    ed25519 SIGNATURE       128 hex digits, over the three lines above

There is exactly one text for a signature; any other is refused. A host that is given keys to
trust checks this before it looks at a single byte of bitcode.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portvnf.errors import HostError, TrustError

SUFFIX = ".sig"
PUBLIC, PRIVATE = ".pub", ".key"

_FORM = re.compile(
    rb"(portvnf-signature 1\nkey ([0-9a-f]{64})\nartifact ([0-9a-f]{64})\n)"
    rb"ed25519 ([0-9a-f]{128})\n"
)


Keys = Mapping[str, Any]  # public keys by id


@dataclass(frozen=True)
class Signature:
    """A signature file's contents; who made it and whether it holds is checked apart."""

    statement: bytes
    key_id: str
    artifact_sha256: str
    signature: bytes


def generate(folder: Path, name: str) -> str:
    """Makes NAME.key and NAME.pub in a folder and returns the key's id; replaces nothing."""
    ed25519, serialization, _ = _library()
    private, public = folder / (name + PRIVATE), folder / (name + PUBLIC)
    for path in (private, public):
        if path.exists():
            raise TrustError(f"{path} is there already")
    key = ed25519.Ed25519PrivateKey.generate()
    pem = serialization.Encoding.PEM
    try:
        folder.mkdir(parents=True, exist_ok=True)
        private.touch(mode=0o600)
        private.write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        public.write_bytes(
            key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
    except OSError as error:
        raise TrustError(f"cannot write {error.filename}: {error.strerror}") from None
    return key_id(key.public_key())


def key_id(public_key: Any) -> str:
    """The SHA-256 of a public key's 32 bytes."""
    _, serialization, _ = _library()
    raw = public_key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()


def load_keys(path: Path) -> Keys:
    """Public keys by id: one .pub file, or all of a folder's."""
    _, serialization, _ = _library()
    files = sorted(path.glob("*" + PUBLIC)) if path.is_dir() else [path]
    if not files:
        raise TrustError(f"{path} holds no keys (files that end in {PUBLIC})")
    keys = {}
    for file in files:
        key = _load_key(file, serialization.load_pem_public_key, "public")
        keys[key_id(key)] = key
    return keys


def _load_key(path: Path, load: Any, kind: str) -> Any:
    ed25519, _, _ = _library()
    try:
        key = load(path.read_bytes())
    except OSError as error:
        raise TrustError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, TypeError):
        key = None
    wanted = ed25519.Ed25519PublicKey if kind == "public" else ed25519.Ed25519PrivateKey
    if not isinstance(key, wanted):
        raise TrustError(f"{path} is no Ed25519 {kind} key")
    return key


def add_option(parser: Any) -> None:
    """Adds --trust to a command that reads an artifact."""
    parser.add_argument(
        "--trust", type=Path, metavar="KEYS", help="a .pub file or a folder: demand a signature"
    )


def chosen_keys(path: Path | None) -> Keys | None:
    """The keys that --trust names, or None without it."""
    return None if path is None else load_keys(path)


def sign(artifact: Path, private: Path) -> Path:
    """Signs an artifact's bytes; returns the path of the signature."""
    _, serialization, _ = _library()
    key = _load_key(private, lambda pem: serialization.load_pem_private_key(pem, None), "private")
    try:
        digest = hashlib.sha256(artifact.read_bytes()).hexdigest()
        statement = (
            f"portvnf-signature 1\nkey {key_id(key.public_key())}\nartifact {digest}\n".encode()
        )
        path = signature_path(artifact)
        path.write_bytes(statement + f"ed25519 {key.sign(statement).hex()}\n".encode())
    except OSError as error:
        raise TrustError(f"cannot sign {artifact}: {error.filename}: {error.strerror}") from None
    return path


def signature_path(artifact: Path) -> Path:
    """Where an artifact's signature lies: beside it."""
    return artifact.with_name(artifact.name + SUFFIX)


def read_signature(artifact: Path) -> Signature | None:
    """The signature beside an artifact, or None without one."""
    path = signature_path(artifact)
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TrustError(f"cannot read {path}: {error.strerror}") from None
    match = _FORM.fullmatch(text)
    if match is None:
        raise TrustError(f"{path} is not a portvnf signature")
    return Signature(
        match.group(1), match.group(2).decode(), match.group(3).decode(), _hex(match.group(4))
    )


def _hex(digits: bytes) -> bytes:
    return bytes.fromhex(digits.decode())


def check(artifact: Path, data: bytes, keys: Keys) -> Signature:
    """Makes sure that a trusted key signed exactly these bytes; a TrustError otherwise."""
    _, _, invalid_signature = _library()
    found = read_signature(artifact)
    if found is None:
        raise TrustError(f"{artifact} is not signed: there is no {signature_path(artifact)}")
    if found.key_id not in keys:
        raise TrustError(f"{artifact} is signed by key {found.key_id[:16]}, which is not trusted")
    if found.artifact_sha256 != hashlib.sha256(data).hexdigest():
        raise TrustError(f"{artifact} is not the file that was signed: its SHA-256 differs")
    try:
        keys[found.key_id].verify(found.signature, found.statement)
    except invalid_signature:
        raise TrustError(
            f"{artifact} has a forged signature: key {found.key_id[:16]} did not make it"
        ) from None
    return found


def _library() -> Any:
    # Only hosts that check or make signatures need it.
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise HostError("signatures need the Python package cryptography") from None
    return ed25519, serialization, InvalidSignature
