"""What two posts see of a valley, and how tall a thing must be to be seen behind the ridge."""

import numpy as np
import pandas as pd

from sarhad.kernels import sight


def test_viewshed():
    # terrain: 60 x 80 cells of 30 m, a ridge of 120 m along column 40 with a pass at row 30
    row, col = np.mgrid[:60, :80]
    ridge_m = 120.0 * np.exp(-(((col - 40) / 4.0) ** 2))
    dem_m = (ridge_m * (1.0 - 0.97 * np.exp(-(((row - 30) / 5.0) ** 2)))).astype(np.float32)

    observers = pd.DataFrame(
        {
            "row": [30, 10],
            "col": [10, 40],
            "height_m": [10.0, 4.0],
            "range_m": [3_000.0, 1_500.0],
            "azimuth_deg": [0.0, 90.0],
            "sector_deg": [360.0, 180.0],  # all round; the eastern half
        }
    )
    seen = sight.viewshed(dem_m, observers, cell_m=30.0, target_m=1.7)

    assert seen.mask(0)[30, 60]  # through the pass
    assert not seen.mask(0)[10, 60]  # behind the ridge
    assert seen.minimum_visible_height_m(0)[10, 60] > 100.0
    assert not seen.mask(1)[:, :40].any()  # the second post looks east only
    assert seen.count().max() == 2
