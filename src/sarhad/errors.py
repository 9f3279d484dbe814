"""Everything Sarhad raises on purpose.

    SarhadError                 exit code 1
    ├── InputFaults             3   the data is wrong: every fault of every file, in one report
    ├── NoAnswer                4   the data is right, and there is no answer to the question
    │   ├── NoGoalReachable         no one can reach a goal from the line under any season
    │   └── EmptyBudget             nothing can be bought: the budget, the stock or the candidates are empty
    ├── UnknownName             5   a name that the project or the tables do not hold
    ├── Unreachable             7   a server did not give what was asked; what came is kept, try again
    ├── NotWritten              8   the disk did not take what was to be written; what was there before stands
    └── LedgerError             6   the ledger cannot do what is asked; what it holds is untouched
        ├── LedgerInUse             another process writes to it
        ├── LedgerDamaged           a record, the chain or a checkpoint does not hold
        ├── LedgerNewer             written by a newer version of Sarhad
        ├── NotRecorded             not durable (disk full, clock going backwards): nothing was acknowledged
        └── NotTrusted              unknown key, wrong signature, or another authority's statement

Exit codes 0 (done), 2 (usage) and 130 (interrupted) belong to the command line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter


class SarhadError(Exception):
    """Root of all errors that Sarhad raises on purpose."""

    exit_code = 1


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong with an input: where it is, what was expected there, what was found.

    `row` counts features or table rows from 1 and is 0 where the fault belongs to the whole layer;
    `layer` and `column` are empty where they do not apply.
    """

    file: str
    layer: str
    row: int
    column: str
    expected: str
    found: str

    @property
    def place(self) -> str:
        """Where it is: file, layer, row, column, as far as they apply."""
        place = self.file
        place += f" [{self.layer}]" if self.layer else ""
        place += f" row {self.row}" if self.row else ""
        return place + (f", {self.column}" if self.column else "")

    def __str__(self) -> str:
        """One line a person can act on."""
        return f"{self.place}: expected {self.expected}, found {self.found}"


_ORDER = attrgetter(*Fault.__slots__)


class InputFaults(SarhadError):
    """The inputs are wrong; `faults` holds all that was found, sorted by place."""

    exit_code = 3

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__()
        self.faults: tuple[Fault, ...] = tuple(sorted(set(faults), key=_ORDER))

    def __str__(self) -> str:
        """All faults, a line each: put together only when asked for, as there may be a million."""
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        return f"{len(self.faults)} fault(s) in the inputs:\n{lines}"

    def __reduce__(self) -> tuple[type[InputFaults], tuple[tuple[Fault, ...]]]:
        """Keep the faults when the error travels between processes."""
        return (type(self), (self.faults,))

    @classmethod
    def one(cls, place: str, expected: str, found: object, *, column: str = "", row: int = 0) -> InputFaults:
        """Build the report of a single fault."""
        return cls([Fault(place, "", row, column, expected, str(found))])


class NoAnswer(SarhadError):
    """The inputs are right, and the question has no answer."""

    exit_code = 4


class NoGoalReachable(NoAnswer):
    """No goal can be reached from the line by any target in any season."""


class EmptyBudget(NoAnswer):
    """Nothing can be bought: the budget, the stock or the candidates are empty."""


class UnknownName(SarhadError):
    """A name that neither the project nor the tables hold."""

    exit_code = 5


class Unreachable(SarhadError):
    """A server did not give what was asked of it; what has come is kept, and the command can be run again."""

    exit_code = 7


class NotWritten(SarhadError):
    """The disk did not take what was to be written; what was there before stands as it was."""

    exit_code = 8


class LedgerError(SarhadError):
    """The ledger cannot do what is asked; what it holds is untouched."""

    exit_code = 6


class LedgerInUse(LedgerError):
    """Another process writes to the ledger."""


class LedgerDamaged(LedgerError):
    """A record, the chain or a checkpoint does not hold."""


class LedgerNewer(LedgerError):
    """The ledger was written by a newer version of Sarhad."""


class NotRecorded(LedgerError):
    """What was said is not durable, and was not acknowledged: the sender keeps it and says it again."""


class NotTrusted(LedgerError):
    """An unknown key, a wrong signature, or a change to another authority's statement."""
