"""Signatures: who said it, provably, to whoever has the public key.

    signature = Ed25519( private key, "sarhad statement 1\\n" + canonical JSON of all fields but the
    signature )

Ed25519 is deterministic: the same statement signed twice has the same signature (S. Josefsson, I. Liusvaara,
RFC 8032, 2017). The first line keeps a signature of one kind of thing from passing for one of another.
Private keys lie in PEM files (PKCS 8) that their owner alone may read.
"""

from __future__ import annotations

import base64
import os
import stat
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec.structs import replace

from sarhad.errors import InputFaults, NotTrusted
from sarhad.ledger.authorities import Authorities
from sarhad.ledger.encoding import statement_bytes
from sarhad.model.record import Statement

_STATEMENT = b"sarhad statement 1\n"
_OWNER_ONLY = 0o600


def canonical_bytes(statement: Statement) -> bytes:
    """Return the bytes that a statement's signature is over; InputFaults where it cannot be written."""
    return _STATEMENT + statement_bytes(replace(statement, signature=""))


def sign(statement: Statement, private_key: Ed25519PrivateKey) -> Statement:
    """Return the statement with its signature."""
    return replace(statement, signature=signature_of(canonical_bytes(statement), private_key))


def verify_signature(statement: Statement, authorities: Authorities, at: datetime) -> str:
    """Return the id of the key that signed a statement.

    `at` is the ledger's time: the key must be valid then. Raises NotTrusted: no signature, no key of the
    authority, none valid at that time, or none that fits.
    """
    name = f"statement {statement.statement_id} of {statement.authority}"
    if not statement.signature:
        raise NotTrusted(f"{name}: {statement.kind} needs a signature, and has none")
    return check_signature(
        name, canonical_bytes(statement), statement.signature, (authorities, statement.authority, at)
    )


def signature_of(message: bytes, private_key: Ed25519PrivateKey) -> str:
    """Return the signature of a message, in base64."""
    return base64.b64encode(private_key.sign(message)).decode()


def check_signature(
    name: str, message: bytes, signature: str, signer: tuple[Authorities, str, datetime]
) -> str:
    """Return the id of the key of (authorities, authority, time) that made a signature; NotTrusted."""
    authorities, authority, at = signer
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        raw = b""
    if not raw or base64.b64encode(raw).decode() != signature:
        raise NotTrusted(f"{name}: the signature is not base64")
    for key in authorities.keys_of(authority, at):
        try:
            Ed25519PublicKey.from_public_bytes(key.key).verify(raw, message)
        except InvalidSignature:
            continue
        return key.key_id
    raise NotTrusted(
        f"{name}: the signature does not fit any key of {authority} valid on {at:%Y-%m-%d %H:%M}"
    )


def new_private_key() -> Ed25519PrivateKey:
    """Draw a new private key from the system's randomness."""
    return Ed25519PrivateKey.generate()


def public_bytes(private_key: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes of the public key."""
    return private_key.public_key().public_bytes_raw()


def write_private_key(path: Path, private_key: Ed25519PrivateKey) -> None:
    """Write a private key to a new file that only its owner may read; InputFaults if there is one already."""
    pem = private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError:
        raise InputFaults.one(str(path), "a new file", "a file that is there already") from None
    with os.fdopen(fd, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(fd)


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key; NotTrusted where others may read the file too, InputFaults where it is no key."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        pem = path.read_bytes()
    except OSError as error:
        raise InputFaults.one(str(path), "a file with a private key", error.strerror) from error
    if mode & 0o077:
        raise NotTrusted(f"{path}: others can read this key (mode {mode:o}): chmod 600, or make a new one")
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise InputFaults.one(str(path), "an Ed25519 private key in PEM", error) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputFaults.one(str(path), "an Ed25519 private key", type(key).__name__)
    return key
