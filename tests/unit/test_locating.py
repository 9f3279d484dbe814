"""Records on the map: places of statements off the line of the project that holds the ledger."""

from __future__ import annotations

import json
import math

import pytest
from sqlalchemy import text

from ledger_cases import Clock, said
from sarhad.io.placing import place_on_line, point_off_line
from sarhad.io.project import open_project, read_project_line
from sarhad.ledger.ledger import init_ledger, open_ledger, rebuild_store
from sarhad.ledger.locating import locator_of
from sarhad.ledger.registers import Box, Question, as_of
from sarhad.model.record import OnLine


def test_places_lie_where_their_chainage_and_offset_say(small_project_folder):
    locate = locator_of(small_project_folder / "ledger")
    assert locate is not None
    line = open_project(small_project_folder).line
    part_id = line.parts[0].part_id
    point = locate([OnLine(part_id, 12_500.0, 12_500.0, 800.0)])[0]
    at_m, offset_m = place_on_line(line, [point.x], [point.y])
    assert at_m[0] == pytest.approx(12_500.0, abs=1.0)
    assert offset_m[0] == pytest.approx(800.0, abs=1.0)
    run = locate([OnLine(part_id, 4_000.0, 9_000.0)])[0]
    at_m, offset_m = place_on_line(line, *run.xy)
    assert (at_m[0], at_m[-1]) == pytest.approx((4_000.0, 9_000.0), abs=1.0)
    assert abs(offset_m).max() < 1.0


def test_many_places_lie_as_each_does_alone_along_the_lines_own_vertices(small_project_folder):
    locate = locator_of(small_project_folder / "ledger")
    assert locate is not None
    line = read_project_line(small_project_folder)
    part = line.parts[0]
    vertex_m = part.chainage_m[1:4].tolist()
    places = [
        *(
            OnLine(part.part_id, a_m, b_m, 300.0)
            for a_m in (0.0, *vertex_m)
            for b_m in vertex_m
            if a_m <= b_m
        ),
        OnLine("no such part", 0.0, 0.0),
        OnLine(part.part_id, vertex_m[0] - 1.0, vertex_m[2] + 1.0),
        OnLine(part.part_id, 7.0, 7.0, -250.0),
        OnLine(part.part_id, part.to_m, part.to_m),
    ]
    found = locate(places)
    assert found == [locate([one])[0] for one in places]
    for place, shape in zip(places, found, strict=True):
        if place.part_id == part.part_id:
            between = [m for m in part.chainage_m.tolist() if place.from_m < m < place.to_m]
            at_m = [place.from_m, *between, place.to_m][: None if place.from_m < place.to_m else 1]
            lon_deg, lat_deg = point_off_line(line, at_m, place.offset_m)
            assert list(shape.coords) == list(zip(lon_deg.tolist(), lat_deg.tolist(), strict=True))


def test_what_lies_off_the_line_lies_nowhere(small_project_folder, tmp_path):
    locate = locator_of(small_project_folder / "ledger")
    assert locate is not None
    part = read_project_line(small_project_folder).parts[0]
    assert locate([OnLine("no such part", 0.0, 0.0), OnLine(part.part_id, 0.0, part.to_m + 1.0)]) == [
        None,
        None,
    ]
    assert locator_of(tmp_path / "alone" / "ledger") is None


def test_a_register_is_asked_by_box_and_a_rebuilt_store_answers_the_same(small_project_folder):
    now = Clock()
    init_ledger(small_project_folder / "ledger", now=now, origin=bytes(32))
    part_id = read_project_line(small_project_folder).parts[0].part_id
    near, far = (OnLine(part_id, at_m, at_m) for at_m in (5_000.0, 35_000.0))
    locate = locator_of(small_project_folder / "ledger")
    assert locate is not None
    x, y = locate([near])[0].coords[0]
    box = Box(x - 0.01, y - 0.01, x + 0.01, y + 0.01)

    def inside(ledger):
        at = now()
        lines = as_of(ledger.store, Question("asset", believed_at=at, about_at=at, within=box))
        return [line.record.statement.subject_id for line in lines]

    with open_ledger(small_project_folder, now=now) as ledger:
        ledger.record([said(1, subject="near", place=near), said(2, subject="far", place=far), said(3)])
        assert inside(ledger) == ["near"]
    assert rebuild_store(small_project_folder / "ledger", now=now) == 3
    with open_ledger(small_project_folder, now=now) as ledger:
        assert inside(ledger) == ["near"]


def test_a_changed_line_is_noticed_and_places_are_found_anew(small_project_folder):
    """In the line's file or in its section; and nothing is built anew where another section changed."""
    now = Clock()
    init_ledger(small_project_folder / "ledger", now=now, origin=bytes(32))
    part_id = read_project_line(small_project_folder).parts[0].part_id
    with open_ledger(small_project_folder, now=now) as ledger:
        ledger.record([said(1, place=OnLine(part_id, 5_000.0, 5_000.0))])

    def box_of():
        with open_ledger(small_project_folder, now=now) as ledger, ledger.store.reading() as connection:
            return ledger.rebuilt, connection.execute(text("SELECT west_deg, south_deg FROM records")).one()

    rebuilt, before = box_of()
    assert rebuilt == ""
    project = small_project_folder / "project.toml"
    project.write_text(project.read_text().replace('kind = "synthetic"', 'kind = "synthetic" # so'))
    assert box_of() == ("", before)
    line = small_project_folder / "line.geojson"
    shifted = json.loads(line.read_text())
    for feature in shifted["features"]:
        move(feature["geometry"]["coordinates"])
    line.write_text(json.dumps(shifted))
    rebuilt, after = box_of()
    assert "the course of the line" in rebuilt
    assert after.south_deg == pytest.approx(before.south_deg + 0.01, abs=1e-3)
    assert box_of() == ("", after)
    project.write_text(project.read_text().replace('home_side = "left"', 'home_side = "right"'))
    assert "the course of the line" in box_of()[0]


def test_a_project_that_cannot_be_read_keeps_nobody_from_recording(small_project_folder):
    now = Clock()
    init_ledger(small_project_folder / "ledger", now=now, origin=bytes(32))
    part_id = read_project_line(small_project_folder).parts[0].part_id
    with open_ledger(small_project_folder, now=now) as ledger:
        ledger.record([said(1, place=OnLine(part_id, 5_000.0, 5_000.0))])
    project, line = small_project_folder / "project.toml", small_project_folder / "line.geojson"
    sound = project.read_text()
    project.write_text("[line")
    with open_ledger(small_project_folder, now=now) as ledger:
        assert (ledger.fault, ledger.rebuilt) == ("", "")
        assert ledger.record([said(2)])[0].seq == 2
    project.write_text(sound)
    line.write_text("{}")
    with open_ledger(small_project_folder, now=now) as ledger:
        assert "what is said is recorded" in ledger.fault
        assert "line.geojson" in ledger.fault
        assert ledger.record([said(3, place=OnLine(part_id, 1.0, 1.0))])[0].seq == 3


def move(coordinates):
    """A hundredth of a degree to the north."""
    for one in coordinates:
        if isinstance(one[0], list):
            move(one)
        else:
            one[1] += 0.01


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_place_is_finite_and_runs_forward(wrong):
    for place in ((wrong, 1.0, 0.0), (0.0, wrong, 0.0), (0.0, 1.0, wrong)):
        with pytest.raises(ValueError, match="finite"):
            OnLine("a", *place)
    with pytest.raises(ValueError, match="exceed"):
        OnLine("a", 2.0, 1.0)
    with pytest.raises(ValueError, match="part_id must not hold the character NUL"):
        OnLine("a\0", 1.0, 2.0)


def test_no_word_of_a_statement_holds_nul():
    with pytest.raises(ValueError, match="author must not hold the character NUL"):
        said(1).__class__(said(1).statement_id, "a.b", "c", said(1).happened_at, "A", "cl\0erk")
