"""Keeps finished pieces of a computation on disk by content key, so that long work resumes.

A piece is one file: the SHA-256 of its body, then the body, a pickle. A piece whose digest does not hold, or
that cannot be read back, counts as absent: it is taken away, a word is said, and it is worked out anew. The
digest finds damage, not malice: the folder belongs to the user who computes.

Where the pieces exceed the limit, those least recently used go first. Nothing goes that was used since the
oldest running command began: each command that writes holds a file of its own here, dated when it began and
locked; the system takes the lock back when the process dies, however it dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pickle
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import IO

from sarhad.errors import InputFaults
from sarhad.io.folders import locked

LIMIT_GB = 5.0
LIMIT_VARIABLE = "SARHAD_CACHE_GB"
_DAMAGED = "{path}: damaged, not used; this piece is worked out anew"
_NOT_KEPT = "{folder}: finished pieces are not kept ({reason}); if interrupted, this command begins anew"
_RUNNING = "running-"
_PIECE, _PART = ".piece", ".part"
_N_DIGEST = hashlib.sha256().digest_size
PACKAGE = Path(__file__).parent.parent
LIBRARIES = ("numpy", "scipy", "numba", "highspy", "rasterio", "pyogrio", "geopandas", "shapely", "pyproj")


@lru_cache(maxsize=4)
def source_digest(package: Path = PACKAGE) -> str:
    """Return the SHA-256 of what kept results were made by: code that reads and computes, data, libraries.

    Read once per process, so that results of an edited checkout, or of other versions of libraries, are never
    taken for those of another: a manifest states what all of a result was computed by.
    """
    digest = hashlib.sha256(repr([(name, version(name)) for name in LIBRARIES]).encode())
    found = [
        path for room in ("kernels", "planning", "io", "model") for path in (package / room).rglob("*.py")
    ]
    found += [path for path in (package / "data").glob("*") if path.is_file()]
    for path in sorted(found):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(package).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def content_key(*parts: object) -> str:
    """Return the SHA-256 of the parts' representations; equal parts give equal keys on any machine."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(repr(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()


def limit_bytes(environment: Mapping[str, str]) -> int:
    """Return how much finished pieces of one project may take, by SARHAD_CACHE_GB; 5 GB if unset."""
    text = environment.get(LIMIT_VARIABLE, "").strip()
    try:
        limit_gb = float(text or LIMIT_GB)
        if limit_gb >= 0:
            return int(limit_gb * 1e9)
    except (ValueError, OverflowError):
        pass
    raise InputFaults.one(LIMIT_VARIABLE, "a number of GB, at least 0", repr(text))


@dataclass(frozen=True, slots=True)
class Holding:
    """What a cache holds, and how many commands are writing to it."""

    n_pieces: int
    n_bytes: int
    n_running: int


class Cache:
    """A folder of pieces, one file per key; several processes may use it at once.

    `say` is told what a person should know: a damaged piece, a disk that takes no more.
    """

    def __init__(
        self,
        folder: Path,
        limit_bytes: int = int(LIMIT_GB * 1e9),
        *,
        say: Callable[[str], None] = warnings.warn,
    ) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._say = say
        self._running: IO[bytes] | None = None
        self._takes = True

    def __enter__(self) -> Cache:
        """Start nothing yet: a command that only reads holds nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hold nothing any more: from now on what was written here may go when room is needed."""
        if self._running is not None:
            # Let go of but still there, it would pass for a dead command's: so nobody looks meanwhile.
            with self._alone():
                Path(self._running.name).unlink(missing_ok=True)
                self._running.close()
            self._running = None

    def get(self, key: str) -> object | None:
        """Return what was kept under the key, or None where nothing sound lies there."""
        path = self._folder / f"{key}{_PIECE}"
        try:
            content = memoryview(path.read_bytes())
        except OSError:
            return None
        if hashlib.sha256(content[_N_DIGEST:]).digest() == content[:_N_DIGEST]:
            with contextlib.suppress(Exception):  # a pickle of another version may raise almost anything
                value: object = pickle.loads(content[_N_DIGEST:])
                with contextlib.suppress(OSError):
                    os.utime(path)
                return value
        self._say(_DAMAGED.format(path=path))
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        return None

    def put(self, key: str, value: object) -> None:
        """Keep a value; another process reading at the same time sees all of it or nothing.

        A disk that does not take it is no error: the computation goes on, and a word is said once.
        """
        body = pickle.dumps(value, protocol=5)
        if not self._takes:
            return
        try:
            self._write(f"{key}{_PIECE}", body)
        except OSError as error:
            self._takes = False
            self._say(_NOT_KEPT.format(folder=self._folder, reason=error.strerror or error))

    def holding(self) -> Holding:
        """Return how much lies here now."""
        with self._alone():
            files = self._files()
            return Holding(len(files), sum(size for _, _, size in files), len(self._starts_ns()))

    def shrink(self, limit_bytes: int) -> int:
        """Take away what was used least recently until the limit holds; return how many files went.

        What was used since the oldest running command began stays, also above the limit.
        """
        with self._alone():
            start_ns = min(self._starts_ns(), default=None)
            files = sorted(self._files(), key=lambda one: (one[1].suffix != _PART, one))
            n_bytes, n_gone = sum(size for _, _, size in files), 0
            for used_ns, path, size in files:
                free = start_ns is None or used_ns < start_ns
                # What is half-written and that old was left by a process that is dead.
                if free and (n_bytes > limit_bytes or path.suffix == _PART):
                    path.unlink(missing_ok=True)
                    n_bytes, n_gone = n_bytes - size, n_gone + 1
            return n_gone

    def _write(self, name: str, body: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._begin()
        handle, part = tempfile.mkstemp(dir=self._folder, suffix=_PART)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(body).digest())
                file.write(body)
            with self._alone():
                os.replace(part, self._folder / name)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
        self.shrink(self._limit_bytes)

    def _begin(self) -> None:
        """Hold a file that says since when this command has been running."""
        if self._running is None:
            with self._alone():
                self._running = tempfile.NamedTemporaryFile(  # noqa: SIM115
                    dir=self._folder, prefix=_RUNNING, delete=False
                )
                fcntl.flock(self._running, fcntl.LOCK_EX)

    def _starts_ns(self) -> list[int]:
        """Return when each running command began; files of dead ones go."""
        starts_ns = []
        for path in self._folder.glob(f"{_RUNNING}*"):
            with open(path, "rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()
                except BlockingIOError:
                    starts_ns.append(os.fstat(file.fileno()).st_mtime_ns)
        return starts_ns

    def _files(self) -> list[tuple[int, Path, int]]:
        """Return when each piece was last used, its path, its size; half-written ones too."""
        files = []
        for path in self._folder.glob("*"):
            if path.suffix in (_PIECE, _PART):
                with contextlib.suppress(FileNotFoundError):
                    about = path.stat()
                    files.append((about.st_mtime_ns, path, about.st_size))
        return files

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from beginning, adding and taking away for a moment."""
        with locked(self._folder / "lock") if self._folder.is_dir() else contextlib.nullcontext():
            yield
