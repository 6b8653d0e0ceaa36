"""A firm of the small market that lacks nothing for lot 1 of RM1, as it answers the readiness check."""

from __future__ import annotations

from typing import Any, Final

READY: Final[dict[str, Any]] = {
    "lot": "rm1~1",
    "identifier": "yes",
    "ownership": "yes",
    "evidence": "yes",
    "accreditations": ["iso-9001"],
    "indemnity": "1,000,000",
    "liability": "£1000000",
    "rate": "900",
    "regions": [""],
    "alone": "yes",
}
