"""One check for physical quantities: finite numbers within their range, or a fault that names them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sarhad.errors import InputFaults


def checked(
    name: str, value: ArrayLike, low: float = -np.inf, high: float = np.inf, *, above: bool = False
) -> NDArray[np.float64]:
    """Return `value` as float64 (any shape) if it is finite and in low..high; `above` excludes `low`.

    Raises InputFaults with the number of bad values and the first of them.
    """
    array = np.asarray(value, dtype=np.float64)
    good = np.isfinite(array) & (array > low if above else array >= low) & (array <= high)
    if good.all():
        return array
    bad = array[~good]
    bounds = ("above " if above else "at least ") + f"{low:g}" if low > -np.inf else ""
    bounds += (" and " if bounds and high < np.inf else "") + (f"at most {high:g}" if high < np.inf else "")
    expected = "finite numbers" + (", " + bounds if bounds else "")
    found = f"{bad.flat[0]:g}" + (f" and {bad.size - 1} more" if bad.size > 1 else "")
    raise InputFaults.one(name, expected, found)
