"""The claims desk at the command line, on a ledger of its own, as a person or a script uses it."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from claim_cases import EXAMPLE
from sarhad.errors import InputFaults
from sarhad.interfaces.cli.app import app
from sarhad.interfaces.cli.claims_session import open_desk, write
from sarhad.io.project import open_project
from sarhad.io.results import manifest, write_json
from sarhad.ledger.journal import read_records
from sarhad.ledger.standing import standing
from sarhad.model.record import Statement
from sarhad.planning.claim_desk import REGISTERS

LENGTH = "line:tjk-afg/length"


def run(*words: object, fails: bool = False):
    done = CliRunner().invoke(app, [*map(str, words)], catch_exceptions=True)
    if fails:
        assert done.exception is not None
        return done.exception
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def ask(*words: object):
    return json.loads(run(*words, "--json"))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger that trusts the desk's key and holds the example's claims and one figure."""
    folder = tmp_path_factory.mktemp("claims") / "ledger"
    ask("ledger", "init", folder)
    public = ask("ledger", "key", "new", "desk", "--out", folder / "desk.pem")["public_key"]
    ask("ledger", "key", "trust", "desk", public, folder)
    words = ("--authority", "desk", "--author", "duty officer", "--project", EXAMPLE)
    assert ask("claims", "import", folder, EXAMPLE / "claims.csv", *words)["recorded"] >= 60
    ask(
        "claims",
        "use",
        folder,
        "men-per-km",
        "--authority",
        "desk",
        "--operation",
        "quotient",
        "--input",
        "line:tjk-afg/reinforced",
        "--input",
        LENGTH,
        "--unit",
        "persons/km",
        "--where",
        "report 3",
    )
    return folder


def by_name(recorded):
    return {one["name"]: one for one in recorded["effects"]}


def claim_of(desk: Path, publisher: str) -> str:
    found = ask("claims", "list", desk, LENGTH)["claims"]
    return next(one["claim_id"] for one in found if one["publisher"] == publisher)


def test_the_same_file_twice_is_recorded_once(desk):
    again = ask(
        "claims",
        "import",
        desk,
        EXAMPLE / "claims.csv",
        "--authority",
        "desk",
        "--author",
        "duty officer",
        "--project",
        EXAMPLE,
    )
    assert again["recorded"] == 0
    assert again["known_before"] >= 60


def test_conflicts_come_with_the_words(desk):
    found = ask("claims", "conflicts", desk)
    assert any(one["why"] == "63 percent of 980 km is 617.4 km, against 625 km" for one in found)
    assert all(claim["span"]["text"] for one in found for claim in one["claims"])
    assert "rounding" in run("claims", "conflicts", desk)


def test_resolve_withdraw_and_what_we_believed(desk):
    known = {one["name"]: one for one in ask("claims", "uses", desk)}
    before = known["men-per-km"]
    assert before["value"] is None
    assert known["line:tjk-afg/men_per_km"]["readings"] == before["readings"] | {
        LENGTH: {
            k: one | {"name": "line:tjk-afg/men_per_km"} for k, one in before["readings"][LENGTH].items()
        }
    }  # nobody recorded this one: the desk knows it
    spread = before["readings"][LENGTH]
    assert {15.4, 14.9, 14.7} <= {round(one["value"], 1) for one in spread.values() if one["value"]}

    ani, india = claim_of(desk, "ANI"), claim_of(desk, "IndiaNarrative")
    resolve = (
        "claims",
        "resolve",
        desk,
        LENGTH,
        "--authority",
        "desk",
        "--method",
        "claim",
        "--reason",
        "ours",
    )
    resolve += ("--key", desk / "desk.pem")
    changed = by_name(ask(*resolve, "--claim", ani))
    assert set(changed) == {"men-per-km", "line:tjk-afg/men_per_km", "line:tjk-afg/held_by_share_km"}
    effect = changed["men-per-km"]
    assert round(effect["after"]["value"], 1) == 14.7
    resolved_at = list(read_records(desk))[-1].recorded_at

    gone = ask("claims", "withdraw", desk, ani, "--authority", "desk", "--reason", "retracted")
    effect = by_name(gone)["men-per-km"]
    assert effect["where"] == "report 3"
    assert effect["after"]["value"] is None
    (state,) = ask("claims", "list", desk, LENGTH)["answers"]
    assert state["state"] == "undermined"
    effect = by_name(ask(*resolve, "--claim", india))["men-per-km"]
    assert round(effect["after"]["value"], 1) == 14.9

    then = open_desk(desk, None, believed_at=resolved_at, about_at=resolved_at).register
    assert ani in then.claims  # what we believed before it was withdrawn
    now = ask("claims", "list", desk, LENGTH)["claims"]
    assert ani not in {one["claim_id"] for one in now}
    assert ask("claims", "list", desk, "--believed-at", "2020")["claims"] == []


def test_the_desk_reads_what_stands_by_definition(desk):
    records = tuple(read_records(desk))
    for record in (records[3], records[60], records[-1]):
        at = record.recorded_at
        slow = [one for one in standing(records, at, at) if one.statement.register in REGISTERS]
        fast = open_desk(desk, None, believed_at=at, about_at=at).records
        assert [one.seq for one in fast] == sorted(one.seq for one in slow)


def test_one_claim_by_hand_and_a_grade_that_is_not_earned(desk):
    words = [
        "claims",
        "add",
        desk,
        "--authority",
        "desk",
        "--subject",
        "line:tjk-afg",
        "--property",
        "length",
        "--value",
        "1 363",
        "--unit",
        "km",
        "--as-of",
        "2017-12",
        "--publisher",
        "OpenStreetMap",
        "--quoted-from",
        "own",
        "--source",
        "line.geojson",
        "--span",
        "1 363 km",
    ]
    (one,) = ask(*words)
    assert one["shown"] == "1,363 km"
    error = run(*words, "--grade", "B1", fails=True)
    assert "2 independent origins" in str(error)


def test_a_resolution_needs_the_key(desk, tmp_path):
    ask("ledger", "key", "new", "other", "--out", tmp_path / "other.pem")
    error = run(
        "claims",
        "resolve",
        desk,
        LENGTH,
        "--authority",
        "desk",
        "--method",
        "claim",
        "--reason",
        "x",
        "--claim",
        claim_of(desk, "TRT World"),
        "--key",
        tmp_path / "other.pem",
        fails=True,
    )
    assert "signature" in str(error)


def test_an_article_is_proposed_confirmed_and_imported(desk, tmp_path):
    article = tmp_path / "article.txt"
    article.write_text(
        "Citing AKIpress, the agency said that fighters captured Hohon on Sunday. 400 men crossed."
    )
    before = len(ask("claims", "list", desk)["claims"])
    words = ("claims", "propose", article, "--published", "2021-07-06", "--project", EXAMPLE)
    found = ask(*words, "--publisher", "X", "--source", "x.txt", "--out", tmp_path / "p.csv")
    assert [one["property"] for one in found] == ["held_by", "crossed"]
    assert len(ask("claims", "list", desk)["claims"]) == before  # nothing is recorded unconfirmed

    given = ("claims", "import", desk, tmp_path / "p.csv", "--authority", "desk", "--project", EXAMPLE)
    assert ask(*given)["recorded"] == 0
    with (tmp_path / "p.csv").open() as file:
        rows = list(csv.DictReader(file))
    rows[0] |= {"subject": "district:Khwahan", "value": "non-state armed group", "confirm": "yes"}
    with (tmp_path / "p.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert ask(*given)["recorded"] == 1


def test_incidents_in_and_out_and_weights_that_the_project_takes(desk, tmp_path):
    header = (
        "event_id_cnty,event_date,event_type,sub_event_type,actor1,inter1,latitude,longitude,fatalities\n"
    )
    events = tmp_path / "events.csv"
    events.write_text(header + "TJK1,2021-07-05,Battles,Armed clash,Someone,State forces,37.18,68.6,2\n")
    found = ask("claims", "import", desk, events, "--acled", "--authority", "desk", "--project", EXAMPLE)
    assert found == {
        "recorded": 1,
        "known_before": 0,
        "left_out": ["actor1"],
        "unknown_columns": [],
        "off_line": [],
    }
    assert ask("claims", "export", desk, tmp_path / "out.csv")["written"] == 1
    assert "Someone" not in (tmp_path / "out.csv").read_text()

    made = ask(
        "claims",
        "weights",
        desk,
        "--project",
        EXAMPLE,
        "--out",
        tmp_path / "weights.csv",
        "--about-at",
        "2021-07-10",
    )
    assert made["threats"] >= 8
    with (tmp_path / "weights.csv").open() as file:
        rows = list(csv.DictReader(file))
    held = [float(row["weight"]) for row in rows if float(row["km_from"]) <= 450 < float(row["km_to"])]
    assert held == [pytest.approx(2.0, abs=0.2)]
    assert {float(row["weight"]) for row in rows if float(row["km_to"]) > 1_000} == {1.0}


def test_a_project_takes_its_settings_from_claims_and_knows_when_they_are_stale(desk, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project)
    with (project / "project.toml").open("a") as file:
        file.write(
            '\n[weights]\nfile = "weights.csv"\n\n[claims]\nline.official_length_m = "line:tjk-kgz/length"\n'
        )
        file.write("weights.about_at = 2021-07-10\n")
    words = ("claims", "recompute", desk, "--project", project)
    with pytest.raises(InputFaults, match="from_claims"):
        open_project(project)
    assert {one["setting"]: one["why"] for one in ask(*words)["settings"]} == {
        "line.official_length_m": "line:tjk-kgz/length is open",
        "weights.file": "",
    }
    with pytest.raises(InputFaults, match="1 fault"):  # the table is there, the length is not resolved
        open_project(project)

    kgz = ask("claims", "list", desk, "line:tjk-kgz/length")["claims"]
    first, second = (
        next(one["claim_id"] for one in kgz if one["shown"] == text) for text in ("972 km", "987 km")
    )
    resolve = ("claims", "resolve", desk, "line:tjk-kgz/length", "--authority", "desk", "--method", "claim")
    resolve += ("--reason", "theirs", "--key", desk / "desk.pem", "--project", project, "--claim")
    changed = by_name(ask(*resolve, first))
    assert changed["line.official_length_m"]["after"]["value"] == 972_000.0
    assert changed["line:tjk-kgz/conflicts_per_km"]["after"]["value"] == pytest.approx(140 / 972)
    (one, weights) = ask(*words)["settings"]
    assert (one["after"]["value"], weights["stale"]) == ("972000", False)

    opened = open_project(project)
    assert opened.line.official_m(opened.line.length_m) == pytest.approx(972_000.0)
    assert max(opened.weight_of.values()) >= 2.0
    used = manifest(opened, "real")["from_claims"]
    assert used[0]["rests_on"] == (first,)
    assert any("line.official_length_m is 972000 m" in note for note in opened.notes)
    (project / "results").mkdir()
    write_json(project / "results", "manifest.json", {"from_claims": used})
    assert not any(one["stale"] for one in ask(*words)["settings"])
    assert ask(*words)["stale_results"] == {}

    run(*resolve, second)
    seen = CliRunner().invoke(app, [*map(str, words), "--check", "--json"])
    assert seen.exit_code == InputFaults.exit_code
    assert json.loads(seen.output)["stale_results"] == {"results": ["line.official_length_m"]}
    assert open_project(project).line.official_m(opened.line.length_m) == pytest.approx(
        972_000.0
    )  # only said
    (one, _) = ask(*words)["settings"]
    assert (one["before"]["value"], one["after"]["value"]) == ("972000", "987000")
    assert open_project(project).line.official_m(opened.line.length_m) == pytest.approx(987_000.0)

    (project / "weights.csv").write_text("name,km_from,km_to,weight\nx,0,1,3\n")
    assert [one["stale"] for one in ask(*words)["settings"]] == [False, True]
    open_project(project)
    assert "unchanged" in run(*words)


def test_a_use_that_cannot_be_is_not_recorded(desk):
    words = (
        "claims",
        "use",
        desk,
        "wrong",
        "--authority",
        "desk",
        "--operation",
        "quotient",
        "--input",
        LENGTH,
    )
    before = len(ask("claims", "uses", desk))
    for given in ("line:tjk-afg/lenght", "line:tjk-afg/reinforced"):  # nobody claims it; the wrong way round
        assert isinstance(run(*words, "--input", given, "--unit", "persons/km", fails=True), InputFaults)
    assert len(ask("claims", "uses", desk)) == before


def test_statements_on_the_programme_that_cite_a_claim_are_listed_when_it_goes(desk):
    words = (
        "claims",
        "add",
        desk,
        "--authority",
        "desk",
        "--subject",
        "programme:x",
        "--property",
        "decision",
    )
    words += ("--value", "40 cameras", "--as-of", "2025", "--publisher", "P", "--quoted-from", "own")
    (claim,) = ask(*words, "--source", "s.txt", "--span", "forty cameras")
    cites = {"note": f"claim:{claim['claim_id']}"}
    by = (datetime(2025, 1, 1, tzinfo=UTC), "office", "clerk", "")
    one = Statement("01JGFJJZ0000000000000000A1", "programme.pledged", "camera-1", *by, cites)
    other = Statement(
        "01JGFJJZ0000000000000000A2", "programme.pledged", "camera-2", *by, {"note": "claim:other"}
    )
    write(desk, [one, other], None, None)
    listed = ask("claims", "uses", desk, "--claim", claim["claim_id"])
    assert [line["subject"] for line in listed] == ["camera-1"]
    gone = ("claims", "withdraw", desk, claim["claim_id"], "--authority", "desk", "--reason", "no such list")
    assert [line["authority"] for line in ask(*gone)["cited_by"]] == ["office"]
