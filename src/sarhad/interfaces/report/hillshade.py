"""Soft shaded relief with hypsometric tints.

Slopes by Horn, B. K. P. (1981) "Hill shading and the reflectance map", Proc. IEEE 69(1); light from three
directions around the north-west, weighted, so that no valley goes black (after Imhof, *Cartographic Relief
Presentation*, 1982). Slopes are scaled so that their 90th percentile looks like 40 degrees, at most sixfold:
plains show their terraces and mountains stay calm. Tints rise from a pale green to a pale stone, all light
enough for what is drawn over them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

HEIGHTS_M = (0.0, 400.0, 1000.0, 2000.0, 3200.0, 4500.0, 6000.0)
TINTS = ("#dfe6d5", "#e5e9d6", "#eeebd8", "#efe6d3", "#eae0d4", "#ebe6e2", "#f7f7f8")
NO_HEIGHT = "#f1f2f3"
LIGHTS = ((315.0, 0.6), (270.0, 0.2), (360.0, 0.2))
ELEVATION_DEG = 45.0
STEEP_DEG = 40.0
MOST = 6.0


def hillshade(height_m: NDArray[np.float32], cell_m: float) -> NDArray[np.float64]:
    """Return the shade (row, col) of square cells, 0 dark to 1 light, flat ground 0.707; NaN stays NaN."""
    filled = _filled(height_m)
    east = ndimage.sobel(filled, axis=1, mode="nearest") / (8.0 * cell_m)
    north = -ndimage.sobel(filled, axis=0, mode="nearest") / (8.0 * cell_m)
    steep = float(np.percentile(np.hypot(east, north), 90.0))
    scale = min(MOST, np.tan(np.radians(STEEP_DEG)) / max(steep, 1e-6))
    east, north = east * scale, north * scale
    norm = np.sqrt(1.0 + east**2 + north**2)
    up = np.sin(np.radians(ELEVATION_DEG))
    across = np.cos(np.radians(ELEVATION_DEG))
    shade = np.zeros_like(filled)
    for azimuth_deg, weight in LIGHTS:
        towards_east, towards_north = np.sin(np.radians(azimuth_deg)), np.cos(np.radians(azimuth_deg))
        lit = (up - across * (east * towards_east + north * towards_north)) / norm
        shade += weight * np.clip(lit, 0.0, 1.0)
    shade[np.isnan(height_m)] = np.nan
    return shade


def relief_rgb(
    height_m: NDArray[np.float32], cell_m: float, veil: NDArray[np.float64] | None = None
) -> NDArray[np.uint8]:
    """Return a picture (row, col, 3) of heights; `veil` (row, col) in 0..1 fades it towards a pale grey."""
    colours = np.array([_rgb(tint) for tint in TINTS])
    filled = _filled(height_m)
    tint = np.stack([np.interp(filled, HEIGHTS_M, colours[:, k]) for k in range(3)], axis=-1)
    shade = hillshade(height_m, cell_m)
    light = np.where(np.isnan(shade), 1.0, 0.60 + 0.57 * shade)[..., None]
    picture = np.clip(tint * light, 0.0, 1.0)
    if veil is not None:
        grey = picture.mean(axis=-1, keepdims=True)
        pale = 0.55 * grey + 0.45 * 0.97
        picture = picture + veil[..., None] * (pale - picture)
    picture[np.isnan(height_m)] = _rgb(NO_HEIGHT)
    out: NDArray[np.uint8] = np.round(255.0 * np.clip(picture, 0.0, 1.0)).astype(np.uint8)
    return out


def _filled(height_m: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return heights with the nearest one where there is none; zeros where there is none at all."""
    void = np.isnan(height_m)
    if void.all():
        return np.zeros(height_m.shape)
    value = height_m.astype(np.float64)
    if void.any():
        nearest = ndimage.distance_transform_edt(void, return_distances=False, return_indices=True)
        value = value[tuple(nearest)]
    return value


def _rgb(colour: str) -> NDArray[np.float64]:
    return np.array([int(colour[k : k + 2], 16) / 255.0 for k in (1, 3, 5)])
