"""Programmes from and to tables: CSV (items.csv, moves.csv) and XLSX (sheets of the same names).

Every fault of every row is reported, with its file, sheet, row and column; what is read is plain values.
What an item stands on is given by the id of a place that the project knows, or by coordinates or chainage.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

from sarhad.errors import Fault, InputFaults
from sarhad.io.placed import Band
from sarhad.io.programme_schema import DAY, ITEMS, MOVES, PLANNED, PLANNED_PREFIX, TIME
from sarhad.io.tables import Place, Row, Schema, check_rows, nearest
from sarhad.io.vector import read_layer
from sarhad.io.workbook import read_sheets
from sarhad.model.asset import AlongLine, Asset, AtPoint, OverBand
from sarhad.model.asset import Place as AssetPlace
from sarhad.model.programme import Measure, ProgrammeItem, State, Terms
from sarhad.model.project import Project, Settings

FORMATS = "a table .csv or .xlsx"


@dataclass(frozen=True, slots=True)
class Known:
    """What ids and places are checked against: the line's band with the types, and places by id.

    Without a line, places are not checked; without types neither are they.
    """

    band: Band = field(default_factory=lambda: Band(None, Settings()))
    places: Mapping[str, AtPoint] = field(default_factory=dict)

    @classmethod
    def of(cls, project: Project) -> Known:
        """Return what a project knows: its sites, and the places of its assets and teams."""
        places = {one.asset_id: one.place for one in project.entered if isinstance(one.place, AtPoint)}
        places |= {one.team_id: AtPoint(one.lon_deg, one.lat_deg) for one in project.teams}
        places |= {one.site_id: AtPoint(one.lon_deg, one.lat_deg) for one in project.sites}
        return cls(Band(project.line, project.settings, project.equipment), places)


@dataclass(frozen=True, slots=True)
class MoveLine:
    """One row of the moves: what is said of an item, not yet checked against the programme."""

    item_id: str
    state: State
    at: datetime
    authority: str
    quantity: float | None = None
    serials: tuple[str, ...] = ()
    came_from: State | None = None
    forecast_date: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ProgrammeTables:
    """Items and moves as read, with the file and row that each came from."""

    items: tuple[ProgrammeItem, ...] = ()
    moves: tuple[MoveLine, ...] = ()
    item_rows: tuple[tuple[str, int], ...] = ()
    move_rows: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Raw:
    """A table as read: raw cells, by name of column."""

    place: Place
    header: tuple[str, ...]
    rows: tuple[Mapping[str, object], ...]


def read_tables(path: Path, known: Known | None = None) -> ProgrammeTables:
    """Return the items and moves of a CSV or XLSX file; raises InputFaults with every fault of every row."""
    faults: list[Fault] = []
    items: list[tuple[ProgrammeItem, tuple[str, int]]] = []
    moves: list[tuple[MoveLine, tuple[str, int]]] = []
    for raw in _open(path, faults):
        if raw.place.layer == MOVES.title or "state" in raw.header:
            moves += [(one, (path.name, row)) for one, row in _read_moves(raw, faults)]
        else:
            items += [(one, (path.name, row)) for one, row in _read_items(raw, known or Known(), faults)]
    if faults:
        raise InputFaults(faults)
    return ProgrammeTables(
        tuple(one for one, _ in items),
        tuple(one for one, _ in moves),
        tuple(row for _, row in items),
        tuple(row for _, row in moves),
    )


def _open(path: Path, faults: list[Fault]) -> list[_Raw]:
    place = Place(path.name)
    if path.suffix.lower() == ".csv":
        layer = read_layer(path, path.name, "", faults)
        return [_Raw(place, layer.header, layer.rows)] if layer else []
    if path.suffix.lower() != ".xlsx":
        faults.append(place.fault(FORMATS, f"a file {path.name}"))
        return []
    return _open_workbook(path, faults)


def _open_workbook(path: Path, faults: list[Fault]) -> list[_Raw]:
    """Return the sheets of the workbook that are tables of a programme; others may stand beside them."""
    found: list[_Raw] = []
    before = len(faults)
    sheets = read_sheets(path, faults)
    for sheet in sheets:
        named = sheet.title.strip().casefold()
        if named in {ITEMS.title, MOVES.title}:
            found.append(_Raw(Place(path.name, named), sheet.header, sheet.rows))
        elif alike := [
            one.title for one in (ITEMS, MOVES) if sheet.rows and _required(one) <= set(sheet.header)
        ]:
            place = Place(path.name, sheet.title)
            faults.append(place.fault(f"the name {alike[0]} of a sheet with its columns", sheet.title))
    if not found and len(faults) == before:
        expected = f"a sheet named {ITEMS.title} or {MOVES.title}"
        faults.append(Place(path.name).fault(expected, "only " + ", ".join(one.title for one in sheets)))
    return found


def _required(schema: Schema) -> set[str]:
    return {column.name for column in schema.columns if column.required}


def _read_items(raw: _Raw, known: Known, faults: list[Fault]) -> list[tuple[ProgrammeItem, int]]:
    rows = check_rows(raw.header, raw.rows, ITEMS, raw.place, faults, from_text=True)
    points = [row for row in rows if row.has("lon_deg") and row.has("lat_deg")]
    known.band.check_points(points, raw.place, faults)
    read = ((_item(row, raw.place, known, faults), row.number) for row in rows)
    return [(item, number) for item, number in read if item is not None]


def check_items(items: Iterable[ProgrammeItem], known: Known, file: str, faults: list[Fault]) -> None:
    """Append what rows of a table would be refused for, of items that came in another form: one row each."""
    header = tuple(column.name for column in ITEMS.columns)
    rows = tuple({**item_cells(item), "serials": ""} for item in items)  # a table parts serials at spaces
    _read_items(_Raw(Place(file), header, rows), known, faults)


def _item(row: Row, place: Place, known: Known, faults: list[Fault]) -> ProgrammeItem | None:
    before = len(faults)
    measured_in = _measure(row, place, known, faults)
    planned = {
        state: day
        for state in PLANNED
        if (day := _day(row, f"{PLANNED_PREFIX}{state}", place, faults)) is not None
    }
    needed_by = _day(row, "needed_by", place, faults)
    where = _place(row, place, known, faults)
    if not row.complete or len(faults) > before:
        return None
    item_id, equipment_id, quantity = row.text("item_id"), row.text("equipment_id"), row.number_at("quantity")
    try:
        return ProgrammeItem(
            item_id,
            equipment_id,
            quantity,
            row.text("donor"),
            row.text("recipient"),
            producer=row.text("producer"),
            unit=row.text("unit"),
            measured_in=measured_in,
            unit_cost=row.maybe("unit_cost"),
            currency=row.text("currency"),
            terms=cast(Terms, row.text("terms")),
            site_id=row.text("site_id"),
            asset=_asset(row, where, measured_in) if where is not None else None,
            serials=row.texts("serials"),
            spares=row.text("spares"),
            training=row.text("training"),
            needed_by=needed_by,
            planned=planned,
            inventory_days=int(row.number_at("inventory_days")),
        )
    except ValueError as error:
        faults.append(place.fault("a sound item", error, row=row.number))
        return None


def _measure(row: Row, place: Place, known: Known, faults: list[Fault]) -> Measure:
    """Return what the item is measured in, by its type; an unknown type is a fault."""
    stated = row.text("measured_in") if row.has("measured_in") else ""
    types = known.band.equipment
    if not types or not row.has("equipment_id"):
        return cast(Measure, stated or "items")
    equipment_id = row.text("equipment_id")
    if equipment_id not in types:
        found = f'"{equipment_id}"{nearest(equipment_id, types)}'
        faults.append(place.fault("a known equipment_id", found, column="equipment_id", row=row.number))
        return "items"
    own: Measure = "km" if types[equipment_id].mount == "line" else "items"
    if stated and stated != own:
        faults.append(
            place.fault(f"{own}, as {equipment_id} is", stated, column="measured_in", row=row.number)
        )
    return own


def _place(row: Row, place: Place, known: Known, faults: list[Fault]) -> AssetPlace | None:
    """Return where an item will work: what its cells say, or the place of its site; None if nothing does."""
    equipment = known.band.equipment.get(row.text("equipment_id")) if row.has("equipment_id") else None
    point = (row.maybe("lon_deg"), row.maybe("lat_deg"))
    reach = (row.maybe("from_m"), row.maybe("to_m"))
    has_point, has_reach = any(one is not None for one in point), any(one is not None for one in reach)
    mount = equipment.mount if equipment else ("point" if has_point else _reach_mount(row))
    if mount == "point":
        if has_reach:
            found = "from_m, to_m"
            faults.append(place.fault("lon_deg, lat_deg: it stands at a point", found, row=row.number))
        return _at_point(row, place, known, faults)
    if has_point or row.text("site_id"):
        found = "lon_deg, lat_deg" if has_point else f"site_id {row.text('site_id')}"
        faults.append(place.fault("from_m, to_m: it lies along the line", found, row=row.number))
        return None
    if reach[0] is None or reach[1] is None:
        if has_reach:
            faults.append(place.fault("both from_m and to_m", "one of them", row=row.number))
        return None
    wrong = known.band.range_fault(reach[0], reach[1])
    if wrong:
        faults.append(place.fault(*wrong, column="to_m", row=row.number))
        return None
    if mount == "area":
        return OverBand(reach[0], reach[1])
    return AlongLine(reach[0], reach[1], row.number_at("offset_m") if row.has("offset_m") else 0.0)


def _reach_mount(row: Row) -> str:
    """Return how a type that is not known is placed, by what the row says."""
    if not row.has("from_m"):
        return "point"
    return "line" if row.values.get("measured_in") == "km" else "area"


def _at_point(row: Row, place: Place, known: Known, faults: list[Fault]) -> AtPoint | None:
    lon_deg, lat_deg, site_id = row.maybe("lon_deg"), row.maybe("lat_deg"), row.text("site_id")
    if lon_deg is not None and lat_deg is not None:
        return AtPoint(lon_deg, lat_deg)
    if lon_deg is not None or lat_deg is not None:
        faults.append(
            place.fault("both lon_deg and lat_deg", "one of them", column="lon_deg", row=row.number)
        )
        return None
    if site_id and site_id not in known.places:
        expected = "a site, post or team of the project, or lon_deg and lat_deg"
        found = f'"{site_id}"{nearest(site_id, known.places)}'
        faults.append(place.fault(expected, found, column="site_id", row=row.number))
        return None
    return known.places.get(site_id)


def _asset(row: Row, where: AssetPlace, measured_in: Measure) -> Asset:
    n = max(1, round(row.number_at("quantity"))) if measured_in == "items" else 1
    return Asset(
        row.text("item_id"),
        row.text("equipment_id"),
        where,
        n=n,
        state="planned",
        mast_m=row.maybe("mast_m"),
        azimuth_deg=row.number_at("azimuth_deg"),
        sector_deg=row.number_at("sector_deg"),
    )


def _read_moves(raw: _Raw, faults: list[Fault]) -> list[tuple[MoveLine, int]]:
    rows = check_rows(raw.header, raw.rows, MOVES, raw.place, faults, from_text=True)
    read = ((_move(row, raw.place, faults), row.number) for row in rows)
    return [(move, number) for move, number in read if move is not None]


def _move(row: Row, place: Place, faults: list[Fault]) -> MoveLine | None:
    before = len(faults)
    at = _time(row, place, faults)
    foreseen = row.values.get("basis") == "forecast"
    day = _day(row, "forecast_date", place, faults)
    if foreseen and day is None:
        faults.append(
            place.fault(f"the day foreseen, {DAY}", "nothing", column="forecast_date", row=row.number)
        )
    if not foreseen and not row.has("quantity") and "quantity" not in _faulty(row, faults):
        faults.append(place.fault("a number above 0", "nothing", column="quantity", row=row.number))
    if not row.complete or len(faults) > before or at is None:
        return None
    return MoveLine(
        row.text("item_id"),
        cast(State, row.text("state")),
        at,
        row.text("authority"),
        quantity=row.maybe("quantity"),
        serials=row.texts("serials"),
        came_from=cast(State, row.text("came_from")) if row.has("came_from") else None,
        forecast_date=day if foreseen else None,
        note=row.text("note"),
    )


def _faulty(row: Row, faults: Iterable[Fault]) -> set[str]:
    return {fault.column for fault in faults if fault.row == row.number}


def _day(row: Row, name: str, place: Place, faults: list[Fault]) -> date | None:
    text = row.text(name) if row.has(name) else ""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        faults.append(place.fault(f"a day {DAY}", f'"{text}"', column=name, row=row.number))
        return None


def _time(row: Row, place: Place, faults: list[Fault]) -> datetime | None:
    text = row.text("at") if row.has("at") else ""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        faults.append(place.fault(f"a time {TIME}", f'"{text}"', column="at", row=row.number))
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def item_cells(item: ProgrammeItem) -> dict[str, Any]:
    """Return the cells of an item as they stand in a table; `read_tables` gives the item back."""
    own = ("item_id", "equipment_id", "quantity", "measured_in", "donor", "recipient", "unit", "producer",
           "unit_cost", "currency", "terms", "site_id", "spares", "training", "inventory_days")  # fmt: skip
    cells: dict[str, Any] = {name: getattr(item, name) for name in own}
    cells["serials"] = " ".join(item.serials)
    cells["needed_by"] = item.needed_by.isoformat() if item.needed_by else ""
    cells |= {f"{PLANNED_PREFIX}{state}": day.isoformat() for state, day in item.planned.items()}
    return cells | (place_cells(item.asset) if item.asset else {})


def place_cells(asset: Asset) -> dict[str, Any]:
    """Return the cells that say where an asset stands and how."""
    where = asset.place
    cells = {"mast_m": asset.mast_m, "azimuth_deg": asset.azimuth_deg, "sector_deg": asset.sector_deg}
    if isinstance(where, AtPoint):
        return cells | {"lon_deg": where.lon_deg, "lat_deg": where.lat_deg}
    cells |= {"from_m": where.from_m, "to_m": where.to_m}
    return cells | ({"offset_m": where.offset_m} if isinstance(where, AlongLine) else {})


def move_cells(move: MoveLine) -> dict[str, Any]:
    """Return the cells of a move as they stand in a table."""
    return {
        "item_id": move.item_id,
        "state": move.state,
        "at": move.at.isoformat(),
        "quantity": move.quantity,
        "authority": move.authority,
        "serials": " ".join(move.serials),
        "came_from": move.came_from or "",
        "basis": "forecast" if move.forecast_date else "actual",
        "forecast_date": move.forecast_date.isoformat() if move.forecast_date else "",
        "note": move.note,
    }


def with_places(items: Iterable[ProgrammeItem], known: Known) -> tuple[ProgrammeItem, ...]:
    """Return items with the place of their site where they name one and have none yet."""
    placed: list[ProgrammeItem] = []
    for item in items:
        where = known.places.get(item.site_id) if item.asset is None else None
        if where is not None and item.measured_in == "items":
            asset = Asset(item.item_id, item.equipment_id, where, n=round(item.quantity), state="planned")
            item = replace(item, asset=asset)  # noqa: PLW2901
        placed.append(item)
    return tuple(placed)
