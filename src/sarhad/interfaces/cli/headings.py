"""Headings of the tables that commands print, in every language; units stand in them."""

from __future__ import annotations

from collections.abc import Iterable

from sarhad.interfaces.language import translated

HEADINGS = translated(
    {
        name: name
        for name in (
            # profile and plan
            *("condition", "of year", "closed km", "thin km", "open km", "impassable km", "unseen gap km"),
            *("adversary", "goal depth km", "P_t", "P_t now", "P_t planned", "bracket / terrain band"),
            *("km", "offset m", "width m", "opposite", "closed by", "cost kUSD"),
            *("equipment", "items", "MUSD", "crew", "now", "planned", "P_t at least", "of the tail"),
            *("P_detect", "hours", "site", "gain", "kUSD", "gain per MUSD"),
            # check, validate, sensitivity
            *("layer", "row", "column", "expected", "found"),
            *("probability", "stretches", "crossings", "mean", "frequency", "inside", "p bias", "p spread"),
            *("terrain band", "parameter", "unit", "base", "low", "high", "unaware", "optimal", "km closed"),
            *("first", "total"),
            # terrain
            *("tile", "series", "came", "MB", "first file", "tiles", "system", "cell m", "read", "km2"),
            *("of band", "why", "second", "how", "step m", "usual m", "neighbours m"),
            *("1 cell m", "2 m", "4 m", "8 m", "growth"),
            # programme
            *("item", "type", "donor", "wanted", "disputed", "statement", "quantity", "measured in"),
            *("needed", "trained", "down", "repaired"),
            *("offered", "pledged", "approved", "contracted", "produced", "shipped", "delivered", "accepted"),
            *("installed", "working", "returned", "lost", "sent", "in transit", "received", "lost on way"),
            *("appr.", "contr.", "prod.", "ship.", "deliv.", "acc.", "inst.", "transit"),
            *("state", "forecast", "days late", "availability", "failures", "MTBF days", "MTTR days"),
            *("serial", "last", "due", "days overdue", "currency", "terms", "items without a cost"),
            # ahead
            *(
                "next",
                "P10",
                "P50",
                "P80",
                "P90",
                "needed by",
                "in time",
                "critical",
                "crucial",
                "planned on",
            ),
            *("as planned", "step", "done P50", "done P80", "until", "closed", "thin", "open"),
            *("works, P50", "gain km-days", "per MUSD", "loss", "sooner"),
            *("year", "money, MUSD", "spent, MUSD", "new", "standing", "bound", "gap", "rank", "cost, kUSD"),
            # ledger and claims
            *("branch", "differs from record", "last record", "imported at"),
            *("seq", "recorded (UTC)", "happened (UTC)", "authority", "kind", "subject", "what"),
            *("key id", "public key", "valid from", "valid to"),
            *("question", "value", "as of", "publisher", "quoted from", "grade", "origins", "id", "words"),
            *("at", "property", "place", "rules", "figure", "where", "before", "after", "if"),
        )
    }
)


def headings(names: Iterable[str]) -> list[str]:
    """Return headings in the language of the moment."""
    return [HEADINGS[name] for name in names]
