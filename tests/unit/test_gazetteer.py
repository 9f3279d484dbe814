"""Names of places: transliterations meet, aliases are known, what is ambiguous is never guessed."""

from __future__ import annotations

import pytest

from claim_cases import example_districts, example_gazetteer, example_line
from sarhad.errors import InputFaults, UnknownName
from sarhad.io.gazetteer import fold, read_gazetteer

SIX = {
    "Hohon": (424.2, 483.0),
    "Khwahan": (424.2, 483.0),
    "Shekay": (501.8, 559.5),
    "Shaki": (501.8, 559.5),
    "Sheghnan": (694.8, 824.8),
    "Shughnan": (694.8, 824.8),
    "SHIGHNAN district": (694.8, 824.8),
    "Qal'a-i-Zal": (40.8, 111.8),
    "Emam Saheb": (112.0, 221.8),
}


@pytest.mark.parametrize(("name", "km"), SIX.items())
def test_names_of_one_district_meet(name, km):
    place = example_gazetteer().place(name).on_line
    assert (place.from_m / 1e3, place.to_m / 1e3) == pytest.approx(km)


def test_eshkashem_is_ishkashim_and_three_places():
    gazetteer = example_gazetteer()
    assert gazetteer.candidates("Eshkashem") == gazetteer.candidates("Ishkashim")
    with pytest.raises(UnknownName, match=r"afg-eshkashem.*tjk-ishkoshim"):
        gazetteer.place("Ishkashim")
    assert gazetteer.place("Ishkashim", kind="district").place_id == "afg-eshkashem"
    assert gazetteer.place("afg-eshkashem").name == "Eshkashem"


def test_darwaz_alone_is_ambiguous():
    for name in ("Darwaz", "Darvaz"):
        ids = {one.place_id for one in example_gazetteer().candidates(name)}
        assert ids == {"afg-nusay", "afg-maimay", "tjk-darvoz"}


def test_nusay_lies_opposite_the_bridge_of_qalai_khumb():
    bridge, nusay = (example_gazetteer().place(name).on_line for name in ("Ruzvay", "Nusay"))
    assert nusay.from_m <= bridge.from_m <= nusay.to_m


def test_what_is_unknown_names_what_is_like_it():
    with pytest.raises(UnknownName, match="Khwahan"):
        example_gazetteer().place("Khwahanu")
    with pytest.raises(UnknownName, match="no place is named"):
        example_gazetteer().place("Atlantis")


def test_points_lie_near_the_line():
    for place in example_gazetteer().places:
        if place.kind == "crossing":
            assert abs(place.on_line.offset_m) < 5_000, place.name
        assert place.on_line is not None
        assert place.source


def test_every_district_of_the_table_has_a_name():
    starts = {one.from_m for one in example_districts()}
    assert starts <= {one.on_line.from_m for one in example_gazetteer().places if one.kind == "district"}


def test_mentions_take_the_longest_name():
    text = "Near Sher Khan Bandar and in Khwahan; the wakhan is quiet."
    assert [one.text for one in example_gazetteer().mentions(text)] == ["Sher Khan Bandar", "Khwahan"]


def test_folding():
    assert fold("Eshkashem") == fold("Ishkashim") == "ishkashim"
    assert fold("Darwāz-e-Bālā") == fold("Darvaz-i Bala")
    assert fold("Khwahan") != fold("Wakhan")


def test_faults_of_a_table_come_together(tmp_path):
    path = tmp_path / "names.csv"
    path.write_text(
        "place_id,name,kind,country,aliases,district,lon_deg,lat_deg,source\n"
        "a,A,village,AFG,,,70,37,me\n"
        "a,B,town,AFG,,,,,me\n"
    )
    with pytest.raises(InputFaults) as refused:
        read_gazetteer(example_line(), (), path)
    assert {fault.column for fault in refused.value.faults} == {"kind", "place_id", ""}
