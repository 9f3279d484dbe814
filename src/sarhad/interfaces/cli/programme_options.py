"""What the commands of `sarhad programme` ask for: options, and how days, times, keys and rates are read."""

from __future__ import annotations

import getpass
import math
import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from sarhad.errors import InputFaults
from sarhad.interfaces.cli.programme_text import EXPECTED, TEXT
from sarhad.interfaces.programme_record import ALWAYS, Key
from sarhad.io.programme_schema import CURRENCIES
from sarhad.ledger.signing import read_private_key

Authority = Annotated[str, typer.Option("--authority", help=TEXT["authority"])]
KeyFile = Annotated[Path | None, typer.Option("--key", help=TEXT["key"])]
OwnKey = Annotated[Path, typer.Option("--key", help=TEXT["key"])]
Author = Annotated[str, typer.Option("--author", help=TEXT["author"])]
Said = Annotated[str, typer.Argument(metavar="STATEMENT", help=TEXT["statement"])]
AllSaid = Annotated[list[str], typer.Argument(metavar="STATEMENT...", help=TEXT["statement"])]
Reason = Annotated[str, typer.Option("--reason", help=TEXT["reason"])]
Serials = Annotated[str, typer.Option("--serials", help=TEXT["serials"])]
At = Annotated[str | None, typer.Option("--at", help=TEXT["at"])]
AsOf = Annotated[str | None, typer.Option("--as-of", help=TEXT["as_of"])]
Believed = Annotated[str | None, typer.Option("--believed", help=TEXT["believed"])]


def now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


def author_of(stated: str) -> str:
    """Return who types, as stated or as the system knows."""
    return stated or getpass.getuser()


def key_of(authority: str, file: Path | None) -> Key | None:
    """Return the key in a file; one without an authority is refused."""
    if file is None:
        return None
    if not authority:
        raise InputFaults.one("--authority", EXPECTED["key.whose"], EXPECTED["nothing"])
    return Key(authority, read_private_key(file))


def time_of(option: str, text: str | None) -> datetime:
    """Return a time in UTC, now where nothing is stated; a day alone is its beginning."""
    if text is None:
        return now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InputFaults.one(option, EXPECTED["time.form"], text) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def end_of(option: str, text: str | None) -> datetime:
    """Return the time up to which is asked: a day alone is meant to its end, nothing stated means all."""
    if text is None:
        return ALWAYS
    try:
        return datetime.combine(date.fromisoformat(text), time.max, UTC)
    except ValueError:
        return time_of(option, text)


def rate_of(text: str) -> tuple[str, float]:
    """Return the currency and the rate of CURRENCY=RATE."""
    currency, _, number = text.partition("=")
    try:
        rate = float(number)
    except ValueError:
        rate = math.nan
    if currency not in CURRENCIES or not 0 < rate < math.inf:
        raise InputFaults.one("--rate", EXPECTED["rate.form"], text)
    return currency, rate


def currency_of(option: str, text: str) -> str:
    """Return a currency that there is."""
    if text not in CURRENCIES:
        raise InputFaults.one(option, EXPECTED["currency.form"], text)
    return text


def country_of(option: str, text: str) -> str:
    """Return a code of a country, as ISO 3166-1 writes it."""
    if not re.fullmatch("[A-Z]{2}", text):
        raise InputFaults.one(option, EXPECTED["country.form"], text or EXPECTED["nothing"])
    return text


def needed(option: str, text: str) -> str:
    """Return what a form of export cannot do without."""
    if not text:
        raise InputFaults.one(option, EXPECTED["needed.form"], EXPECTED["nothing"])
    return text


def listed(serials: str) -> list[str]:
    """Return serials written with spaces, commas or semicolons between them."""
    return serials.replace(",", " ").replace(";", " ").split()
