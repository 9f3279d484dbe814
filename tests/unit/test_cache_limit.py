"""How much is kept: the least recently used goes first, and nothing that a running command wrote."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import textwrap

import pytest
from typer.testing import CliRunner

from sarhad.errors import InputFaults
from sarhad.interfaces.cli.app import app
from sarhad.io.cache import Cache, limit_bytes

KB = bytes(1000)


def kept(folder):
    return {path.stem for path in folder.glob("*.piece")}


def age(folder, key, age_s):
    """Make a piece, or whatever lies there, one that was last used so many seconds ago."""
    path = next(folder.glob(f"{key}*"))
    then_ns = path.stat().st_mtime_ns - int(age_s * 1e9)
    os.utime(path, ns=(then_ns, then_ns))


def write(folder, *keys):
    with Cache(folder) as cache:
        for key in keys:
            cache.put(key, KB)


def test_what_was_used_least_recently_goes_first(tmp_path):
    write(tmp_path, "a", "b", "c", "d")
    for k, key in enumerate("abcd"):
        age(tmp_path, key, 100 - k)
    cache = Cache(tmp_path)
    assert cache.get("a") == KB  # and now it is the last used
    assert cache.holding().n_pieces == 4
    size = cache.holding().n_bytes // 4
    assert cache.shrink(3 * size) == 1
    assert kept(tmp_path) == {"a", "c", "d"}
    assert cache.shrink(2 * size - 1) == 2
    assert kept(tmp_path) == {"a"}
    assert cache.shrink(size) == 0


def test_a_put_keeps_the_limit_by_what_others_left(tmp_path):
    write(tmp_path, "old", "older")
    age(tmp_path, "older", 20)
    age(tmp_path, "old", 10)
    with Cache(tmp_path, limit_bytes=2500) as cache:
        cache.put("new", KB)
        assert kept(tmp_path) == {"old", "new"}
        cache.put("newer", KB)
        assert kept(tmp_path) == {"new", "newer"}
        cache.put("newest", KB)
        assert kept(tmp_path) == {"new", "newer", "newest"}, "what it wrote itself stays, above the limit"


def stays_while_it_runs(kind, folder):
    """Return whether what one running command wrote outlives the puts of another one."""
    with kind(folder, limit_bytes=0) as one, kind(folder, limit_bytes=0) as other:
        for k in range(5):
            one.put(f"one-{k}", KB)
            other.put(f"other-{k}", KB)
        Cache(folder).shrink(0) if kind is Cache else kind(folder).shrink(0)
        return len(kept(folder)) == 10


def test_what_a_running_command_wrote_is_never_taken(tmp_path):
    assert stays_while_it_runs(Cache, tmp_path)
    assert Cache(tmp_path).shrink(0) == 10, "the commands are over"


def test_a_cache_that_forgets_who_runs_is_found(tmp_path):
    class Forgetful(Cache):
        def _starts_ns(self):
            return []

    assert not stays_while_it_runs(Forgetful, tmp_path)


def test_what_dead_processes_left_goes(tmp_path):
    script = f"""
        import os, signal
        from pathlib import Path
        from sarhad.io.cache import Cache
        folder = Path({str(tmp_path)!r})
        cache = Cache(folder)
        cache.put("finished", 1)
        (folder / "torn.part").write_bytes(bytes(99))
        os.kill(os.getpid(), signal.SIGKILL)
        """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert list(tmp_path.glob("running-*"))
    with Cache(tmp_path) as cache:
        assert cache.get("finished") == 1
        assert cache.holding().n_running == 0
        age(tmp_path, "torn", 1)
        cache.put("mine", 2)
        (tmp_path / "mine.part").write_bytes(bytes(99))  # being written just now
    assert kept(tmp_path) == {"finished", "mine"}
    assert [path.name for path in tmp_path.glob("*.part")] == ["mine.part"]
    assert not list(tmp_path.glob("running-*"))


def test_two_processes_may_write_and_clear_at_once(tmp_path):
    """Each under a limit of nothing, so that each put clears; each finds its own, and no word is said."""
    script = f"""
        import sys
        from pathlib import Path
        from sarhad.io.cache import Cache
        with Cache(Path({str(tmp_path)!r}), limit_bytes=0, say=sys.exit) as cache:
            for k in range(150):
                cache.put(f"{{sys.argv[1]}}-{{k}}", [k] * 500)
                cache.put("shared", "same")
            assert all(cache.get(f"{{sys.argv[1]}}-{{k}}") == [k] * 500 for k in range(150))
            assert cache.get("shared") == "same"
        """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    running = [subprocess.Popen([*command, name]) for name in "ab"]
    assert [one.wait(120) for one in running] == [0, 0]


def test_commands_end_while_others_look_who_is_running(tmp_path):
    """A file that says that a command runs is its own to take away, however often others look."""
    script = f"""
        import sys
        from pathlib import Path
        from sarhad.io.cache import Cache
        for k in range(200):
            with Cache(Path({str(tmp_path)!r}), limit_bytes=0, say=sys.exit) as cache:
                cache.put(sys.argv[1], k)
        """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    running = [subprocess.Popen([*command, name]) for name in "abc"]
    assert [one.wait(120) for one in running] == [0, 0, 0]
    assert not list(tmp_path.glob("running-*"))


def test_a_disk_that_takes_no_more_is_said_once_and_stops_nothing(tmp_path):
    said = []
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with Cache(tmp_path, say=said.append) as cache:
            cache.put("small", 1)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limits[1]))
            cache.put("large", bytes(10_000))
            cache.put("again", 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert len(said) == 1
    assert "File too large" in said[0]
    assert kept(tmp_path) == {"small"}
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(("text", "n_bytes"), [("", 5e9), (" ", 5e9), ("2", 2e9), ("0.5", 5e8), ("0", 0)])
def test_the_limit_is_told_by_the_environment(text, n_bytes):
    assert limit_bytes({"SARHAD_CACHE_GB": text}) == n_bytes


@pytest.mark.parametrize("text", ["-1", "much", "nan", "inf", "5 GB"])
def test_a_limit_that_is_none_is_refused(text):
    with pytest.raises(InputFaults, match="SARHAD_CACHE_GB"):
        limit_bytes({"SARHAD_CACHE_GB": text})


def asked(*words):
    found = CliRunner().invoke(app, ["cache", *words, "--json"])
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def test_the_command_shows_and_clears(tmp_path, monkeypatch):
    monkeypatch.setenv("SARHAD_CACHE_GB", "3")
    nothing = {"n_pieces": 0, "n_bytes": 0, "n_running": 0, "n_gone": 0, "limit_bytes": 3_000_000_000}
    assert asked(str(tmp_path)) == nothing
    assert not (tmp_path / ".cache").exists(), "to ask makes nothing"
    write(tmp_path / ".cache", "a", "b")
    age(tmp_path / ".cache", "a", 5)
    found = asked(str(tmp_path))
    assert found["n_pieces"] == 2
    assert found["n_bytes"] == sum(p.stat().st_size for p in (tmp_path / ".cache").glob("*.piece"))
    assert asked(str(tmp_path), "--limit", "0.0000015")["n_gone"] == 1
    assert kept(tmp_path / ".cache") == {"b"}
    with open(tmp_path / ".cache" / "running-other", "wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        age(tmp_path / ".cache", "b", -5)
        assert asked(str(tmp_path), "--clear")["n_running"] == 1
        assert kept(tmp_path / ".cache") == {"b"}
    assert asked(str(tmp_path), "--clear")["n_gone"] == 1
    words = CliRunner().invoke(app, ["cache", str(tmp_path)]).stdout
    assert "0 finished pieces, 0.00 GB of at most 3 GB" in words


def test_a_folder_that_is_none_is_refused(tmp_path):
    found = CliRunner().invoke(app, ["cache", str(tmp_path / "none")])
    assert isinstance(found.exception, InputFaults)
