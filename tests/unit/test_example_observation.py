"""The Kyrgyz-Tajik example: a line with an exclave, observation only: sound, sourced, planned in a piece."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sarhad.interfaces.cli.quick import NOTE
from sarhad.interfaces.language import say, speaking, told
from sarhad.interfaces.report.facts import district_at
from sarhad.interfaces.sentences import told_sentence
from sarhad.interfaces.vocabulary import words
from sarhad.io import example
from sarhad.io.attribution import read_attribution
from sarhad.io.catalogue import LANGUAGES
from sarhad.io.line import place_on_line
from sarhad.io.project import check_project, open_project
from sarhad.planning.profile import profile
from sarhad.planning.siting import Effort, plan
from sarhad.planning.unseen import gap
from sarhad.testing import check_plan, check_profile

VORUKH = (70.5769, 39.8533)  # the village, in Tajikistan
KHUJAND, BATKEN = (69.620, 40.290), (70.817, 40.050)  # towns of Tajikistan and of Kyrgyzstan
UNTRANSLATED = {"Open Database License 1.0"}
LOOKS = {"observer", "day_camera", "thermal_camera", "drone"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example.write_example("kyrgyz-tajik", tmp_path_factory.mktemp("example") / "kyrgyz-tajik")


@pytest.fixture(scope="module")
def project(folder: Path):
    return open_project(folder)


def offset_m(line, place) -> float:
    return float(place_on_line(line, *place)[1])


def test_it_has_no_fault_and_none_with_home_on_the_other_side(folder):
    assert check_project(folder) == ()
    text = (folder / "project.toml").read_text()
    (folder / "project.toml").write_text(text.replace('home_side = "right"', 'home_side = "left" '))
    try:
        assert check_project(folder) == ()
        turned = open_project(folder).line
        assert offset_m(turned, BATKEN) > 0
        assert max(offset_m(turned, VORUKH), offset_m(turned, KHUJAND)) < 0
    finally:
        (folder / "project.toml").write_text(text)


def test_the_line_is_the_main_line_and_the_ring_of_vorukh(project):
    main, ring = project.line.parts
    assert main.to_m == pytest.approx(893_104, abs=50)  # as the source states them, 893.104 and 59.613 km
    assert ring.to_m - ring.from_m == pytest.approx(59_613, abs=50)
    assert ring.from_m == main.to_m
    assert (main.exclave, ring.exclave) == (False, True)
    assert offset_m(project.line, VORUKH) > 0
    assert offset_m(project.line, KHUJAND) > 0
    assert offset_m(project.line, BATKEN) < 0
    inside = (float(np.mean(ring.lon_deg)), float(np.mean(ring.lat_deg)))
    chainage_m, off_m = place_on_line(project.line, *inside)
    assert ring.from_m <= float(chainage_m) <= ring.to_m
    assert float(off_m) > 1_000.0


def test_it_observes_and_does_nothing_else(folder, project):
    assert project.settings.worth == "reported"
    assert project.teams == ()
    used = {*project.offered, *(asset.equipment_id for asset in project.assets)}
    assert {project.equipment[name].kind for name in used} <= LOOKS
    assert all(project.equipment[name].parameter.get("team_n", 0) == 0 for name in used)
    assert any("seen and reported" in note for note in project.notes)
    sides = {a.asset_id: offset_m(project.line, (a.place.lon_deg, a.place.lat_deg)) for a in project.assets}
    assert min(sides.values()) < -450 < 450 < max(sides.values())
    assert all(450 < abs(one) < 3_050 for one in sides.values())


def test_marks_lie_where_their_places_are_nearest(folder, project):
    places = re.compile(r"to ([\d.]+) N ([\d.]+) E")
    found = 0
    for row in csv.DictReader((folder / "marks.csv").read_text(encoding="utf-8").splitlines()):
        if stated := places.search(row["source"]):
            chainage_m, _ = place_on_line(project.line, float(stated[2]), float(stated[1]))
            assert float(chainage_m) / 1000 == pytest.approx(float(row["km"]), abs=0.15)
            assert any(one.from_m <= float(chainage_m) <= one.to_m for one in project.districts)
            found += 1
    assert found == 4


def test_disputed_stretches_are_marked_and_nothing_else_is_named_after_them(project):
    assert [(one.from_m, one.to_m) for one in project.weights] == [
        (one.from_m, min(one.to_m, project.line.length_m)) for one in project.districts
    ]
    assert district_at(project, 65_000.0).startswith("Chorkuh")
    assert district_at(project, 185_000.0).startswith("Maksat")  # 0.7 km off: within a stretch
    assert district_at(project, 600_000.0) == ""
    assert any("not authoritative" in note for note in project.notes)


def test_sources_and_what_is_made_up_are_named(folder):
    text = (folder / "ATTRIBUTION.md").read_text()
    assert all(word in text for word in ("OpenStreetMap", "Open Database License", "GEBCO", "made up"))
    named = {path.name for path in folder.iterdir()} - {"project.toml", "README.md", "ATTRIBUTION.md"}
    assert all(f"`{name}`" in text for name in named if "illustrative" not in name)
    stated = read_attribution(folder)
    assert stated is not None
    assert len(stated.rows) == 7
    posts = json.loads((folder / "posts_illustrative.geojson").read_text())["features"]
    assert all("illustrative" in post["properties"]["note"] for post in posts)


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_it_has_all_its_words_in_every_language(folder, project, code):
    stated = read_attribution(folder)
    assert stated is not None
    own = {project.title, *project.notes, project.line.source, project.terrain.source}
    own |= {project.terrain.vertical_datum, *stated.head, *stated.paragraphs}
    own |= {one.name for one in (*project.districts, *project.marks, *project.weights)}
    own |= {cell for row in stated.rows for cell in row[1:]}
    with speaking(code):
        assert {text for text in own if told(project, say(text)) == text} <= UNTRANSLATED
        assert told_sentence(NOTE) != NOTE
        used = {*project.offered, *(one.target_id for one in project.targets)}
        used |= {asset.equipment_id for asset in project.assets}
        used |= {one.condition_id for one in project.conditions}
        assert {name for name in used if re.search("[a-z]", words(name))} == set()


def test_the_relief_is_shipped_once(folder):
    shared = example.example_file("tajik-afghan", "terrain.tif")
    assert example.example_file("kyrgyz-tajik", "terrain.tif") == shared
    assert (folder / "terrain.tif").read_bytes() == shared.read_bytes()
    assert not example.example_file("kyrgyz-tajik", "line.geojson").with_name("terrain.tif").exists()


def test_the_ring_is_profiled_and_planned(project):
    """The exclave alone, coarse: 30 stretches, every one crossed into the ring, and a plan under a bound."""
    ring = project.line.parts[1]
    chosen = tuple(replace(c, share=1.0) for c in project.conditions if c.condition_id == "summer_day")
    settings = replace(
        project.settings,
        cell_m=360.0, sector_m=80_000.0, n_fields=2, n_states=2, n_realisations=1, depths_m=(1_000.0,),
        depth_m=1_000.0, processes=1,
    )  # fmt: skip
    piece = replace(
        project,
        line=replace(project.line, parts=(ring,)),
        settings=settings,
        conditions=chosen,
        targets=project.targets[:1],
        candidates=replace(project.candidates, n=12),
        offered=("observer_post",),
        assets=(),
    )
    rows = profile(piece, adversaries=("unaware",))
    check_profile(piece, rows)
    assert rows["stretch_id"].nunique() == 30
    assert np.all(rows["p_timely"] == 0.0)  # nobody looks
    around_m = ring.to_m - ring.from_m
    assert 0.5 * around_m < float(gap(piece)["width_m"].sum()) < 1.45 * around_m  # 4-neighbour steps
    ends = [line.coords[-1] for line in rows["route"] if line is not None] if "route" in rows else []
    assert all(offset_m(piece.line, end[:2]) > 900.0 for end in ends)
    found = plan(piece, 500_000.0, effort=Effort(rounds=1, max_exact=2, bound_rounds=5))
    check_plan(piece, found)
    assert found.before == 0.0
    assert 0.0 < found.value <= found.bound <= piece.settings.p_communication
    places = [a.place for a in found.plan.assets]
    assert all(offset_m(piece.line, (p.lon_deg, p.lat_deg)) > 0 for p in places)
