"""The shipped tables are whole and sourced; a user's table is refused with every fault at once."""

import csv
from importlib.resources import files

import pytest

from sarhad.errors import InputFaults
from sarhad.io.equipment import parameters_of, read_equipment, read_parameters, read_targets
from sarhad.kernels.speed import SPEED_NAMES
from sarhad.model.equipment import MOUNT

HEAD = "equipment_id,parameter,value,unit,source\n"
FENCE = """f,title,A fence,text,ours
f,kind,fence,text,ours
f,cost_usd,100,usd,ours
f,availability,0.9,1,ours
f,p_max,0.8,1,ours
f,nuisance_per_km_day,1,1/(km day),ours
"""


def rows_of(name):
    with (files("sarhad") / "data" / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def refuse(tmp_path, text, read=read_equipment):
    with pytest.raises(InputFaults) as caught:
        read(write(tmp_path, text))
    return caught.value.faults


def test_shipped_types_cover_every_kind():
    types = read_equipment()
    assert len(types) >= 20
    assert {equipment.kind for equipment in types.values()} == set(MOUNT)
    assert {"observer_binoculars", "thermal_medium", "radar_medium", "seismic_line", "drone_small"} <= set(
        types
    )


def test_shipped_types_hold_every_parameter_of_their_kind():
    own = {"title", "kind", "cost_usd", "crew_n", "power_w", "availability", "mast_m"}
    for equipment in read_equipment().values():
        assert set(equipment.parameter) == set(parameters_of(equipment.kind)) - own, equipment.equipment_id


def test_every_shipped_value_has_unit_and_source_and_every_cost_says_illustrative():
    for row in rows_of("equipment.csv") + rows_of("targets.csv"):
        assert row["source"].strip(), row
        assert row["unit"].strip(), row
        if row["parameter"] == "cost_usd":
            assert "illustrative" in row["source"], row


def test_shipped_parameters_are_described_and_their_defaults_in_range():
    seen = set()
    for entry in read_parameters():
        assert entry.description
        assert entry.kinds
        for kind in entry.kinds:
            assert kind in MOUNT
            assert (kind, entry.name) not in seen
            seen.add((kind, entry.name))
        if entry.default is not None:
            assert entry.check(str(entry.default)) == entry.default


def test_shipped_targets():
    targets = read_targets()
    assert set(targets) == {"walker", "person_group", "rider", "vehicle"}
    assert all(target.speed in SPEED_NAMES for target in targets.values())
    walker = targets["walker"]
    assert (walker.seismic, walker.magnetic, walker.infrared) == (1.0, 1.0, 1.0)


def test_a_small_table_is_read_and_filled_with_defaults(tmp_path):
    fence = read_equipment(write(tmp_path, HEAD + FENCE))["f"]
    assert (fence.mount, fence.cost_usd, fence.crew_n) == ("line", 100.0, 0.0)
    assert fence.parameter["p_max"] == 0.8
    assert fence.parameter["wind_half_mps"] == 20.0


def test_every_fault_is_reported_at_once(tmp_path):
    text = HEAD + (
        "f,title,A fence,text,ours\n"
        "f,kind,fence,text,ours\n"
        "f,cost_usd,nan,usd,ours\n"
        "f,availability,1.2,1,ours\n"
        "f,p_max,0.8,%,ours\n"
        "f,p_max,0.8,1,ours\n"
        "f,focal_m,0.1,m,ours\n"
        "f,wind_half_mps,20,m/s,\n"
        "g,kind,ghost,text,ours\n"
    )
    faults = refuse(tmp_path, text)
    found = {(fault.row, fault.column) for fault in faults}
    assert found == {
        (0, "nuisance_per_km_day"),  # missing
        (3, "cost_usd"),  # not a number
        (4, "availability"),  # out of range
        (5, "unit"),  # wrong unit
        (6, "parameter"),  # repeated
        (7, "parameter"),  # not of a fence
        (8, "source"),  # no source
        (9, "kind"),  # no such kind
    }


@pytest.mark.parametrize("value", ["inf", "-1", "", "many", "1e9"])
def test_values_that_are_no_cost(tmp_path, value):
    faults = refuse(tmp_path, HEAD + FENCE.replace("cost_usd,100", f"cost_usd,{value}"))
    assert [fault.column for fault in faults] == ["cost_usd"]
    assert "0..1e+08 usd" in faults[0].expected


def test_joint_faults(tmp_path):
    with (files("sarhad") / "data" / "equipment.csv").open(encoding="utf-8") as file:
        rows = [line for line in file if line.startswith("thermal_medium,")]
    text = HEAD + "".join(rows).replace("thermal_medium,nyquist_k,1,", "thermal_medium,nyquist_k,0.05,")
    faults = refuse(tmp_path, text)
    assert [fault.column for fault in faults] == ["floor_k"]
    assert "below nyquist_k" in faults[0].expected


def test_a_fraction_of_scans_is_refused(tmp_path):
    with (files("sarhad") / "data" / "equipment.csv").open(encoding="utf-8") as file:
        rows = [line for line in file if line.startswith("radar_medium,")]
    text = HEAD + "".join(rows).replace("radar_medium,n_scan,5,", "radar_medium,n_scan,4.5,")
    assert [fault.column for fault in refuse(tmp_path, text)] == ["n_scan"]


def test_missing_columns_and_missing_files(tmp_path):
    faults = refuse(tmp_path, "equipment_id,parameter,value\nf,kind,fence\n")
    assert faults[0].found == "no unit, source"
    with pytest.raises(InputFaults, match="readable"):
        read_equipment(tmp_path / "none.csv")


def test_targets_with_faults(tmp_path):
    text = (
        "target_id,parameter,value,unit,source\n"
        "t,height_m,0,m,ours\n"
        "t,visible_contrast,1.5,1,ours\n"
        "t,speed,gallop,text,ours\n"
        "t,colour,1,1,ours\n"
        "t,rcs_m2,1,m,ours\n"
    )
    columns = [fault.column for fault in refuse(tmp_path, text, read_targets) if fault.row]
    assert sorted(columns) == ["height_m", "parameter", "speed", "unit", "visible_contrast"]
    missing = [fault.column for fault in refuse(tmp_path, text, read_targets) if not fault.row]
    assert "critical_m" in missing
    assert "max_slope" in missing
