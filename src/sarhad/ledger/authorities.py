"""Who may speak: the authorities and their public keys, as the ledger's own people wrote them down.

    authorities.toml   format = 1
                       [[key]]
                       authority = "donor"
                       public_key = "base64 of the 32 bytes"
                       valid_from = 2026-01-01T00:00:00Z
                       valid_to = 2027-01-01T00:00:00Z      left out while the key holds

A new key beside the old one is a rotation; `valid_to` set to the day it was lost is a revocation: what was
recorded before stays trusted, what comes after is not. A key is valid at the ledger's time, not at the
speaker's. The file is trusted as it lies there: it is not part of the chain, and a copy of one's own should
be used to check a ledger that comes from others.
"""

from __future__ import annotations

import base64
import json
import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sarhad.errors import Fault, InputFaults, LedgerNewer, NotTrusted, UnknownName
from sarhad.ledger.lock import hold

FILE = "authorities.toml"
FORMAT = 1
_KEY_BYTES = 32
_TITLE = "# Who may speak, and with which Ed25519 keys. Written by `sarhad ledger key`.\n"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of an authority: 32 bytes, valid in [valid_from, valid_to)."""

    authority: str
    key: bytes
    valid_from: datetime
    valid_to: datetime | None = None

    def __post_init__(self) -> None:
        if not self.authority:
            raise ValueError("a key needs an authority")
        if len(self.key) != _KEY_BYTES:
            raise ValueError(f"a public key has {_KEY_BYTES} bytes, found {len(self.key)}")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError(f"valid_to {self.valid_to} lies before valid_from {self.valid_from}")

    @property
    def key_id(self) -> str:
        """The first 16 hexadecimal digits of the key's SHA-256: short enough to read aloud."""
        return key_id_of(self.key)

    def valid_at(self, at: datetime) -> bool:
        """Say whether the key holds at a time."""
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)


@dataclass(frozen=True, slots=True)
class Authorities:
    """All keys that a ledger trusts."""

    keys: tuple[PublicKey, ...] = ()

    def keys_of(self, authority: str, at: datetime) -> tuple[PublicKey, ...]:
        """Return the keys of an authority that are valid at a time; NotTrusted, with the reason, if none."""
        own = [key for key in self.keys if key.authority == authority]
        valid = tuple(key for key in own if key.valid_at(at))
        if valid:
            return valid
        why = (
            f"none of its {len(own)} key(s) was valid on {at:%Y-%m-%d %H:%M}"
            if own
            else "it has no known key"
        )
        raise NotTrusted(f"{authority}: {why}")

    def with_key(self, key: PublicKey) -> Authorities:
        """Trust one more key; InputFaults where it is known already."""
        for known in self.keys:
            if known.key == key.key:
                raise InputFaults.one(FILE, "a new key", f"the key of {known.authority}", column=key.key_id)
        return Authorities((*self.keys, key))

    def revoked(self, key_id: str, at: datetime) -> Authorities:
        """End a key at a time, at the earliest when it began; UnknownName where there is none of that id."""
        if key_id not in {key.key_id for key in self.keys}:
            raise UnknownName(
                f"no key {key_id}; known: {', '.join(key.key_id for key in self.keys) or 'none'}"
            )
        ended = (
            replace(key, valid_to=max(at, key.valid_from)) if key.key_id == key_id else key
            for key in self.keys
        )
        return Authorities(tuple(ended))


def key_id_of(key: bytes) -> str:
    """Return the short name of a public key."""
    return sha256(key).hexdigest()[:16]


def read_authorities(path: Path) -> Authorities:
    """Read authorities.toml; a file that is not there holds no keys.

    Raises InputFaults with all faults, LedgerNewer.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Authorities()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputFaults.one(str(path), "TOML", error) from error
    if table.get("format") != FORMAT:
        if isinstance(table.get("format"), int) and table["format"] > FORMAT:
            raise LedgerNewer(f"{path}: of format {table['format']}, this Sarhad reads up to {FORMAT}")
        raise InputFaults.one(str(path), f"format = {FORMAT}", table.get("format"), column="format")
    keys, faults = [], []
    for row, entry in enumerate(table.get("key", []), 1):
        try:
            keys.append(_key(entry))
        except (KeyError, ValueError, TypeError) as error:
            expected = "authority, public_key (base64), valid_from (a UTC time), valid_to or none"
            faults.append(Fault(str(path), "", row, "key", expected, str(error)))
    if faults:
        raise InputFaults(faults)
    return Authorities(tuple(keys))


def write_authorities(path: Path, authorities: Authorities) -> None:
    """Write authorities.toml in one step."""
    fresh = path.with_suffix(".toml.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(_TITLE + f"format = {FORMAT}\n" + "".join(_entry(key) for key in authorities.keys))
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)


def change_authorities(folder: Path, change: Callable[[Authorities], Authorities]) -> None:
    """Change the keys that a ledger trusts, from reading to writing while nobody else writes to it.

    Raises LedgerInUse: a writer goes by the keys that it found, and would not see the change.
    """
    held = hold(folder)
    try:
        write_authorities(folder / FILE, change(read_authorities(folder / FILE)))
    finally:
        os.close(held)


def read_public_key(text: str) -> bytes:
    """Return the bytes of a public key in base64; InputFaults where it is none."""
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise InputFaults.one("public key", f"base64 of {_KEY_BYTES} bytes", text)
    return key


def _key(entry: dict[str, Any]) -> PublicKey:
    key = base64.b64decode(entry["public_key"], validate=True)
    valid_to = _utc(entry["valid_to"]) if "valid_to" in entry else None
    return PublicKey(str(entry["authority"]), key, _utc(entry["valid_from"]), valid_to)


def _utc(time: Any) -> datetime:
    if not isinstance(time, datetime) or time.tzinfo is None:
        raise ValueError(f"{time} is no time with its zone")
    return time.astimezone(UTC)


def _entry(key: PublicKey) -> str:
    text = f"\n[[key]]\nauthority = {json.dumps(key.authority, ensure_ascii=False)}\n"
    text += f'public_key = "{base64.b64encode(key.key).decode()}"  # {key.key_id}\n'
    text += f"valid_from = {_time(key.valid_from)}\n"
    return text + (f"valid_to = {_time(key.valid_to)}\n" if key.valid_to is not None else "")


def _time(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
