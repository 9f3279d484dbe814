"""`sarhad ledger` as a person or a script uses it."""

from __future__ import annotations

import json
import re
import stat
import sys

import pytest
from tests.ledger_cases import flip, said
from typer.testing import CliRunner

from sarhad.interfaces.cli.app import app, main
from sarhad.ledger.journal import Journal, read_records
from sarhad.ledger.ledger import open_ledger
from sarhad.model.record import OnLine


def now():
    from datetime import UTC, datetime

    return datetime.now(UTC)


def ledger(*words, code=0):
    """Run `sarhad ledger` in this process; returns what it printed."""
    found = CliRunner().invoke(app, ["ledger", *map(str, words)], catch_exceptions=True)
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        assert found.exception.exit_code == code, found.exception
        return str(found.exception)
    assert found.exit_code == code, found.output
    return found.stdout or found.output


def as_json(*words, code=0):
    return json.loads(ledger(*words, "--json", code=code))


@pytest.fixture
def project(tmp_path):
    """A project whose ledger holds twelve records."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "project.toml").write_text("")
    ledger("init", folder)
    with open_ledger(folder, now=now) as opened:
        for number in range(1, 12):
            opened.record([said(number, "A" if number % 2 else "B")])
        opened.record([said(12, "B", "claim.made", subject="length", body={"value": 1344})])
    return folder


def test_init_once(tmp_path):
    assert as_json("init", tmp_path / "new") == {"folder": str(tmp_path / "new")}
    assert "a folder without a ledger" in ledger("init", tmp_path / "new", code=3)
    assert "there is no ledger" in ledger("verify", tmp_path / "nowhere", code=5)


def test_origins_are_drawn(tmp_path):
    for name in ("one", "two"):
        ledger("init", tmp_path / name)
    assert as_json("verify", tmp_path / "one")["origin"] != as_json("verify", tmp_path / "two")["origin"]


def test_verify_says_sound_and_names_what_is_not(project):
    assert "Sound" in ledger("verify", project)
    verdict = as_json("verify", project)
    assert (verdict["sound"], verdict["n_records"], verdict["findings"]) == (True, 12, [])
    segment = project / "ledger" / "journal" / "00000001.segment"
    flip(segment, 8 * segment.read_bytes().index(b'"n":7'))
    assert re.search(r"record 7: the record was changed", ledger("verify", project, code=6))
    assert [finding["seq"] for finding in as_json("verify", project, code=6)["findings"]] == [7]


def test_errors_leave_with_their_exit_code_and_a_clear_word(project, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sarhad", "ledger", "rebuild", str(project), "--json"])
    with Journal.open(project / "ledger", now=now), pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 6
    assert "writes to this ledger" in json.loads(capsys.readouterr().err)["error"]


def test_log_filters(project):
    assert [row["seq"] for row in as_json("log", project)] == list(range(1, 13))
    assert [row["seq"] for row in as_json("log", project, "--last", 2)] == [11, 12]
    assert [row["seq"] for row in as_json("log", project, "--after", 10)] == [11, 12]
    assert [row["seq"] for row in as_json("log", project, "--kind", "claim")] == [12]
    assert [row["seq"] for row in as_json("log", project, "--kind", "asset.state", "--authority", "B")] == [
        *range(2, 12, 2)
    ]
    (row,) = as_json("log", project, "--subject", "length")
    assert row["body"] == {"value": 1344}
    assert row["hash"] == list(read_records(project / "ledger"))[-1].hash
    assert "1344" in ledger("log", project)
    assert "No such records" in ledger("log", project, "--subject", "none")


def test_keys_checkpoints_and_copies_of_them(project, tmp_path):
    pem, copy = tmp_path / "keeper.pem", tmp_path / "elsewhere.jsonl"
    made = as_json("key", "new", "Keeper", "--out", pem)
    assert stat.S_IMODE(pem.stat().st_mode) == 0o600
    assert "PRIVATE" not in json.dumps(made)
    ledger("checkpoint", project, "--authority", "Keeper", "--key", pem, code=6)
    ledger("key", "trust", "Keeper", made["public_key"], project)
    done = as_json("checkpoint", project, "--authority", "Keeper", "--key", pem, "--out", copy)
    assert (done["made"]["seq"], done["n_checkpoints"]) == (12, 1)
    assert as_json("verify", project)["covered_seq"] == 12
    assert [row["key_id"] for row in as_json("key", "list", project)] == [made["key_id"]]
    assert made["key_id"] in ledger("key", "list", project)
    ledger("key", "revoke", made["key_id"], project)
    assert "was valid on" in ledger("checkpoint", project, "--authority", "Keeper", "--key", pem, code=6)
    assert as_json("verify", project)["sound"], "what was signed before stays trusted"
    ledger("key", "revoke", "ffff", project, code=5)
    assert "give --authority" in ledger("checkpoint", project, code=2)
    # the ledger is replaced by a shorter one; its own files agree, and the copy kept elsewhere tells
    for path in (project / "ledger" / "journal").iterdir():
        path.unlink()
    (project / "ledger" / "checkpoints.jsonl").unlink()
    Journal.open(project / "ledger", now=now).close()
    ledger("verify", project)
    assert "another ledger" in ledger("verify", project, "--checkpoints", copy, code=6)


def test_export_import_and_copies_that_went_on_apart(project, tmp_path):
    file, away = tmp_path / "x.sarhad-ledger", tmp_path / "away"
    assert as_json("export", file, project)["last_seq"] == 12
    assert as_json("import", file, away)["n_added"] == 12
    assert "No other copies" in ledger("branches", project)
    for place, number in ((project, 20), (away, 30)):
        with open_ledger(place, now=now) as opened:
            opened.record([said(number)])
    ledger("export", file, away)
    assert "went on apart" in ledger("import", file, project)
    (branch,) = as_json("branches", project)
    assert branch["differs_at"] == 13
    assert branch["branch_id"] in ledger("branches", project)
    rows = as_json("log", project, "--branch", branch["branch_id"], "--last", 1)
    assert rows[0]["subject_id"] == "asset-30"
    ledger("log", project, "--branch", "none", code=5)


def test_a_new_copy_says_whose_keys_came_with_the_file(project, tmp_path):
    made = as_json("key", "new", "Keeper", "--out", tmp_path / "keeper.pem")
    ledger("key", "trust", "Keeper", made["public_key"], project)
    file = tmp_path / "x.sarhad-ledger"
    assert as_json("export", file, project, "--to", 5)["last_seq"] == 5
    said_so = ledger("import", file, tmp_path / "away")
    assert "trusts the keys that came with the file" in said_so
    assert f"{made['key_id']}  Keeper" in said_so
    own = project / "ledger" / "authorities.toml"
    assert "trusts the keys" not in ledger("import", file, tmp_path / "own", "--authorities", own)


def test_a_person_is_told_what_a_crash_left_what_was_built_anew_and_what_lags(project, tmp_path):
    """Through the command that writes with least ado: a checkpoint."""
    made = as_json("key", "new", "Keeper", "--out", tmp_path / "keeper.pem")
    ledger("key", "trust", "Keeper", made["public_key"], project)

    def told():
        words = ("checkpoint", project, "--authority", "Keeper", "--key", tmp_path / "keeper.pem")
        found = CliRunner().invoke(app, ["ledger", *map(str, words)])
        assert found.exit_code == 0, found.output
        return " ".join(found.stderr.split())

    assert told() == ""
    with (project / "ledger" / "journal" / "00000001.segment").open("ab") as file:
        file.write(bytes(100))
    (project / "ledger" / "store.sqlite").write_bytes(b"spoilt" * 1000)
    words = told()
    assert "A crash had left an unfinished commit of 100 bytes" in words
    assert "All 12 records before it are whole" in words
    assert "The store was built anew" in words
    assert told() == ""
    (project / "project.toml").write_text('[line]\nfile = "none.geojson"\n')
    with open_ledger(project, now=now) as opened:
        opened.record([said(40, place=OnLine("main", 0.0, 0.0))])
    (project / "project.toml").write_text('[line]\nfile = "project.toml"\n')
    words = told()
    assert "Attention: what is said is recorded; what follows from it is behind" in words


def test_rebuild(project):
    assert as_json("rebuild", project) == {"n_records": 12}
    assert "12 records" in ledger("rebuild", project)
