"""Results: all of a folder or nothing of it, the same bytes for the same answer."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from sarhad.errors import NotWritten
from sarhad.io import results
from sarhad.io.project import open_project
from sarhad.io.results import (
    LOCK,
    RESULTS,
    file_hashes,
    manifest,
    results_folder,
    write_json,
    write_layers,
    write_profile,
)


@pytest.fixture
def folder(tmp_path):
    """A project folder with old results in it."""
    (tmp_path / RESULTS).mkdir()
    (tmp_path / RESULTS / "old.txt").write_text("old")
    return tmp_path


@pytest.fixture
def table():
    lines = [shapely.LineString([(69.0, 37.0), (69.1, 37.0 + k / 10)]) for k in range(3)]
    frame = pd.DataFrame({"stretch_id": [0, 1, 2], "p_timely": [0.25, np.nan, 1.0], "label": ["a", "ב", "в"]})
    frame["route"] = [lines[0], None, lines[2]]
    return gpd.GeoDataFrame(frame, geometry=lines, crs="EPSG:4326")


def stray(folder):
    return {path.name for path in folder.iterdir()} - {RESULTS, LOCK}


def test_new_results_take_the_place_of_old_ones(folder):
    with results_folder(folder) as part:
        (part / "new.txt").write_text("new")
        assert (folder / RESULTS / "old.txt").read_text() == "old"
    assert [path.name for path in (folder / RESULTS).iterdir()] == ["new.txt"]
    assert not stray(folder)
    assert (folder / RESULTS).stat().st_mode & 0o777 == 0o755


def test_first_results_need_no_old_ones(tmp_path):
    with results_folder(tmp_path) as part:
        (part / "new.txt").write_text("new")
    assert (tmp_path / RESULTS / "new.txt").exists()
    assert not stray(tmp_path)


@pytest.mark.parametrize("error", [RuntimeError("full"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_results_untouched(folder, error):
    def write() -> None:
        with results_folder(folder) as part:
            (part / "half.txt").write_text("half")
            raise error

    with pytest.raises(type(error)):
        write()
    assert [path.name for path in (folder / RESULTS).iterdir()] == ["old.txt"]
    assert not stray(folder)


@pytest.mark.parametrize("at", [1, 2])
def test_a_failure_while_they_change_places_leaves_the_old_ones_too(folder, monkeypatch, at):
    calls = []

    def failing(source, goal):
        calls.append(source)
        if len(calls) == at:
            raise OSError("no space left on device")
        return os.rename(source, goal)

    monkeypatch.setattr(results, "exchange", lambda *_: False)  # a file system that cannot
    monkeypatch.setattr(results.os, "replace", failing)
    with pytest.raises(NotWritten, match="no space"), results_folder(folder) as part:
        (part / "new.txt").write_text("new")
    assert [path.name for path in (folder / RESULTS).iterdir()] == ["old.txt"]
    assert not stray(folder)


def test_the_same_answer_gives_the_same_bytes(tmp_path, table):
    hashes = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        write_profile(folder, table)
        flat = table.drop(columns="route")
        write_layers(folder, {"profile": flat, "empty": flat.iloc[:0], "again": flat.iloc[:1]})
        write_json(folder, "summary.json", {"km": 1.5, "words": "линия", "none": None})
        hashes.append(file_hashes(folder))
    assert hashes[0] == hashes[1]
    assert list(hashes[0]) == ["profile.parquet", "results.gpkg", "summary.json"]


def test_a_profile_is_read_back_with_its_routes(tmp_path, table):
    write_profile(tmp_path, table)
    found = gpd.read_parquet(tmp_path / "profile.parquet")
    assert found.crs.to_epsg() == 4326
    assert list(found.columns) == list(table.columns)
    np.testing.assert_array_equal(found["p_timely"], table["p_timely"])
    assert found["label"].tolist() == table["label"].tolist()
    assert found["route"].iloc[2].equals(table["route"].iloc[2])
    assert found["route"].iloc[1] is None
    assert isinstance(table["route"].iloc[0], shapely.LineString)  # the caller's table stays as it was


def test_layers_are_read_back_and_empty_ones_left_out(tmp_path, table):
    flat = table.drop(columns="route")
    write_layers(tmp_path, {"first": flat, "none": flat.iloc[:0], "second": flat.iloc[1:]})
    assert [name for name, _ in pyogrio.list_layers(tmp_path / "results.gpkg")] == ["first", "second"]
    found = pyogrio.read_dataframe(tmp_path / "results.gpkg", layer="second")
    assert found["stretch_id"].tolist() == [1, 2]
    write_layers(tmp_path / "..", {"none": flat.iloc[:0]})
    assert not (tmp_path / ".." / "results.gpkg").exists()


def test_json_says_null_for_what_is_not_a_number(tmp_path):
    write_json(tmp_path, "a.json", {"km": float("nan"), "of": [(float("inf"), 1.5)]})
    assert json.loads((tmp_path / "a.json").read_text()) == {"km": None, "of": [[None, 1.5]]}
    write_json(tmp_path, "b.json", {"b": 1, "a": [1.5, "слово"]})
    text = (tmp_path / "b.json").read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert "слово" in text
    assert list(json.loads(text)) == ["b", "a"]


def test_the_manifest_names_inputs_versions_and_terrain(small_project_template):
    project = open_project(small_project_template)
    found = manifest(project, "synthetic")
    assert set(found["inputs_sha256"]) == set(project.hashes)
    assert list(found["inputs_sha256"]) == sorted(found["inputs_sha256"])
    assert found["terrain"]["kind"] == "synthetic"
    assert found["settings"]["seed"] == project.settings.seed
    assert "numba" in found["libraries"]
    assert found["search"] is None
    assert manifest(project, "synthetic", {"rounds": 2})["search"] == {"rounds": 2}
    json.dumps(found, allow_nan=False)
    other = replace(project, settings=replace(project.settings, processes=7))
    assert manifest(other, "synthetic") == found  # how many processes worked never shows


def test_hashes_cover_every_file(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_bytes(b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4's own example
    assert file_hashes(tmp_path) == {"sub/a.txt": digest}
