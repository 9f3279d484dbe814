"""What is kept on disk: whole or absent, by content, whatever happened in between."""

from __future__ import annotations

import hashlib
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sarhad.io import cache as cache_module
from sarhad.io.cache import LIBRARIES, PACKAGE, Cache, content_key, source_digest
from sarhad.model.asset import Asset, AtPoint

VALUE = {"rows": [np.arange(5), "words"], "asset": Asset("a", "radar_medium", AtPoint(1.0, 2.0))}


@pytest.fixture
def said():
    """What a person was told."""
    return []


@pytest.fixture
def cache(tmp_path, said):
    return Cache(tmp_path / "cache", say=said.append)


def only_file(tmp_path):
    (path,) = (tmp_path / "cache").glob("*.piece")
    return path


def test_what_was_kept_comes_back(cache):
    assert cache.get("key") is None
    cache.put("key", VALUE)
    found = cache.get("key")
    assert found["asset"] == VALUE["asset"]
    np.testing.assert_array_equal(found["rows"][0], np.arange(5))
    assert cache.get("other") is None


def test_the_last_value_counts(cache, tmp_path):
    for value in (1, 2):
        cache.put("key", value)
    assert cache.get("key") == 2
    only_file(tmp_path)


def test_a_piece_cut_short_or_with_a_flipped_byte_anywhere_counts_as_absent_with_a_word(
    cache, tmp_path, said
):
    cache.put("key", VALUE)
    path = only_file(tmp_path)
    whole = path.read_bytes()
    for n in range(len(whole)):
        for content in (whole[:n], whole[:n] + bytes([whole[n] ^ 1]) + whole[n + 1 :]):
            path.write_bytes(content)
            assert cache.get("key") is None
            assert not path.exists(), "what is damaged is taken away"
            assert "damaged" in said.pop()
    cache.put("key", VALUE)
    assert cache.get("key")["asset"] == VALUE["asset"]
    assert not said


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a pickle at all",
        b"\x80\x05.",
        b"]0.",
        b"a.",
        b"\x80\x05\x8c\x05sarha\x8c\x01x\x93.",
        pickle.dumps(Asset("a", "b", AtPoint(0.0, 0.0))).replace(b"Asset", b"Gone!"),
        b"\xff" * 40,
    ],
)
def test_a_file_of_another_kind_counts_as_absent(cache, tmp_path, content):
    for kept in (content, hashlib.sha256(content).digest() + content):
        cache.put("key", 1)
        only_file(tmp_path).write_bytes(kept)
        assert cache.get("key") is None


def test_a_value_that_cannot_be_kept_leaves_the_old_one(cache, tmp_path):
    cache.put("key", 1)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        cache.put("key", lambda: None)
    assert cache.get("key") == 1
    only_file(tmp_path)


@pytest.fixture
def package(tmp_path):
    """The rooms of a package with one file each."""
    for room in ("kernels", "planning", "io", "model", "data", "interfaces"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "one.py").write_text("x = 1\n")
    return tmp_path


@pytest.mark.parametrize("room", ["kernels", "planning", "io", "model", "data"])
def test_the_digest_of_the_source_follows_every_edit(package, room):
    source_digest.cache_clear()
    before = source_digest(package)
    (package / "interfaces" / "one.py").write_text("what prints results does not make them\n")
    source_digest.cache_clear()
    assert source_digest(package) == before
    (package / room / "one.py").write_text("x = 2\n")
    source_digest.cache_clear()
    edited = source_digest(package)
    (package / room / "one.py").rename(package / room / "two.py")
    source_digest.cache_clear()
    assert len({before, edited, source_digest(package)}) == 3


@pytest.mark.parametrize("library", LIBRARIES)
def test_pieces_of_other_libraries_are_others(package, monkeypatch, library):
    source_digest.cache_clear()
    before = source_digest(package)
    real = cache_module.version
    monkeypatch.setattr(cache_module, "version", lambda name: real(name) + ".post1" * (name == library))
    source_digest.cache_clear()
    assert source_digest(package) != before
    source_digest.cache_clear()


def test_the_border_between_files_counts(package):
    source_digest.cache_clear()
    before = source_digest(package)
    (package / "io" / "one.py").write_text("x = 1\nx = 1\n")
    (package / "kernels" / "one.py").write_text("")
    source_digest.cache_clear()
    assert source_digest(package) != before


def test_the_package_itself_is_read_once_and_whole():
    source_digest.cache_clear()
    assert source_digest() == source_digest(PACKAGE)
    assert source_digest.cache_info().hits <= 1
    assert (PACKAGE / "kernels" / "sight.py").is_file()
    assert (PACKAGE / "data" / "relief_exemplars.npz").is_file()


def test_keys_follow_the_definition():
    digest = hashlib.sha256(b"'a'\x001.5\x00('b', 2)\x00").hexdigest()
    assert content_key("a", 1.5, ("b", 2)) == digest


@given(st.lists(st.one_of(st.text(), st.floats(allow_nan=False), st.integers()), max_size=4))
def test_equal_parts_give_equal_keys_and_other_parts_others(parts):
    key = content_key(*parts)
    assert key == content_key(*[type(part)(part) for part in parts])
    assert key != content_key(*parts, "")
    assert len(key) == 64
    assert key.isalnum()


def test_the_border_between_parts_counts():
    keys = {content_key("ab", "c"), content_key("a", "bc"), content_key("abc"), content_key(("ab", "c"))}
    assert len(keys) == 4
