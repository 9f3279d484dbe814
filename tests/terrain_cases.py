"""Small rasters of known planes, and a server that gives tiles and misbehaves as it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.transform import Affine

from sarhad.io.copernicus import Series, Square

UTM = "EPSG:32642"


def save(path: Path, value: np.ndarray, left: float, top: float, cell: float, **more: object) -> Path:
    """Write a GeoTIFF; `crs`, `nodata`, `tags`, `unit` and profile keys may be given."""
    tags, unit = more.pop("tags", {}), more.pop("unit", None)
    bands = value if value.ndim == 3 else value[None]
    profile = {
        "driver": "GTiff",
        "count": bands.shape[0],
        "height": bands.shape[1],
        "width": bands.shape[2],
        "dtype": str(value.dtype),
        "crs": UTM,
        "transform": Affine(cell, 0.0, left, 0.0, -cell, top),
        **more,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(path, "w", **profile) as data:
        data.write(bands)
        data.update_tags(**tags)
        if unit:
            data.units = (unit,) * bands.shape[0]
    return path


def plane(left: float, top: float, cell: float, n_row: int, n_col: int, a: float, b: float, c: float):
    """z = a x + b y + c at the centres of cells, exactly enough for float64."""
    x = left + (np.arange(n_col) + 0.5) * cell
    y = top - (np.arange(n_row) + 0.5) * cell
    return a * x[None, :] + b * y[:, None] + c


def degree_tile(series: Series, square: Square, step_deg: float = 0.01) -> tuple[Affine, np.ndarray]:
    """Frame and heights of a tile: 1000 + 100 lat + 10 lon, shifted by half a cell as the real ones are."""
    n = round(1.0 / step_deg)
    frame = Affine(
        step_deg, 0, square.lon_deg - step_deg / 2, 0, -step_deg, square.lat_deg + 1 + step_deg / 2
    )
    lon = square.lon_deg + np.arange(n) * step_deg
    lat = square.lat_deg + 1 - np.arange(n) * step_deg
    offset_m = 0.0 if series.code == "10" else 5.0
    return frame, (1000.0 + 100.0 * lat[:, None] + 10.0 * lon[None, :] + offset_m).astype(np.float32)


def tile_bytes(series: Series, square: Square, folder: Path) -> bytes:
    """The bytes of a tile: a COG, as the real ones are, so that it opens even when its end is cut off."""
    frame, value = degree_tile(series, square)
    plain = save(folder / "plain.tif", value, 0, 0, 1, crs="EPSG:4326", transform=frame)
    rasterio.shutil.copy(plain, folder / "tile.tif", driver="COG", compress="deflate")
    return (folder / "tile.tif").read_bytes()


@dataclass
class Shelf:
    """What the server has, by path; `slow` is the path of a file that comes in small pieces.

    `spoil` is asked what to do with the n-th request of a path: None (serve it), a status, "hang", "short"
    (close half way), "html", "no-range" or "lie" (about the range).
    """

    files: dict[str, bytes] = field(default_factory=dict)
    spoil: Callable[[str, int], object] = lambda path, n: None
    asked: list[tuple[str, str]] = field(default_factory=list)
    etag: str = '"one"'
    slow: str = ""

    def count(self, path: str) -> int:
        return sum(1 for one, _ in self.asked if one == path)


@contextmanager
def serving(shelf: Shelf) -> Iterator[str]:
    """Serve a shelf on the loopback with ranges; give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.shelf = shelf  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    @property
    def shelf(self) -> Shelf:
        return self.server.shelf  # type: ignore[attr-defined]

    def log_message(self, *words: object) -> None:
        pass

    def do_GET(self) -> None:
        n = self.shelf.count(self.path)
        self.shelf.asked.append((self.path, self.headers.get("Range", "")))
        what = self.shelf.spoil(self.path, n)
        if what == "hang":
            time.sleep(1.0)
        elif isinstance(what, int):
            self.plain(what, b"no")
        elif what == "html":
            self.plain(200, b"<html>sign in</html>")
        elif self.path not in self.shelf.files:
            self.plain(404, b"none")
        else:
            self.give(self.shelf.files[self.path], what)

    def plain(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def give(self, body: bytes, what: object) -> None:
        start, asked = 0, self.headers.get("Range", "")
        if asked and what != "no-range" and self.headers.get("If-Range") == self.shelf.etag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        if start and start >= len(body):
            self.plain(416, b"", **{"Content-Range": f"bytes */{len(body)}"})
            return
        self.send_response(206 if start else 200)
        if start:
            said = start + 7 if what == "lie" else start
            self.send_header("Content-Range", f"bytes {said}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.send_header("ETag", self.shelf.etag)
        self.end_headers()
        part = body[start:]
        if what == "short":
            part = part[: len(part) // 2]
        for k in range(0, len(part), 1 << 16):
            self.wfile.write(part[k : k + (1 << 16)])
            time.sleep(0.2 if self.path == self.shelf.slow else 0.0)
