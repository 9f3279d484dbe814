"""Sarhad: plans, builds up and runs the protection of a national border.

One line (everything lies on the border line), one number (timely detection), one ledger.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "AlongLine": "sarhad.model.asset",
    "Asset": "sarhad.model.asset",
    "AtPoint": "sarhad.model.asset",
    "Budget": "sarhad.model.plan",
    "Objective": "sarhad.model.objective",
    "OverBand": "sarhad.model.asset",
    "Plan": "sarhad.model.plan",
    "PlanResult": "sarhad.model.plan",
    "Project": "sarhad.model.project",
    "check_project": "sarhad.io.project",
    "coverage": "sarhad.planning.coverage_map",
    "easi": "sarhad.kernels.easi",
    "explain": "sarhad.planning.explain",
    "gap": "sarhad.planning.unseen",
    "open_project": "sarhad.io.project",
    "plan": "sarhad.planning.siting",
    "profile": "sarhad.planning.profile",
    "summarise": "sarhad.planning.summary",
    "travel_time": "sarhad.kernels.travel",
    "viewshed": "sarhad.kernels.sight",
    "write_example": "sarhad.io.example",
}

__all__ = [*_HOME, "__version__"]  # noqa: PLE0604

if TYPE_CHECKING:
    from sarhad.io.example import write_example as write_example
    from sarhad.io.project import check_project as check_project
    from sarhad.io.project import open_project as open_project
    from sarhad.kernels.easi import easi as easi
    from sarhad.kernels.sight import viewshed as viewshed
    from sarhad.kernels.travel import travel_time as travel_time
    from sarhad.model.asset import AlongLine as AlongLine
    from sarhad.model.asset import Asset as Asset
    from sarhad.model.asset import AtPoint as AtPoint
    from sarhad.model.asset import OverBand as OverBand
    from sarhad.model.objective import Objective as Objective
    from sarhad.model.plan import Budget as Budget
    from sarhad.model.plan import Plan as Plan
    from sarhad.model.plan import PlanResult as PlanResult
    from sarhad.model.project import Project as Project
    from sarhad.planning.coverage_map import coverage as coverage
    from sarhad.planning.explain import explain as explain
    from sarhad.planning.profile import profile as profile
    from sarhad.planning.siting import plan as plan
    from sarhad.planning.summary import summarise as summarise
    from sarhad.planning.unseen import gap as gap


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'sarhad' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
