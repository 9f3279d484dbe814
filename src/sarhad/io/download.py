"""One file over HTTP: whole or not at all, resumed where it stopped, and patient with servers.

What has come lies in `NAME.part`, with the server's ETag in `NAME.part.etag`. A later try asks for the rest
only (`Range`, `If-Range`: RFC 9110, sections 13.1.5 and 14): if the file has changed meanwhile, or the server
knows no ranges, it starts afresh. A file gets its name when it has the length that the server announced and
the caller has found it sound. Whether a server says *no such file* or does not answer is told apart: the one
is an answer, the other is tried again with growing pauses and then `Unreachable`.
"""

from __future__ import annotations

import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sarhad.errors import InputFaults, Unreachable
from sarhad.io.folders import sync

CHUNK = 1 << 18
NO_SUCH_FILE = (404, 410)
LONGEST_WAIT_S = 60.0

Progress = Callable[[int, int], None]
"""Called with the bytes that are there and the bytes in all."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for an answer, how often to try, and the first pause, which doubles."""

    timeout_s: float = 30.0
    n_try: int = 6
    pause_s: float = 1.0
    sleep: Callable[[float], None] = time.sleep


class _TryAgainError(Exception):
    """The server did not do what was asked of it; `wait_s` is the pause it wants, or 0."""

    def __init__(self, why: str, wait_s: float = 0.0) -> None:
        super().__init__(why)
        self.wait_s = wait_s


def download(
    url: str,
    path: Path,
    is_sound: Callable[[Path], bool],
    *,
    patience: Patience | None = None,
    progress: Progress = lambda done, total: None,
) -> bool:
    """Fetch a file; False where the server says that there is none.

    Raises:
        Unreachable: the server did not answer, or what came was not sound, as often as patience allows.
        InputFaults: the file cannot be written, or the address is no HTTP address.
    """
    if not url.lower().startswith(("http://", "https://")):
        raise InputFaults.one(url, "an address that starts with https:// or http://", url)
    patience = patience or Patience()
    part, why = path.with_name(f"{path.name}.part"), ""
    for k in range(patience.n_try):
        try:
            if not _fetch(url, part, patience.timeout_s, progress):
                return False
            if is_sound(part):
                os.replace(part, path)
                sync(path.parent)
                _etag_of(part).unlink(missing_ok=True)
                return True
            part.unlink()
            why = "what came is no whole raster"
        except _TryAgainError as error:
            why = str(error)
            wait_s = max(error.wait_s, patience.pause_s * 2**k)
        else:
            wait_s = patience.pause_s * 2**k
        if k + 1 < patience.n_try:
            patience.sleep(min(wait_s, LONGEST_WAIT_S))
    raise Unreachable(f"{url}: {why} ({patience.n_try} tries). What has come is kept; run the command again.")


def _fetch(url: str, part: Path, timeout_s: float, progress: Progress) -> bool:
    """Get what is missing of a file; False where there is no such file."""
    have, tag = _kept(part)
    request = urllib.request.Request(url, headers={"User-Agent": "sarhad", "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", tag)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            _take(answer, part, have, progress)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in NO_SUCH_FILE:
            return False
        if error.code == 416 and error.headers.get("Content-Range", "") == f"bytes */{have}":
            return True  # all of it lies here already
        if error.code == 416:
            part.unlink(missing_ok=True)
        wait = error.headers.get("Retry-After", "")
        words = f"the server answered {error.code} {error.reason}"
        raise _TryAgainError(words, float(wait) if wait.isdigit() else 0.0) from error
    except urllib.error.URLError as error:
        raise _TryAgainError(f"no connection ({error.reason})") from error
    except (TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise _TryAgainError(f"the connection broke ({error or type(error).__name__})") from error
    return True


def _take(answer: Any, part: Path, have: int, progress: Progress) -> None:
    """Write the body of an answer behind what is there, or in its place; check its length."""
    start = 0
    announced = answer.headers.get("Content-Length")
    if answer.status == 206:
        start, total = _content_range(answer.headers.get("Content-Range", ""), have)
    elif announced is None:
        raise _TryAgainError("the server does not say how long the file is")
    else:
        total = int(announced)
    try:
        _etag_of(part).write_text(answer.headers.get("ETag", ""), encoding="utf-8")
        with part.open("r+b" if start else "wb") as file:
            file.seek(start)
            done = start
            while chunk := _read(answer):
                file.write(chunk)
                done += len(chunk)
                progress(done, total)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if isinstance(error, (TimeoutError, ConnectionError)):
            raise
        raise InputFaults.one(str(part), "a file that can be written", error) from error
    if done != total:
        raise _TryAgainError(f"{done} of {total} bytes came")


def _read(answer: Any) -> bytes:
    return bytes(answer.read(CHUNK))


def _content_range(words: str, have: int) -> tuple[int, int]:
    """Return start and total of `bytes START-END/TOTAL`; START must be what was asked for."""
    try:
        span, total = words.removeprefix("bytes ").split("/")
        start = int(span.split("-")[0])
        if start == have:
            return start, int(total)
    except ValueError:
        pass
    raise _TryAgainError(f'a part from byte {have} was asked for and "{words}" came')


def _kept(part: Path) -> tuple[int, str]:
    """Return how much of a file lies here and its ETag; nothing where its ETag is not known."""
    etag = _etag_of(part)
    if part.is_file() and etag.is_file() and (tag := etag.read_text(encoding="utf-8")):
        return part.stat().st_size, tag
    return 0, ""


def _etag_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.etag")
