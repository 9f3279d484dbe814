"""What schedule, forecast and siting by year look ahead from: project, programme as of a day, its network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path

from sarhad.interfaces.programme_record import records_of
from sarhad.io.project import open_project
from sarhad.io.schedule_basis import basis_files, read_schedule_basis
from sarhad.model.programme import Programme
from sarhad.model.project import Project
from sarhad.model.record import Record
from sarhad.model.schedule import Network
from sarhad.planning.programme import programme_as_of
from sarhad.planning.prospects import chainages
from sarhad.planning.schedule import network_of


@dataclass(frozen=True, slots=True)
class Basis:
    """On what a look ahead rests: the day, tables and ledger in place of the project's, limits of crews."""

    start: date
    activities: Path | None = None
    ledger: Path | None = None
    with_crews: bool = True

    @property
    def at(self) -> datetime:
        """The end of the day."""
        return datetime.combine(self.start, time.max, UTC)

    def files(self, folder: Path) -> tuple[Path, ...]:
        """Return the tables that it rests on beside the shipped assumptions."""
        own = basis_files(folder)
        if self.activities is None:
            return own
        return (self.activities, *(path for path in own if path.name != "activities.csv"))


@dataclass(frozen=True, slots=True, eq=False)
class Ahead:
    """A project, its programme as of the end of a day by all that is known now, the network from then on."""

    project: Project
    programme: Programme
    network: Network
    records: tuple[Record, ...]


def look_ahead(folder: Path, basis: Basis, *, now: datetime) -> Ahead:
    """Return what is ahead of a project folder's programme.

    Raises InputFaults with the faults of the project or of the tables, UnknownName where there is no ledger.
    """
    project = open_project(folder)
    known = read_schedule_basis(folder, project.line, activities=basis.activities)
    known = known if basis.with_crews else replace(known, crews=())
    records = records_of(basis.ledger or folder)
    programme = programme_as_of(records, now, basis.at)
    kind_of = {name: equipment.kind for name, equipment in project.equipment.items()}
    chainage_m = chainages(project, programme)
    network = network_of(programme, known, start=basis.start, kind_of=kind_of, chainage_m=chainage_m)
    return Ahead(project, programme, network, records)
