"""Results while the power goes or the disk is full: the old ones or the new ones, whole, at every moment."""

from __future__ import annotations

import os
import shutil
import threading
import time

import geopandas as gpd
import numpy as np
import pytest
import shapely
from killed_process import killed_at

from sarhad.errors import NotWritten
from sarhad.io import folders, results
from sarhad.io.raster import write_cog
from sarhad.io.results import (
    LOCK,
    PROGRAMME,
    RESULTS,
    file_hashes,
    results_folder,
    write_json,
    write_layers,
    write_profile,
)
from sarhad.model.grid import Grid

FILES = ("one.txt", "two.txt", "deep/three.txt")


def write_version(place, version):
    for name in FILES:
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(version)


def beside(folder, version):
    with results_folder(folder) as part:
        write_version(part, version)


def in_place(folder, version):
    """What must not be: written over the old results."""
    write_version(folder / RESULTS, version)
    folders.sync_folder(folder / RESULTS)


def adding(folder, version):
    """What stands on results goes among them, and what is not written anew stays."""
    with results_folder(folder, adding=True) as part:
        for name in FILES[1:]:
            (part / name).parent.mkdir(exist_ok=True)
            (part / name).write_text(version)


def versions(folder):
    """Return what the files of results/ say, each version once; None for a file that is missing."""
    paths = [folder / RESULTS / name for name in FILES]
    return {path.read_text() if path.exists() else None for path in paths}


def seen_after_kills(write, folder, *, exchanges=True):
    """Kill a write at its first request to the system, its second, and so on; return what was found then."""

    def work(dying):
        results.exchange = dying(folders.exchange if exchanges else lambda *_: False)
        write(folder, "new")

    found = []
    for n in range(1, 200):
        shutil.rmtree(folder, ignore_errors=True)
        (folder / RESULTS).mkdir(parents=True)
        write_version(folder / RESULTS, "old")

        was_killed = killed_at(n, work)
        found.append(versions(folder))
        if not was_killed:
            assert n > 5, "it was killed at several places"
            return found
        if write is not in_place:
            after_a_crash(folder)
    raise AssertionError("it never came to its end")


def after_a_crash(folder):
    """Whatever was left: an interrupted next run leaves whole results, and nothing else."""
    before = versions(folder)
    with pytest.raises(KeyboardInterrupt), results_folder(folder):
        raise KeyboardInterrupt
    assert versions(folder) == (before if None not in before else {"old"})
    assert {path.name for path in folder.iterdir()} == {RESULTS, LOCK}


def test_killed_anywhere_the_old_results_stand_or_the_new_ones(tmp_path):
    found = seen_after_kills(beside, tmp_path / "project")
    assert all(seen in ({"old"}, {"new"}) for seen in found)
    assert found[0] == {"old"}
    assert found[-1] == {"new"}


def test_what_is_added_is_there_with_all_that_was_there_or_not_at_all(tmp_path):
    """A chart and its numbers are of one run, and the results that they stand on stay."""
    found = seen_after_kills(adding, tmp_path / "project")
    assert all(seen in ({"old"}, {"old", "new"}) for seen in found)
    assert found[-1] == {"old", "new"}
    assert (tmp_path / "project" / RESULTS / FILES[0]).read_text() == "old"
    assert {(tmp_path / "project" / RESULTS / name).read_text() for name in FILES[1:]} == {"new"}


def test_results_are_added_where_files_cannot_be_linked(tmp_path, monkeypatch):
    (tmp_path / RESULTS).mkdir()
    write_version(tmp_path / RESULTS, "old")
    monkeypatch.setattr(os, "link", lambda *_: os.stat("/no such file"))
    adding(tmp_path, "new")
    assert versions(tmp_path) == {"old", "new"}


def test_where_folders_cannot_change_places_the_next_run_puts_the_old_ones_back(tmp_path):
    found = seen_after_kills(beside, tmp_path / "project", exchanges=False)
    assert all(seen in ({"old"}, {"new"}, {None}) for seen in found)


def test_a_writer_in_place_is_found(tmp_path):
    found = seen_after_kills(in_place, tmp_path / "project")
    assert any(len(seen) > 1 for seen in found)


def test_what_a_living_process_writes_is_left_alone_and_the_other_waits(tmp_path):
    began, release = threading.Event(), threading.Event()
    done = []

    def second():
        began.set()
        with results_folder(tmp_path) as part:
            assert release.is_set()
            write_version(part, "second")
        done.append(True)

    waiting = threading.Thread(target=second)
    with results_folder(tmp_path) as part:
        write_version(part, "first")
        waiting.start()
        began.wait(10)
        time.sleep(0.2)
        assert (part / FILES[0]).read_text() == "first"
        assert not done
        release.set()
    waiting.join(10)
    assert done
    assert versions(tmp_path) == {"second"}
    assert {path.name for path in tmp_path.iterdir()} == {RESULTS, LOCK}


def test_results_of_a_programme_stand_beside_those_of_a_plan(tmp_path):
    with results_folder(tmp_path, f"{RESULTS}/{PROGRAMME}") as part:
        (part / "items.csv").write_text("items")
    beside(tmp_path, "new")
    assert (tmp_path / RESULTS / PROGRAMME / "items.csv").read_text() == "items"
    assert versions(tmp_path) == {"new"}
    with results_folder(tmp_path, f"{RESULTS}/{PROGRAMME}") as part:
        (part / "items.csv").write_text("others")
    assert (tmp_path / RESULTS / PROGRAMME / "items.csv").read_text() == "others"
    assert versions(tmp_path) == {"new"}


def write_all_kinds(part, seed):
    """One file of each kind that results hold, about 120 KB together."""
    rng = np.random.default_rng(seed)
    lines = [shapely.LineString(rng.random((40, 2))) for _ in range(20)]
    table = gpd.GeoDataFrame({"stretch_id": range(20), "route": lines}, geometry=lines, crs="EPSG:4326")
    write_profile(part, table)
    write_layers(part, {"profile": table.drop(columns="route")})
    percent = rng.integers(0, 100, (128, 128)).astype(np.uint8)
    grid = Grid("EPSG:32642", 500_000.0, 4_150_000.0, 90.0, 128, 128)
    write_cog(part / "coverage.tif", percent, grid, nodata=255, tags={}, description="per cent")
    write_json(part, "summary.json", {"km": rng.random(500).tolist()})


@pytest.mark.parametrize("small_disk", ["4m"], indirect=True)
def test_a_full_disk_leaves_the_old_results_whole_and_says_so(small_disk, tmp_path):
    """With less and less room: the new results are all there, or the old ones are and the error says why."""
    (tmp_path / "enough").mkdir()
    write_all_kinds(tmp_path / "enough", 2)
    new = file_hashes(tmp_path / "enough")
    folder = small_disk / "project"
    folder.mkdir()
    told = []
    for free_kib in (3, 20, 60, 100, 130, 160, 200, 240, 280, 320, 400, 800):
        shutil.rmtree(folder / RESULTS, ignore_errors=True)
        (folder / RESULTS).mkdir()
        write_version(folder / RESULTS, "old")
        ballast = small_disk / "ballast"
        free = os.statvfs(small_disk)
        ballast.write_bytes(bytes(free.f_bavail * free.f_frsize - free_kib * 1024))
        try:
            with results_folder(folder) as part:
                write_all_kinds(part, 2)
            assert file_hashes(folder / RESULTS) == new
            told.append("")
        except NotWritten as error:
            assert versions(folder) == {"old"}
            told.append(str(error))
        ballast.unlink()
        assert {path.name for path in folder.iterdir()} <= {RESULTS, LOCK}
    assert told[0]
    assert not told[-1]
    assert all("MB are free there. What was there before stands" in words for words in told if words)
