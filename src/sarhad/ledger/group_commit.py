"""Group commit: while one thread forces units to disk, those of all others gather and go with the next force.

The thread that finds nobody leading leads: it takes what waits and commits it; then it wakes those it
served, and hands the lead to the first that came meanwhile. Nobody waits for a force that does not serve him
(D. J. DeWitt et al., *Implementation techniques for main memory database systems*, 1984).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Event, Lock
from typing import Generic, Protocol, TypeVar

GROUP_BYTES = 8 * 2**20


class Unit(Protocol):
    """What one thread brings to be committed in one piece."""

    n_bytes: int


U = TypeVar("U", bound=Unit)


class _Place(Generic[U]):
    """A unit's place among those that wait: woken when it was served, or is to lead."""

    def __init__(self, unit: U) -> None:
        self.unit, self.woken, self.leads = unit, Event(), False


class GroupCommit(Generic[U]):
    """Gathers the units of threads. `commit` answers all that it is given, and is called by one at a time."""

    def __init__(self, commit: Callable[[list[U]], None]) -> None:
        self._commit = commit
        self._guard = Lock()
        self._waiting: deque[_Place[U]] = deque()
        self._led = False

    def submit(self, unit: U) -> None:
        """Return when the unit was given to `commit`, by whichever thread."""
        place = _Place(unit)
        with self._guard:
            self._waiting.append(place)
            place.leads = not self._led
            self._led = True
        if not place.leads:
            self._wait(place)
        if place.leads:
            self._lead()

    def _wait(self, place: _Place[U]) -> None:
        try:
            place.woken.wait()
        except BaseException:  # interrupted: nobody must be left waiting for this thread to lead
            with self._guard:
                if place in self._waiting:
                    self._waiting.remove(place)
            if place.leads:
                self._hand_over()
            raise

    def _lead(self) -> None:
        group: list[_Place[U]] = []
        try:
            with self._guard:
                group = self._take()
            self._commit([place.unit for place in group])
        finally:
            for place in group:
                place.woken.set()
            self._hand_over()

    def _take(self) -> list[_Place[U]]:
        """Take from those that wait what one commit should hold, one at least."""
        group = [self._waiting.popleft()]
        n_bytes = group[0].unit.n_bytes
        while self._waiting and n_bytes + self._waiting[0].unit.n_bytes <= GROUP_BYTES:
            group.append(self._waiting.popleft())
            n_bytes += group[-1].unit.n_bytes
        return group

    def _hand_over(self) -> None:
        with self._guard:
            self._led = bool(self._waiting)
            if self._led:
                self._waiting[0].leads = True
                self._waiting[0].woken.set()
