"""One file from a real server on the loopback: refusals, silence, cut connections, and going on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.terrain_cases import Shelf, serving

from sarhad.errors import InputFaults, Unreachable
from sarhad.io.download import CHUNK, Patience, download

BODY = os.urandom(3 * CHUNK + 1234)


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def fetch(tmp_path, pauses):
    def run(base: str, name: str = "a.bin", sound=lambda part: True, **more) -> bool:
        patience = Patience(timeout_s=0.3, n_try=3, sleep=pauses.append, **more)
        return download(f"{base}/{name}", tmp_path / name, sound, patience=patience)

    return run


def spoilt(what: object) -> Shelf:
    return Shelf({"/a.bin": BODY}, lambda path, n: what)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_comes_whole(tmp_path, fetch, pauses):
    shelf = Shelf({"/a.bin": BODY})
    with serving(shelf) as base:
        assert fetch(base)
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert names(tmp_path) == ["a.bin"]
    assert pauses == []


def test_what_is_not_there_is_an_answer_and_leaves_nothing(tmp_path, fetch, pauses):
    shelf = Shelf()
    with serving(shelf) as base:
        assert not fetch(base)
    assert shelf.count("/a.bin") == 1
    assert names(tmp_path) == []
    assert pauses == []


def test_a_busy_server_is_asked_again_with_growing_pauses(tmp_path, fetch, pauses):
    shelf = Shelf({"/a.bin": BODY}, lambda path, n: 503 if n < 2 else None)
    with serving(shelf) as base:
        assert fetch(base)
    assert pauses == [1.0, 2.0]
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_a_server_that_stays_busy_is_named_and_no_file_is_left(tmp_path, fetch):
    with (
        serving(spoilt(503)) as base,
        pytest.raises(Unreachable, match=r"a\.bin: the server answered 503 .* \(3 tries\)"),
    ):
        fetch(base)
    assert names(tmp_path) == []


def test_a_refusal_is_not_taken_for_a_missing_file(fetch):
    with (
        serving(spoilt(403)) as base,
        pytest.raises(Unreachable, match="403"),
    ):
        fetch(base)


def test_a_silent_server_times_out(tmp_path, fetch):
    with (
        serving(spoilt("hang")) as base,
        pytest.raises(Unreachable, match=r"connection|timed out"),
    ):
        fetch(base)
    assert names(tmp_path) == []


def test_nobody_listening(fetch):
    with serving(Shelf()) as base:
        pass
    with pytest.raises(Unreachable, match="no connection"):
        fetch(base)


def test_a_cut_connection_goes_on_where_it_stopped(tmp_path, fetch):
    shelf = Shelf({"/a.bin": BODY}, lambda path, n: "short" if n == 0 else None)
    with serving(shelf) as base:
        assert fetch(base)
    assert shelf.asked == [("/a.bin", ""), ("/a.bin", f"bytes={len(BODY) // 2}-")]
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_a_cut_file_never_has_the_name_of_a_whole_one(tmp_path, fetch):
    with (
        serving(spoilt("short")) as base,
        pytest.raises(Unreachable, match="bytes came"),
    ):
        fetch(base)
    assert names(tmp_path) == ["a.bin.part", "a.bin.part.etag"]
    with serving(Shelf({"/a.bin": BODY})) as base:  # the command is run again
        assert fetch(base)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_a_file_that_changed_meanwhile_is_fetched_afresh(tmp_path, fetch):
    with serving(spoilt("short")) as base, pytest.raises(Unreachable):
        fetch(base)
    other = BODY[::-1] + b"more"
    with serving(Shelf({"/a.bin": other}, etag='"two"')) as base:
        assert fetch(base)
    assert (tmp_path / "a.bin").read_bytes() == other


def test_a_server_without_ranges(tmp_path, fetch):
    shelf = Shelf({"/a.bin": BODY}, lambda path, n: "short" if n == 0 else "no-range")
    with serving(shelf) as base:
        assert fetch(base)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_a_range_that_is_not_the_one_asked_for_is_not_appended(tmp_path, fetch):
    spoil = {0: "short", 1: "lie"}
    with serving(Shelf({"/a.bin": BODY}, lambda path, n: spoil.get(n))) as base:
        assert fetch(base)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_all_of_it_had_come_when_it_was_killed(tmp_path, fetch):
    (tmp_path / "a.bin.part").write_bytes(BODY)
    (tmp_path / "a.bin.part.etag").write_text('"one"')
    shelf = Shelf({"/a.bin": BODY})
    with serving(shelf) as base:
        assert fetch(base)
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert shelf.count("/a.bin") == 1


def test_what_came_but_is_not_sound_is_thrown_away(tmp_path, fetch):
    with (
        serving(spoilt("html")) as base,
        pytest.raises(Unreachable, match="no whole raster"),
    ):
        fetch(base, sound=lambda part: part.read_bytes() == BODY)
    assert not (tmp_path / "a.bin").exists()
    assert not (tmp_path / "a.bin.part").exists()


def test_an_address_that_is_none(tmp_path):
    for url in ("file:///etc/passwd", "s3://bucket/tile.tif", "tile.tif"):
        with pytest.raises(InputFaults, match="https"):
            download(url, tmp_path / "a", lambda part: True)


def test_a_place_that_cannot_be_written_is_a_fault_and_not_tried_again(tmp_path, pauses):
    (tmp_path / "a.bin.part").mkdir()
    with serving(Shelf({"/a.bin": BODY})) as base, pytest.raises(InputFaults, match="can be written"):
        download(
            f"{base}/a.bin", tmp_path / "a.bin", lambda part: True, patience=Patience(sleep=pauses.append)
        )
    assert pauses == []
