"""The tables of a project folder as data: the columns of every layer and the keys of every section.

One entry per column: name, type, unit, range, default, meaning. Readers, faults and the reference page
(`docs/reference/project.md`) all follow it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import get_args, get_type_hints

from sarhad.io.tables import Column, Schema
from sarhad.model.asset import State
from sarhad.model.condition import Light, Weather
from sarhad.model.line import HomeSide
from sarhad.model.project import Candidates, TerrainSource

_POINT = (
    Column("lon_deg", "number", "Longitude (WGS84), where there is no geometry", "deg", low=-180, high=180),
    Column("lat_deg", "number", "Latitude (WGS84), where there is no geometry", "deg", low=-90, high=90),
)

ASSETS = Schema(
    "assets",
    (
        Column("asset_id", "text", "Id of the asset", required=True),
        Column("equipment_id", "text", "Its type, from the table of equipment", required=True),
        *_POINT,
        Column("from_m", "number", "Chainage where it starts (lines and areas)", "m", low=0),
        Column("to_m", "number", "Chainage where it ends (lines and areas)", "m", low=0),
        Column("offset_m", "number", "Offset of a line, positive to the home side", "m", default=0.0),
        Column("n", "integer", "Number of identical items", default=1, low=1),
        Column(
            "state",
            "text",
            "State today: working and degraded are in service, the others count for nothing",
            default="working",
            choices=get_args(State),
        ),
        Column("mast_m", "number", "Height of the mast; empty for the type's own", "m", low=0, high=500),
        Column(
            "azimuth_deg", "number", "Middle of its sector, from north", "deg", default=0.0, low=0, high=360
        ),
        Column(
            "sector_deg", "number", "Width of its sector", "deg", default=360.0, low=0, high=360, above=True
        ),
        Column(
            "availability",
            "number",
            "Share of crossings it works for; empty for the type's own",
            low=0,
            high=1,
        ),
    ),
    key="asset_id",
)
TEAMS = Schema(
    "teams",
    (
        Column("team_id", "text", "Id of the team", required=True),
        *_POINT,
        Column("assess_s", "number", "Time to assess an alarm", "s", default=60.0, low=0),
        Column("turnout_s", "number", "Time to turn out", "s", default=300.0, low=0),
        Column("dismount_s", "number", "Time to leave the vehicle", "s", default=60.0, low=0),
        Column("vehicle", "flag", "Whether the team drives", default=True),
    ),
    key="team_id",
)
SITES = Schema(
    "sites",
    (
        Column("site_id", "text", "Id of the site", required=True),
        *_POINT,
        Column("accepts", "texts", "Types of equipment that may stand here; empty for any", default=()),
    ),
    key="site_id",
)
BARRIERS = Schema(
    "barriers",
    (
        Column("barrier_id", "text", "Id of the barrier", required=True),
        Column("kind", "text", "What it is: river, lake, cliff, fence", required=True),
        Column("on_line", "flag", "Whether it follows the line itself", default=False),
        Column("from_m", "number", "Chainage where it starts, if on the line", "m", default=0.0, low=0),
        Column("to_m", "number", "Chainage where it ends, if on the line; empty: the end", "m", low=0),
    ),
    key="barrier_id",
)
DELAY_PREFIX = "delay_s_"
DELAY_NOTE = "Time that crossing it costs in that season, or closed; one column for every season in use"
OPENINGS = Schema(
    "openings",
    (
        Column("opening_id", "text", "Id of the opening", required=True),
        Column("kind", "text", "What it is: ford, bridge, ferry, gate", required=True),
        Column("barrier_id", "text", "Barrier it opens; empty: every one within a cell of it", default=""),
        *_POINT,
    ),
    key="opening_id",
)
ROADS = Schema(
    "roads",
    (
        Column("road_id", "text", "Id of the road, if it has one"),
        Column("road_class", "text", "Its class, from the table of classes; or give speed_mps"),
        Column("speed_mps", "number", "Speed of a team's vehicle on it", "m/s", low=0, high=60, above=True),
        Column("closed", "texts", "Seasons in which it is closed", default=()),
    ),
)
LAND_COVER = Schema(
    "landcover",
    (
        Column("cover_id", "text", "Id of the polygon, if it has one"),
        Column("cover_class", "text", "Its class, from the table of classes", required=True),
    ),
)
ROAD_CLASSES = Schema(
    "road_classes",
    (
        Column("road_class", "text", "Class of road", required=True),
        Column(
            "speed_kmh",
            "number",
            "Speed of a team's vehicle",
            "km/h",
            required=True,
            low=0,
            high=216,
            above=True,
        ),
        Column("source", "text", "Where the figure comes from", required=True),
    ),
    key="road_class",
)
_SHARE = "Share of the detection rate on open ground: "
COVER_CLASSES = Schema(
    "cover_classes",
    (
        Column("cover_class", "text", "Class of land cover", required=True),
        Column("person_leaf_on", "number", _SHARE + "persons, leaves on", required=True, low=0, high=1),
        Column("person_leaf_off", "number", _SHARE + "persons, leaves off", required=True, low=0, high=1),
        Column("vehicle_leaf_on", "number", _SHARE + "vehicles, leaves on", required=True, low=0, high=1),
        Column("vehicle_leaf_off", "number", _SHARE + "vehicles, leaves off", required=True, low=0, high=1),
        Column(
            "friction_foot", "number", "Factor on time on foot, mounted too", required=True, low=1, high=1e3
        ),
        Column("friction_vehicle", "number", "Factor on driving time", required=True, low=1, high=1e3),
        Column("source", "text", "Where the figures come from", required=True),
    ),
    key="cover_class",
)
GOALS = Schema("goals", (Column("goal_id", "text", "Id of the goal, if it has one"), *_POINT), key="goal_id")

_KM_FROM = Column("km_from", "number", "Chainage where it starts", "km", required=True, low=0)
_KM_TO = Column("km_to", "number", "Chainage where it ends; empty for the end of the line", "km", low=0)
RANGES = Schema(
    "districts", (Column("name", "text", "Its name", required=True), _KM_FROM, _KM_TO), key="name"
)
WEIGHTS = Schema(
    "weights",
    (*RANGES.columns, Column("weight", "number", "Weight of its stretches", required=True, low=0)),
    key="name",
)
MARKS = Schema(
    "marks",
    (
        Column("name", "text", "Its name", required=True),
        Column("km", "number", "Its chainage", "km", required=True, low=0),
    ),
    key="name",
)
CONDITIONS = Schema(
    "conditions",
    (
        Column("condition_id", "text", "Id of the condition", required=True),
        Column("season", "text", "Season; barriers have one column of delays for each", required=True),
        Column("light", "text", "Light", required=True, choices=get_args(Light)),
        Column("weather", "text", "Weather", required=True, choices=get_args(Weather)),
        Column("share", "number", "Share of the year; all sum to 1", required=True, low=0, high=1),
        Column(
            "visibility_m", "number", "Meteorological optical range", "m", required=True, low=0, above=True
        ),
        Column("illuminance_lux", "number", "Light on level ground", "lx", required=True, low=0),
        Column("rain_mm_per_h", "number", "Rain", "mm/h", default=0.0, low=0, high=500),
        Column("fog_g_per_m3", "number", "Water in fog", "g/m3", default=0.0, low=0, high=5),
        Column("thermal_contrast_k", "number", "Of a person against the ground", "K", default=4.0, low=0),
        Column("wind_mps", "number", "Wind", "m/s", default=3.0, low=0, high=100),
        Column("correlated", "flag", "Whether sensors fail together: the best one counts", default=False),
    ),
    key="condition_id",
)
SCHEMAS = (
    ASSETS,
    TEAMS,
    SITES,
    BARRIERS,
    OPENINGS,
    ROADS,
    LAND_COVER,
    ROAD_CLASSES,
    COVER_CLASSES,
    GOALS,
    RANGES,
    WEIGHTS,
    MARKS,
    CONDITIONS,
)

_FILE = Column("file", "text", "File, relative to the folder", required=True)
_LAYER = Column("layer", "text", "Layer, where the file holds several")
_SOURCE = Column("source", "text", "Where the layer comes from; it goes into every result")
_CLASSES = Column("classes", "text", "Table of your own classes, added to the shipped one")
_RULE = Candidates()
_TERRAIN_KINDS: tuple[str, ...] = get_args(get_type_hints(TerrainSource)["kind"])

FORMAT = 1
"""The newest format of a project that this version knows."""

SECTIONS: Mapping[str, tuple[Column, ...]] = {
    "project": (
        Column("title", "text", "Title of the project, on every report", required=True),
        Column("format", "integer", "Version of this format", required=True, low=1, high=FORMAT),
        Column("notes", "sentences", "Sentences that travel with every result", default=()),
    ),
    "line": (
        _FILE,
        _LAYER,
        Column("line_id", "text", "Id of the line", required=True),
        Column(
            "home_side", "text", "Home, looking along the line", required=True, choices=get_args(HomeSide)
        ),
        Column("source", "text", "Where the line comes from", required=True),
        Column("calibration_m", "pairs", "Pairs of measured and official chainage", "m", default=(), low=0),
        Column(
            "official_length_m",
            "number",
            "Official length: scales measured chainage to official chainage",
            "m",
            low=0,
            above=True,
        ),
    ),
    "terrain": (
        Column("file", "files", "Rasters: files, folders, patterns; relative to the folder", required=True),
        Column("kind", "text", "What the heights are", required=True, choices=_TERRAIN_KINDS),
        Column("vertical_datum", "text", "What heights are measured from", required=True),
        Column("source", "text", "Where the heights come from", required=True),
        Column("voids", "text", "What to do with voids", default="refuse", choices=("refuse", "fill")),
    ),
    "settings": (),
    "claims": (),
    "assets": (_FILE, _LAYER),
    "teams": (_FILE, _LAYER),
    "sites": (_FILE, _LAYER),
    "candidates": (
        Column("n", "integer", "Number of candidate sites on the whole line", default=_RULE.n, low=1),
        Column("max_offset_m", "number", "Farthest from the line", "m", default=_RULE.max_offset_m, low=0),
        Column("max_slope", "number", "Steepest rise over run", default=_RULE.max_slope, low=0, above=True),
        Column("max_access_s", "number", "Longest way from a post", "s", default=_RULE.max_access_s, low=0),
        Column(
            "radius_m",
            "number",
            "Surroundings it stands out over",
            "m",
            default=_RULE.radius_m,
            low=0,
            above=True,
        ),
    ),
    "goals": (_FILE, _LAYER, _SOURCE),
    "barriers": (
        _FILE,
        _LAYER,
        Column(
            "holds",
            "text",
            "Whom barriers hold that do not follow the line",
            default="crossers",
            choices=("crossers", "everyone"),
        ),
        _SOURCE,
    ),
    "openings": (_FILE, _LAYER, _SOURCE),
    "roads": (_FILE, _LAYER, _CLASSES, _SOURCE),
    "landcover": (
        _FILE,
        _LAYER,
        Column("leaf_off", "texts", "Seasons in which trees have no leaves; [] for none", required=True),
        _CLASSES,
        _SOURCE,
    ),
    "equipment": (
        Column("file", "text", "Table of your own types, added to the shipped one"),
        Column("offered", "texts", "Types that a plan may buy; empty for all", default=()),
    ),
    "targets": (
        Column("file", "text", "Table of your own classes, added to the shipped one"),
        Column("use", "texts", "Classes to compute for", required=True),
    ),
    "conditions": (_FILE, _LAYER),
    "condition": CONDITIONS.columns,
    "budget": (
        Column("money_usd", "number", "Money", "USD", required=True, low=0, above=True),
        Column("crew_n", "number", "People round the clock; left out: no limit", default=math.inf, low=0),
    ),
    "weights": (_FILE, _LAYER),
    "marks": (_FILE, _LAYER),
    "districts": (_FILE, _LAYER),
}
STOCK = Column("stock", "number", "Items or kilometres in stock", low=0)
REQUIRED_SECTIONS = ("project", "line", "terrain", "targets", "budget")


def with_delays(schema: Schema, seasons: Iterable[str]) -> Schema:
    """Return the schema of barriers or openings with one column of delays for every season."""
    delays = (
        Column(f"{DELAY_PREFIX}{season}", "delay", DELAY_NOTE, "s", required=True, low=0)
        for season in seasons
    )
    return Schema(schema.title, (*schema.columns, *delays), schema.key)
