"""Files written whole: killed anywhere the old one stands or the new one; what the dead leave is swept."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading

import geopandas as gpd
import pytest
import shapely
from killed_process import killed_at

from sarhad.errors import InputFaults, NotWritten
from sarhad.io.example import write_example
from sarhad.io.folders import new_folder
from sarhad.io.geopackage import write_geopackage
from sarhad.io.whole import whole_file, write_whole


def test_killed_anywhere_the_old_file_stands_or_the_new_one_and_the_next_writer_sweeps(tmp_path):
    path = tmp_path / "weights [1].csv"
    seen, n_left = [], 0
    for n in range(1, 50):
        path.write_text("old")
        was_killed = killed_at(n, lambda _: write_whole(path, "new" * 1_000))
        seen.append(path.read_text())
        n_left += len(list(tmp_path.iterdir())) - 1
        write_whole(path, "next")
        assert [one.name for one in tmp_path.iterdir()] == [path.name]
        if not was_killed:
            break
    assert set(seen) == {"old", "new" * 1_000}
    assert n_left >= 3, "some were killed with a file half-written beside"


def test_a_folder_killed_anywhere_is_there_whole_or_not_at_all_and_the_next_writer_sweeps(tmp_path):
    path, seen, n_left = tmp_path / "project", set(), 0

    def fill():
        with new_folder(path) as made:
            for name in "abc":
                (made / name).write_text("new")

    for n in range(1, 50):
        was_killed = killed_at(n, lambda _: fill())
        seen.add(len(list(path.glob("*"))))
        n_left += len([one for one in tmp_path.iterdir() if one != path])
        shutil.rmtree(path, ignore_errors=True)
        fill()
        assert list(tmp_path.iterdir()) == [path]
        shutil.rmtree(path)
        if not was_killed:
            break
    assert seen == {0, 3}
    assert n_left >= 3, "some were killed with a folder half-written beside"


def test_an_example_that_a_full_disk_does_not_take_says_so(small_disk):
    with pytest.raises(NotWritten, match=r"No space left on device: .* MB are free there"):
        write_example("tajik-afghan", small_disk / "mine")
    assert list(small_disk.iterdir()) == []


def test_what_is_renamed_is_on_the_disk_before_and_its_name_after(tmp_path, monkeypatch):
    asked = []
    for name in ("fsync", "replace"):
        call = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *words, name=name, call=call: (asked.append(name), call(*words)))
    write_whole(tmp_path / "a.json", b"{}")
    assert asked == ["fsync", "replace", "fsync"]


def test_a_living_writer_is_left_alone(tmp_path):
    """Two write the same file: the second sweeps nothing of the first, and both come to their end."""
    path = tmp_path / "a.txt"
    inside, go = threading.Event(), threading.Event()

    def first():
        with whole_file(path) as part:
            part.write_text("first")
            inside.set()
            go.wait(10)

    writer = threading.Thread(target=first)
    writer.start()
    inside.wait(10)
    write_whole(path, "second")
    assert path.read_text() == "second"
    go.set()
    writer.join(10)
    assert path.read_text() == "first"
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]


def test_an_error_or_an_interrupt_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    write_whole(path, "old")
    path.chmod(0o640)
    with contextlib.suppress(KeyboardInterrupt), whole_file(path) as part:
        part.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    write_whole(path, "new")
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("place", ["file/a.txt", "folder"])
def test_a_place_that_cannot_be_written_is_a_fault(tmp_path, place):
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputFaults, match="a file that can be written"):
        write_whole(tmp_path / place, "text")
    assert sorted(tmp_path.iterdir()) == before


def test_a_full_disk_says_so_and_the_old_file_stands(small_disk):
    """Plain bytes, and a GeoPackage, whose library says it in words of its own."""
    text, layer = small_disk / "a.txt", small_disk / "a.gpkg"
    line = shapely.linestrings([[k, k % 7] for k in range(3_000)])
    frame = gpd.GeoDataFrame({"n": range(20)}, geometry=[line] * 20, crs="EPSG:4326")
    for path in (text, layer):
        write_whole(path, "old")
    room = os.statvfs(small_disk)
    (small_disk / "ballast").write_bytes(bytes(room.f_bavail * room.f_frsize - 200_000))
    with pytest.raises(NotWritten, match="MB are free there"):
        write_whole(text, bytes(300_000))
    with pytest.raises(NotWritten, match="MB are free there"), whole_file(layer) as part:
        write_geopackage(part, {"lines": frame})
    (small_disk / "ballast").write_bytes(bytes(room.f_bavail * room.f_frsize))
    with (
        pytest.raises(NotWritten, match=r"disk is full.*MB are free there") as caught,
        whole_file(layer) as part,
    ):
        write_geopackage(part, {"lines": frame})
    assert "CREATE TABLE" not in str(caught.value)
    assert {one.name for one in small_disk.iterdir()} == {"a.txt", "a.gpkg", "ballast"}
    assert text.read_text() == layer.read_text() == "old"
