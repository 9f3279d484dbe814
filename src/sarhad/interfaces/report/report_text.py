"""What the report says. A text that holds figures names them in braces."""

from __future__ import annotations

from sarhad.interfaces.language import translated

TEXT = translated(
    {
        "kind": "Report on the protection of the border",
        "kind.reported": "Report on the watch of the line",
        "summary": "Summary",
        "map": "Map",
        "strip": "Along the line",
        "weakest": "The weakest stretches",
        "plan": "The plan and what it costs",
        "money": "What the next money buys",
        "ground": "Dead ground",
        "sensitivity": "Sensitivity",
        "assumptions": "Assumptions",
        "sources": "Sources and licences",
        "manifest": "Manifest",
        "today": "today",
        "with": "with the plan",
        "km": "{km} km",
        "arrow": "{before} → {after}",
        # summary
        "tile.mean": "of crossings detected in time, by somebody who does not know the sensors",
        "tile.optimal": "against somebody who knows everything: the worst case",
        "tile.mean.reported": "of crossings seen and reported, by somebody who does not know the sensors",
        "tile.gap": "ways in unseen: {case}",
        "tile.cost": "the plan; people it takes: {crew}",
        "sum.today": "Of {length} km of line, {crossable} km can be crossed. As things stand, {unaware} of "
        "the crossings by people who know the ground but not the sensors are detected early enough to be "
        "met; by people who know everything, {optimal}.",
        "sum.today.reported": "Of {length} km of line, {crossable} km can be crossed. As things stand, "
        "{unaware} of the crossings by people who know the ground but not the sensors are seen and "
        "reported; by people who know everything, {optimal}.",
        "sum.plan": "The plan costs {cost} and takes {crew} people. It raises the first figure to {unaware} "
        "and the second to {optimal}.",
        "sum.bound": "The plan was chosen to raise one value, which it brings from {before} to {value}. It "
        "is proven that no plan under this budget brings it above {bound}.",
        "sum.binds": "What is still missed: on {unseen} km mostly because nobody sees it, on {late} km "
        "mostly because it is seen too late. Sensors help on the first, teams that come sooner on the "
        "second.",
        "sum.condition": "Most crossings of a year are missed in this condition: {costliest}. The least "
        "share is detected in time in this one: {worst}.",
        "sum.binds.reported": "What is still missed is missed because nobody sees it.",
        "sum.condition.reported": "Most crossings of a year are missed in this condition: {costliest}. The "
        "least share is seen and reported in this one: {worst}.",
        "sum.table": "Pₜ by who crosses, mean over line, targets and year",
        "sum.reading": "How to read the figures",
        # tables
        "col.who": "who crosses",
        "col.depth": "goal, km inside",
        "col.range": "range",
        "col.p": "Pₜ",
        "col.detect": "detected at all",
        "col.hours": "hours on the way",
        "col.equipment": "equipment",
        "col.site": "site",
        "col.where": "where",
        "col.gain": "gain in Pₜ",
        "col.cost": "cost",
        "col.per_money": "gain per million US$",
        "col.items": "items",
        "col.length": "km",
        "col.people": "people",
        "col.rank": "rank",
        "col.total": "cost so far",
        "col.worth": "gain in the list",
        "col.condition": "condition",
        "col.share": "of the year",
        "col.closed": "closed, km",
        "col.thin": "thin, km",
        "col.open": "open, km",
        "col.gap": "unseen gap, km",
        "col.no": "no.",
        "col.from_to": "from km – to km",
        "col.opposite": "district or range",
        "col.width": "km unseen",
        "col.value": "value",
        "col.bound": "bound",
        "col.distance": "gap to the bound",
        "col.setting": "setting",
        "col.unit": "unit",
        "col.default": "default",
        "col.meaning": "meaning",
        "col.what": "what",
        "col.source": "source",
        "col.command": "command",
        "col.file": "file",
        "col.sha": "SHA-256",
        "col.expected": "expected",
        "col.found": "found",
        "col.why": "why",
        "col.light": "light, lux",
        "col.sight": "visibility, km",
        "col.works": "works",
        "col.each": "cost each (lines: per km)",
        "range.terrain": "{low} – {high} over terrains",
        "range.bracket": "{low} – {high}, bracket",
        "sum": "in all",
        # weakest stretches
        "weak.rule": "The stretches of least Pₜ, mean over the year, no two nearer than {km} km, with all "
        "that the plan adds. Ways are shown in the case in which most crossings are missed: {case}.",
        "weak.rule.now": "The stretches of least Pₜ, mean over the year, no two nearer than {km} km, as "
        "things stand. Ways are shown in the case in which most crossings are missed: {case}.",
        "weak.head": "km {start} – {end}: {district}",
        "weak.head.plain": "km {start} – {end}",
        "weak.year": "Mean over the year {p}; least in any condition {worst}. What binds: {binds}.",
        "weak.year.before": "Today the mean is {p}.",
        "weak.here": "Who crosses in this case",
        "weak.map": "Ways through the stretch, from the hollow dot to the full one:",
        "weak.stretch": "the stretch",
        "weak.symbols": "Hollow symbols stand today, red ones come with the plan. Dashed: the line of sight "
        "below.",
        "sight.from": "The nearest sensor to the unaware way is {sensor} ({equipment}), {distance} km from "
        "the place shown.",
        "sight.hidden": "The ground {hider} km in front of the sensor hides the crosser: he would have to "
        "stand {depth} m higher to be seen.",
        "sight.seen": "Nothing hides the crosser there.",
        "sight.far": "It reaches {reach} km at best: the way passes farther off.",
        "sight.share": (
            "Within its reach lies {n} cell of the way; in its sight {seen} of it.",
            "Within its reach lie {n} cells of the way; in its sight {seen} of them.",
        ),
        "sight.none": "No sensor at a point stands in the window around this stretch.",
        "raise.head": "What would raise it most",
        "raise.none": "Nothing on offer raises it.",
        "near.seen": "Of the passable ground nearest to this stretch {share} is seen in this case. Largest "
        "patches that are not: {patches}.",
        "near.all": "Of the passable ground nearest to this stretch {share} is seen in this case.",
        "near.patch": "{area} km² at {lat}° N {lon}° E",
        # plan
        "plan.budget": "Budget {money}; spent {cost} on {items} purchases that take {crew} people.",
        "plan.value": "Value of the objective: {before} today, {value} with the plan; bound {bound}, gap "
        "{gap}.",
        "plan.mix": "{weight} × {name} {value}",
        "plan.made_of": "It is made of: {parts}.",
        "plan.weighted": "It weighs stretches by the project's weights, so that it is not comparable "
        "with the means over the line.",
        "plan.types": "By type",
        "plan.order": "In order",
        "plan.rule": "Rank 1 is bought first. Any head of the list is a plan for that much money; the gain "
        "is what a purchase added to the searched value when it was ranked.",
        "plan.more": (
            "{n} more purchase stands in the layer plan of results.gpkg.",
            "{n} more purchases stand in the layer plan of results.gpkg.",
        ),
        "plan.none": "These results hold no plan. The command sarhad plan finds one and writes it here.",
        "place.point": "{lat}° N {lon}° E",
        "place.line": "km {start} – {end}",
        # money
        "money.rule": "Each dot is a head of the ranked list with its exact value. Nothing can lie in the "
        "grey: no plan of that money or less exceeds the dashed line, with the same stock and, up to the "
        "plan, the same people. What lies between the two lines is not decided.",
        "money.none": "These results hold no curve: they come from a version that did not work it out, or "
        "from a search that was told not to. The command sarhad plan writes it.",
        "money.next": "What comes next in the list",
        # ground
        "ground.rule": "Chance that somebody ({target}) who stays ten minutes is detected, by share of the "
        "band: {home} km on the home side, {beyond} km beyond, passable or not. At the end of a row: dead "
        "ground.",
        "ground.gap": "Closed, thin and open against somebody who knows everything, and ways in unseen",
        "ground.labels": "Closed: Pₜ above 0.5; thin: 0.01 to 0.5; open: below 0.01. The unseen gap is the "
        "least length of signalling line that closes the border.",
        "ground.holes": "The widest ways in unseen: {case}",
        "ground.none": "There is no way in unseen in this case.",
        # sensitivity
        "sensitivity.none": "Not worked out yet. The command sarhad sensitivity writes sensitivity.json "
        "beside these results; the next report then shows it here.",
        # assumptions
        "assume.1": "The first detection counts: a crossing is met where a team can be on the rest of its "
        "way before it. A later detection does not start a second chase.",
        "assume.1.reported": "Observation only: the first detection counts, whoever has been seen stays "
        "reported, and nobody is sent to meet a crossing.",
        "assume.2.reported": "Where a crossing goes after its report changes nothing.",
        "assume.3.reported": "An alarm is assessed and passed on with probability {p}.",
        "assume.5.reported": "Seeing beyond the line counts as much as seeing at home.",
        "assume.2": "Once detected, a crosser runs for the nearest goal by the fastest way.",
        "assume.3": "An alarm is assessed and passed on with probability {p}. Times of crossers and teams "
        "scatter by {sd} of their means.",
        "assume.4": "A sensor that does not work is down for the whole crossing.",
        "assume.5": "Teams stay on the home side of the line; seeing beyond it counts.",
        "assume.6": "Sensors miss independently of each other; in fog the best one alone counts.",
        "assume.7": "Who does not know the sensors takes one of {n} likely ways. Who knows everything takes "
        "the worst of all ways.",
        "assume.8": "Costs are those of the equipment tables, per item or per km. Running costs and repair "
        "are not in them.",
        "assume.weights": "In the value of the plan these ranges count by other weights than 1: {weights}.",
        "assume.weight": "{name} × {weight}",
        "assume.conditions": "Conditions of the year",
        "assume.equipment": "Equipment that stands or is on offer",
        "assume.settings": "Settings of the computation",
        "assume.doubts": "Doubts about the inputs",
        "assume.doubted": "Nothing is stopped by them: they are what the check of the inputs finds that no "
        "rule forbids and that can hardly be meant.",
        "assume.undoubted": "The check of the inputs found nothing doubtful.",
        # sources
        "sources.line": "border line",
        "sources.terrain": "terrain ({kind}), {datum}",
        "sources.layer": "layer [{section}]",
        "sources.equipment": "sensors and targets",
        "sources.tables": "tables of Sarhad and of the project; each value has its source beside it",
        "sources.software": "software",
        "sources.licence": "Sarhad {version}, Apache License 2.0",
        "sources.stated": "As the project states its sources",
        # manifest
        "manifest.rule": "Equal inputs, settings and versions give this report byte for byte. Each figure "
        "of the report carries its value and its place in the results; the page on a screen shows it under "
        "the pointer.",
        "manifest.software": "Software",
        "manifest.commands": "Commands that give it again, from inside the project's folder",
        "manifest.inputs": "Inputs",
        "manifest.results": "Results",
        "manifest.seed": "seed",
        "manifest.kind": "terrain KIND",
    }
)
