"""Checkpoints: an authority's signature on how long the chain was, and where it stood.

    signature = Ed25519( private key, "sarhad checkpoint 1\\n" + canonical JSON of origin, seq, hash, when,
    who )

The chain alone shows what was changed within it, but not that its end was cut off, nor that all of it was
written anew. A checkpoint shows both, up to its record, to whoever holds a copy of it: send them out. They
lie in checkpoints.jsonl, one a line; the file is replaced in one step, so that a line is never half there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sarhad.errors import LedgerDamaged
from sarhad.ledger.authorities import Authorities
from sarhad.ledger.segment_file import sync_folder
from sarhad.ledger.signing import check_signature, signature_of

FILE = "checkpoints.jsonl"
_CHECKPOINT = b"sarhad checkpoint 1\n"


class Checkpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Record `seq` of the ledger that began with `origin` had the hash `hash`, says `authority`."""

    origin: str
    seq: int
    hash: str
    made_at: datetime
    authority: str
    signature: str = ""


_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Checkpoint).decode


def make_checkpoint(unsigned: Checkpoint, private_key: Ed25519PrivateKey) -> Checkpoint:
    """Sign a checkpoint."""
    return msgspec.structs.replace(unsigned, signature=signature_of(_message(unsigned), private_key))


def verify_checkpoint(checkpoint: Checkpoint, authorities: Authorities) -> str:
    """Return the id of the key that signed a checkpoint; NotTrusted where none of the authority's fits."""
    name = f"checkpoint of record {checkpoint.seq} by {checkpoint.authority}"
    signer = (authorities, checkpoint.authority, checkpoint.made_at)
    return check_signature(name, _message(checkpoint), checkpoint.signature, signer)


def read_checkpoints(path: Path) -> tuple[Checkpoint, ...]:
    """Read a file of checkpoints; one that is not there holds none. LedgerDamaged where a line is none."""
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return ()
    found = []
    for number, line in enumerate(lines, 1):
        try:
            checkpoint = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LedgerDamaged(f"{path}: line {number} is not a checkpoint: {error}") from error
        if _line(checkpoint) != line:
            raise LedgerDamaged(f"{path}: line {number} was changed")
        found.append(checkpoint)
    return tuple(found)


def write_checkpoints(path: Path, checkpoints: Iterable[Checkpoint]) -> None:
    """Replace a file of checkpoints in one step, durably; sorted, each once."""
    fresh = path.with_suffix(".jsonl.new")
    with fresh.open("wb") as file:
        file.write(checkpoint_lines(checkpoints))
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
    sync_folder(path.parent)


def checkpoint_lines(checkpoints: Iterable[Checkpoint]) -> bytes:
    """Return checkpoints as they are kept in a file: sorted, each once."""
    ordered = sorted(set(checkpoints), key=lambda one: (one.seq, one.made_at, one.authority, one.hash))
    return b"".join(map(_line, ordered))


def _line(checkpoint: Checkpoint) -> bytes:
    return _encode(checkpoint) + b"\n"


def _message(checkpoint: Checkpoint) -> bytes:
    return _CHECKPOINT + _encode(msgspec.structs.replace(checkpoint, signature=""))
