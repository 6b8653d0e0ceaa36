"""What people call those whom an event names by reference: an inbox and an e-mail are read by people, and none of them
knows a firm by its reference.

Journey: an event -> its notices (notices.py) -> here, when one is told (actions/deliveries.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from procurement.models import Event, Framework, Lot, Organisation, Partner, Supplier
from procurement.notice import Notice

Read = Callable[[list[str]], Mapping[str, str]]

NAMES: Final[Mapping[str, Read]] = {
    "partner": lambda found: dict(
        Partner.objects.filter(reference__in=found).values_list("reference", "organisation__name")
    ),
    "supplier": lambda found: dict(
        Supplier.objects.filter(reference__in=found).values_list("reference", "name")
    ),
    "organisation": lambda found: dict(
        Organisation.objects.filter(reference__in=found).values_list("reference", "name")
    ),
    "framework": lambda found: dict(
        Framework.objects.filter(reference__in=found).values_list("reference", "number")
    ),
    "lot": lambda found: dict(Lot.objects.filter(reference__in=found).values_list("reference", "number")),
}
"""By what the table of notices calls it: the names of some references. Frameworks and lots are called by number."""


def names_for(notice: Notice, event: Event) -> dict[str, str]:
    """What stands in the notice's words in place of a reference, several in a row; what is known no more keeps its own.
    One query for each kind that the words name.
    """
    words = " ".join(one for one in (notice.title, notice.text) if isinstance(one, str))
    said: dict[str, tuple[str, Any]] = {kind: (kind, event.references.get(kind)) for kind in NAMES}
    said["subject"] = (event.subject_type, event.subject)
    said["former"] = ("partner", event.changes.get("former"))
    named = {}
    for word, (kind, value) in said.items():
        if kind not in NAMES or not value or f"{{{word}}}" not in words:
            continue
        references = list(map(str, value)) if isinstance(value, list) else [str(value)]
        known = NAMES[kind](references)
        named[word] = ", ".join(known.get(one, one) for one in references)
    return named
