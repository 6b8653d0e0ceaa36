"""What one state of a firm's profile changes from another, field by field, as people read it: for the versions of a
profile, for its preview, and for whoever looks at it before buyers rely on it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.models import ProfileVersion, Region
from procurement.profiles import FIELDS, ProfileContent
from procurement.vocabulary import SECTORS
from web.profile_form import CHOSEN, CONTACTS, EVIDENCE
from web.saying import labels_said, said

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
STUDY: Final = {"sector": N_("Sector"), "year": N_("Year")}
"""What is known of a case study beside its title and text."""
PARTS: Final = {"ownership_evidence": EVIDENCE, "contacts": CONTACTS}
"""Fields of several parts, each with a label of its own."""
WITHOUT_ORDER: Final = ("sectors", "regions", "accreditations")
"""A form sends them in the order of its boxes, an import in that of its file: neither says anything."""


def changed_fields(
    before: ProfileVersion | None, after: ProfileVersion | ProfileContent
) -> list[tuple[str, str, str]]:
    """Label, value before and value after of each field that differs; of every field where there is none before.

    One query, for the names of regions where these differ.
    """
    return [
        (_(LABELS[name]), was, now)
        for name in FIELDS
        if before is None or _compared(name, getattr(before, name)) != _compared(name, getattr(after, name))
        for was, now in [_both(name, None if before is None else getattr(before, name), getattr(after, name))]
    ]


def _compared(name: str, value: Any) -> Any:
    """What two states have to have in common to be told as the same."""
    if name in WITHOUT_ORDER:
        return set(value)
    return list(value) if isinstance(value, tuple) else value


def _both(name: str, was: Any, now: Any) -> tuple[str, str]:
    """A field's value before, "" where there was none, and after, as people read them."""
    labels = _region_names({*(was or ()), *now}) if name == "regions" else labels_said(CHOSEN.get(name, {}))
    return "" if was is None else _written(name, was, labels), _written(name, now, labels)


def _region_names(codes: Collection[str]) -> dict[str, str]:
    return dict(Region.objects.filter(code__in=codes).values_list("code", "name"))


def _written(name: str, value: Any, labels: Mapping[str, str]) -> str:
    """A field's value as people read it: what was chosen by its labels, what is structured by its parts."""
    if name == "case_studies":
        return "\n\n".join(map(_study, value))
    if name in PARTS:
        return "\n".join(f"{said(PARTS[name].get(part, part))}: {one}" for part, one in value.items())
    if name in WITHOUT_ORDER:
        return "\n".join(sorted(labels.get(one, one) for one in value))
    return labels.get(value, str(value))


def _study(study: Mapping[str, Any]) -> str:
    """A case study's title, what it says, and what else is known of it; its key is for programs."""
    known = {"sector": said(SECTORS.get(study.get("sector", ""), "")), "year": study.get("year")}
    details = [f"{said(STUDY[part])}: {one}" for part, one in known.items() if one]
    return "\n".join([study["title"], study["text"], *details])
