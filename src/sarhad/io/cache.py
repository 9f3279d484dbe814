"""Keeps finished pieces of a computation on disk by content key, so that long work resumes.

The cache holds only what Sarhad itself wrote in the project folder of the same user; a file that cannot be
read back (cut short, other version) counts as absent.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent


@lru_cache(maxsize=4)
def source_digest(package: Path = PACKAGE) -> str:
    """Return the SHA-256 of what kept results were computed by: the code that reads and computes, and data.

    Read once per process, so that results of an edited checkout are never taken for those of another.
    """
    digest = hashlib.sha256()
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


class Cache:
    """A folder of pickled results, one file per key, written atomically."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> object | None:
        """Return what was kept under the key, or None where nothing readable lies there."""
        try:
            with open(self._folder / f"{key}.pickle", "rb") as file:
                return pickle.load(file)  # type: ignore[no-any-return]
        except Exception:  # a torn or foreign pickle may raise almost anything
            return None

    def put(self, key: str, value: object) -> None:
        """Keep a value; another process reading at the same time sees all of it or nothing."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                pickle.dump(value, file, protocol=5)
            os.replace(name, self._folder / f"{key}.pickle")
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
