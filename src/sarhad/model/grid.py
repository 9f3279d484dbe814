"""A square-celled raster frame in a projected CRS; row 0 is the northern edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

N = TypeVar("N", float, NDArray[np.float64])


@dataclass(frozen=True, slots=True)
class Grid:
    """Where cells lie: `left_m`, `top_m` is the outer corner of cell (0, 0)."""

    crs: str
    left_m: float
    top_m: float
    cell_m: float
    n_row: int
    n_col: int

    def __post_init__(self) -> None:
        if not self.cell_m > 0:
            raise ValueError(f"cell_m must be positive, found {self.cell_m}")
        if self.n_row < 1 or self.n_col < 1:
            raise ValueError(f"a grid needs at least one cell, found {self.n_row} x {self.n_col}")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return (self.n_row, self.n_col)

    @property
    def n_cell(self) -> int:
        """Number of cells."""
        return self.n_row * self.n_col

    def centre_m(self, row: N, col: N) -> tuple[N, N]:
        """Return (x_m, y_m) of the centres of cells; fractional rows and columns are allowed."""
        return self.left_m + (col + 0.5) * self.cell_m, self.top_m - (row + 0.5) * self.cell_m

    def cell_at(self, x_m: N, y_m: N) -> tuple[N, N]:
        """Return fractional (row, col), integral at cell centres; the inverse of `centre_m`."""
        return (self.top_m - y_m) / self.cell_m - 0.5, (x_m - self.left_m) / self.cell_m - 0.5

    def window(self, row: int, col: int, n_row: int, n_col: int) -> Grid:
        """Return the aligned grid whose cell (0, 0) is this grid's cell (row, col)."""
        left_m = self.left_m + col * self.cell_m
        return Grid(self.crs, left_m, self.top_m - row * self.cell_m, self.cell_m, n_row, n_col)
