"""The form of a firm's own profile: what stands in its fields, the edit that it states, and where each fault
belongs.

Journey: /profile/<partner> -> here -> procurement/actions/profiles.py -> event -> the search's outbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext_noop as N_

from procurement.errors import Fault
from procurement.models import ProfileVersion
from procurement.profiles import ProfileContent
from procurement.vocabulary import ACCREDITATIONS, OWNERSHIP, SECTORS, SIZES
from web.changing import sent_revision
from web.faults import FieldFault
from web.meanwhile import Written
from web.saying import labels_said, said
from web.typed import whole_typed

CONTACTS: Final = {"email": N_("Email address"), "phone": N_("Telephone"), "website": N_("Website")}
EVIDENCE: Final = {
    "register": N_("Register"),
    "number": N_("Number in the register"),
    "note": N_("Note on ownership"),
}
LABELS: Final = {
    "name": N_("Name"),
    "summary": N_("Summary"),
    "ownership": N_("Ownership"),
    "size": N_("Size"),
    "sectors": N_("Sectors"),
    "accreditations": N_("Accreditations"),
    **{f"ownership_evidence-{name}": label for name, label in EVIDENCE.items()},
    **{f"contacts-{name}": label for name, label in CONTACTS.items()},
}
CHOSEN: Final[dict[str, Mapping[str, str]]] = {
    "ownership": OWNERSHIP,
    "size": SIZES,
    "sectors": SECTORS,
    "accreditations": ACCREDITATIONS,
}
"""Fields whose values are of a closed list."""
STUDY: Final = {
    "title": N_("Title of case study %(number)s"),
    "text": N_("Text of case study %(number)s"),
    "sector": N_("Sector of case study %(number)s"),
    "year": N_("Year of case study %(number)s"),
}
"""How each field of a case study is called."""


def labels_stated(profile: ProfileVersion | ProfileContent) -> dict[str, Any]:
    """What a profile states by closed lists, as people read it: what the macro `stated` shows."""
    return {
        "ownership": said(OWNERSHIP[profile.ownership]),
        "size": said(SIZES[profile.size]),
        "sectors": [said(SECTORS.get(slug, slug)) for slug in profile.sectors],
        "accreditations": [said(ACCREDITATIONS.get(slug, slug)) for slug in profile.accreditations],
    }


@dataclass(frozen=True, slots=True)
class Study:
    """The fields of one case study; an empty one is there to be filled in."""

    key: str = ""
    title: str = ""
    text: str = ""
    sector: str = ""
    year: str = ""

    @classmethod
    def of(cls, study: Mapping[str, Any]) -> Study:
        """One that a profile states."""
        year = study.get("year")
        return cls(
            study["key"],
            study["title"],
            study["text"],
            study.get("sector") or "",
            "" if year is None else str(year),
        )

    def stated(self) -> dict[str, Any]:
        """It as the action takes it; what was left empty is not stated."""
        said = {"key": self.key, "sector": self.sector, "year": whole_typed(self.year)}
        return {
            "title": self.title,
            "text": self.text,
            **{name: one for name, one in said.items() if one != ""},
        }


@dataclass(frozen=True, slots=True)
class ProfileForm:
    """The values of every field, and the revision that they were read at."""

    revision: int
    name: str
    summary: str
    ownership: str
    size: str
    sectors: tuple[str, ...]
    accreditations: tuple[str, ...]
    evidence: Mapping[str, str]
    contacts: Mapping[str, str]
    studies: tuple[Study, ...]

    @classmethod
    def of(cls, profile: ProfileVersion, revision: int) -> ProfileForm:
        """What is published, with room for one more case study."""
        return cls(
            revision=revision,
            name=profile.name,
            summary=profile.summary,
            ownership=profile.ownership,
            size=profile.size,
            sectors=tuple(profile.sectors),
            accreditations=tuple(profile.accreditations),
            evidence={name: profile.ownership_evidence.get(name, "") for name in EVIDENCE},
            contacts={name: profile.contacts.get(name, "") for name in CONTACTS},
            studies=(
                *map(Study.of, profile.case_studies),
                Study(),
            ),
        )

    @classmethod
    def sent(cls, sent: QueryDict) -> ProfileForm:
        """What was sent."""
        columns = [sent.getlist(f"study_{name}") for name in ("key", *STUDY)]
        studies = zip_longest(*columns, fillvalue="")
        return cls(
            revision=sent_revision(sent),
            name=sent.get("name", ""),
            summary=sent.get("summary", ""),
            ownership=sent.get("ownership", ""),
            size=sent.get("size", ""),
            sectors=tuple(sent.getlist("sectors")),
            accreditations=tuple(sent.getlist("accreditations")),
            evidence={name: sent.get(f"ownership_evidence-{name}", "") for name in EVIDENCE},
            contacts={name: sent.get(f"contacts-{name}", "") for name in CONTACTS},
            studies=tuple(Study(*one) for one in studies),
        )

    def over(self, stands: ProfileForm) -> ProfileForm:
        """What was sent, to be sent again at the revision of what stands. Case studies that came meanwhile are added,
        lest sending it took them out.
        """
        known = {one.key for one in self.studies}
        since = [one for one in stands.studies if one.key and one.key not in known]
        return replace(self, revision=stands.revision, studies=(*self.studies, *since))

    def written(self, stands: ProfileForm) -> list[Written]:
        """What was sent into each field beside what stands now."""
        fields = [
            Written(
                name,
                said(LABELS[name]),
                getattr(self, name),
                getattr(stands, name),
                labels_said(CHOSEN.get(name, {})),
            )
            for name in ("name", "summary", "ownership", "size", "sectors", "accreditations")
        ]
        for group, mine, now in (
            ("ownership_evidence", self.evidence, stands.evidence),
            ("contacts", self.contacts, stands.contacts),
        ):
            fields += [
                Written(f"{group}-{part}", said(LABELS[f"{group}-{part}"]), text, now[part])
                for part, text in mine.items()
            ]
        kept = {one.key: one for one in stands.studies if one.key}
        for place, study in enumerate(self.studies):
            held = kept.get(study.key, Study())
            fields += [
                Written(
                    f"study-{place}-{name}",
                    said(label) % {"number": place + 1},
                    getattr(study, name),
                    getattr(held, name),
                    labels_said(CHOSEN["sectors"]) if name == "sector" else None,
                )
                for name, label in STUDY.items()
            ]
        return fields

    def changes(self) -> dict[str, Any]:
        """The edit as the action takes it."""
        return {
            "name": self.name,
            "summary": self.summary,
            "ownership": self.ownership,
            "size": self.size,
            "sectors": list(self.sectors),
            "accreditations": list(self.accreditations),
            "ownership_evidence": dict(self.evidence),
            "contacts": dict(self.contacts),
            "case_studies": [study.stated() for _, study in self._filled()],
        }

    def faults(self, faults: Iterable[Fault]) -> list[FieldFault]:
        """The faults of an edit, each with the field it belongs to and that field's label."""
        places = [place for place, _ in self._filled()]
        return [self._fault(fault, places) for fault in faults]

    def _filled(self) -> list[tuple[int, Study]]:
        """Case studies that hold anything, with their place in the form: an emptied one is taken out."""
        return [
            (place, study)
            for place, study in enumerate(self.studies)
            if study.title.strip() or study.text.strip()
        ]

    def _fault(self, fault: Fault, places: list[int]) -> FieldFault:
        steps = fault.pointer.strip("/").split("/")
        message = f"{fault.message[0].lower()}{fault.message[1:]}"
        if steps[0] == "case_studies" and len(steps) > 1:
            place = places[int(steps[1])]
            part = steps[-1] if steps[-1] in STUDY else "title"
            named = said(STUDY[part]) % {"number": place + 1}
            return FieldFault(f"study-{place}-{part}", f"{named}: {message}")
        anchor = steps[0] if steps[0] in ("sectors", "accreditations") else "-".join(steps)
        return FieldFault(anchor, f"{said(LABELS.get(anchor, anchor))}: {message}")
