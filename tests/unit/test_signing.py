"""Signatures and keys: who said it, with which key, and when that key was trusted."""

from __future__ import annotations

import base64
import stat
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from msgspec.structs import fields, replace
from tests.ledger_cases import START, said, ulid

from sarhad.errors import InputFaults, LedgerNewer, NotTrusted, UnknownName
from sarhad.ledger.authorities import (
    Authorities,
    PublicKey,
    read_authorities,
    read_public_key,
    write_authorities,
)
from sarhad.ledger.signing import (
    canonical_bytes,
    new_private_key,
    public_bytes,
    read_private_key,
    sign,
    verify_signature,
    write_private_key,
)
from sarhad.model.record import OnLine

OLD, NEW, OTHER = new_private_key(), new_private_key(), new_private_key()
DAY = timedelta(days=1)
KEY = f'format = 1\n[[key]]\npublic_key = "{"A" * 43}="\n'
KNOWN = Authorities(
    (
        PublicKey("A", public_bytes(OLD), START, START + 10 * DAY),
        PublicKey("A", public_bytes(NEW), START + 5 * DAY),
        PublicKey("B", public_bytes(OTHER), START),
    )
)


def test_a_signature_is_of_all_fields_but_itself():
    statement = sign(said(1, place=OnLine("main", 1.0, 2.0), source="s"), OLD)
    assert verify_signature(statement, KNOWN, START) == KNOWN.keys[0].key_id
    changes = {
        "statement_id": ulid(2),
        "kind": "asset.other",
        "subject_id": "x",
        "happened_at": START + DAY,
        "author": "x",
        "source": "x",
        "body": {"n": 2},
        "place": None,
        "corrects": ulid(3),
    }
    assert set(changes) | {"authority", "signature"} == {field.name for field in fields(statement)}
    for name, value in changes.items():
        with pytest.raises(NotTrusted, match=r"fits no key|does not fit"):
            verify_signature(replace(statement, **{name: value}), KNOWN, START)
    with pytest.raises(NotTrusted):
        verify_signature(replace(statement, authority="B"), KNOWN, START)
    assert canonical_bytes(statement) == canonical_bytes(replace(statement, signature=""))
    assert sign(statement, OLD) == statement, "the same statement signed twice has the same signature"


def test_keys_hold_from_and_to_their_dates():
    by_old, by_new = sign(said(1), OLD), sign(said(1), NEW)
    for day, old, new in ((0, True, False), (5, True, True), (10, False, True), (-1, False, False)):
        for statement, good in ((by_old, old), (by_new, new)):
            if good:
                verify_signature(statement, KNOWN, START + day * DAY)
            else:
                with pytest.raises(NotTrusted):
                    verify_signature(statement, KNOWN, START + day * DAY)


def test_no_signature_no_key_no_base64():
    with pytest.raises(NotTrusted, match="needs a signature"):
        verify_signature(said(1), KNOWN, START)
    with pytest.raises(NotTrusted, match="no known key"):
        verify_signature(sign(said(1, "C"), OLD), KNOWN, START)
    with pytest.raises(NotTrusted, match="was valid on"):
        verify_signature(sign(said(1), OLD), KNOWN, START - DAY)
    good = sign(said(1), OLD)
    loose = good.signature[:-3] + chr(ord(good.signature[-3]) + 1) + "=="
    assert base64.b64decode(loose) == base64.b64decode(good.signature), (
        "unused bits: another text, the same bytes"
    )
    for text in ("?", "", loose, good.signature + "\n"):
        with pytest.raises(NotTrusted):
            verify_signature(replace(good, signature=text), KNOWN, START)


def test_authorities_come_back_as_they_were_written(tmp_path):
    path = tmp_path / "authorities.toml"
    odd = Authorities((*KNOWN.keys, PublicKey('quo"te \\ Тоҷикистон', bytes(32), START)))
    write_authorities(path, odd)
    assert read_authorities(path) == odd
    assert read_authorities(tmp_path / "none.toml") == Authorities()


def test_keys_are_added_once_and_revoked_by_name():
    with pytest.raises(InputFaults, match="the key of A"):
        KNOWN.with_key(PublicKey("Z", public_bytes(OLD), START))
    revoked = KNOWN.revoked(KNOWN.keys[1].key_id, START + 6 * DAY)
    assert revoked.keys[1].valid_to == START + 6 * DAY
    assert KNOWN.revoked(KNOWN.keys[1].key_id, START - DAY).keys[1].valid_to == KNOWN.keys[1].valid_from
    with pytest.raises(UnknownName, match="no key ffff"):
        KNOWN.revoked("ffff", START)


@pytest.mark.parametrize(
    "text",
    [
        "format = 1\n[[key]]\n",
        'format = 1\n[[key]]\nauthority = "A"\npublic_key = "AAAA"\nvalid_from = 2026-01-01T00:00:00Z\n',
        f'{KEY}authority = "A"\nvalid_from = 2026-01-01T00:00:00\n',
        f'{KEY}authority = ""\nvalid_from = 2026-01-01T00:00:00Z\n',
        f'{KEY}authority = "A"\nvalid_from = "soon"\n',
        "format = 0\n",
        "format = \n",
    ],
)
def test_a_spoilt_list_of_keys_is_refused(tmp_path, text):
    path = tmp_path / "authorities.toml"
    path.write_text(text)
    with pytest.raises(InputFaults):
        read_authorities(path)


def test_a_list_of_a_newer_format(tmp_path):
    (tmp_path / "authorities.toml").write_text("format = 2\n")
    with pytest.raises(LedgerNewer):
        read_authorities(tmp_path / "authorities.toml")


def test_a_private_key_is_its_owners_alone(tmp_path):
    path = tmp_path / "a.pem"
    write_private_key(path, OLD)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert public_bytes(read_private_key(path)) == public_bytes(OLD)
    with pytest.raises(InputFaults, match="there already"):
        write_private_key(path, NEW)
    path.chmod(0o640)
    with pytest.raises(NotTrusted, match="others can read"):
        read_private_key(path)


def test_what_is_no_private_key_is_refused(tmp_path):
    path = tmp_path / "a.pem"
    with pytest.raises(InputFaults, match="a file with a private key"):
        read_private_key(path)
    path.write_text("nothing")
    path.chmod(0o600)
    with pytest.raises(InputFaults, match="Ed25519 private key in PEM"):
        read_private_key(path)
    other = Ed448PrivateKey.generate()
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(other.private_bytes(encoding, form, serialization.NoEncryption()))
    with pytest.raises(InputFaults, match="an Ed25519 private key"):
        read_private_key(path)


def test_a_public_key_is_base64_of_32_bytes():
    assert read_public_key(base64.b64encode(bytes(32)).decode()) == bytes(32)
    for text in ("", "AAAA", "!" * 44):
        with pytest.raises(InputFaults):
            read_public_key(text)
