"""Records on the map: places of statements off the line of the project that holds the ledger."""

from __future__ import annotations

import math

import pytest
import shapely

from ledger_cases import Clock, said
from sarhad.io.placing import place_on_line
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
    point = shapely.from_wkt(locate(OnLine(part_id, 12_500.0, 12_500.0, 800.0)))
    at_m, offset_m = place_on_line(line, [point.x], [point.y])
    assert at_m[0] == pytest.approx(12_500.0, abs=1.0)
    assert offset_m[0] == pytest.approx(800.0, abs=1.0)
    run = shapely.from_wkt(locate(OnLine(part_id, 4_000.0, 9_000.0)))
    at_m, offset_m = place_on_line(line, *run.xy)
    assert (at_m[0], at_m[-1]) == pytest.approx((4_000.0, 9_000.0), abs=1.0)
    assert abs(offset_m).max() < 1.0


def test_what_lies_off_the_line_lies_nowhere(small_project_folder, tmp_path):
    locate = locator_of(small_project_folder / "ledger")
    assert locate is not None
    part = read_project_line(small_project_folder).parts[0]
    assert locate(OnLine("no such part", 0.0, 0.0)) is None
    assert locate(OnLine(part.part_id, 0.0, part.to_m + 1.0)) is None
    assert locator_of(tmp_path / "alone" / "ledger") is None


def test_a_register_is_asked_by_box_and_a_rebuilt_store_answers_the_same(small_project_folder):
    now = Clock()
    init_ledger(small_project_folder / "ledger", now=now, origin=bytes(32))
    part_id = read_project_line(small_project_folder).parts[0].part_id
    near, far = (OnLine(part_id, at_m, at_m) for at_m in (5_000.0, 35_000.0))
    locate = locator_of(small_project_folder / "ledger")
    assert locate is not None
    x, y = shapely.from_wkt(locate(near)).coords[0]
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


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_place_is_finite_and_runs_forward(wrong):
    for place in ((wrong, 1.0, 0.0), (0.0, wrong, 0.0), (0.0, 1.0, wrong)):
        with pytest.raises(ValueError, match="finite"):
            OnLine("a", *place)
    with pytest.raises(ValueError, match="exceed"):
        OnLine("a", 2.0, 1.0)


def test_no_word_of_a_statement_holds_nul():
    with pytest.raises(ValueError, match="author must not hold the character NUL"):
        said(1).__class__(said(1).statement_id, "a.b", "c", said(1).happened_at, "A", "cl\0erk")
