"""`sarhad claims weights`: threat weights out of incidents and districts held, for a project to take."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from sarhad.interfaces.cli import claims_shown as shown
from sarhad.interfaces.cli.claims_session import (
    AboutAt,
    BelievedAt,
    LedgerFolder,
    StoreUrl,
    end_of,
    now,
    standing_at,
)
from sarhad.interfaces.cli.console import AsJson, answer
from sarhad.io.acled import read_incident_kinds
from sarhad.io.claim_files import weights_text
from sarhad.io.whole import write_whole
from sarhad.model.line import ChainageRange
from sarhad.planning.claim_desk import Standing
from sarhad.planning.threat import Decay, Threat, threat_weights, threats, weight_ranges


def write_threat_weights(
    folder: LedgerFolder,
    project: Annotated[Path, typer.Option("--project", help="Project whose stretches are weighed.")],
    out: Annotated[Path, typer.Option(help="CSV to write; name it under [weights] in project.toml.")],
    half_life_days: Annotated[float, typer.Option(help="Days until an incident weighs half.")] = 90.0,
    reach_km: Annotated[float, typer.Option(help="How far an incident counts along the line.")] = 5.0,
    believed_at: BelievedAt = None,
    about_at: AboutAt = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Turn incidents and districts held opposite into threat weights that the project can take."""
    held = standing_at(folder, believed_at, about_at, store)
    at = end_of(about_at, "--about-at") if about_at else now()
    found, weights, ranges = weigh(held, project, at, Decay(half_life_days, reach_km * 1e3))
    write_whole(out, weights_text(ranges))
    value = {
        "file": str(out),
        "threats": len(found),
        "half_life_days": half_life_days,
        "reach_km": reach_km,
        "highest": float(weights.max()),
        "ranges": len(ranges),
    }
    answer(value, as_json, lambda: shown.draw_recorded(value))


def weigh(
    held: Standing, project: Path, about_at: datetime, decay: Decay
) -> tuple[tuple[Threat, ...], NDArray[np.float64], tuple[tuple[ChainageRange, float], ...]]:
    """Return the threats that stand, the weight of every stretch of a project, and the same as ranges."""
    from sarhad.io.project import read_project_districts  # heavy, and only weights ask for stretches

    line, _, settings = read_project_districts(project)
    found = threats(held.records, held.register, read_incident_kinds(), held.rules)
    stretches = line.stretches(settings.stretch_m)
    weights = threat_weights(found, stretches, about_at=about_at, decay=decay)
    return found, weights, weight_ranges(stretches, weights)
