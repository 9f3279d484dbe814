"""How far out of their way the unaware go, on the relief of the example: 10 to 20 % at the default sigma.

The figure is a mean over the line: about 11 % in the plain of the lower river, up to a quarter in the high
mountains, where one valley or another takes hours. The example's own refined relief; five sectors from the
plain to the mountains, some 250 km.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sarhad.io.example import write_example
from sarhad.io.project import open_project
from sarhad.model.project import Project, Settings
from sarhad.planning.crossing import watched
from sarhad.planning.ground import lay_ground
from sarhad.planning.passage import unaware_routes
from sarhad.planning.sector import sectors

SECTORS = (0, 6, 12, 18, 24)
N_FIELD = 8


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = open_project(write_example("tajik-afghan", tmp_path_factory.mktemp("example") / "project"))
    calm = [c for c in project.conditions if c.season == "summer"][:1]
    return replace(project, conditions=tuple(calm), targets=project.targets[:1], assets=())


def total_s(routes) -> float:
    return float(routes.step_s.sum())


def detours(project: Project, cell_m: float) -> list[float]:
    """Mean time of the unaware over that of the fastest, less one, by sector."""
    cut = replace(project, settings=replace(project.settings, cell_m=cell_m, n_fields=N_FIELD))
    plans, found = sectors(cut), []
    for k in SECTORS:
        (((watch,),),) = watched(lay_ground(cut, plans[k], 0), (), (cut.settings.depth_m,))
        (fields,) = unaware_routes([watch.passage])
        fastest = total_s(watch.passage.fastest_routes())
        found.append(float(np.mean([total_s(routes) for routes in fields])) / fastest - 1.0)
    return found


@pytest.mark.long
def test_the_detour_of_the_unaware_is_ten_to_twenty_per_cent(example: Project) -> None:
    assert example.settings.field_sigma == Settings().field_sigma
    assert example.settings.field_correlation_m == Settings().field_correlation_m
    fine, coarse = detours(example, 90.0), detours(example, 180.0)
    for found in (fine, coarse):
        assert 0.10 <= np.mean(found) <= 0.20
        assert min(found) > 0.08
        assert max(found) < 0.27
    np.testing.assert_allclose(coarse, fine, rtol=0.2)  # the model's law between 90 m and 180 m
