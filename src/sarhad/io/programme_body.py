"""Items of a programme as bodies of statements, and back: plain JSON values, empty ones left out.

    programme.item      {"equipment_id", "quantity", "donor", "recipient", ..., "place": {"kind", ...}}

A body that comes back is checked by `ProgrammeItem` itself; ValueError says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date
from typing import Any, cast

from sarhad.model.asset import AlongLine, Asset, AtPoint, OverBand, Place
from sarhad.model.programme import ProgrammeItem, State
from sarhad.model.record import Json

_PLACES: Mapping[str, type[Place]] = {"point": AtPoint, "line": AlongLine, "area": OverBand}
_TEXTS = (
    "equipment_id", "donor", "recipient", "producer", "unit", "measured_in", "currency", "terms", "site_id",
    "spares", "training",
)  # fmt: skip
_MOUNTING = ("mast_m", "azimuth_deg", "sector_deg", "availability")
_NAMES = {*_TEXTS, "quantity", "unit_cost", "serials", "needed_by", "planned", "inventory_days", "place"}


def item_as_body(item: ProgrammeItem) -> dict[str, Json]:
    """Return what `programme.item` says of an item; `item_from_body` gives the item back."""
    body: dict[str, Json] = {name: getattr(item, name) for name in _TEXTS if getattr(item, name)}
    body["quantity"] = item.quantity
    body["inventory_days"] = item.inventory_days
    if item.unit_cost is not None:
        body["unit_cost"] = item.unit_cost
    if item.serials:
        body["serials"] = list(item.serials)
    if item.needed_by is not None:
        body["needed_by"] = item.needed_by.isoformat()
    if item.planned:
        body["planned"] = {state: day.isoformat() for state, day in item.planned.items()}
    if item.asset is not None:
        body["place"] = _place_as_body(item.asset)
    return body


def _place_as_body(asset: Asset) -> dict[str, Json]:
    kind = next(kind for kind, place in _PLACES.items() if isinstance(asset.place, place))
    plain = {field.name: field.default for field in fields(Asset)}
    mounting = {name: getattr(asset, name) for name in _MOUNTING if getattr(asset, name) != plain[name]}
    return {"kind": kind, **asdict(asset.place), **mounting}


def item_from_body(item_id: str, body: Mapping[str, Json]) -> ProgrammeItem:
    """Return the item that a body describes; raises ValueError saying what is wrong with it."""
    unknown = sorted(set(body) - _NAMES)
    if unknown:
        raise ValueError(f"item {item_id}: unknown name {unknown[0]}")
    for name in ("equipment_id", "quantity", "donor", "recipient"):
        if name not in body:
            raise ValueError(f"item {item_id}: {name} is missing")
    values: dict[str, Any] = {name: _text(item_id, name, body[name]) for name in _TEXTS if name in body}
    values["quantity"] = _number(item_id, "quantity", body["quantity"])
    if body.get("unit_cost") is not None:
        values["unit_cost"] = _number(item_id, "unit_cost", body["unit_cost"])
    if "inventory_days" in body:
        values["inventory_days"] = int(_number(item_id, "inventory_days", body["inventory_days"]))
    values["serials"] = serials_of(body)
    if body.get("needed_by"):
        values["needed_by"] = day_of(body["needed_by"], "needed_by")
    planned = body.get("planned", {})
    if not isinstance(planned, dict):
        raise ValueError(f"item {item_id}: planned must be dates by state, found {planned!r}")
    values["planned"] = {
        cast(State, state): day_of(day, f"planned {state}") for state, day in planned.items()
    }
    if body.get("place") is not None:
        values["asset"] = _asset(item_id, values, body["place"])
    return ProgrammeItem(item_id, **values)


def _asset(item_id: str, values: Mapping[str, Any], place: Json) -> Asset:
    if not isinstance(place, dict) or place.get("kind") not in _PLACES:
        raise ValueError(f"item {item_id}: place must have a kind, one of {', '.join(_PLACES)}")
    kind = _PLACES[str(place["kind"])]
    try:
        inner = {field.name: place[field.name] for field in fields(kind) if field.name in place}
        where = kind(**cast(Any, inner))
    except TypeError as error:
        raise ValueError(f"item {item_id}: place lacks a number: {error}") from error
    for name, value in asdict(where).items():
        _number(item_id, name, value)
    if isinstance(where, AlongLine | OverBand) and not where.from_m < where.to_m:
        raise ValueError(f"item {item_id}: to_m must exceed from_m, found {where.from_m} and {where.to_m}")
    mounting = {name: _number(item_id, name, place[name]) for name in _MOUNTING if name in place}
    items = values.get("measured_in", "items") == "items"
    n = max(1, round(values["quantity"])) if items else 1
    return Asset(item_id, values["equipment_id"], where, n=n, state="planned", **cast(Any, mounting))


def placed(item_id: str, equipment_id: str, place: Place, n: int = 1) -> Asset:
    """Return the asset of an item that stands nowhere yet, planned at a place."""
    return Asset(item_id, equipment_id, place, n=n, state="planned")


def serials_of(body: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the serials that a body names; raises ValueError where they are no list of texts, or repeat."""
    serials = body.get("serials", [])
    if not isinstance(serials, list) or not all(isinstance(one, str) and one for one in serials):
        raise ValueError(f"serials must be a list of texts, found {serials!r}")
    if len(set(map(str, serials))) != len(serials):
        raise ValueError("a serial stands twice")
    return tuple(str(one) for one in serials)


def day_of(value: Json, name: str) -> date:
    """Return a day written as YYYY-MM-DD; raises ValueError naming what it was for."""
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{name} must be a date YYYY-MM-DD, found {value!r}") from None


def _text(item_id: str, name: str, value: Json) -> str:
    if not isinstance(value, str):
        raise ValueError(f"item {item_id}: {name} must be text, found {value!r}")
    return value


def _number(item_id: str, name: str, value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"item {item_id}: {name} must be a number, found {value!r}")
    return value
