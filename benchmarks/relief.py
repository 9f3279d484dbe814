"""How far can a viewshed on refined relief be trusted? Each range in turn, refined by what the others taught.

    python benchmarks/relief.py DIR_OF_SRTM_FILES [SCALE ...]

Truth is real relief at 3 arc seconds; the model sees its 5 x 5 block means only. Both are laid on square 90
m cells. 60 posts on hilltops of the truth (highest within 800 m), eye 10 m up, targets of 1.5 m, within 10
km. Printed twice: with the mast on each terrain's highest cell within 300 m (a mast is built on the top
there is), and at the same coordinates.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

import fit_relief as fitting
from sarhad.kernels import relief
from sarhad.kernels.sight import viewshed

CELL_M = 90.0
RANGE_M = 10_000.0
N_OBSERVER = 60
TOP_M = 300.0
SEEDS = (1, 2)

F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Views(NamedTuple):
    """Shares seen and agreement, means over observers."""

    true_share: float
    share: float
    overlap: float


def square(item: fitting.Range, height_m: F64) -> F64:
    """Lay heights of a range on square cells by cubic convolution, two blocks inside of the rim."""
    rim = 2 * fitting.FACTOR
    row = np.arange(rim, item.height_m.shape[0] - rim, CELL_M / item.dy_m)
    col = np.arange(rim, item.height_m.shape[1] - rim, CELL_M / item.dx_m)
    rows, cols = (a.ravel() for a in np.meshgrid(row, col, indexing="ij"))
    return relief.sample_cubic(height_m, rows, cols, 0, 0).reshape(row.size, col.size)


def hilltops(truth_m: F64, void: Mask) -> NDArray[np.int64]:
    """Cells (n, 2) that are the highest within 800 m, away from voids and the rim, drawn at random."""
    reach = round(800.0 / CELL_M)
    top = truth_m == ndimage.maximum_filter(truth_m, size=2 * reach + 1)
    top &= ~ndimage.binary_dilation(void, iterations=2)
    rim = 25
    top[:rim] = top[-rim:] = False
    top[:, :rim] = top[:, -rim:] = False
    at = np.argwhere(top)
    return at[np.random.default_rng(0).permutation(len(at))[:N_OBSERVER]]


def to_tops(height_m: F64, at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Move observers to the highest cell within `TOP_M`."""
    reach = int(TOP_M / CELL_M)
    moved = []
    for row, col in at:
        near = height_m[row - reach : row + reach + 1, col - reach : col + reach + 1]
        d_row, d_col = np.unravel_index(np.argmax(near), near.shape)
        moved.append((row - reach + d_row, col - reach + d_col))
    return np.array(moved)


def seen_from(height_m: F64, at: NDArray[np.int64]) -> list[Mask]:
    """Viewsheds of 10 m masts."""
    table = {
        "row": at[:, 0],
        "col": at[:, 1],
        "height_m": np.full(len(at), 10.0),
        "range_m": np.full(len(at), RANGE_M),
    }
    views = viewshed(height_m.astype(np.float32), table, cell_m=CELL_M, target_m=1.5)
    return [views.mask(i) for i in range(len(at))]


def compare(true_m: F64, true_masks: list[Mask], model_m: F64, at: NDArray[np.int64], moves: bool) -> Views:
    """Compare viewsheds inside the circle about the true post."""
    masks = seen_from(model_m, to_tops(model_m, at) if moves else at)
    row, col = np.indices(true_m.shape, sparse=True)
    rows = []
    for (r, c), true, model in zip(at, true_masks, masks, strict=True):
        disc = (row - r) ** 2 + (col - c) ** 2 <= (RANGE_M / CELL_M) ** 2
        a, b = true & disc, model & disc
        rows.append((a.sum() / disc.sum(), b.sum() / disc.sum(), (a & b).sum() / (a | b).sum()))
    return Views(*np.mean(rows, axis=0))


def slope_deg(height_m: F64) -> F64:
    """Slopes, sorted."""
    d_row, d_col = np.gradient(height_m, CELL_M)
    return np.sort(np.degrees(np.arctan(np.hypot(d_row, d_col)))[30:-30, 30:-30].ravel())


def ks(a: F64, b: F64) -> float:
    """Kolmogorov-Smirnov distance of two sorted samples."""
    at = np.linspace(0.0, 90.0, 1801)
    return float(np.abs(np.searchsorted(a, at) / a.size - np.searchsorted(b, at) / b.size).max())


def roughness_m(height_m: F64) -> float:
    """Mean terrain ruggedness: mean absolute difference to the eight neighbours."""
    n_row, n_col = height_m.shape
    core = height_m[1:-1, 1:-1]
    shifts = [(i, j) for i in (0, 1, 2) for j in (0, 1, 2) if (i, j) != (1, 1)]
    total = sum(np.abs(core - height_m[i : n_row - 2 + i, j : n_col - 2 + j]) for i, j in shifts)
    return float(total[30:-30, 30:-30].mean() / 8.0)


def designs(item: fitting.Range, exemplars: relief.Exemplars, scales: list[float]) -> dict[str, list[F64]]:
    """Refined heights of a range by design; several seeds where detail is drawn."""
    coarse_m = fitting.block_mean(item.height_m, fitting.FACTOR)
    wide_m = fitting.padded(coarse_m)
    place = relief.Place(0, 0, fitting.FACTOR * item.dy_m, fitting.FACTOR * item.dx_m)
    out = {
        "nearest": [np.kron(coarse_m, np.ones((fitting.FACTOR, fitting.FACTOR)))],
        "cubic": [ndimage.zoom(coarse_m, fitting.FACTOR, order=3, mode="nearest", grid_mode=True)],
        "smooth": [relief.smooth_band_m(wide_m)],
        "best": [relief.best_band_m(wide_m, exemplars)],
    }
    for scale in scales:
        draws = [relief.Draw(seed, 1, scale) for seed in SEEDS]
        out[f"best+{scale:g}"] = [relief.refine_m(wide_m, exemplars, place, draw) for draw in draws]
    plain = exemplars._replace(layer_3=np.zeros_like(exemplars.layer_3))
    out["smooth+0.5"] = [relief.refine_m(wide_m, plain, place, relief.Draw(s, 1, 0.5)) for s in SEEDS]
    return out


def report(item: fitting.Range, exemplars: relief.Exemplars, scales: list[float]) -> None:
    """Print the table of one held-out range."""
    truth_m, void = square(item, item.height_m), square(item, item.void.astype(np.float64)) > 1e-6
    at = hilltops(truth_m, void)
    true_masks = seen_from(truth_m, at)
    true_slope = slope_deg(truth_m)
    print(f"\n{item.name}: {len(at)} posts, cells seen in truth ", end="")
    for i, (name, lattices) in enumerate(designs(item, exemplars, scales).items()):
        rows = []
        for lattice_m in lattices:
            model_m = square(item, lattice_m)
            top = compare(truth_m, true_masks, model_m, at, moves=True)
            point = compare(truth_m, true_masks, model_m, at, moves=False)
            slope = slope_deg(model_m)
            ratio = roughness_m(model_m) / roughness_m(truth_m)
            error_m = np.sqrt(np.mean((model_m - truth_m)[30:-30, 30:-30] ** 2))
            rows.append((*top, *point, ks(true_slope, slope), ratio, error_m))
        r = np.mean(rows, axis=0)
        if i == 0:
            print(
                f"{100 * r[0]:.1f} %\n{'':12s} top: seen %    off   IoU  point: off   IoU    KS   TRI  RMSE m"
            )
        print(
            f"{name:12s} {100 * r[1]:11.1f} {100 * (r[1] / r[0] - 1):+6.1f}% {r[2]:.3f}"
            f" {100 * (r[4] / r[3] - 1):+10.1f}% {r[5]:.3f} {r[6]:.3f} {r[7]:.3f} {r[8]:7.1f}",
            flush=True,
        )


def speed(exemplars: relief.Exemplars) -> None:
    """Print sub-cells a second."""
    coarse_m = np.random.default_rng(0).normal(3_000.0, 300.0, (212, 212))
    place, draw = relief.Place(0, 0, 460.0, 370.0), relief.Draw(1, 1, 0.5)
    for _ in range(2):
        begin_s = time.perf_counter()
        lattice = relief.refine_m(coarse_m, exemplars, place, draw)
        spent_s = time.perf_counter() - begin_s
    print(f"\nspeed: {lattice.size / spent_s / 1e6:.1f} million sub-cells a second on one core")


def main() -> None:
    """Leave one range out at a time."""
    folder = Path(sys.argv[1])
    scales = [float(text) for text in sys.argv[2:]] or [0.25, 0.5, 1.0]
    ranges = {name: fitting.read_range(folder, name) for name in fitting.FILES}
    for name in ("karakoram", "oetztal", "rainier", "bigtujunga"):
        exemplars = fitting.fit([item for other, item in ranges.items() if other != name])
        report(ranges[name], exemplars, scales)
    speed(exemplars)


if __name__ == "__main__":
    main()
