"""A PostgreSQL server of one's own with PostGIS, for tests and benchmarks: started, used and thrown away.

PostgreSQL refuses to run as root, so root starts it as the user `postgres` or `nobody`. It listens on a
socket in its own folder and on no port; nothing is synced to disk, since nothing is kept.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

INSTALL = "apt-get install postgresql-15 postgresql-15-postgis-3"
FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=512MB",
    "max_wal_size=4GB",
)
START_S = 30.0


class NoServer(Exception):  # noqa: N818 - a reason to skip, not a fault
    """A server cannot be started here; the text says why."""


def binaries() -> Path:
    """The folder of the newest server installed, 15 first, that has PostGIS beside it."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: path.parts[4] != "15")
    found += [Path(path).resolve() for path in (shutil.which("postgres"),) if path]
    if not found:
        raise NoServer(f"PostgreSQL is not installed: {INSTALL}")
    for path in found:
        if (path.parents[1] / "lib" / "postgis-3.so").exists():
            return path.parent
    raise NoServer(f"PostGIS is not installed beside PostgreSQL: {INSTALL}")


def another_user() -> dict[str, Any]:
    """As whom to start the server: oneself, unless one is root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise NoServer("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


@contextmanager
def server() -> Iterator[str]:
    """The URL of a fresh server's database; NoServer where none can be started."""
    folder, user = binaries(), another_user()
    home = Path(tempfile.mkdtemp(prefix="sarhad-pg-"))
    process = None
    try:
        if user:
            os.chown(home, user["user"], user["group"])
        data, log = home / "data", home / "log"
        make = [
            folder / "initdb",
            "-D",
            data,
            "-U",
            "sarhad",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
        ]
        made = subprocess.run(make, cwd=home, capture_output=True, text=True, check=False, **user)
        if made.returncode:
            raise NoServer(f"initdb failed: {made.stderr.strip()}")
        start = [folder / "postgres", "-D", data, "-k", home, "-c", "listen_addresses="]
        start += [word for setting in FAST for word in ("-c", setting)]
        with log.open("wb") as file:
            process = subprocess.Popen(start, cwd=home, stdout=file, stderr=file, **user)
        _await(home, process, log)
        yield f"postgresql://sarhad@/postgres?host={home}"
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)  # fast shutdown: open sessions are ended
            process.wait()
        shutil.rmtree(home, ignore_errors=True)


def _await(home: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < end:
        try:
            psycopg.connect(host=str(home), user="sarhad", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise NoServer(f"PostgreSQL did not start: {log.read_text(errors='replace').strip()}")
