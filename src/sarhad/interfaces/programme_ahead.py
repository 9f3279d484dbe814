"""What schedule, forecast and siting by year look ahead from: project, programme as of a day, its network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path

from sarhad.io.schedule_basis import basis_files, read_schedule_basis
from sarhad.ledger.registers import spoken
from sarhad.ledger.stood import caught_up
from sarhad.ledger.store import Head
from sarhad.model.programme import Programme
from sarhad.model.project import Project
from sarhad.model.schedule import Network
from sarhad.planning.programme import REGISTER, programme_of
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
    """A project, its programme as of the end of a day by all that is known now, the network from then on.

    `head` is the last record of the ledger that was read.
    """

    project: Project
    programme: Programme
    network: Network
    head: Head


def look_ahead(project: Project, folder: Path, basis: Basis, *, now: datetime) -> Ahead:
    """Return what is ahead of the programme of a project and its folder.

    Raises InputFaults with the faults of the tables, UnknownName where there is no ledger.
    """
    known = read_schedule_basis(folder, project.line, activities=basis.activities)
    known = known if basis.with_crews else replace(known, crews=())
    with caught_up(basis.ledger or folder) as store:
        head = store.head
        stand = spoken(store, REGISTER, believed_at=now, about_at=basis.at)
    programme = programme_of(record.statement for record in stand)
    kind_of = {name: equipment.kind for name, equipment in project.equipment.items()}
    chainage_m = chainages(project, programme)
    network = network_of(programme, known, start=basis.start, kind_of=kind_of, chainage_m=chainage_m)
    return Ahead(project, programme, network, head)
