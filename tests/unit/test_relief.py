"""Refinement of coarse relief against its slow definitions."""

import math

import numpy as np
import pytest

from sarhad.errors import InputFaults
from sarhad.kernels import relief

F, M = relief.FACTOR, relief.MARGIN


def mountains(n_row: int, n_col: int, seed: int = 0) -> np.ndarray:
    """Smooth random hills of some hundred metres on a slope."""
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[:n_row, :n_col].astype(float)
    height_m = 2_500.0 + 20.0 * row - 10.0 * col
    for _ in range(12):
        a, b, phase = rng.uniform(-1.2, 1.2), rng.uniform(-1.2, 1.2), rng.uniform(0, 6.28)
        height_m += rng.uniform(10.0, 90.0) * np.sin(a * row + b * col + phase)
    return height_m


def made_up(seed: int = 0, n: int = 40) -> relief.Exemplars:
    rng = np.random.default_rng(seed)
    return relief.Exemplars(
        rng.normal(0, 0.1, (49, 8)).astype(np.float32),
        rng.normal(0, 0.3, (8, 8)).astype(np.float32),
        rng.normal(0, 0.1, (8, 25)).astype(np.float32),
        rng.normal(0, 0.5, (n, 9)),
        rng.normal(0, 0.1, (n, 15, 15)).astype(np.float32),
    )


def block_mean(value: np.ndarray) -> np.ndarray:
    n_row, n_col = value.shape
    return value.reshape(n_row // F, F, n_col // F, F).mean(axis=(1, 3))


def keys(x: float) -> float:
    """Keys (1981), equation 15, a = -1/2."""
    x = abs(x)
    if x <= 1.0:
        return 1.5 * x**3 - 2.5 * x**2 + 1.0
    return -0.5 * x**3 + 2.5 * x**2 - 4.0 * x + 2.0 if x < 2.0 else 0.0


def operator(n: int) -> np.ndarray:
    """U in one dimension, (n F, n), by Keys' kernel; rows near the ends lack samples."""
    at = (np.arange(n * F) + 0.5) / F - 0.5
    return np.array([[keys(x - k) for k in range(n)] for x in at])


def means(n: int) -> np.ndarray:
    """B in one dimension, (n, n F)."""
    return np.kron(np.eye(n), np.full(F, 1.0 / F))


def smooth_by_definition(h: np.ndarray) -> np.ndarray:
    """p = h + (I - BU) h + (I - BU)^2 h, u = U p, then the bump; dense matrices."""
    u_row, u_col = operator(h.shape[0]), operator(h.shape[1])
    b_row, b_col = means(h.shape[0]), means(h.shape[1])

    def rest(z: np.ndarray) -> np.ndarray:
        return z - b_row @ u_row @ z @ u_col.T @ b_col.T

    lattice = u_row @ (h + rest(h) + rest(rest(h))) @ u_col.T
    return impose(lattice, h)[M * F : -M * F, M * F : -M * F]


def impose(lattice: np.ndarray, mean: np.ndarray) -> np.ndarray:
    hann = np.sin(np.pi * (np.arange(F) + 0.5) / F) ** 2
    bump = np.outer(hann, hann) / np.outer(hann, hann).mean()
    return lattice + np.kron(mean - block_mean(lattice), bump)


def test_smooth_band_is_its_definition():
    h = mountains(19, 23)
    assert relief.smooth_band_m(h) == pytest.approx(smooth_by_definition(h), abs=1e-8)


def test_expected_detail_is_its_definition():
    h, net = mountains(17, 18, 4), made_up(1)
    smooth = relief.smooth_band_m(h)
    added = np.zeros_like(smooth)
    for row in range(M, h.shape[0] - M):
        for col in range(M, h.shape[1] - M):
            x = (h[row - 3 : row + 4, col - 3 : col + 4] - h[row, col]).ravel()
            for layer in (net.layer_1, net.layer_2):
                x = x @ layer.astype(float)
                x = np.where(x > 0, x, 0.1 * x)
            y = (x @ net.layer_3.astype(float)).reshape(F, F)
            added[(row - M) * F : (row - M + 1) * F, (col - M) * F : (col - M + 1) * F] = y
    expected = impose(smooth + added, h[M:-M, M:-M])
    assert relief.best_band_m(h, net) == pytest.approx(expected, abs=1e-2)


def shape_by_definition(h: np.ndarray, row: int, col: int, size_m: tuple[float, float]) -> tuple:
    around = h[row - 3 : row + 4, col - 3 : col + 4] - h[row, col]
    local_m = math.sqrt((around**2).mean())
    out = []
    for i, j in ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)):
        away = math.hypot(i * size_m[0], j * size_m[1]) / math.sqrt(size_m[0] * size_m[1])
        out.append((h[row + i, col + j] - h[row, col]) / local_m / away)
    return local_m, [*out, 0.5 * math.log(local_m / 100.0)]


def splitmix(word: int) -> int:
    mask = 2**64 - 1
    z = (word + 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


def test_splitmix_gives_the_published_sequence():
    """First outputs of splitmix64 with seed 1234567 (Vigna's reference code, as in Rosetta Code)."""
    known = (6457827717110365317, 3203168211198807973, 9817491932198370423)
    step = 0x9E3779B97F4A7C15
    for i, value in enumerate(known):
        assert splitmix((1234567 + i * step) % 2**64) == value
        assert int(relief._mix(np.uint64((1234567 + i * step) % 2**64))) == value


def test_drawn_detail_is_its_definition():
    h, ex = mountains(16, 17, 8), made_up(2)
    size_m = (463.0, 370.0)
    row_0, col_0, seed, realisation = -2, 40, 11, 3
    wide = np.zeros((h.shape[0] * F, h.shape[1] * F))
    weight_2 = np.zeros_like(wide)
    hann = np.sin(np.pi * (np.arange(15) + 0.5) / 15) ** 2
    blend = np.outer(hann, hann)
    for row in range(M - 1, h.shape[0] - M + 1):
        for col in range(M - 1, h.shape[1] - M + 1):
            local_m, shape = shape_by_definition(h, row, col, size_m)
            near = np.argsort(((ex.shape - shape) ** 2).sum(axis=1), kind="stable")[: relief.N_NEAR]
            word = splitmix(splitmix(seed) ^ realisation)
            word = splitmix(word ^ ((row_0 + row) % 2**64))
            word = splitmix(word ^ ((col_0 + col) % 2**64))
            patch = ex.patch[near[word % relief.N_NEAR]].astype(float)
            spot = np.s_[(row - 1) * F : (row + 2) * F, (col - 1) * F : (col + 2) * F]
            wide[spot] += local_m * patch * blend
            weight_2[spot] += blend**2
    inner = np.s_[M * F : -M * F, M * F : -M * F]
    detail = impose(
        wide[inner] / np.sqrt(weight_2[inner]), np.zeros((h.shape[0] - 2 * M, h.shape[1] - 2 * M))
    )
    expected = relief.best_band_m(h, ex) + 0.7 * detail
    found = relief.refine_m(h, ex, relief.Place(row_0, col_0, *size_m), relief.Draw(seed, realisation, 0.7))
    assert found == pytest.approx(expected, abs=1e-6)


def test_shapes_are_slopes_on_the_ground():
    """On a plane that falls one metre a metre to the east, the shape knows the cells' width."""
    col = np.arange(9.0)
    h = np.tile(-370.0 * col, (9, 1))
    local_m, shape = relief.shapes(h, 463.0, 370.0)
    east, south = 4, 6
    assert shape[1, 1, east] * local_m[1, 1] == pytest.approx(-math.sqrt(463.0 * 370.0))
    assert shape[1, 1, south] == 0.0


def test_a_plane_stays_a_plane():
    row, col = np.mgrid[:20, :22].astype(float)
    at_row, at_col = np.mgrid[: (20 - 2 * M) * F, : (22 - 2 * M) * F]
    fine = 1_000.0 + 70.0 * ((at_row + 0.5) / F - 0.5 + M) - 30.0 * ((at_col + 0.5) / F - 0.5 + M)
    assert relief.smooth_band_m(1_000.0 + 70.0 * row - 30.0 * col) == pytest.approx(fine, abs=1e-9)


def test_sample_cubic_is_keys_kernel():
    rng = np.random.default_rng(5)
    value = rng.normal(0, 100, (9, 10))
    row, col = rng.uniform(101.0, 106.9, 50), rng.uniform(201.0, 207.9, 50)
    expected = [
        sum(keys(r - 100 - i) * keys(c - 200 - j) * value[i, j] for i in range(9) for j in range(10))
        for r, c in zip(row, col, strict=True)
    ]
    assert relief.sample_cubic(value, row, col, 100, 200) == pytest.approx(expected, abs=1e-9)


def test_sample_linear_by_hand():
    value = np.array([[0.0, 10.0], [20.0, 50.0]])
    found = relief.sample_linear(value, np.array([7.0, 7.5, 7.25]), np.array([3.0, 3.5, 3.0]), 7, 3)
    assert found.tolist() == [0.0, 20.0, 5.0]


def test_bad_arguments_are_refused():
    h, ex, place = mountains(20, 20), made_up(), relief.Place(0, 0, 460.0, 370.0)
    holed = h.copy()
    holed[4, 5] = np.nan
    with pytest.raises(InputFaults, match="1 of 400 not finite"):
        relief.smooth_band_m(holed)
    with pytest.raises(InputFaults, match="more than 12"):
        relief.best_band_m(h[:12], ex)
    for draw in (relief.Draw(-1, 1, 0.5), relief.Draw(1, -1, 0.5), relief.Draw(1, 1, math.nan)):
        with pytest.raises(InputFaults, match="seed and realisation"):
            relief.refine_m(h, ex, place, draw)
