"""What one state of a firm's profile changes from another, field by field, as people read it: for the versions of a
profile, for its preview, and for whoever looks at it before buyers rely on it.
"""

from __future__ import annotations

import json
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.models import ProfileVersion
from procurement.profiles import FIELDS, ProfileContent

LABELS: Final = {
    "name": N_("Name"),
    "summary": N_("Summary"),
    "ownership": N_("Ownership"),
    "ownership_evidence": N_("Evidence of ownership"),
    "size": N_("Size"),
    "sectors": N_("Sectors"),
    "regions": N_("Regions"),
    "accreditations": N_("Accreditations"),
    "case_studies": N_("Case studies"),
    "contacts": N_("Contact"),
}


def changed_fields(
    before: ProfileVersion | None, after: ProfileVersion | ProfileContent
) -> list[tuple[str, str, str]]:
    """Label, value before and value after of each field that differs; of every field where there is none before."""
    return [
        (_(LABELS[name]), "" if before is None else _written(getattr(before, name)), _written(now))
        for name in FIELDS
        for now in [_plain(getattr(after, name))]
        if before is None or getattr(before, name) != now
    ]


def _plain(value: Any) -> Any:
    """As a column holds it."""
    return list(value) if isinstance(value, tuple) else value


def _written(value: Any) -> str:
    """A field's value as people read it: lists by line, what is structured as its parts."""
    if isinstance(value, list):
        return "\n\n".join(_written(one) for one in value)
    if isinstance(value, dict):
        return "\n".join(
            f"{name}: {one if isinstance(one, str) else json.dumps(one)}" for name, one in value.items()
        )
    return str(value)
