"""Commands that are interrupted, ended and killed: nothing half-written, and on where they stopped."""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sarhad
from sarhad.interfaces import cli
from sarhad.interfaces.cli import app as cli_app
from sarhad.io.results import LOCK, file_hashes
from small_border import PROJECT, write_small_project

COMMANDS = Path(sarhad.__file__).parent / "interfaces" / "cli"
GO_ON = "Run the command again: it goes on where it stopped."
WAIT_S = 1_200.0
SMALLER = {  # five sectors, one condition, one terrain
    "sector_m = 20000": "sector_m = 8000",
    "n_fields = 3": "n_fields = 1",
    "depths_m = [1000, 3000]": "depths_m = [3000]",
    "share = 0.5": "share = 1.0",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A project of five sectors that is quick to compute."""
    place = tmp_path_factory.mktemp("long") / "project"
    write_small_project(place)
    before, _, rest = PROJECT.partition('[[condition]]\ncondition_id = "summer_night"')
    text = before + rest[rest.index("[settings]") :]
    for old, new in SMALLER.items():
        assert old in text
        text = text.replace(old, new)
    (place / "project.toml").write_text(text, encoding="utf-8")
    return place


# A command of forty naps, each of which is noted when it begins.
NAPS = """
import sys, time, types
from pathlib import Path
folder = Path(__file__).parent

def nap(i):
    with open(folder / "begun", "a") as file:
        file.write(f"{i} ")
    time.sleep(0.3)
    return i * i

def run():
    from sarhad.interfaces.cli.console import computing
    with computing(folder, 2) as compute:
        import naps
        found = compute.run("naps", naps.nap, list(range(40)), keys=[f"nap-{i}" for i in range(40)])
    assert found == [i * i for i in range(40)]

if __name__ == "__main__":
    from sarhad.interfaces.cli.app import main
    sys.modules["sarhad.interfaces.cli.prepare"] = types.SimpleNamespace(run=run)
    sys.argv = ["sarhad", "prepare"]
    main()
"""


def sarhad_on(folder, *words):
    return [sys.executable, "-m", "sarhad", *words, str(folder)]


def started(command):
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def pieces(folder):
    """Return the finished pieces by key; the number of a file changes when it is written anew."""
    return {path.stem: path.stat().st_ino for path in (folder / ".cache").glob("*.piece")}


def wait_for(what, running):
    until = time.monotonic() + WAIT_S
    while not what():
        assert running.poll() is None, running.communicate()[1]
        assert time.monotonic() < until
        time.sleep(0.05)


def alive(session):
    """Return the processes of a session that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(stat.parent.name)
    return found


def stopped(folder, number, n_more, command):
    """Start a command, send it a signal when so many more pieces are finished, and return how it ended."""
    n_before = len(pieces(folder))
    running = started(command)
    wait_for(lambda: len(pieces(folder)) >= n_before + n_more, running)
    running.send_signal(number)
    said = running.communicate(timeout=WAIT_S)[1]
    until = time.monotonic() + 20
    while alive(running.pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(running.pid), "workers outlive the command"
    return running.returncode, said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_command_that_is_stopped_ends_its_workers_and_goes_on(tmp_path, number):
    """What was finished at the stop is never begun again, and all is done at the end."""
    script = tmp_path / "naps.py"
    script.write_text(NAPS)
    command = [sys.executable, str(script)]
    code, said = stopped(tmp_path, number, 6, command)
    assert code == (-number if number == signal.SIGKILL else 130), said
    assert (GO_ON in said) == (number != signal.SIGKILL)
    assert "Traceback" not in said
    finished, begun = set(pieces(tmp_path)), tmp_path / "begun"
    assert 6 <= len(finished) < 40
    begun.unlink()
    running = started(command)
    said = running.communicate(timeout=WAIT_S)[1]
    assert running.returncode == 0, said
    assert {f"nap-{i}" for i in begun.read_text().split()} == {f"nap-{i}" for i in range(40)} - finished


def test_ctrl_c_at_a_terminal_is_heard_by_all_and_answered_by_one(tmp_path):
    """A terminal sends it to the workers and their server too, here while these are still beginning."""
    script = tmp_path / "naps.py"
    script.write_text(NAPS)
    running = started([sys.executable, str(script)])
    wait_for(lambda: len(alive(running.pid)) > 2, running)  # the command, who counts semaphores, the server
    os.killpg(running.pid, signal.SIGINT)
    said = running.communicate(timeout=WAIT_S)[1]
    assert (running.returncode, "Traceback" in said, GO_ON in said) == (130, False, True), said
    assert not alive(running.pid)


@pytest.mark.parametrize(("cause", "code"), [(KeyboardInterrupt(), 130), (ValueError(), None)])
def test_an_interrupt_that_a_kernel_wraps_is_one(monkeypatch, capsys, cause, code):
    """Where Ctrl-C meets a kernel as it returns, the interpreter raises SystemError from it."""

    def returning(**_):
        raise SystemError("returned a result with an exception set") from cause

    monkeypatch.setattr(cli_app, "app", returning)
    with pytest.raises(SystemError if code is None else SystemExit) as left:
        cli_app.main()
    assert getattr(left.value, "code", None) == code


def test_a_command_interrupted_while_it_is_loaded_says_nothing(monkeypatch, capsys):
    class Interrupted:
        def find_spec(self, name, *_):
            if name == "sarhad.interfaces.cli.app":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "sarhad.interfaces.cli.app")
    monkeypatch.delattr(cli, "app")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.long
def test_a_profile_goes_on_however_it_was_stopped(folder, tmp_path):
    """Two workers: Ctrl-C, SIGTERM, kill -9, the end; the same bytes as one process that was left alone."""
    alone = tmp_path / "alone"
    shutil.copytree(folder, alone)
    code, said = stopped(folder, signal.SIGINT, 2, sarhad_on(folder, "profile", "-j", "2"))
    assert (code, GO_ON in said, "Traceback" in said) == (130, True, False), said
    first = pieces(folder)
    code, said = stopped(folder, signal.SIGTERM, 1, sarhad_on(folder, "profile", "--jobs", "2", "--json"))
    assert code == 130
    assert GO_ON in json.loads(said.strip().splitlines()[-1])["error"]
    second = pieces(folder)
    assert first.items() < second.items(), "what was finished is not worked out again"
    code, _ = stopped(folder, signal.SIGKILL, 2, sarhad_on(folder, "profile", "-j", "2"))
    assert code == -signal.SIGKILL
    third = pieces(folder)
    assert second.items() < third.items()
    assert not (folder / "results").exists()
    for place in (folder, alone):
        running = started(sarhad_on(place, "profile", "-j", "2" if place == folder else "1"))
        said = running.communicate(timeout=WAIT_S)
        assert running.returncode == 0, said
    assert third.items() <= pieces(folder).items()
    assert pieces(folder).keys() == pieces(alone).keys(), "each piece was worked out once"
    assert file_hashes(folder / "results") == file_hashes(alone / "results")
    hidden = {path.name for path in folder.iterdir() if path.name.startswith(".")}
    assert hidden == {".cache", LOCK}
    left = {path.suffix for path in (folder / ".cache").iterdir()}
    assert left <= {".piece", ""}, "no half-written piece"


def commands_without_jobs(texts):
    """Return the commands that compute in a project and do not take `--jobs`."""
    found = []
    for name, text in texts.items():
        for function in ast.walk(ast.parse(text)):
            if not isinstance(function, ast.FunctionDef):
                continue
            computes = any(isinstance(one, ast.Name) and one.id == "computing" for one in ast.walk(function))
            if computes and "jobs" not in {one.arg for one in function.args.args}:
                found.append(f"{name}.{function.name}")
    return found


def test_every_command_that_computes_takes_jobs():
    texts = {path.stem: path.read_text(encoding="utf-8") for path in COMMANDS.glob("*.py")}
    assert len(texts) > 10
    assert commands_without_jobs(texts) == ["prepare.run"]  # it compiles: one process does so for all
    texts["profile"] = texts["profile"].replace("    jobs: Jobs = 0,\n", "").replace("jobs)", "0)")
    assert set(commands_without_jobs(texts)) == {"prepare.run", "profile.run"}


def test_a_full_disk_ends_a_command_with_its_own_code(folder, small_disk):
    """The pieces are kept elsewhere; the results have no room, and what was there stands."""
    place = small_disk / "project"
    place.mkdir()
    for path in folder.iterdir():
        if path.is_file():
            (place / path.name).symlink_to(path)
    (place / ".cache").symlink_to(folder / ".cache")
    (place / "coverage").mkdir()
    (place / "coverage" / "old.txt").write_text("old")
    room = os.statvfs(small_disk)
    (small_disk / "ballast").write_bytes(bytes(room.f_bavail * room.f_frsize))
    running = started(sarhad_on(place, "coverage", "-j", "1", "--json"))
    _, said = running.communicate(timeout=WAIT_S)
    assert running.returncode == 8, said
    assert "coverage: not written" in json.loads(said.strip().splitlines()[-1])["error"]
    assert [path.name for path in (place / "coverage").iterdir()] == ["old.txt"]


@pytest.mark.long
def test_prepare_compiles_the_kernels_of_all_commands():
    """Those of land cover, which the example lacks, of validation, forecast and schedule too."""
    script = (
        "from sarhad.interfaces.cli.prepare import run; "
        "from sarhad.kernels import arrival, rings, schedule, simulation, subsets; run(as_json=True); "
        "late = arrival.follow, arrival.quantiles, subsets._lattice, schedule._run; "
        "assert all(one.signatures for one in (rings._fill, simulation.crossings, *late))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
