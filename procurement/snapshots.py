"""What a shortlist relied on, as one document: read from rows and immutable versions when it is locked, and checked
against its digests ever after.

Nothing in it is personal: no contacts, no names of people, actors by their opaque references. Money is in minor
units (pence), VAT excluded, as the rate cards have it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from django.utils import timezone

from procurement.canonical import canonical, digest
from procurement.listing_facts import ListingFacts, facts_of, lines_of
from procurement.models import (
    Framework,
    Lot,
    Match,
    Offering,
    Partner,
    RateCardVersion,
    RateLine,
    Requirement,
    Shortlist,
    ShortlistEntry,
)
from procurement.profiles import FIELDS

FORMAT: Final = 2
"""Of the document: a reader of a later one must know the earlier ones, too. 1 had no `found`."""


@dataclass(frozen=True, slots=True)
class Index:
    """By which engine and which state of the index listings were found; None where no search could answer."""

    engine: str | None
    generation: int | None


def document_of(shortlist: Shortlist, number: int, actor: str, at: datetime, index: Index) -> dict[str, Any]:
    """Everything that the shortlist rests on at that moment, as JSON values. About fifteen queries, however many
    entries there are.
    """
    entries = list(shortlist.entries.order_by("position"))
    on = timezone.localdate(at)
    facts = facts_of([entry.listing for entry in entries], on)
    cards = {version.pk: version for each in facts.values() for version in each.cards}
    return {
        "format": FORMAT,
        "shortlist": {
            "reference": shortlist.reference,
            "title": shortlist.title,
            "organisation": {
                "reference": shortlist.organisation.reference,
                "name": shortlist.organisation.name,
            },
            "snapshot": number,
        },
        "locked": {"at": _instant(at), "actor": actor, "on": on.isoformat()},
        "index": {"engine": index.engine, "generation": index.generation},
        "query": shortlist.query,
        "found": shortlist.found,
        "requirement": _requirement(shortlist.requirement),
        "match": _match(shortlist.match),
        "frameworks": _frameworks(facts.values()),
        "rate_cards": _cards(cards),
        "entries": [_entry(entry, facts[entry.listing], on) for entry in entries],
    }


def parts_of(document: Mapping[str, Any]) -> dict[str, str]:
    """The digest of each part of a document by its name, so that a check can say which part was altered."""
    return {name: digest(part) for name, part in document.items()}


def read(document: str) -> dict[str, Any] | None:
    """The document that a snapshot's text holds; None where it is no longer a JSON object."""
    try:
        found = json.loads(document)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def differing(document: str, recorded: Mapping[str, str]) -> list[str]:
    """JSON pointers of the parts that are not what their `recorded` digests say; "" where it cannot be read or
    is only written otherwise than it was.
    """
    found = read(document)
    if found is None:
        return [""]
    now = parts_of(found)
    altered = [f"/{name}" for name in sorted({*now, *recorded}) if now.get(name) != recorded.get(name)]
    return altered or ([""] if canonical(found) != document else [])


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _requirement(requirement: Requirement | None) -> dict[str, Any] | None:
    if requirement is None:
        return None
    said = requirement.revisions.latest("number")
    return {
        "reference": requirement.reference,
        "number": said.number,
        "digest": said.digest,
        "content": said.content,
    }


def _match(match: Match | None) -> dict[str, Any] | None:
    if match is None:
        return None
    plain = (
        "reference",
        "digest",
        "content",
        "answer",
        "ranking",
        "model_digest",
        "engine",
        "index_generation",
    )
    said = match.requirement
    return {name: getattr(match, name) for name in plain} | {
        "seed": match.seed,
        "on": match.on.isoformat(),
        "actor": match.actor,
        "run_at": _instant(match.created_at),
        "requirement": {"reference": said.requirement.reference, "number": said.number} if said else None,
    }


def _frameworks(facts: Iterable[ListingFacts]) -> list[dict[str, Any]]:
    """The frameworks of the entries, with the lots that they may be bought on."""
    found = {each.framework.pk: each.framework for each in facts if each.framework}
    lots: dict[int, list[Lot]] = {key: [] for key in found}
    for lot in Lot.objects.filter(framework__in=found).order_by("framework_id", "position"):
        lots[lot.framework_id].append(lot)
    return [_framework(one, lots[one.pk]) for one in sorted(found.values(), key=lambda one: one.reference)]


def _framework(one: Framework, lots: Sequence[Lot]) -> dict[str, Any]:
    charge = one.management_charge
    return {
        "reference": one.reference,
        "number": one.number,
        "name": one.name,
        "status": one.status,
        "regime": one.regime,
        "starts_on": one.starts_on.isoformat(),
        "ends_on": one.ends_on.isoformat(),
        "region_scheme": one.region_scheme,
        "buyer_classes": one.buyer_classes,
        "management_charge": None if charge is None else str(charge),
        "maximum_value_pence": one.maximum_value_pence,
        "fictional": one.fictional,
        "revision": one.revision,
        "lots": [
            {
                "reference": lot.reference,
                "number": lot.number,
                "name": lot.name,
                "direct_award": lot.direct_award,
                "competition": lot.competition,
                "direct_award_cap_pence": lot.direct_award_cap_pence,
                "minimum_value_pence": lot.minimum_value_pence,
                "maximum_value_pence": lot.maximum_value_pence,
                "longest_term_months": lot.longest_term_months,
                "closes_on": _day(lot.closes_on),
            }
            for lot in lots
        ],
    }


def _cards(versions: Mapping[int, RateCardVersion]) -> list[dict[str, Any]]:
    lines = lines_of(versions)
    ordered = sorted(versions.values(), key=lambda version: version.card.reference)
    return [_card(version, lines.get(version.pk, [])) for version in ordered]


def _card(version: RateCardVersion, lines: Sequence[RateLine]) -> dict[str, Any]:
    card = version.card
    return {
        "reference": card.reference,
        "version": version.number,
        "digest": version.digest,
        "basis": version.basis,
        "currency": card.currency,
        "unit": card.unit,
        "vat": "excluded",
        "valid_from": _day(version.valid_from),
        "valid_to": _day(version.valid_to),
        "source": version.source,
        "lines": [
            {
                "key": line.key,
                "lot": line.lot.reference if line.lot else None,
                "grade": line.grade.code if line.grade else None,
                "name": line.role_title or (line.grade.name if line.grade else ""),
                "work_type": line.work_type,
                "min_experience": line.min_experience,
                "max_experience": line.max_experience,
                "qualification": line.qualification,
                "site": line.site,
                "valid_from": _day(line.valid_from),
                "valid_to": _day(line.valid_to),
                "price_minor": line.price_minor,
            }
            for line in lines
        ],
    }


def _entry(entry: ShortlistEntry, facts: ListingFacts, on: date) -> dict[str, Any]:
    plain = ("listing", "position", "source", "decision", "reason", "rank", "score", "reasons", "added_by")
    framework, supplier = facts.framework, facts.supplier
    return {name: getattr(entry, name) for name in plain} | {
        "decided_by": entry.decided_by,
        "decided_at": _instant(entry.decided_at) if entry.decided_at else None,
        "shown": facts.shown,
        "framework": framework.reference if framework else None,
        "framework_status": framework.status_on(on) if framework else None,
        "supplier": {"reference": supplier.reference, "name": supplier.name, "form": supplier.form}
        if supplier
        else None,
        "partner": _partner(facts.partner),
        "offerings": [_offering(offering) for offering in facts.offerings],
        "rate_cards": [
            {"reference": version.card.reference, "version": version.number} for version in facts.cards
        ],
    }


def _partner(partner: Partner | None) -> dict[str, Any] | None:
    """The firm with its published profile as it stands, but for its contacts."""
    if partner is None:
        return None
    version = partner.published
    profile = None
    if version is not None:
        profile = {name: getattr(version, name) for name in FIELDS if name != "contacts"} | {
            "version": version.number,
            "digest": version.digest,
            "published_at": _instant(version.published_at) if version.published_at else None,
        }
    return {
        "reference": partner.reference,
        "confirmed_on": _day(partner.confirmed_on),
        "suspended": partner.suspended,
        "profile": profile,
    }


def _offering(offering: Offering) -> dict[str, Any]:
    """A null specialism: which one is not stated."""
    specialism = offering.specialism
    return {
        "lot": offering.appointment.lot.reference,
        "specialism": {"reference": specialism.reference, "name": specialism.name} if specialism else None,
        "regions": offering.regions,
        "evidence": offering.evidence,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
