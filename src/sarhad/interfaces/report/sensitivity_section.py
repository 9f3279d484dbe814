"""What the answer hangs on, and how it stood up to simulated crossings, as the report says it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from sarhad.interfaces.language import number, say, translated
from sarhad.interfaces.report.cited import NONE, Cited, shown
from sarhad.interfaces.report.tables import Table, setting_said
from sarhad.interfaces.vocabulary import words
from sarhad.io.answers import MANIFEST, SENSITIVITY, VALIDATION
from sarhad.planning.sensitivity import Sensitivity, Swing

TEXT = translated(
    {
        "base.now": "As things stand, on {km} km of line: mean Pₜ {unaware} against somebody who does not "
        "know the sensors, {optimal} against somebody who knows everything; {closed} km closed.",
        "base.plan": "With {n} purchases, on {km} km of line: mean Pₜ {unaware} against somebody who "
        "does not know the sensors, {optimal} against somebody who knows everything; {closed} km closed.",
        "rule": "Each parameter goes from its low to its high end, the others stay as they are. Who knows "
        "everything takes another way each time.",
        "shares": "Shares of the variance of the first figure when the parameters with shares move together, "
        "± half the width of the 95 % interval: what a parameter does alone, and all that it has a part in. "
        "{n} evaluations.",
        "still": "Nothing moves with: {names}.",
        "settings": "Worked out with other settings than the rest of this report: {settings}.",
        "simulated.now": "Simulated as things stand, against the {adversary} adversary.",
        "simulated.plan": "Simulated with {n} purchases, against the {adversary} adversary.",
        "simulated": "{crossings} simulated crossings on {stretches} stretches: mean Pₜ {p}, met in time "
        "{frequency}; on {inside} of the stretches Pₜ lies in the 95 % interval of its frequency.",
        "simulated.reported": "{crossings} simulated crossings on {stretches} stretches: mean Pₜ {p}, seen "
        "and reported {frequency}; on {inside} of the stretches Pₜ lies in the 95 % interval of its "
        "frequency.",
        "fails": "Pₜ does not hold: do not use these results before the reason is known.",
        "col.parameter": "parameter",
        "col.ends": "from – to",
        "col.unaware": "Pₜ, unaware",
        "col.optimal": "Pₜ, optimal",
        "col.closed": "km closed",
        "col.first": "share alone",
        "col.total": "share in all",
        "arrow": "{before} → {after}",
        "share": "{value} ± {half}",
    }
)
OUTCOMES = (("p_unaware", "p3"), ("p_optimal", "p3"), ("closed_km", "km"))


@dataclass(frozen=True, slots=True)
class SensitivitySection:
    """What the template lays out; `chart` is a picture."""

    sentences: tuple[Markup, ...]
    chart: str
    table: Table


def sensitivity_section(cited: Cited, found: Sensitivity, chart: str) -> SensitivitySection:
    """Return the section; every figure is read from `sensitivity.json`."""
    purchase_n = cited.value(SENSITIVITY, "/purchase_n")
    base = _text("base.plan" if purchase_n else "base.now").format(
        n=cited.figure(SENSITIVITY, "/purchase_n", "n"),
        km=cited.figure(SENSITIVITY, "/length_km", "km"),
        unaware=cited.figure(SENSITIVITY, "/base/p_unaware", "p3"),
        optimal=cited.figure(SENSITIVITY, "/base/p_optimal", "p3"),
        closed=cited.figure(SENSITIVITY, "/base/closed_km", "km"),
    )
    sentences = [base, _text("rule")]
    if found.indices:
        sentences.append(_text("shares").format(n=cited.figure(SENSITIVITY, "/evaluation_n", "n")))
    if found.still:
        names = Markup(", ").join(say(one.parameter.title) for one in found.still)
        sentences.append(_text("still").format(names=names))
    sentences += _other_settings_said(cited, SENSITIVITY)
    return SensitivitySection(tuple(sentences), chart, _table(cited, found))


def other_settings(cited: Cited, file: str) -> list[str]:
    """Return the settings, name = value, by which an answer differs from the results beside it."""
    own, used = (cited.value(*at) for at in ((file, "/manifest/settings"), (MANIFEST, "/settings")))
    return [f"{name} = {setting_said(own[name])}" for name in sorted(own) if own[name] != used.get(name)]


def _other_settings_said(cited: Cited, file: str) -> list[Markup]:
    others = other_settings(cited, file)
    return [_text("settings").format(settings=", ".join(others))] if others else []


def simulated(cited: Cited, worth: str) -> tuple[Markup, ...]:
    """Return what `validation.json` says; nothing without one."""
    if VALIDATION not in cited.documents:
        return ()
    stands = "simulated.plan" if cited.value(VALIDATION, "/purchase_n") else "simulated.now"
    what = _text(stands).format(
        n=cited.figure(VALIDATION, "/purchase_n", "n"), adversary=words(cited.value(VALIDATION, "/adversary"))
    )
    found = _text("simulated.reported" if worth == "reported" else "simulated").format(
        crossings=cited.figure(VALIDATION, "/p_timely/crossing_n", "n"),
        stretches=cited.figure(VALIDATION, "/p_timely/stretch_n", "n"),
        p=cited.figure(VALIDATION, "/p_timely/mean_p", "p4"),
        frequency=cited.figure(VALIDATION, "/p_timely/frequency", "p4"),
        inside=cited.figure(VALIDATION, "/p_timely/inside_share", "share"),
    )
    sentences = (Markup("{} {}").format(what, found), *_other_settings_said(cited, VALIDATION))
    if cited.value(VALIDATION, "/holds"):
        return sentences
    return (*sentences, Markup("<b>{}</b>").format(TEXT["fails"]))


def _table(cited: Cited, found: Sensitivity) -> Table:
    keys = ["col.parameter", "col.ends", "col.unaware", "col.optimal", "col.closed"]
    keys += ["col.first", "col.total"] if found.indices else []
    rows = []
    for k, swing in enumerate(found.swings):
        if not swing.moves(found.base):
            continue
        row: list[str | Markup] = [say(swing.parameter.title), ends(swing)]
        for name, how in OUTCOMES:
            low, high = (
                cited.figure(SENSITIVITY, f"/rows/{k}/{name}_at_{end}", how) for end in ("low", "high")
            )
            row.append(_text("arrow").format(before=low, after=high))
        if found.indices:
            row += [_share(cited, k, name) for name in ("first", "total")]
        rows.append(tuple(row))
    return Table(tuple(TEXT[key] for key in keys), tuple(rows), frozenset(range(1, len(keys))))


def ends(swing: Swing) -> str:
    """Return the ends of a parameter as people read them."""
    one = swing.parameter
    times = "× " if one.parameter_id.endswith("_factor") else ""
    unit = "" if one.unit == "1" else f"\u00a0{one.unit}"
    return f"{times}{number(one.low)}\u00a0–\u00a0{number(one.high)}{unit}"


def _share(cited: Cited, k: int, name: str) -> str | Markup:
    at = f"/rows/{k}/sobol_{name}"
    value, half = (cited.value(SENSITIVITY, where) for where in (at, f"{at}_half_width"))
    if value is None:
        return NONE
    origin = f"{SENSITIVITY}#{at}"
    return _text("share").format(
        value=shown(value, origin, "p"), half=shown(half, f"{origin}_half_width", "p")
    )


def _text(key: str) -> Markup:
    return Markup.escape(TEXT[key])
