"""How good the terrain is where the project needs it: cover, voids, seams, spikes, relief against distance.

Cover and voids are counted on the working cells of the band, each once, by the kilometre of chainage that it
is nearest to; what gives a cell its height is the layer that plans read there. Spikes and relief are those of
the source's own cells under the band. Seams are those between tiles of one lattice (`sarhad.io.tile_pairs`)
and, on working cells, between layers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sarhad.io.basis import LineAndBand
from sarhad.io.cache import content_key, source_digest
from sarhad.io.mosaic import Mosaic, read_mosaic
from sarhad.io.terrain import NO_LAYER, Heights, Terrain, open_terrain
from sarhad.io.terrain_layer import Layer
from sarhad.io.terrain_section import terrain_hashes
from sarhad.io.tile_pairs import difference_m, pairs, step_at
from sarhad.kernels.dem_quality import LAGS, lag_squares, spikes
from sarhad.model.project import TerrainSource
from sarhad.planning.compute import Compute
from sarhad.planning.sector import Sector, SectorPlan, build_sector, sectors

RUN_M = 1_000.0
"""Voids and uncovered ground are told by the kilometre of chainage."""
BLOCK_CELLS = 4_000_000
"""Source cells that are looked at in one piece."""
SUSPECT_RATIO = 3.0
"""A seam is suspect where its step is this many times what relief alone gives beside it ..."""
SUSPECT_M = 0.5
"""... and larger than this."""

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LayerFound:
    """One layer: what it is, its share of the band, and what its cells are like.

    `rms_m` are the root mean square differences of heights `LAGS` cells apart; `growth` is the exponent H
    from the first lag to the second, NaN where all is level. `zero_share` is that of its cells at exactly
    0 m. `spike_lon_lat_deg` are the first spikes.
    """

    n_tile: int
    first_file: str
    crs: str
    cell_m: float
    is_coarse: bool
    n_split: int
    band_km2: float
    rms_m: tuple[float, ...]
    growth: float
    zero_share: float
    n_spike: int
    spike_lon_lat_deg: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of chainage on which some of the band has no height; `is_void` or not under any tile."""

    from_m: float
    to_m: float
    area_km2: float
    is_void: bool


@dataclass(frozen=True, slots=True)
class Seam:
    """Where two tiles, or two layers, meet: the step from the first to the second and what is usual there.

    `kind` is touch, overlap or layers. `typical_m` is what relief alone gives; 0 where they overlap.
    """

    kind: str
    first: str
    second: str
    step_m: float
    typical_m: float
    neighbour_m: float
    n: int

    @property
    def is_suspect(self) -> bool:
        """Whether the step is more than relief explains."""
        return abs(self.step_m) > max(SUSPECT_M, SUSPECT_RATIO * self.typical_m)


@dataclass(frozen=True, slots=True)
class Survey:
    """What `survey` found; areas are those of the band."""

    band_km2: float
    void_km2: float
    outside_km2: float
    kind: str
    layers: tuple[LayerFound, ...]
    gaps: tuple[Gap, ...]
    seams: tuple[Seam, ...]


class _Task(NamedTuple):
    course: LineAndBand
    source: TerrainSource
    plan: SectorPlan


class _Part(NamedTuple):
    """What one sector holds: arrays by layer, by kilometre, spikes and steps between layers.

    `level` (layer, 2) counts the source's cells at exactly 0 m, and those with a height.
    """

    n_cell: int
    by_layer: I64
    gap_km: tuple[I64, I64]
    squares: F64
    counts: I64
    level: I64
    spike: tuple[I64, ...]
    border: dict[tuple[int, int], F64]
    neighbour: F64


def survey(source: TerrainSource, course: LineAndBand, *, compute: Compute) -> Survey:
    """Look at every cell of the band and at every seam."""
    settings = course.settings
    terrain = open_terrain(source, settings)
    tasks = [_Task(course, source, plan) for plan in sectors(course)]
    same = _fingerprint(source, course)
    keys = [content_key("terrain", same, task.plan) for task in tasks]
    parts = compute.run("terrain", _look, tasks, keys=keys)
    seams = [seam for layer in terrain.layers for seam in _tile_seams(layer.mosaic)]
    cell_km2 = settings.cell_m**2 / 1e6
    voids, outside = (np.concatenate([part.gap_km[k] for part in parts]) for k in (0, 1))
    return Survey(
        band_km2=sum(part.n_cell for part in parts) * cell_km2,
        void_km2=len(voids) * cell_km2,
        outside_km2=len(outside) * cell_km2,
        kind=terrain.kind,
        layers=tuple(_layer_found(terrain, k, parts, cell_km2) for k in range(len(terrain.layers))),
        gaps=(*_gaps(voids, cell_km2, True), *_gaps(outside, cell_km2, False)),
        seams=(*seams, *_layer_seams(terrain, parts)),
    )


def _fingerprint(source: TerrainSource, course: LineAndBand) -> str:
    """Return a key of all that a survey depends on: code, heights and words on them, line, settings."""
    line = course.line
    return content_key(
        source_digest(),
        [(path.name, digest) for path, digest in terrain_hashes(source).items()],
        replace(source, paths=()),
        replace(course.settings, processes=0),
        line.home_side,
        [
            (p.part_id, p.exclave, *(a.tobytes() for a in (p.lon_deg, p.lat_deg, p.chainage_m)))
            for p in line.parts
        ],
    )


def _look(task: _Task) -> _Part:
    """Read one sector as a plan would, and the source's cells under it."""
    terrain = open_terrain(task.source, task.course.settings)
    sector = build_sector(task.course, task.plan)
    own = sector.in_band & (sector.chainage_m >= task.plan.from_m) & (sector.chainage_m <= task.plan.to_m)
    found = terrain.read(sector.grid)
    missing = own & (found.layer == NO_LAYER)
    held = terrain.holds(sector.grid) if missing.any() else missing
    km = np.floor(sector.chainage_m / RUN_M).astype(np.int64)
    n_layer = len(terrain.layers)
    squares, counts = np.zeros((n_layer, len(LAGS))), np.zeros((n_layer, len(LAGS)), dtype=np.int64)
    level = np.zeros((n_layer, 2), dtype=np.int64)
    spike: list[I64] = []
    for k, layer in enumerate(terrain.layers):
        at: list[I64] = []
        for row, col, height_m in _source_blocks(layer, sector, own & (found.layer == k)):
            odd = spikes(height_m, *layer.mosaic.ground_cell_m)
            odd_row, odd_col = (one.astype(np.int64) for one in np.nonzero(odd))
            at.append((odd_row + row) * layer.mosaic.n_col + odd_col + col)
            total, count = lag_squares(np.where(odd, np.nan, height_m))  # one spike outweighs a mountain
            squares[k] += total
            counts[k] += count
            level[k] += np.count_nonzero(height_m == 0.0), np.count_nonzero(~np.isnan(height_m))
        spike.append(np.unique(np.concatenate(at)) if at else np.empty(0, dtype=np.int64))
    border, neighbour = _borders(found)
    by_layer = np.bincount(found.layer[own & ~missing], minlength=n_layer).astype(np.int64)
    gap_km = (km[missing & held], km[missing & ~held])
    return _Part(int(own.sum()), by_layer, gap_km, squares, counts, level, tuple(spike), border, neighbour)


def _source_blocks(layer: Layer, sector: Sector, used: NDArray[np.bool_]) -> Iterator[tuple[int, int, F64]]:
    """Give (row, col, heights) of the source's cells under the used cells, block by block."""
    rows, cols = np.flatnonzero(used.any(axis=1)), np.flatnonzero(used.any(axis=0))
    if not rows.size:
        return
    top, left = int(rows[0]), int(cols[0])
    box = sector.grid.window(top, left, int(rows[-1]) + 1 - top, int(cols[-1]) + 1 - left)
    row, col = layer.outline(box)
    mosaic = layer.mosaic
    row_0, row_1 = max(0, int(np.floor(row.min()))), min(mosaic.n_row, int(np.ceil(row.max())) + 1)
    col_0, col_1 = max(0, int(np.floor(col.min()))), min(mosaic.n_col, int(np.ceil(col.max())) + 1)
    n_row = max(64, BLOCK_CELLS // max(1, col_1 - col_0))
    for start in range(row_0, row_1, n_row):
        stop = min(row_1, start + n_row)
        # one more row on either side, so that no spike hides between blocks
        first, last = max(row_0, start - 1), min(row_1, stop + 1)
        yield first, col_0, read_mosaic(mosaic, first, col_0, last - first, col_1 - col_0)


def _borders(found: Heights) -> tuple[dict[tuple[int, int], F64], F64]:
    """Return the steps between layers by pair of layers, and the size of steps within (a sample)."""
    border: dict[tuple[int, int], list[F64]] = {}
    within: list[F64] = []
    for height, layer in ((found.height_m, found.layer), (found.height_m.T, found.layer.T)):
        change = np.diff(height.astype(np.float64), axis=1)
        step = change[:, 1:-1] - (change[:, :-2] + change[:, 2:]) / 2.0
        a, b = layer[:, 1:-2], layer[:, 2:-1]
        inner = (layer[:, :-3] == a) & (layer[:, 3:] == b) & (a != NO_LAYER) & (b != NO_LAYER)
        for one, other in np.unique(np.stack([a[inner & (a != b)], b[inner & (a != b)]]), axis=1).T.tolist():
            here = step[inner & (a == one) & (b == other)]
            low, high = sorted((one, other))
            border.setdefault((low, high), []).append(here if one == low else -here)
        if np.any(inner & (a != b)):
            within.append(np.abs(step[inner & (a == b)])[::97])
    joined = {pair: np.concatenate(steps) for pair, steps in border.items()}
    return joined, np.concatenate(within) if within else np.empty(0)


def _tile_seams(mosaic: Mosaic) -> Iterator[Seam]:
    for pair in pairs(mosaic):
        first, second = pair.first.frame.path.name, pair.second.frame.path.name
        if pair.overlaps:
            away_m = difference_m(pair)
            if away_m.size:
                yield Seam("overlap", first, second, float(np.median(away_m)), 0.0, 0.0, int(away_m.size))
            continue
        step = step_at(pair)
        if step.n:
            yield Seam("touch", first, second, step.step_m, step.typical_m, step.neighbour_m, step.n)


def _layer_seams(terrain: Terrain, parts: Sequence[_Part]) -> Iterator[Seam]:
    neighbour = np.concatenate([part.neighbour for part in parts])
    for pair in sorted({pair for part in parts for pair in part.border}):
        steps = np.concatenate([part.border[pair] for part in parts if pair in part.border])
        first, second = (terrain.layers[k].mosaic.tiles[0].frame.path.name for k in pair)
        usual = float(np.median(neighbour)) if neighbour.size else float("nan")
        # the median of n independent steps wanders by about their size over the root of n
        typical_m = usual / math.sqrt(len(steps))
        yield Seam("layers", first, second, float(np.median(steps)), typical_m, usual, len(steps))


def _layer_found(terrain: Terrain, k: int, parts: Sequence[_Part], cell_km2: float) -> LayerFound:
    layer = terrain.layers[k]
    mosaic = layer.mosaic
    total, count = sum(part.squares[k] for part in parts), sum(part.counts[k] for part in parts)
    with np.errstate(invalid="ignore", divide="ignore"):
        rms_m = np.sqrt(np.asarray(total) / np.asarray(count))
        growth = float(np.log(rms_m[1] / rms_m[0]) / np.log(LAGS[1] / LAGS[0]))
    n_zero, n_known = sum(part.level[k] for part in parts)
    spike = np.unique(np.concatenate([part.spike[k] for part in parts]))
    row, col = np.divmod(spike[:10], mosaic.n_col)
    return LayerFound(
        n_tile=len(mosaic.tiles),
        first_file=mosaic.tiles[0].frame.path.name,
        crs=mosaic.crs_name,
        cell_m=layer.source_cell_m,
        is_coarse=layer.is_coarse,
        n_split=layer.n_split,
        band_km2=float(sum(int(part.by_layer[k]) for part in parts)) * cell_km2,
        rms_m=tuple(float(one) for one in rms_m),
        growth=growth,
        zero_share=float(n_zero / max(1, n_known)),
        n_spike=int(spike.size),
        spike_lon_lat_deg=tuple(mosaic.lon_lat_of(row.astype(np.float64), col.astype(np.float64))),
    )


def _gaps(km: I64, cell_km2: float, is_void: bool) -> Iterator[Gap]:
    """Give the runs of kilometres that hold some of the cells."""
    if not km.size:
        return
    which, count = np.unique(km, return_counts=True)
    for run in np.split(np.arange(len(which)), np.flatnonzero(np.diff(which) > 1) + 1):
        area_km2 = float(count[run].sum()) * cell_km2
        yield Gap(float(which[run[0]]) * RUN_M, float(which[run[-1]] + 1) * RUN_M, area_km2, is_void)
