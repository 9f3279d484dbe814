"""The two tables of a programme as data: items, and moves of units; one entry per column.

    items   one line of the programme a row: what, how much, from whom, for whom, where, when planned
    moves   one thing that happened, or is foreseen, a row: so many units of an item reached a state

Templates, readers, faults and the sheet of notes all follow these entries.
"""

from __future__ import annotations

from typing import get_args

from sarhad.io.tables import Column, Schema
from sarhad.model.programme import CHAIN, STATES, Measure, State, Terms

# ISO 4217, codes in use in 2025 (ANG and XCG both); XDR, the unit of the International Monetary Fund, too
_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF
GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK
LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD
OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN
SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XDR XOF
XPF YER ZAR ZMW
"""
CURRENCIES: tuple[str, ...] = tuple(_CODES.split())
PLANNED: tuple[State, ...] = CHAIN[1:]
PLANNED_PREFIX = "planned_"
DAY = "YYYY-MM-DD"
TIME = "YYYY-MM-DD, or YYYY-MM-DDThh:mm in UTC"

ITEMS = Schema(
    "items",
    (
        Column("item_id", "text", "Id of the line of the programme", required=True),
        Column("equipment_id", "text", "Type, from the table of equipment", required=True),
        Column("quantity", "number", "How much is wanted", "items or km", required=True, low=0, above=True),
        Column(
            "measured_in",
            "text",
            "Whole items, or kilometres of what lies along the line; empty for the type's own",
            choices=get_args(Measure),
        ),
        Column("donor", "text", "Authority that gives or sells it", required=True),
        Column("recipient", "text", "Authority that accepts it", required=True),
        Column("unit", "text", "Unit or post that uses it", default=""),
        Column("producer", "text", "Who makes it", default=""),
        Column("unit_cost", "number", "Cost of one item, or of one kilometre", "currency", low=0),
        Column("currency", "text", "Of unit_cost, ISO 4217", default="", choices=("", *CURRENCIES)),
        Column("terms", "text", "Free of charge, or paid", default="free", choices=get_args(Terms)),
        Column("site_id", "text", "Site, post or team of the project where it will stand", default=""),
        Column(
            "lon_deg", "number", "Longitude (WGS84), where no site_id is known", "deg", low=-180, high=180
        ),
        Column("lat_deg", "number", "Latitude (WGS84), where no site_id is known", "deg", low=-90, high=90),
        Column("from_m", "number", "Chainage where it starts (lines and areas)", "m", low=0),
        Column("to_m", "number", "Chainage where it ends (lines and areas)", "m", low=0),
        Column("offset_m", "number", "Offset of a line, positive to the home side", "m", default=0.0),
        Column("mast_m", "number", "Height of the mast; empty for the type's own", "m", low=0, high=500),
        Column(
            "azimuth_deg", "number", "Middle of its sector, from north", "deg", default=0.0, low=0, high=360
        ),
        Column(
            "sector_deg", "number", "Width of its sector", "deg", default=360.0, low=0, high=360, above=True
        ),
        Column(
            "serials", "texts", "Serials, where they are known beforehand; spaces or ; between", default=()
        ),
        Column("spares", "text", "Spares, fuel and what else it takes to keep it working", default=""),
        Column("training", "text", "Training of crews", default=""),
        Column("needed_by", "text", f"Day by which it is to work, {DAY}", default=""),
        *(
            Column(
                f"{PLANNED_PREFIX}{state}",
                "text",
                f"Day by which all of it was to be {state}, {DAY}",
                default="",
            )
            for state in PLANNED
        ),
        Column(
            "inventory_days", "integer", "Days between counts of serials; 0 for none", "d", default=365, low=0
        ),
    ),
    key="item_id",
)

MOVES = Schema(
    "moves",
    (
        Column("item_id", "text", "Id of an item, of this file or recorded before", required=True),
        Column("state", "text", "State that the units reached", required=True, choices=STATES),
        Column(
            "at", "text", f"When they reached it (of a forecast: when it was said), {TIME}", required=True
        ),
        Column("quantity", "number", "How many reached it; empty in a forecast", "items or km"),
        Column("authority", "text", "Who says so", required=True),
        Column("serials", "texts", "Serials of these units; spaces or ; between", default=()),
        Column("came_from", "text", "State they were in, of lost and returned units", choices=STATES),
        Column(
            "basis", "text", "What happened, or is foreseen", default="actual", choices=("actual", "forecast")
        ),
        Column("forecast_date", "text", f"Day foreseen, in a forecast, {DAY}", default=""),
        Column("note", "text", "Anything else: number of the act, source", default=""),
    ),
)
