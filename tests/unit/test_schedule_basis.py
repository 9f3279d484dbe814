"""Closures and crews of a project: read, checked all at once, and one basis for schedule and forecast."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sarhad.errors import InputFaults
from sarhad.io.activities import read_activities
from sarhad.io.programme_templates import write_templates
from sarhad.io.project import open_project
from sarhad.io.schedule_basis import CLOSURES, CREWS, basis_files, read_schedule_basis
from sarhad.model.schedule import Closure, Crew, ScheduleBasis

CLOSED = "closure_id,title,closes,opens,steps,from_m,to_m,source\n"
CREWED = "crew_id,title,n,source\n"


def written(folder: Path, **tables: str) -> Path:
    (folder / "programme").mkdir(exist_ok=True)
    for name, text in tables.items():
        (folder / "programme" / f"{name}.csv").write_text(text)
    return folder


def test_a_folder_that_says_nothing_rests_on_the_shipped_assumptions(tmp_path):
    assert read_schedule_basis(tmp_path) == ScheduleBasis(read_activities())
    assert basis_files(tmp_path) == ()


def test_tables_become_closures_and_crews(tmp_path):
    folder = written(
        tmp_path,
        closures=CLOSED + "pass,Pass,11-01,4-15,install deliver,1000,,said\nflood,,05-01,06-01,,,,said\n",
        crews=CREWED + "installers,Crew,2,said\n",
    )
    found = read_schedule_basis(folder)
    assert found.closures == (
        Closure("pass", (11, 1), (4, 15), ("install", "deliver"), 1_000.0, math.inf, "Pass"),
        Closure("flood", (5, 1), (6, 1)),
    )
    assert found.crews == (Crew("installers", 2, "Crew"),)
    assert [path.name for path in basis_files(folder)] == ["closures.csv", "crews.csv"]


def test_own_estimates_and_those_named(tmp_path):
    shipped = read_activities()
    rows = "step,kind,low_days,mode_days,high_days,source\nship,,1,2,3,said\n"
    folder = written(tmp_path, activities=rows)
    assert [one.step for one in read_schedule_basis(folder).estimates] == ["ship"]
    other = tmp_path / "other.csv"
    other.write_text(rows + "train,,1,1,1,said\n")
    assert [one.step for one in read_schedule_basis(folder, activities=other).estimates] == ["ship", "train"]
    assert len(shipped) > 2


def test_every_fault_of_all_tables_at_once(tmp_path, small_project_folder):
    line = open_project(small_project_folder).line  # 42 km
    folder = written(
        tmp_path,
        activities="step,kind,low_days,mode_days,high_days,crew_id,source\nship,,3,2,1,,said\n",
        closures=CLOSED
        + "a,,02-29,04-01,,,,said\n"  # no day of every year
        + "b,,winter,04-01,,,,said\n"
        + "c,,11-01,04-01,instal,,,said\n"
        + "d,,11-01,04-01,,50000,,said\n"  # beyond the end
        + "e,,11-01,04-01,,9000,8000,said\n"
        + "e,,11-01,11-01,,,,\n"
        + "f,,13-01,04-01,,-1,,said\n",
        crews=CREWED + "installers,,0,said\ninstallers,,1,said\n",
    )
    with pytest.raises(InputFaults) as caught:
        read_schedule_basis(folder, line)
    found = {(Path(one.file).name, one.row, one.column) for one in caught.value.faults}
    assert found == {
        ("activities.csv", 1, "mode_days"),
        ("closures.csv", 1, ""),
        ("closures.csv", 2, "closes"),
        ("closures.csv", 3, "steps"),
        ("closures.csv", 4, "from_m"),
        ("closures.csv", 5, ""),
        ("closures.csv", 6, "source"),
        ("closures.csv", 6, "closure_id"),
        ("closures.csv", 7, "from_m"),
        ("crews.csv", 1, "n"),
        ("crews.csv", 2, "crew_id"),
    }
    assert any("did you mean install?" in one.found for one in caught.value.faults)


def test_a_crew_that_no_step_needs_is_a_slip(tmp_path):
    folder = written(tmp_path, crews=CREWED + "instalers,,2,said\n")
    with pytest.raises(InputFaults, match=r"did you mean installers\?"):
        read_schedule_basis(folder)


def test_templates_are_sound_and_what_is_there_stays(tmp_path):
    folder = written(tmp_path, crews=CREWED + "installers,ours,2,said\n")
    files = write_templates(folder / "programme")
    assert "closures.csv" in {file.name for file in files}
    assert "crews.csv" not in {file.name for file in files}
    found = read_schedule_basis(folder)
    assert (found.closures, found.crews) == ((), (Crew("installers", 2, "ours"),))
    notes = (folder / "programme" / "columns.csv").read_text()
    for schema in (CLOSURES, CREWS):
        assert all(f"{schema.title},{one.name}," in notes for one in schema.columns)


def test_the_example_states_its_own_and_says_that_it_is_made_up(tmp_path):
    from sarhad.io.example import write_example

    folder = write_example("tajik-afghan", tmp_path / "example")
    project = open_project(folder)
    found = read_schedule_basis(folder, project.line)
    high = [one for one in found.closures if one.stops("install", 1_100_000.0, 1_100_000.0)]
    assert [one.closure_id for one in high] == ["pamir-winter"]
    assert {one.crew_id for one in found.crews} >= {"installers"}
    for path in basis_files(folder):
        rows = path.read_text().splitlines()[1:]
        assert all("illustrative" in row for row in rows)
    assert "closures.csv" in (folder / "README.md").read_text()
