"""What tests of processes that are killed begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.prepared import Prepared
from tests.search.stage import Stage


@pytest.fixture
def stage(prepared: Prepared, tmp_path: Path) -> Iterator[Stage]:
    """An empty database; no queue and no worker yet."""
    with prepared.copied(tmp_path / "data") as environment:
        made = Stage(tmp_path / "data", environment)
        try:
            yield made
        finally:
            made.end()
