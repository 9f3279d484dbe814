"""What closes a hole: the cheapest of what works; what never works in a condition closes nothing there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sarhad.io.project import open_project
from sarhad.model.asset import AlongLine, Asset
from sarhad.planning.closing import cheapest_closings
from sarhad.planning.compute import Compute
from sarhad.planning.items import offered_items
from sarhad.planning.unseen import gap
from small_cases import Shelf, site_near, tiny

CAMERA, LINE = "thermal_medium", "seismic_line"


@pytest.fixture(scope="module")
def project(small_project_template):
    """Signalling lines along the border but for one kilometre; a site on a mast in front of it."""
    cut = tiny(open_project(small_project_template), conditions=("summer_day",))
    wires = tuple(
        Asset(f"wire{k}", LINE, AlongLine(*ends)) for k, ends in enumerate(((-1.0, 5e3), (6e3, 13e3)))
    )
    return replace(cut, assets=wires, sites=(site_near(cut, "A", 5_500.0),), offered=(CAMERA, LINE))


@pytest.fixture(scope="module")
def holes(project):
    found = gap(project)
    assert len(found) == 1
    assert 600.0 <= found["width_m"].iloc[0] <= 1_400.0
    return found


def changed(project, **of_type):
    """The project with other fields of some types."""
    kinds = {name: replace(project.equipment[name], **fields) for name, fields in of_type.items()}
    return replace(project, equipment={**project.equipment, **kinds})


def closing_of(project, holes):
    items = offered_items(project, project.sites)
    (found,) = cheapest_closings(project, holes, items, Compute(1))
    return None if found is None else (found.equipment_id, found.site_id)


CAMERA_WINS, LINE_WINS = (CAMERA, "A"), (LINE, "along the hole")


@pytest.mark.parametrize(
    ("camera", "line", "expected"),
    [
        ({"cost_usd": 1.0}, {"cost_usd": 2.0}, CAMERA_WINS),
        ({"cost_usd": 4.0}, {"cost_usd": 2.0}, LINE_WINS),
        ({"cost_usd": 1.0, "availability": 0.0}, {"cost_usd": 2.0}, LINE_WINS),
        ({"cost_usd": 4.0}, {"cost_usd": 2.0, "availability": 0.0}, CAMERA_WINS),
        ({"availability": 0.0}, {"availability": 0.0}, None),
    ],
)
def test_the_cheapest_that_works_closes_the_hole(project, holes, camera, line, expected):
    assert closing_of(changed(project, **{CAMERA: camera, LINE: line}), holes) == expected


def test_a_camera_that_sees_part_of_a_hole_does_not_close_it(project, holes):
    far = replace(project, sites=(site_near(project, "A", 12_000.0),), offered=(CAMERA,))
    assert closing_of(far, holes) is None


def test_what_closes_a_hole_is_kept_and_another_offer_is_worked_out_anew(project, holes):
    shelf = Shelf()
    cheaper = changed(project, **{CAMERA: {"cost_usd": 1.0}})
    items, others = (offered_items(one, project.sites) for one in (project, cheaper))
    for n_put, offered in ((1, items), (1, items), (2, others)):
        with Compute(1, store=shelf) as compute:
            assert cheapest_closings(project, holes, offered, compute) != [None]
        assert shelf.n_put == n_put
