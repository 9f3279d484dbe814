"""The JSON Schema of `project.toml` (draft 7), for editors: made from the tables that the check reads.

It says what one file can say of itself: sections, keys, types, ranges, words. Files, places, NaN and what one
setting demands of another are for `sarhad check`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sarhad.io.cells import TRUTH_WORDS, CellKind, Column
from sarhad.io.schemas import REQUIRED_SECTIONS, SECTIONS, STOCK
from sarhad.io.settings import setting_columns
from sarhad.io.taken import UNITS_OF

Rule = dict[str, Any]

_TITLES: Mapping[str, str] = {
    "settings": "Settings of the computation; all have defaults",
    "claims": "Settings that are taken from the claims desk; it repeats the other sections",
}
_TRUTH_PATTERN = "^(?:" + "|".join(
    "".join(f"[{letter.upper()}{letter}]" if letter.isalpha() else letter for letter in word)
    for word in TRUTH_WORDS
) + ")$"  # fmt: skip


def project_schema() -> Rule:
    """Return the schema as a value of JSON."""
    sections = {name: _section(name, columns) for name, columns in SECTIONS.items()}
    sections["budget"]["properties"]["stock"] = {
        "type": "object",
        "description": STOCK.note,
        "additionalProperties": _number(STOCK),
    }
    sections["condition"] = {"type": "array", "items": sections["condition"]}
    taken = {tuple(setting.split(".")) for setting in UNITS_OF}
    takeable = {(name, one.name) for name in SECTIONS for one in SECTIONS[name] if one.required} & taken
    for name, key in takeable:
        sections[name]["required"].remove(key)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "project.toml of Sarhad",
        "type": "object",
        "additionalProperties": False,
        "properties": sections,
        "required": [name for name in REQUIRED_SECTIONS if name not in dict(takeable)],
        "oneOf": [{"required": ["condition"]}, {"required": ["conditions"]}],
        "not": {"required": ["sites", "candidates"]},
        "allOf": [_unless_taken(name, key) for name, key in sorted(takeable)],
    }


def _unless_taken(section: str, key: str) -> Rule:
    """Require a key of a section unless the section `[claims]` repeats it."""
    return {
        "if": _holding("claims", _holding(section, {"required": [key]})),
        "else": _holding(section, {"required": [key]}),
    }


def _holding(name: str, rule: Rule) -> Rule:
    return {"required": [name], "properties": {name: rule}}


def _section(name: str, columns: Iterable[Column]) -> Rule:
    if name == "settings":
        columns = [one.column for one in setting_columns()]
    if name == "claims":
        return {"type": "object", "description": _TITLES[name]}
    columns = list(columns)
    rule: Rule = {
        "type": "object",
        "additionalProperties": False,
        "properties": {column.name: {**_described(column), **_cell(column)} for column in columns},
        "required": [column.name for column in columns if column.required],
    }
    return {**rule, "description": _TITLES[name]} if name in _TITLES else rule


def _described(column: Column) -> Rule:
    unit = f" ({column.unit})" if column.unit else ""
    rule: Rule = {"description": column.note + unit}
    default = list(column.default) if isinstance(column.default, tuple) else column.default
    if default is not None and default != math.inf:
        rule["default"] = default
    return rule


def _cell(column: Column) -> Rule:
    if column.choices:
        return {"enum": list(column.choices)}
    return _RULES[column.kind](column)


def _number(column: Column, kind: str = "number") -> Rule:
    rule: Rule = {"type": kind}
    if math.isfinite(column.low):
        rule["exclusiveMinimum" if column.above else "minimum"] = column.low
    if math.isfinite(column.high):
        rule["maximum"] = column.high
    return rule


def _text(column: Column) -> Rule:
    """An id may be written as a whole number; a text that must be there is not blank."""
    words: Rule = {"type": "string", "pattern": r"\S"} if column.required else {"type": "string"}
    return {"anyOf": [words, {"type": "integer"}]}


def _flag(column: Column) -> Rule:
    return {
        "anyOf": [{"type": "boolean"}, {"enum": [0, 1]}, {"type": "string", "pattern": _TRUTH_PATTERN}],
    }


def _several(rule: Rule, *, least: int = 0) -> Rule:
    return {"type": "array", "items": rule, "minItems": least}


_NAME: Rule = {"type": "string", "minLength": 1}
_RULES: Mapping[CellKind, Callable[[Column], Rule]] = {
    "text": _text,
    "number": _number,
    "integer": lambda column: _number(column, "integer"),
    "flag": _flag,
    "delay": lambda column: {"anyOf": [_number(column), {"enum": ["closed"]}]},
    "texts": lambda column: {"anyOf": [{"type": "string"}, _several({"type": "string"})]},
    "sentences": lambda column: _several({"type": "string"}),
    "files": lambda column: {"anyOf": [_NAME, _several(_NAME, least=1)]},
    "numbers": lambda column: _several(_number(column), least=1),
    "pairs": lambda column: _several({**_several(_number(column), least=2), "maxItems": 2}),
}
