"""Runs independent tasks on one or more processes, in order, with progress and resume.

A task is a module-level function of one picklable item; results come back in the order of the items, so
that the number of processes never changes a result. Finished results are kept by content key when a store
is given: an interrupted computation goes on where it stopped.

Workers live as long as this process holds its end of a pipe: they end at once after an error, an interrupt,
or when this process is killed. They are begun whole: an interrupt waits until they are.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from types import FrameType, ModuleType, TracebackType
from typing import Protocol, TypeVar

from sarhad.errors import SarhadError

WORKER_LOST = (
    "a worker process ended before its time: killed, or out of memory. Run the command again, with fewer "
    "processes (--jobs) if memory is short: what is finished is kept"
)
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
        self.progress = progress
        self._store = store
        self._pool: ProcessPoolExecutor | None = None
        self._held: Connection | None = None

    def __enter__(self) -> Compute:
        """Start nothing yet: workers start with the first task that needs them."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the workers; on an error or an interrupt drop what they are doing."""
        if self._pool is not None and self._held is not None:
            if error is not None:
                self._held.close()
            self._pool.shutdown(cancel_futures=error is not None)
            self._held.close()
            self._pool = self._held = None

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
        self.progress(step, len(found), len(items))

        def finish(i: int, result: Result) -> None:
            found[i] = result
            if keys is not None and self._store is not None:
                self._store.put(keys[i], result)
            self.progress(step, len(found), len(items))

        missing = [i for i in range(len(items)) if i not in found]
        if missing and (self.n_processes == 1 or len(missing) == 1 or self._pool is None):
            # The first item runs here, so that kernels lie compiled in the cache before workers ask for them.
            alone = missing if self.n_processes == 1 else missing[:1]
            for i in alone:
                finish(i, task(items[i]))
            missing = missing[len(alone) :]
        if missing:
            with _undisturbed(), _main_out_of_sight():
                futures = {self._workers().submit(task, items[i]): i for i in missing}
            try:
                for future in as_completed(futures):
                    finish(futures[future], future.result())
            except BrokenProcessPool as error:
                raise SarhadError(WORKER_LOST) from error
        return [found[i] for i in range(len(items))]

    def _workers(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["sarhad.planning.siting"])  # workers start with all they need
            theirs, self._held = context.Pipe(duplex=False)
            self._pool = ProcessPoolExecutor(
                self.n_processes, mp_context=context, initializer=_stay_while_held, initargs=(theirs,)
            )
        return self._pool


def _stay_while_held(held: Connection) -> None:
    """Leave Ctrl-C to the parent, and end at once when nobody holds the other end of the pipe any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        held.poll(None)  # nothing is ever sent: this returns when the other end is closed
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let what would stop this process wait; what begins here never hears what a terminal sends to all.

    A worker whose beginning was interrupted would be known to nobody, and complain.
    """
    came: list[tuple[int, FrameType | None]] = []
    handlers = {}
    if threading.current_thread() is threading.main_thread():  # where handlers are called
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if callable(handler := signal.getsignal(one)):
                handlers[int(one)] = handler
                signal.signal(one, lambda number, frame: came.append((number, frame)))
    resource_tracker.ensure_running()  # as it begins it would take the mask away
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number, frame in came[:1]:
            handlers[number](number, frame)


@contextmanager
def _main_out_of_sight() -> Iterator[None]:
    """Keep workers from running the caller's script again: it need not guard its calls."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
