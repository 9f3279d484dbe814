"""`sarhad terrain` as a person uses it: tiles from a server into a project, and a report on them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
from tests.terrain_cases import Shelf, save, serving, tile_bytes
from typer.testing import CliRunner

from sarhad.errors import InputFaults
from sarhad.interfaces.cli.app import app
from sarhad.interfaces.cli.console import screen
from sarhad.io.copernicus import GLO_30, GLO_90, Square
from sarhad.io.project import check_project

SQUARES = [Square(37, 68, 37, 68, 38, 69), Square(37, 69, 37, 69, 38, 70)]


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "sarhad", "terrain", *map(str, words)]


@pytest.fixture(autouse=True)
def wide_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cell of a table is folded."""
    monkeypatch.setattr(screen, "width", 200)


def run(*words: object) -> str:
    """Run a command in this process and return what it printed on stdout."""
    done = CliRunner().invoke(app, ["terrain", *map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def folder(small_project_template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_project_template, tmp_path / "small"))


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A server with one tile of each series: the small project lies on both squares."""
    pairs = zip((GLO_30, GLO_90), SQUARES, strict=True)
    return Shelf({f"/{s.tile(q)}/{s.tile(q)}.tif": tile_bytes(s, q, tmp_path) for s, q in pairs})


def test_fetch_then_the_printed_section_then_check_and_report(folder, shelf):
    before = (folder / "project.toml").read_text()
    with serving(shelf) as base:
        fetched = json.loads(run("fetch", folder, "--glo-30", base, "--glo-90", base, "--json"))
    assert (folder / "project.toml").read_text() == before
    assert [(tile["tile"], tile["series"]) for tile in fetched["tiles"]] == [
        ("N37E068", "GLO-30"),
        ("N37E069", "GLO-90"),
    ]
    head, rest = before.split("[terrain]\n")
    after = rest[rest.index("\n[") :]
    (folder / "project.toml").write_text(head + fetched["terrain"] + after)
    assert check_project(folder) == ()

    report = json.loads(run("report", folder, "--json", "-j", 1))
    assert (report["kind"], report["vertical_datum"]) == ("refined", "EGM2008")
    assert report["void_km2"] == report["outside_km2"] == 0.0
    (layer,) = report["layers"]  # the server's two series have cells of one size
    assert layer["n_tile"] == 2
    assert layer["band_km2"] == pytest.approx(report["band_km2"])
    (seam,) = report["seams"]
    assert seam["step_m"] == pytest.approx(5.0, abs=0.01)  # what the eastern tile was lifted by
    assert seam["is_suspect"]
    # heights change by 1 m a cell to the north, 0.1 m to the east, and by the step at one of few columns
    assert np.sqrt((1.0 + 0.01) / 2) < layer["rms_m"][0] < 1.2

    told = run("report", folder, "-j", 1)
    for words in ("a step", "KIND: refined", "WorldDEM-90", "N37_00_E068"):
        assert words in told


def test_without_tiles_the_shipped_relief_serves_and_a_wrong_address_is_a_fault(folder):
    with serving(Shelf()) as base:
        told = run("fetch", folder, "--glo-30", base, "--glo-90", base)
        assert "2 squares come from the shipped relief" in told
        assert "GEBCO_2023" in told
        with pytest.raises(InputFaults, match="https://"):
            run("fetch", folder, "--glo-30", base, "--glo-90", "ftp://x", "--timeout-s", 5)


def test_killed_in_the_middle_it_goes_on(folder, shelf):
    first, second = shelf.files
    shelf.files[second] += os.urandom(
        2_000_000
    )  # long enough to be killed in; what follows a raster is its own
    shelf.slow = second
    with serving(shelf) as base:
        words = command("fetch", folder, "--glo-30", base, "--glo-90", base)
        started = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 120.0
        while time.monotonic() < until and not (folder / "terrain" / f"{Path(second).name}.part").exists():
            time.sleep(0.05)
        started.send_signal(signal.SIGKILL)
        started.wait()
        assert [path.name for path in (folder / "terrain").glob("*.tif")] == [Path(first).name]
        shelf.slow = ""
        shelf.asked.clear()
        again = json.loads(run(*words[4:], "--json"))
    assert [tile["came"] for tile in again["tiles"]] == ["kept", "fetched"]
    assert first not in [path for path, _ in shelf.asked]
    assert (folder / "terrain" / Path(second).name).read_bytes() == shelf.files[second]
    assert not list((folder / "terrain").glob("*.part*"))


def test_a_report_on_terrain_that_the_check_refuses(folder):
    with rasterio.open(folder / "terrain.tif") as data:
        value, frame = data.read(1), data.transform
    value[140:160, 200:220] = -32768.0  # 20 x 20 cells of 200 m: 16 km2 on the line
    value[120, 250] += 5_000.0
    left, right = value[:, :280], value[:, 300:]  # 20 columns under no tile: 4 km of the band's 11
    save(folder / "dem" / "a.tif", left, frame.c, frame.f, frame.a)
    save(folder / "dem" / "b.tif", right, frame.c + 60_000, frame.f, frame.a)
    text = (folder / "project.toml").read_text().replace('"terrain.tif"', '"dem"')
    (folder / "project.toml").write_text(text)
    assert len(check_project(folder)) == 2
    report = json.loads(run("report", folder, "--json", "-j", 1))
    assert report["void_km2"] == pytest.approx(16.0, abs=2.0)
    assert report["outside_km2"] == pytest.approx(4 * 11, rel=0.15)
    void, outside = report["gaps"]
    assert (void["is_void"], outside["is_void"]) == (True, False)
    assert 3_000 <= void["to_m"] - void["from_m"] <= 9_000
    assert report["layers"][0]["n_spike"] == 1
    assert report["layers"][0]["growth"] > 0.8  # of the smooth valley: a spike of 5 km is left out
    lon_deg, lat_deg = report["layers"][0]["spike_lon_lat_deg"][0]
    assert 68 < lon_deg < 70
    assert 37 < lat_deg < 38
    told = run("report", folder, "-j", 1)
    assert "no tile" in told
    assert "1 spike in" in told
