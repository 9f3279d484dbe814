"""The worth of sets of coming items: exact against the profile, for every set, case and adversary."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.io.project import open_project
from sarhad.model.asset import AlongLine, Asset, OverBand
from sarhad.planning.compute import Compute
from sarhad.planning.lattice import AGAINST, LatticeJob, lattice_sector, lattices
from sarhad.planning.pool import cases
from sarhad.planning.profile import profile
from sarhad.planning.sector import sectors
from small_cases import at, site_near, tiny

SETS = (0b000000, 0b111111, 0b010110, 0b101001, 0b001100)


@pytest.fixture(scope="module")
def project(small_project_template):
    return tiny(open_project(small_project_template))


@pytest.fixture(scope="module")
def items(project):
    places = [
        at(site_near(project, name, chainage_m)) for name, chainage_m in (("A", 2_500.0), ("B", 9_500.0))
    ]
    return (
        Asset("camera", "thermal_medium", places[0], n=2),
        Asset("radar", "radar_medium", places[1]),
        Asset("post", "post_staffed", places[1]),  # brings a team
        Asset("line", "seismic_line", AlongLine(3_000.0, 7_000.0)),
        Asset("drone", "drone_fixed_wing", OverBand(0.0, 12_000.0)),
        Asset("far", "thermal_medium", at(site_near(project, "C", 9_000.0, 5.0))),  # out of reach
    )


def there(members, number):
    return all(number >> item & 1 for item in members)


def test_every_set_is_worth_what_the_profile_says(project, items):
    chosen = [tuple(i for i in range(6) if number >> i & 1) for number in SETS]
    with Compute(1) as compute:
        known = lattices(project, items, compute, against=AGAINST, answered=chosen)
        for number, members in zip(SETS, chosen, strict=True):
            fielded = replace(project, assets=project.assets + tuple(items[i] for i in members))
            rows = profile(fielded, compute=compute)
            table = rows[rows["depth_m"] == project.settings.depth_m].set_index(
                ["adversary", "stretch_id", "target", "condition"]
            )["p_timely"]
            for one in known:
                for k, stretch in enumerate(one.stretch):
                    found = sum(1 << b for b, bit in enumerate(one.bits[k]) if there(bit, number))
                    for c, case in enumerate(cases(project)):
                        exact = table["unaware", stretch, *case]
                        assert one.worth["unaware"][k][c, found] == pytest.approx(exact, abs=1e-12)
                        # his answer to this set is among the routes
                        assert one.worth["optimal"][k][c, found] <= table["optimal", stretch, *case] + 1e-12


def test_only_items_in_reach_have_a_bit_and_teams_raise_w(project, items):
    (plan,) = sectors(project)
    found = lattice_sector(LatticeJob(project, plan, items))
    met = {item for bits in found.bits for members in bits for item in members}
    assert met == {0, 1, 2, 3, 4}
    assert all(len(members) == 1 for bits in found.bits for members in bits)
    assert found.kind == "synthetic"
    blind = replace(project, equipment={**project.equipment, "post_staffed": no_team(project)})
    without = lattice_sector(LatticeJob(blind, plan, items))
    last = found.bits.index(next(bits for bits in found.bits if (2,) in bits))
    assert found.worth["unaware"][last][:, -1].sum() > without.worth["unaware"][last][:, -1].sum()


def no_team(project):
    post = project.equipment["post_staffed"]
    return replace(post, parameter={**post.parameter, "team_n": 0})


@pytest.mark.parametrize("n_bit", [2, 3])
def test_a_bundle_is_a_proven_interval(project, items, n_bit):
    (plan,) = sectors(project)
    exact = lattice_sector(LatticeJob(project, plan, items))
    rough = lattice_sector(LatticeJob(project, plan, items, n_bit=n_bit))
    assert max(len(bits) for bits in rough.bits) == n_bit
    width = 0.0
    for k, bits in enumerate(rough.bits):
        for number in range(64):
            whole = sum(1 << b for b, bit in enumerate(exact.bits[k]) if there(bit, number))
            least = sum(1 << b for b, bit in enumerate(bits) if there(bit, number))
            most = sum(1 << b for b, bit in enumerate(bits) if any(number >> item & 1 for item in bit))
            value = exact.worth["unaware"][k][:, whole]
            low, high = (rough.worth["unaware"][k][:, s] for s in (least, most))
            assert np.all(low <= value + 1e-12)
            assert np.all(value <= high + 1e-12)
            width = max(width, float((high - low).max()))
    assert width > 0.01


def most_first(worth, members):
    """Members by what they add, alone or last of all, in the case in which that is most."""
    last = (1 << len(members)) - 1
    adds = {
        item: max(
            np.nanmax(worth[:, 1 << b] - worth[:, 0]), np.nanmax(worth[:, last] - worth[:, last ^ 1 << b])
        )
        for b, item in enumerate(members)
    }
    return sorted(members, key=lambda item: (-adds[item], item))


@pytest.fixture(scope="module")
def by_day(project):
    """Eyes add much by day and nothing in the fog, a radar most in the fog."""
    names = (("thermal_medium", 6_500.0, 0.03), ("post_staffed", 6_000.0, 0.005),
             ("radar_medium", 9_000.0, 0.01), ("post_staffed", 7_000.0, 0.005))  # fmt: skip
    return tuple(
        Asset(f"item-{k}", name, at(site_near(project, str(k), chainage_m, north_deg)))
        for k, (name, chainage_m, north_deg) in enumerate(names)
    )


@pytest.mark.parametrize("name", ["items", "by_day"])
@pytest.mark.parametrize("n_bit", [2, 3])
def test_those_that_add_most_have_their_own_bit(project, name, n_bit, request):
    (plan,), items = sectors(project), request.getfixturevalue(name)
    exact = lattice_sector(LatticeJob(project, plan, items))
    rough = lattice_sector(LatticeJob(project, plan, items, n_bit=n_bit))
    n_otherwise = 0
    for own, bits, worth in zip(exact.bits, rough.bits, exact.worth["unaware"], strict=True):
        members = [item for (item,) in own]
        assert members == sorted(members)
        if len(members) <= n_bit:
            assert bits == own
            continue
        most = most_first(worth, members)[: n_bit - 1]
        bundle = tuple(item for item in members if item not in most)
        assert bits == (*((item,) for item in sorted(most)), bundle)
        n_otherwise += sorted(most) != members[: n_bit - 1]
    assert n_otherwise, "somewhere the first items are not those that add most"


def test_a_team_counts_though_it_adds_nothing_alone_nor_last(project):
    """Nobody is there to be sent; two blind posts at one place send each a team, a camera sees."""
    post = project.equipment["post_staffed"]
    blind = replace(post, parameter={**post.parameter, "p_look_max": 0.0})
    bare = replace(project, assets=(), teams=(), equipment={**project.equipment, post.equipment_id: blind})
    place = at(site_near(project, "B", 6_000.0, 0.03))
    items = (
        Asset("camera", "thermal_medium", at(site_near(project, "A", 6_000.0)), n=2),
        Asset("one", "post_staffed", place),
        Asset("two", "post_staffed", place),
    )
    (plan,) = sectors(bare)
    found = lattice_sector(LatticeJob(bare, plan, items))
    assert found.bits == (((0,), (1,), (2,)),) * len(found.stretch)
    for worth in found.worth["unaware"]:
        assert np.all(worth[:, [0b001, 0b010, 0b110]] < 1e-13)
        assert worth[:, 0b011] == pytest.approx(worth[:, 0b111])
        assert np.nanmax(worth[:, 0b011]) > 0.01


def test_one_more_item_never_lowers_any_set(project, items):
    (plan,) = sectors(project)
    found = lattice_sector(LatticeJob(project, plan, items, against=AGAINST))
    for name in AGAINST:
        for bits, worth in zip(found.bits, found.worth[name], strict=True):
            for bit in range(len(bits)):
                without = [s for s in range(worth.shape[1]) if not s >> bit & 1]
                more = [s | 1 << bit for s in without]
                assert np.all(worth[:, more] >= worth[:, without] - 1e-12)


def test_bad_arguments_are_refused(project, items):
    with Compute(1) as compute:
        with pytest.raises(InputFaults, match="asset_id"):
            lattices(project, (*items, items[0]), compute)
        with pytest.raises(InputFaults, match="post-1"):
            lattices(project, (replace(items[0], asset_id="post-1"),), compute)
        with pytest.raises(InputFaults, match="n_bit"):
            lattices(project, items, compute, n_bit=1)
