"""Fit the exemplars of `sarhad.kernels.relief` to real mountains (src/sarhad/data/relief_exemplars.npz).

    python benchmarks/fit_relief.py DIR_OF_SRTM_FILES OUT.npz

Truth at 3 arc seconds is averaged over 5 x 5 cells; the network learns what the smooth band leaves, the
dictionary holds what network and band leave. Adam (Kingma and Ba 2014, arXiv 1412.6980), cosine schedule,
all seeded.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import rasterio
from numpy.typing import NDArray
from scipy import ndimage

from sarhad.kernels import relief

FACTOR = relief.FACTOR
FILES = {
    "karakoram": "karakoram_baltoro_srtm_90m.tif",
    "oetztal": "oetztal_srtm_90m.tif",
    "rainier": "rainier_srtm_90m.tif",
    "bigtujunga": "bigtujunga_srtm_30m.tif",
    "everest": "everest_srtm_90m.tif",
}
HIDDEN = 96
EPOCHS = 24
BATCH = 512
N_EXEMPLAR = 1_000
SEED = 0

F64 = NDArray[np.float64]


class Range(NamedTuple):
    """A mountain range: heights (row, col) with voids filled, where they were, cell size."""

    name: str
    height_m: F64
    void: NDArray[np.bool_]
    dy_m: float
    dx_m: float


def read_range(folder: Path, name: str) -> Range:
    """Read one range at about 90 m, cut to whole blocks; voids take the nearest height, never used."""
    with rasterio.open(folder / FILES[name]) as data:
        height_m = data.read(1).astype(np.float64)
        void = height_m == data.nodata
        dy_m, dx_m = data.res[1], data.res[0]
        if data.crs.is_geographic:
            lat_deg = 0.5 * (data.bounds.top + data.bounds.bottom)
            dy_m, dx_m = dy_m * 111_320.0, dx_m * 111_320.0 * math.cos(math.radians(lat_deg))
    if void.any():
        at = ndimage.distance_transform_edt(void, return_distances=False, return_indices=True)
        height_m = height_m[tuple(at)]
    if dy_m < 45.0:
        height_m, void = block_mean(height_m, 3), block_mean(void.astype(np.float64), 3) > 0.0
        dy_m, dx_m = 3.0 * dy_m, 3.0 * dx_m
    n_row, n_col = (n // FACTOR * FACTOR for n in height_m.shape)
    return Range(name, height_m[:n_row, :n_col], void[:n_row, :n_col], dy_m, dx_m)


def block_mean(value: F64, n: int) -> F64:
    """Means of n x n blocks; rests at the southern and eastern edge are dropped."""
    n_row, n_col = value.shape[0] // n, value.shape[1] // n
    return value[: n_row * n, : n_col * n].reshape(n_row, n, n_col, n).mean(axis=(1, 3))


def padded(coarse_m: F64) -> F64:
    """Coarse heights with the margin that refinement wants, the edge repeated."""
    return np.pad(coarse_m, relief.MARGIN, mode="edge")


def _windows(value: F64, reach: int) -> F64:
    """(row, col, 2 reach + 1, 2 reach + 1) windows around every cell, the edge repeated."""
    side = 2 * reach + 1
    return np.lib.stride_tricks.sliding_window_view(np.pad(value, reach, mode="edge"), (side, side))


def _usable(item: Range) -> NDArray[np.bool_]:
    """Cells of the coarse grid far enough from voids and from the rim."""
    void = block_mean(item.void.astype(np.float64), FACTOR) > 0.0
    usable = ~ndimage.binary_dilation(void, structure=np.ones((3, 3)), iterations=relief.MARGIN)
    rim = relief.MARGIN
    usable[:rim] = usable[-rim:] = False
    usable[:, :rim] = usable[:, -rim:] = False
    return usable


def _samples(item: Range) -> tuple[F64, F64]:
    """Inputs (n, 7, 7) and what the smooth band leaves (n, 5, 5), in the four reflections."""
    coarse_m = block_mean(item.height_m, FACTOR)
    usable = _usable(item)
    rest_m = item.height_m - relief.smooth_band_m(padded(coarse_m))
    n_row, n_col = coarse_m.shape
    rest_m = rest_m.reshape(n_row, FACTOR, n_col, FACTOR).transpose(0, 2, 1, 3)[usable]
    around_m = _windows(coarse_m, relief.REACH)[usable] - coarse_m[usable][:, None, None]
    flips = ((1, 1), (-1, 1), (1, -1), (-1, -1))
    return (
        np.concatenate([around_m[:, ::i, ::j] for i, j in flips]),
        np.concatenate([rest_m[:, ::i, ::j] for i, j in flips]),
    )


def fit_network(ranges: list[Range]) -> list[NDArray[np.float32]]:
    """Least squares in metres, steep cells first, small ranges lifted; returns the three layers."""
    pairs = [_samples(item) for item in ranges]
    x = np.concatenate([pair[0] for pair in pairs]).reshape(-1, (2 * relief.REACH + 1) ** 2)
    y = np.concatenate([pair[1] for pair in pairs]).reshape(-1, FACTOR * FACTOR)
    size_m = np.sqrt((x**2).mean(axis=1)) + 20.0
    weight = np.minimum(size_m / 100.0, 3.0) ** 2
    weight *= np.concatenate([np.full(len(pair[0]), len(pair[0]) ** -0.5) for pair in pairs])
    weight /= weight.mean()
    lift = 5.0
    x, y = x / size_m[:, None], lift * y / size_m[:, None]
    layers = _train(x.astype(np.float32), y.astype(np.float32), weight.astype(np.float32))
    layers[2] /= np.float32(lift)
    return layers


def _train(x: NDArray[np.float32], y: NDArray[np.float32], weight: NDArray[np.float32]) -> list[NDArray]:
    rng = np.random.default_rng(SEED)
    sizes = (x.shape[1], HIDDEN, HIDDEN, y.shape[1])
    gain = (1.0, 1.0, 0.1)
    layers = [
        (gain[i] * rng.normal(0.0, math.sqrt(2.0 / sizes[i]), (sizes[i], sizes[i + 1]))).astype(np.float32)
        for i in range(3)
    ]
    mean, square = [np.zeros_like(w) for w in layers], [np.zeros_like(w) for w in layers]
    n_batch = len(x) // BATCH
    for step in range(1, EPOCHS * n_batch + 1):
        first = (step - 1) % n_batch * BATCH
        if first == 0:
            order = rng.permutation(len(x))
        at = order[first : first + BATCH]
        rate = 1e-3 * (1.0 + math.cos(math.pi * step / (EPOCHS * n_batch)))
        for k, slope in enumerate(_gradient(layers, x[at], y[at], weight[at])):
            mean[k] += np.float32(0.1) * (slope - mean[k])
            square[k] += np.float32(0.001) * (slope * slope - square[k])
            size = np.sqrt(square[k] / np.float32(1.0 - 0.999**step)) + np.float32(1e-8)
            layers[k] -= np.float32(rate / (1.0 - 0.9**step)) * mean[k] / size
    return layers


def _gradient(layers: list[NDArray], x: NDArray, y: NDArray, weight: NDArray) -> list[NDArray]:
    leak, one = np.float32(0.1), np.float32(1.0)
    sum_1 = x @ layers[0]
    hidden_1 = np.maximum(sum_1, leak * sum_1)
    sum_2 = hidden_1 @ layers[1]
    hidden_2 = np.maximum(sum_2, leak * sum_2)
    back = (hidden_2 @ layers[2] - y) * (weight / np.float32(len(x)))[:, None]
    back_2 = back @ layers[2].T * np.where(sum_2 > 0, one, leak)
    back_1 = back_2 @ layers[1].T * np.where(sum_1 > 0, one, leak)
    return [x.T @ back_1, hidden_1.T @ back_2, hidden_2.T @ back]


def fit_dictionary(
    ranges: list[Range], layers: list[NDArray], *, n_exemplar: int
) -> tuple[F64, NDArray[np.float32]]:
    """Shapes and patches of cells drawn at random, as many from each range, of local relief above 40 m."""
    rng = np.random.default_rng(SEED)
    net = relief.Exemplars(*layers, np.zeros((1, relief.N_SHAPE)), np.zeros((1, 15, 15), np.float32))
    shapes, patches = [], []
    for item in ranges:
        coarse_m = block_mean(item.height_m, FACTOR)
        rest_m = item.height_m - relief.best_band_m(padded(coarse_m), net)
        inner = np.pad(coarse_m, relief.REACH, mode="edge")
        relief_m, shape = relief.shapes(inner, FACTOR * item.dy_m, FACTOR * item.dx_m)
        at = np.argwhere(_usable(item) & (relief_m > 40.0))
        at = at[np.sort(rng.permutation(len(at))[: n_exemplar // len(ranges)])]
        for row, col in at:
            top, left = (row - 1) * FACTOR, (col - 1) * FACTOR
            patches.append(rest_m[top : top + 3 * FACTOR, left : left + 3 * FACTOR] / relief_m[row, col])
            shapes.append(shape[row, col])
    return np.array(shapes), np.array(patches, dtype=np.float32)


def fit(ranges: list[Range], *, n_exemplar: int = N_EXEMPLAR) -> relief.Exemplars:
    """Fit network and dictionary to the ranges."""
    layers = fit_network(ranges)
    return relief.Exemplars(*layers, *fit_dictionary(ranges, layers, n_exemplar=n_exemplar))


def write(path: Path, exemplars: relief.Exemplars) -> None:
    """Write float16 layers and shapes and int8 patches with their scale."""
    scale = np.float32(np.abs(exemplars.patch).max() / 127.0)
    np.savez_compressed(
        path,
        layer_1=exemplars.layer_1.astype(np.float16),
        layer_2=exemplars.layer_2.astype(np.float16),
        layer_3=exemplars.layer_3.astype(np.float16),
        shape=exemplars.shape.astype(np.float16),
        patch=np.round(exemplars.patch / scale).astype(np.int8),
        patch_scale=scale,
    )


def main() -> None:
    """Fit to all ranges and write the file."""
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    write(out, fit([read_range(folder, name) for name in FILES]))
    print(f"{out}: {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
