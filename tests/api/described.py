"""The schema as it is committed, read once; test_openapi.py says whether it is the one that the code tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

SNAPSHOT: Final = Path(__file__).parents[2] / "docs" / "openapi.yaml"
SCHEMA: Final[dict[str, Any]] = yaml.load(SNAPSHOT.read_text(), yaml.CSafeLoader)
