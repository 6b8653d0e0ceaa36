"""An installation of its own for tests that run processes: frameworks and nobody on them, and Python beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.given import ROOT
from tests.prepared import Prepared

FRAMEWORKS = "import django; django.setup(); from tests.world import make_frameworks; make_frameworks()"


@contextmanager
def with_frameworks(prepared: Prepared, data: Path) -> Iterator[dict[str, str]]:
    """The variables of an installation in a folder that is made, with frameworks."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "BROKER_URL"}}
    with prepared.copied(data) as given:
        made = {
            **kept,
            "DEMO": "1",
            "LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "CALLOFF_DATA": str(data),
            **given,
        }
        filled = python(made, FRAMEWORKS)
        assert filled.returncode == 0, filled.stderr
        yield made


def python(environment: dict[str, str], code: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs code with these variables and words behind it."""
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
