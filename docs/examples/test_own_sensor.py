"""docs/how-to/own-sensor.md: its rows are read and checked, its blocks run, its figures redone by hand."""

from __future__ import annotations

import csv
import json
import math
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from sarhad.io.equipment import parameters_of, read_equipment, read_targets
from sarhad.io.inspection import inspect_project
from sarhad.io.project import check_project, open_project
from sarhad.model.equipment import EquipmentType
from sarhad.model.project import Project
from sarhad.planning.sensing import (
    area_rate_per_s,
    availability,
    look_rate_per_s,
    nuisance_per_day,
    p_crossing,
    sweep_width_m,
)

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
from test_readme import python_blocks

from small_border import write_small_project

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "own-sensor.md"
TEXT = PAGE.read_text(encoding="utf-8")
CSV_ROWS = [
    line
    for block in re.findall(r"^```text\n(equipment_id,.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
]
HEADER = "equipment_id,parameter,value,unit,source"
OFFERED = '"our_thermal", "our_radar", "our_fibre", "our_drone"'
SLIPS = re.findall(r"^\| `([^`]+)` \| (fault|doubt `(\w+)`) \| (.+) \|$", TEXT, re.MULTILINE)
DEFAULTS = re.findall(
    r"^\| (`\w+`(?:, `\w+`)*)[^|]*\| ([\d., ]+) \|", TEXT.partition("## 8.")[2], re.MULTILINE
)


def page_table() -> list[list[str]]:
    return list(csv.reader([HEADER, *(row for row in CSV_ROWS if row != HEADER)]))


def write_own(folder: Path, table: list[list[str]]) -> None:
    with (folder / "equipment.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(table)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small project with the page's types, all of them on offer."""
    found = tmp_path / "my-border"
    write_small_project(found)
    settings = found / "project.toml"
    text = settings.read_text(encoding="utf-8")
    offered = 'offered = ["thermal_medium", "radar_medium", "seismic_line"]'
    assert offered in text
    own = f'file = "equipment.csv"\noffered = [{OFFERED}]'
    assert own in TEXT
    settings.write_text(
        text.replace(offered, own).replace("radar_medium = 2", "our_radar = 2"), encoding="utf-8"
    )
    write_own(found, page_table())
    return found


@pytest.fixture
def types(tmp_path: Path) -> dict[str, EquipmentType]:
    write_own(tmp_path, page_table())
    return read_equipment(tmp_path / "equipment.csv")


def test_the_rows_of_the_page_are_sound(folder: Path) -> None:
    assert len(CSV_ROWS) > 50
    found = inspect_project(folder)
    assert not found.faults
    assert not [one for one in found.doubts if one.rule.startswith(("type_", "stock_", "budget_"))]
    assert set(open_project(folder).offered) == set(json.loads(f"[{OFFERED}]"))


@pytest.mark.parametrize(("row", "kind", "rule", "said"), SLIPS, ids=[one[0] for one in SLIPS])
def test_a_slip_is_found_in_the_words_of_the_page(
    folder: Path, row: str, kind: str, rule: str, said: str
) -> None:
    owner, parameter, *rest = row.split(",")
    table = page_table()
    at = [k for k, cells in enumerate(table) if cells[:2] == [owner, parameter]]
    assert len(at) <= 1
    slipped = [owner, parameter, *rest, "slip"]
    table = [slipped if [k] == at else cells for k, cells in enumerate(table)] + ([] if at else [slipped])
    write_own(folder, table)
    if kind == "fault":
        assert said in [one.expected for one in check_project(folder)]
    else:
        doubts = [one.said for one in inspect_project(folder).doubts if one.rule == rule]
        assert [one.expected for one in doubts] == [said]


def test_a_missing_row_and_a_missing_source_are_found(folder: Path) -> None:
    table = [cells for cells in page_table() if cells[:2] != ["our_radar", "gain_db"]]
    table[3][4] = ""
    write_own(folder, table)
    own = [one for one in check_project(folder) if one.file.endswith("equipment.csv")]
    found = {(one.column, one.row) for one in own}
    assert found == {("gain_db", 0), ("source", 3)}


def test_a_low_mast_is_doubted(folder: Path) -> None:
    with rasterio.open(folder / "terrain.tif", "r+") as data:
        data.write(np.full_like(data.read(1), 500.0), 1)
    posts = json.loads((folder / "assets.geojson").read_text())
    posts["features"][3]["properties"] |= {"equipment_id": "our_radar", "mast_m": 2}
    (folder / "assets.geojson").write_text(json.dumps(posts))
    found = [one.said.found for one in inspect_project(folder).doubts if one.rule == "asset_range"]
    horizon_km = 4.12 * (math.sqrt(2) + math.sqrt(1.7))
    assert found == [f"a mast of 2 m, a range of 12 km, a horizon at {horizon_km:.0f} km"]
    assert found[0] in TEXT


def test_defaults_are_those_of_the_table() -> None:
    found = {}
    for names, values in DEFAULTS:
        parts = values.split(",")
        found |= dict(zip(re.findall(r"\w+", names), map(float, parts), strict=True))
    assert len(found) == 11
    kind = {
        "p_pass": "drone",
        "coupling": "fibre",
        "loss_db": "radar",
        "n_scan": "radar",
        "n_confirm": "radar",
    }
    for name, value in found.items():
        fallback = "fibre" if name.endswith(("_mps", "_day")) else "thermal_camera"
        assert parameters_of(kind.get(name, fallback))[name].default == value


def test_the_blocks_run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(folder.parent)
    blocks = python_blocks(PAGE)
    assert len(blocks) == 3
    for block in blocks:
        exec(compile(block, PAGE.name, "exec"), {})
    said = capsys.readouterr().out
    assert "11.4 dB of losses" in said
    for sentence in ("49 of 50 prove 0.909", "98 of 100 prove 0.938", "29 of 29 prove 0.902"):
        assert sentence in said
        assert sentence in TEXT
    assert (folder.parent / "range.png").stat().st_size > 10_000


def p_camera(range_m: float, fog: bool) -> float:
    """One look by hand: cycles, TTPF, the search cap; contrast of 4 K times what the air leaves."""
    visibility_km, exponent = (0.2, 0.0) if fog else (20.0, 1.3)
    contrast_k = 4.0 * math.exp(-3.912 / visibility_km * (10 / 0.55) ** -exponent * range_m / 1000)
    share = min(max(math.log(contrast_k / 0.05) / math.log(1.0 / 0.05), 0.0), 1.0)
    cycles = share * 0.75 * 0.075 / (2 * 12e-6 * range_m)
    power = cycles ** (2.7 + 0.7 * cycles)
    return 0.5 * power / (1 + power) if cycles >= 0.5 else 0.0


def p_radar(range_m: float, fog: bool) -> float:
    """One look by hand: SNR 17.85 dB at 5 km is P_d 0.8 a scan; 3 of 5; headings that show 0.3 m/s."""
    needed = math.log(1e-6) / math.log(0.8) - 1
    fog_db = 2 * 0.1 * 0.22 * range_m / 1000 if fog else 0.0  # 0.22 dB/km for 1 g/m3 at 16.5 GHz and 5 C
    ratio = needed * (5_000 / range_m) ** 4 * 10 ** (-fog_db / 10)
    hit = 1e-6 ** (1 / (1 + ratio)) - 1e-6
    confirmed = sum(math.comb(5, k) * hit**k * (1 - hit) ** (5 - k) for k in (3, 4, 5))
    speed_mps = 6 / 3.6 * math.exp(-3.5 * 0.05) * 0.6
    return min(confirmed, 0.95) * 2 / math.pi * math.acos(0.3 / speed_mps)


RANGE_M = (1_000.0, 2_000.0, 3_000.0, 4_000.0, 5_000.0, 8_000.0)


@pytest.mark.parametrize(
    ("name", "p_look", "look_s"), [("our_thermal", p_camera, 84), ("our_radar", p_radar, 30)]
)
@pytest.mark.parametrize("fog", [False, True])
def test_the_curve_by_hand(folder: Path, name: str, p_look: Any, look_s: int, fog: bool) -> None:
    project = open_project(folder)
    condition = next(
        c for c in project.conditions if c.condition_id == ("winter_fog" if fog else "summer_night")
    )
    by_hand = [1 - (1 - p_look(r, fog)) ** (600 / look_s) for r in RANGE_M]
    rate = look_rate_per_s(project.equipment[name], project.targets[0], condition, np.array(RANGE_M))
    found = 1 - np.exp(-600 * rate)
    assert found == pytest.approx(by_hand, abs=5e-3)
    (row,) = re.findall(rf"^\| `{name}`, {'fog' if fog else 'clear night'} \| (.+) \|$", TEXT, re.MULTILINE)
    assert [cell.strip() for cell in row.split("|")] == [f"{p:.2f}" for p in found]


def test_ranges_and_angles_by_hand() -> None:
    flat = TEXT.replace("\n", " ")
    for size_m, cycles, said in (
        (0.75, 1, "2,344"),
        (2.3, 1, "7,187"),
        (1.8, 1.5, "3,750"),
        (1.8, 1, "5,625"),
    ):
        assert f"{size_m * 0.075 / (2 * 12e-6 * cycles):,.0f}" == said
        assert f"{said} m" in flat
    assert 2 * math.degrees(math.atan(640 * 12e-6 / 2 / 0.075)) == pytest.approx(5.9, abs=0.05)
    assert math.ceil(120 / 5.9) * 4 == 84
    assert round(0.075 / (2 * 12e-6) / 1000, 1) == 3.1
    assert 10 * math.log10(26_000 / (2.5 * 10)) == pytest.approx(30.2, abs=0.05)
    assert round(2 * 2.344, 1) == 4.7  # half a cycle
    assert round(20 * (0.8 / 0.15) ** (1 / 3), 1) == 34.9
    assert 2 * 600 * math.tan(math.radians(33.7)) == pytest.approx(800, abs=1)


def test_the_fibre_and_the_drone(folder: Path, types: dict[str, EquipmentType]) -> None:
    project: Project = open_project(folder)
    night = next(c for c in project.conditions if c.condition_id == "summer_night")
    walker = read_targets()["walker"]
    heard_m = 8 / (1 + (night.wind_mps / 25) ** 2)
    assert p_crossing(types["our_fibre"], walker, night) == pytest.approx(0.909 / (1 + (0.3 / heard_m) ** 2))
    assert nuisance_per_day(types["our_fibre"], night, 20_000.0) == pytest.approx(20.0)
    drone = types["our_drone"]
    by_cycle, by_crews = 25_600 / 34_200, 0.5 * 25_600 / 28_800
    assert [f"{by_cycle:.3f}", f"{by_crews:.3f}", f"{0.7 * by_crews:.3f}"] == ["0.749", "0.444", "0.311"]
    assert availability(drone, night) == pytest.approx(0.7 * by_crews)
    x_m = np.linspace(-400, 400, 4_001)
    cycles = 0.75 * 0.05 / (2 * 12e-6 * np.hypot(x_m, 600))
    power = cycles ** (2.7 + 0.7 * cycles)
    width_m = float(np.trapezoid(0.8 * power / (1 + power), x_m))
    assert sweep_width_m(drone, walker, night) == pytest.approx(width_m, rel=2e-3)
    p = -math.expm1(-600 * width_m * 25 / (20_000 * 6_000))
    assert -math.expm1(-600 * area_rate_per_s(drone, walker, night, 1.2e8)) == pytest.approx(p, rel=2e-3)
    assert all(
        said in TEXT for said in (f"**{width_m:.0f} m**", f"**{p:.3f}**", "**0.311**", "= 0.749", "= 0.444")
    )
