"""Runs independent tasks on one or more processes, in order, with progress and resume.

A task is a module-level function of one picklable item; results come back in the order of the items, so
that the number of processes never changes a result. Finished results are kept by content key when a store
is given: an interrupted computation goes on where it stopped.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from types import ModuleType, TracebackType
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Progress(Protocol):
    """Told how far a step has come."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Take note that `done` of `total` items of the step are finished."""


class Store(Protocol):
    """Keeps results by content key."""

    def get(self, key: str) -> object | None:
        """Return what was kept under the key, or None."""

    def put(self, key: str, value: object) -> None:
        """Keep a value, atomically."""


def silent(step: str, done: int, total: int) -> None:
    """Report no progress."""


class Compute:
    """A pool of processes that lives as long as the `with` block; one process means none besides this."""

    def __init__(
        self, processes: int = 0, *, progress: Progress = silent, store: Store | None = None
    ) -> None:
        self.n_processes = processes if processes > 0 else len(os.sched_getaffinity(0))
        self._progress = progress
        self._store = store
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Compute:
        """Start nothing yet: workers start with the first task that needs them."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the workers; on an error or an interrupt drop what has not begun."""
        if self._pool is not None:
            self._pool.shutdown(wait=error is None, cancel_futures=error is not None)
            self._pool = None

    def run(
        self,
        step: str,
        task: Callable[[Item], Result],
        items: Sequence[Item],
        *,
        keys: Sequence[str] | None = None,
    ) -> list[Result]:
        """Return `[task(item) for item in items]`; `keys` name the results to keep in the store."""
        found: dict[int, Result] = {}
        for i, key in enumerate(keys or ()):
            kept = self._store.get(key) if self._store is not None else None
            if kept is not None:
                found[i] = kept  # type: ignore[assignment]
        self._progress(step, len(found), len(items))

        def finish(i: int, result: Result) -> None:
            found[i] = result
            if keys is not None and self._store is not None:
                self._store.put(keys[i], result)
            self._progress(step, len(found), len(items))

        missing = [i for i in range(len(items)) if i not in found]
        if missing and (self.n_processes == 1 or len(missing) == 1 or self._pool is None):
            # The first item runs here, so that kernels lie compiled in the cache before workers ask for them.
            alone = missing if self.n_processes == 1 else missing[:1]
            for i in alone:
                finish(i, task(items[i]))
            missing = missing[len(alone) :]
        if missing:
            with _main_out_of_sight():
                futures = {self._workers().submit(task, items[i]): i for i in missing}
            for future in as_completed(futures):
                finish(futures[future], future.result())
        return [found[i] for i in range(len(items))]

    def _workers(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["sarhad.planning.siting"])  # workers start with all they need
            self._pool = ProcessPoolExecutor(self.n_processes, mp_context=context)
        return self._pool


@contextmanager
def _main_out_of_sight() -> Iterator[None]:
    """Keep workers from running the caller's script again: it need not guard its calls."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
