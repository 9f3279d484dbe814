"""Equal inputs and seed give equal bytes, on one process, on two, from a store, and on a second run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sarhad.io.cache import Cache
from sarhad.io.project import open_project
from sarhad.io.results import file_hashes, manifest, write_json, write_layers, write_profile
from sarhad.planning.compute import Compute
from sarhad.planning.coverage_map import coverage
from sarhad.planning.profile import profile
from sarhad.planning.siting import Effort, plan
from sarhad.planning.summary import summarise, yearly
from sarhad.planning.unseen import gap
from sarhad.testing import assert_plans_equal, assert_tables_equal
from small_cases import tiny

EFFORT = Effort(rounds=1, max_exact=3)


@pytest.fixture(scope="module")
def project(small_project_template):
    """Three sectors of 8 km."""
    return tiny(open_project(small_project_template), 24_000.0, sector_m=8_000.0)


def answers(project, compute, folder):
    """Everything a project can be asked, written to a folder; returns the tables and the plan."""
    folder.mkdir()
    rows, holes = profile(project, n_realisations=2, compute=compute), gap(project, compute=compute)
    found = plan(project, 300_000.0, effort=EFFORT, compute=compute)
    write_profile(folder, rows)
    write_layers(folder, {"gap": holes.drop(columns="path"), "profile": rows.drop(columns="route")})
    write_json(folder, "summary.json", summarise(project, rows, holes).as_dict())
    write_json(folder, "yearly.json", yearly(project, rows).to_dict("records"))
    write_json(folder, "manifest.json", manifest(project, "synthetic"))
    write_json(folder, "plan.json", repr(found))
    for one in coverage(project, found.plan, compute=compute):
        (folder / f"{one.condition_id}.bytes").write_bytes(one.percent.tobytes())
    return rows, holes, found


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def alone(project, kept):
    """The answers of one process, which keeps its finished pieces."""
    with Compute(1, store=Cache(kept / "cache")) as compute:
        return kept / "results", *answers(project, compute, kept / "results")


def test_two_processes_write_the_bytes_of_one(project, alone, tmp_path):
    folder, rows, holes, found = alone
    with Compute(2) as compute:
        two_rows, two_holes, two_found = answers(project, compute, tmp_path / "results")
    assert_tables_equal(two_rows, rows)
    assert_tables_equal(two_holes, holes)
    assert_plans_equal(two_found, found)
    assert file_hashes(tmp_path / "results") == file_hashes(folder)


def test_answers_from_a_store_have_the_same_bytes(project, alone, kept):
    folder, *_ = alone
    told: list[tuple[str, int, int]] = []
    with Compute(1, store=Cache(kept / "cache"), progress=lambda *step: told.append(step)) as compute:
        answers(project, compute, kept / "again")
    assert file_hashes(kept / "again") == file_hashes(folder)
    for step in ("crossings", "crossings, terrain 1", "unseen cells", "routes of the pool"):
        assert [done for name, done, _ in told if name == step] == [3], f"{step} was worked out again"


def test_an_interrupted_profile_goes_on_and_ends_the_same(project, alone, tmp_path):
    """Stopped after its second piece; the second run finds two pieces done."""
    _, rows, *_ = alone

    def stopping(step: str, done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    cache = Cache(tmp_path / "cache")
    with pytest.raises(KeyboardInterrupt), Compute(1, store=cache, progress=stopping) as compute:
        profile(project, n_realisations=2, compute=compute)
    told: list[tuple[str, int, int]] = []
    with Compute(1, store=cache, progress=lambda *step: told.append(step)) as compute:
        found = profile(project, n_realisations=2, compute=compute)
    assert told[0] == ("crossings", 2, 3)
    assert_tables_equal(found, rows)


def test_another_seed_is_another_answer(project, alone):
    _, rows, *_ = alone
    other = profile(replace(project, settings=replace(project.settings, seed=2)), n_realisations=1)
    assert not rows["p_timely"].equals(other["p_timely"])
    fastest = rows["adversary"] == "fastest"
    assert rows.loc[fastest, "p_timely"].equals(other.loc[fastest, "p_timely"])  # it draws nothing
