"""Bad terrain, one kind at a time, planted in a sound project: which file, what was expected and found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from rasterio.transform import Affine
from tests.terrain_cases import save

from sarhad.errors import Fault
from sarhad.io.project import check_project, open_project
from sarhad.io.tile_words import datums_in


def terrain(folder: Path, **words: str) -> None:
    """Set keys of `[terrain]`; values are TOML."""
    path = folder / "project.toml"
    head, rest = path.read_text().split("[terrain]\n", 1)
    section, after = rest.split("\n[", 1)
    lines = [line for line in section.splitlines() if line.split(" =")[0] not in words]
    lines += [f"{name} = {value}" for name, value in words.items()]
    path.write_text(head + "[terrain]\n" + "\n".join(lines) + "\n\n[" + after)


def only(folder: Path) -> Fault:
    faults = check_project(folder)
    assert len(faults) == 1, "\n".join(map(str, faults))
    return faults[0]


def whole(folder: Path) -> tuple[np.ndarray, Affine]:
    with rasterio.open(folder / "terrain.tif") as data:
        return data.read(1).astype(np.float32), data.transform


@pytest.fixture
def folder(small_project_folder) -> Path:
    return small_project_folder


@pytest.fixture
def halves(folder) -> Path:
    """The project with its terrain in two tiles in a folder `dem`."""
    value, frame = whole(folder)
    for name, cols in (("west", slice(0, 250)), ("east", slice(250, None))):
        left = frame.c + cols.start * frame.a
        save(
            folder / "dem" / f"{name}.tif", value[:, cols], left, frame.f, frame.a, tags={"KIND": "synthetic"}
        )
    terrain(folder, file='"dem"')
    return folder


@pytest.mark.parametrize("file", ['"dem"', '"dem/*.tif"', '["dem/west.tif", "dem/east.tif"]'])
def test_tiles_are_a_sound_terrain_and_the_same_as_one_file(halves, folder, file):
    terrain(halves, file=file)
    assert check_project(halves) == ()
    project = open_project(halves)
    names = ["west.tif", "east.tif"] if file.startswith("[") else ["east.tif", "west.tif"]
    assert [path.name for path in project.terrain.paths] == names
    assert {"dem/west.tif", "dem/east.tif"} <= set(project.hashes)


def test_a_change_behind_a_vrt_is_another_hash(folder):
    rasterio.shutil.copy(folder / "terrain.tif", folder / "dem.vrt", driver="VRT")
    terrain(folder, file='"dem.vrt"')
    before = open_project(folder).hashes
    assert {"dem.vrt", "terrain.tif"} <= set(before)
    value, frame = whole(folder)
    save(folder / "terrain.tif", value + 1, frame.c, frame.f, frame.a)
    after = open_project(folder).hashes
    assert before["dem.vrt"] == after["dem.vrt"]
    assert before["terrain.tif"] != after["terrain.tif"]


def test_nothing_that_a_folder_could_mean(folder):
    (folder / "empty").mkdir()
    terrain(folder, file='["terrain.tif", "empty"]')
    fault = only(folder)
    assert (fault.file, fault.layer, fault.column) == ("project.toml", "terrain", "file")
    assert fault.found == "none in empty"


@pytest.mark.parametrize("value", ["7", "[]", '["a.tif", 3]'])
def test_a_file_that_is_no_name(folder, value):
    terrain(folder, file=value)
    assert only(folder).expected.startswith("a file, a folder")


def test_a_tile_that_lacks_leaves_ground_uncovered_and_is_never_zero(halves):
    (halves / "dem" / "east.tif").unlink()
    fault = only(halves)
    assert fault.expected == "heights over the band, 6 km home and 5 km beyond the line"


def test_a_raster_cut_short_still_opens_and_is_refused(halves):
    path = halves / "dem" / "east.tif"
    rasterio.shutil.copy(path, halves / "whole.tif", driver="COG")  # its tables of cells stand first
    data = (halves / "whole.tif").read_bytes()
    path.write_bytes(data[: len(data) * 9 // 10])
    with rasterio.open(path) as still:
        assert still.width == 250
    fault = only(halves)
    assert (fault.file, fault.expected) == ("dem/east.tif", "a whole raster")
    assert "ends before its last cells" in fault.found


def test_one_cell_is_no_raster(folder):
    save(folder / "terrain.tif", np.full((1, 1), 800.0), 0, 0, 90.0)
    assert (only(folder).expected, only(folder).found) == ("at least 2 x 2 cells", "1 x 1")


def test_all_void(folder):
    value, frame = whole(folder)
    save(folder / "terrain.tif", np.full_like(value, -32768.0), frame.c, frame.f, frame.a)
    terrain(folder, voids='"fill"')
    assert only(folder).expected == "finite heights"


def test_several_bands(folder):
    value, frame = whole(folder)
    save(folder / "terrain.tif", np.stack([value] * 3), frame.c, frame.f, frame.a)
    assert (only(folder).expected, only(folder).found) == ("one band", "3 bands")


def test_rotated(folder):
    value, frame = whole(folder)
    save(folder / "terrain.tif", value, 0, 0, 1, transform=Affine(200, 30, frame.c, 30, -200, frame.f))
    assert "north-up" in only(folder).expected


def test_a_crs_that_cannot_be(halves):
    path = halves / "dem" / "east.tif"
    with rasterio.open(path, "r+") as data:
        data.crs = "EPSG:4326"
    fault = only(halves)
    assert fault.file == "dem/east.tif"
    assert "metres?" in fault.found


def test_feet_that_are_declared_are_metres(folder):
    value, frame = whole(folder)
    save(folder / "terrain.tif", value / np.float32(0.3048), frame.c, frame.f, frame.a, unit="ft")
    assert check_project(folder) == ()


def test_a_unit_that_is_neither(folder):
    value, frame = whole(folder)
    save(folder / "terrain.tif", value, frame.c, frame.f, frame.a, unit="fathom")
    fault = only(folder)
    assert (fault.column, fault.expected, fault.found) == (
        "unit",
        "heights in metres or feet",
        'the unit "fathom"',
    )


def test_feet_that_are_not_declared_show_where_ground_would_be_above_everest(folder):
    value, frame = whole(folder)
    save(folder / "terrain.tif", value / np.float32(0.3048) + 9_000, frame.c, frame.f, frame.a)
    fault = only(folder)
    assert fault.expected == "heights of land, at most 9000 m"
    assert "feet without saying so" in fault.found


def test_a_mark_for_voids_that_is_not_declared(folder):
    value, frame = whole(folder)
    value[:, 200:240] = -9999.0
    save(folder / "terrain.tif", value, frame.c, frame.f, frame.a)
    assert only(folder).found.startswith("voids (no value, or below -500 m) in ")


def test_tiles_that_overlap_and_disagree(halves):
    value, frame = whole(halves)
    path = halves / "dem" / "middle.tif"
    save(path, value[:, 200:300] + 0.4, frame.c + 200 * frame.a, frame.f, frame.a)
    assert check_project(halves) == ()
    save(path, value[:, 200:300] + 7.0, frame.c + 200 * frame.a, frame.f, frame.a)
    faults = check_project(halves)
    assert [fault.file for fault in faults] == ["dem/middle.tif", "dem/west.tif"]
    assert "+7.0 m over 15000 shared cells" in faults[0].found
    assert "heights of east.tif" in faults[0].expected


def test_vertical_datums_that_are_mixed_must_all_be_named(halves):
    for name, datum in (("west", "EGM96 geoid"), ("east", "WGS 84 ellipsoid")):
        with rasterio.open(halves / "dem" / f"{name}.tif", "r+") as data:
            data.update_tags(VERTICAL_DATUM=datum)
    terrain(halves, vertical_datum='"EGM96"')
    fault = only(halves)
    assert (fault.file, fault.column) == ("dem/east.tif", "vertical_datum")
    assert "name every datum" in fault.expected
    assert fault.found == "ellipsoid, as the file says (WGS 84 ellipsoid)"
    terrain(halves, vertical_datum='"unknown"')
    assert [one.file for one in check_project(halves)] == ["dem/east.tif", "dem/west.tif"]
    terrain(halves, vertical_datum='"EGM96 in the west, ellipsoid heights in the east"')
    assert check_project(halves) == ()


def test_the_vertical_part_of_a_reference_system_counts(folder):
    value, frame = whole(folder)
    save(folder / "terrain.tif", value, frame.c, frame.f, frame.a, crs="EPSG:32642+3855")
    terrain(folder, vertical_datum='"EGM2008"')
    assert check_project(folder) == ()
    terrain(folder, vertical_datum='"EGM96"')
    assert only(folder).found == "EGM2008, as the file says (EGM2008 height)"


def test_names_of_datums():
    assert datums_in("EGM2008 height") == datums_in("egm 08, EPSG:3855") == {"EGM2008"}
    assert datums_in("mean sea level (GEBCO)") == datums_in("MSL") == {"mean sea level"}
    assert datums_in("EGM96 and EGM2008") == {"EGM96", "EGM2008"}
    assert datums_in("WGS 84 ellipsoid") == {"ellipsoid"}
    assert datums_in("none (synthetic)") == frozenset()


def test_a_tile_that_says_synthetic_in_a_real_terrain(halves):
    terrain(halves, kind='"real"')
    faults = check_project(halves)
    assert [(fault.file, fault.column) for fault in faults] == [
        ("dem/east.tif", "kind"),
        ("dem/west.tif", "kind"),
    ]
