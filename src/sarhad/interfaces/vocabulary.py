"""Ids as words: what Sarhad ships has names in every language, a project's own ids are shown as they are."""

from __future__ import annotations

from sarhad.interfaces.language import language, say, translated

VOCABULARY = translated(
    {
        name: name.replace("_", " ")
        for name in (
            *("unaware", "aware", "optimal", "fastest"),
            *("walker", "group", "person_group", "rider", "vehicle"),
            *("winter", "spring", "summer", "autumn", "day", "night", "dusk", "moon", "moonless"),
            *("clear", "fog", "rain", "snow", "dust", "haze"),
            *("real", "refined", "synthetic", "user"),
            *("needed", "pledged", "approved", "contracted", "produced", "shipped", "delivered"),
            *("accepted", "installed", "trained", "working", "down", "repaired", "lost", "returned"),
            *("approve", "contract", "produce", "ship", "deliver", "accept", "install", "train"),
            *("commission", "repair", "items", "km", "free", "paid"),
            *("resolved", "agreed", "undermined", "disputed", "unknown", "left", "right"),
            *("kept", "fetched", "roads", "rivers", "openings", "land_cover", "settlements"),
            *("closed", "thin", "open", "impassable", "not seen", "seen too late"),
            *("observer_eye", "observer_binoculars", "post_staffed", "observer_tower", "observer_nvg"),
            *("observer_post",),
            *("day_camera_short", "day_camera_long", "thermal_handheld", "thermal_short", "thermal_medium"),
            *("thermal_long", "thermal_cooled", "thermal_cooled_long", "thermal_vehicle", "thermal_tethered"),
            *("radar_short", "radar_medium", "radar_long", "radar_vehicle"),
            *("seismic_line", "seismic_line_sparse", "pir_line", "magnetic_line"),
            *("fibre_line", "fibre_line_rock", "fence_signal", "fence_signal_restored"),
            *("drone_small", "drone_heavy", "drone_fixed_wing", "drone_long_endurance"),
            *("helicopter_patrol", "aircraft_patrol"),
            *("m", "s", "1/s", "m/s"),
        )
    }
)


def words(name: str) -> str:
    """Return an id as words: "winter_night_clear" becomes "winter night clear", and so in any language.

    An id that is not known as a whole is translated piece by piece, as far as its pieces are known.
    """
    text = name.replace("_", " ").strip()
    if language() == "en" or not text:
        return text
    whole = say(text)
    return whole if whole != text else ", ".join(say(piece) for piece in text.split())
