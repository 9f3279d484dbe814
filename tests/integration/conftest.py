"""One PostgreSQL server for all tests of a run that ask for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from postgres import NoServer, server


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a real PostgreSQL with PostGIS; skips, and says why, where there is none."""
    try:
        started = server()
        url = started.__enter__()
    except NoServer as reason:
        pytest.skip(str(reason))
    try:
        yield url
    finally:
        started.__exit__(None, None, None)
