"""The words of `sarhad programme`, for people."""

from __future__ import annotations

from sarhad.interfaces.language import translated

TEXT = translated(
    {
        "help": "The programme of equipment: what is pledged, comes and works; every word of it in the "
        "ledger.",
        "authority": "Who says so.",
        "describer": "Who describes the items; their recipient if left out. --key signs its statements.",
        "key": "Private key of the authority (PEM), to sign.",
        "author": "Who types; the user of this machine if left out.",
        "at": "When it happened, YYYY-MM-DD or YYYY-MM-DDThh:mm in UTC; now if left out.",
        "as_of": "About which day, YYYY-MM-DD (or a time in UTC); now if left out.",
        "believed": "As believed on which day, YYYY-MM-DD (or a time in UTC); by all records if left out.",
        "plan": "plan.json of `sarhad plan`: a row per purchase; donors and recipients are yours to fill in.",
        "files": "items and moves: .csv, .xlsx; .json (OCDS); .xml (IATI that Sarhad wrote).",
        "since": "Time from which the items are described; their first move if left out, else now.",
        "item": "Id of the item.",
        "state": "What the units reached: {states}; or counted, for an inventory.",
        "quantity": "How many, or how many kilometres.",
        "serials": "Serials of the units, with commas between.",
        "from": "State that lost or returned units were in.",
        "forecast": "Nothing happened yet: the day foreseen, YYYY-MM-DD.",
        "note": "Anything else: number of the act, source.",
        "corrects": "Id of an own statement that this one corrects.",
        "statement": "Id of the statement, as `sarhad programme status` and `sarhad ledger log` show it.",
        "reason": "Why.",
        "contested": "How much of it is contested; all if left out.",
        "rate": "Also sum the money: CURRENCY=RATE, the worth of one in --currency; one for each currency.",
        "currency": "Currency of the sums.",
        "export": "File to write: .xlsx, items.csv, moves.csv, .json (OCDS record package), .xml (IATI "
        "2.03).",
        "publisher": "Who publishes (OCDS, IATI).",
        "prefix": "Prefix of the ids, given out by the Open Contracting Partnership.",
        "reporting_org": "Identifier of the reporting organisation (IATI).",
        "country": "Recipient country, ISO 3166-1 alpha-2 (IATI).",
        "written": "Tables to fill in: {files} in [bold]{folder}[/].",
        "begun": "A ledger was begun in [bold]{folder}[/].",
        "joined": "The ledger in [bold]{folder}[/] will hold it.",
        "imported": "Items: {n_items}, moves: {n_moves}; statements recorded: {n_recorded}, known before: "
        "{n_known}.",
        "recorded": "Recorded as {seq}: [bold]{kind}[/] {subject_id}, statement [bold]{statement_id}[/].",
        "exported": ("{n} item is in [bold]{file}[/].", "{n} items are in [bold]{file}[/]."),
        "empty": "The programme holds no items.",
        "status.title": "The programme on {at:%Y-%m-%d}: where units stand",
        "acts.title": "Acceptances that await the second signature (sarhad programme confirm)",
        "refused.title": "Statements of other copies that do not fit and were left out",
        "donors.title": "Pledge against delivery: sent = received + in transit + disputed + lost on the way",
        "late.title": "Late: of each item the first state behind its day ({n} late states in all: --json, "
        "--to)",
        "to": "Folder to write every report into, as CSV, and all as report.json.",
        "reports.written": "All reports, row by row: [bold]{folder}[/].",
        "availability.title": "Availability (90 % intervals)",
        "inventory.title": "Counts of what is held, due within 90 days",
        "money.title": "Money and kind, each currency by itself",
        "summed.title": "Money in {currency}, at the rates given",
        "few": "too few ({n})",
        "none": "none",
        "kilometres": "{n} km",
    }
)

EXPECTED = {
    "key.whose": "the authority whose key it is",
    "rate.form": "CURRENCY=RATE, ISO 4217 and a number above 0",
    "currency.form": "a currency of ISO 4217",
    "needed.form": "a name: this form of export needs one",
    "time.form": "YYYY-MM-DD or YYYY-MM-DDThh:mm",
    "nothing": "nothing",
    "country.form": "a country of ISO 3166-1: two capital letters",
    "state": "a state: {states}; or counted, for an inventory",
}
"""What faults say was expected or found; told in other languages where they are shown."""
