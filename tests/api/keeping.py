"""What whoever keeps a framework has made before an example runs: a lot of RM6309 with a specialism and a grade, on
which nothing rests.
"""

from __future__ import annotations

from procurement.actions.framework_edits import add_grade, add_lot, add_specialism
from procurement.models import Framework
from procurement.permissions import SYSTEM


def kept_of(source: str) -> dict[str, str]:
    """The variables that these curl lines name, each of what was made for it; nothing where they are of no part."""
    if not any(f"${name}/" in source for name in ("LOT", "SPECIALISM", "GRADE")):
        return {}
    revision = Framework.objects.get(reference="rm6309").revision
    lot = add_lot(SYSTEM, "rm6309", revision, {"number": "12", "name": "Foresight", "competition": True})
    said = {"number": "1", "name": "Scenarios", "cpv": ["79410000"]}
    specialism = add_specialism(SYSTEM, lot.reference, revision + 1, said)
    grade = add_grade(SYSTEM, lot.reference, revision + 2, {"code": "G1", "name": "Junior", "rank": 1})
    return {"LOT": lot.reference, "SPECIALISM": specialism.reference, "GRADE": grade.reference}
