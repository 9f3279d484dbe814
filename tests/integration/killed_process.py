"""A process that is killed as it asks the system for something: what does it leave behind?"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

CALLS = ("replace", "fsync", "open", "mkdir", "rmdir", "unlink", "chmod")
Call = Callable[..., Any]


def killed_at(n: int, work: Callable[[Callable[[Call], Call]], None]) -> bool:
    """Do some work in a process that is killed as it asks for the n-th time; return whether it was.

    `work` is given what makes one more call count as asking.
    """
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = n

    def dying(call: Call) -> Call:
        def asked(*words: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*words, **named)

        return asked

    for name in CALLS:
        setattr(os, name, dying(getattr(os, name)))
    try:
        work(dying)
    finally:
        os._exit(0)
