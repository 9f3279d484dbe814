"""How long does it take to walk to the road, over a ridge, with a river in the way?"""

import numpy as np

from sarhad.kernels.travel import travel_time


def test_walking_times_to_a_road() -> None:
    # A ridge 200 m high between two valleys: 40 x 60 cells of 90 m, row 0 in the north.
    dem_m = 1_000 + 200 * np.sin(np.linspace(0, np.pi, 60))[None, :] * np.ones((40, 1))
    road = [[row, 59] for row in range(40)]  # along the eastern edge: row, col

    # Seconds from every cell to the road; uphill and downhill differ.
    to_road_s = travel_time(dem_m, road, cell_m=90, speed="tobler_off_path", towards=True)
    from_road_s = travel_time(dem_m, road, cell_m=90, speed="tobler_off_path")
    assert to_road_s[20, 30] < from_road_s[20, 30]  # from the crest down is faster than up to it

    # A river along column 45 with one ford. It holds: nobody slips across between two of its cells.
    river = np.zeros(dem_m.shape, dtype=bool)
    river[:, 45] = True
    river[5, 45] = False
    by_ford_s = travel_time(dem_m, road, cell_m=90, speed="tobler_off_path", towards=True, barrier=river)
    assert by_ford_s[5, 30] < by_ford_s[35, 30]
    assert (by_ford_s >= to_road_s).all()

    # Who can be at the road within the hour?
    within_the_hour = np.isfinite(
        travel_time(dem_m, road, cell_m=90, speed="tobler_off_path", towards=True, limit_s=3_600)
    )
    assert within_the_hour.sum() == (to_road_s <= 3_600).sum()
