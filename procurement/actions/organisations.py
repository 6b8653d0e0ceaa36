"""Making legal bodies known, and the partners among them: where the demonstration and every import begin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import F

from procurement.actions.events import Happening, record_many
from procurement.actions.outcome import Outcome
from procurement.bulk import insert
from procurement.errors import Fault, Invalid
from procurement.identifiers import wrong_with
from procurement.models import Capability, Organisation, Partner
from procurement.permissions import Action, Actor, require
from procurement.profiles import NAME_LENGTH
from procurement.references import differing_in_capitals, wrong_with_reference
from procurement.visible import wrong_with_name
from procurement.vocabulary import BUYER_CLASSES

Pointer = Callable[[int], str]
COMPARED: Final = ("name", "scheme", "identifier", "buyer_class", "nation")


@dataclass(frozen=True, slots=True)
class OrganisationDraft:
    """A legal body as it should be. `capabilities` are those it must have; others that it has are kept."""

    reference: str
    name: str
    scheme: str = ""
    identifier: str = ""
    capabilities: frozenset[str] = frozenset()
    buyer_class: str = ""
    nation: str = ""


@dataclass(frozen=True, slots=True)
class PartnerDraft:
    """A firm that is to have a profile; its organisation bears the same reference."""

    reference: str
    name: str
    scheme: str = ""
    identifier: str = ""


def save_organisations(
    actor: Actor, drafts: Sequence[OrganisationDraft], pointer: Pointer = "/{}".format
) -> Outcome:
    """Make or change each organisation by its reference, all or none. Raises NotPermitted, Invalid."""
    require(actor, Action.MANAGE_ORGANISATIONS)
    with transaction.atomic():
        return _save(actor, drafts, pointer)


def save_partners(actor: Actor, drafts: Sequence[PartnerDraft], pointer: Pointer = "/{}".format) -> Outcome:
    """Make the partners that do not exist yet, and their organisations; an existing partner is left as it is.

    Raises NotPermitted, Invalid.
    """
    require(actor, Action.IMPORT_PARTNERS)
    with transaction.atomic():
        wanted = [draft.reference for draft in drafts]
        known = set(Partner.objects.filter(reference__in=wanted).values_list("reference", flat=True))
        missing = [(number, draft) for number, draft in enumerate(drafts) if draft.reference not in known]
        bodies = dict(
            Organisation.objects.filter(reference__in=[draft.reference for _, draft in missing]).values_list(
                "reference", "name"
            )
        )
        places = [number for number, draft in missing if draft.reference not in bodies]
        _save(
            actor,
            [
                OrganisationDraft(
                    draft.reference,
                    bodies.get(draft.reference, draft.name),
                    draft.scheme,
                    draft.identifier,
                    frozenset({Capability.Kind.PARTNER}),
                )
                for _, draft in missing
                if draft.reference not in bodies
            ],
            lambda n: pointer(places[n]),
        )
        keys = dict(
            Organisation.objects.filter(reference__in=[draft.reference for _, draft in missing]).values_list(
                "reference", "pk"
            )
        )
        Capability.objects.bulk_create(
            [Capability(organisation_id=keys[one], kind=Capability.Kind.PARTNER) for one in bodies],
            ignore_conflicts=True,
        )
        insert(
            [
                Partner(reference=draft.reference, organisation_id=keys[draft.reference])
                for _, draft in missing
            ]
        )
    return Outcome(created=[draft.reference for _, draft in missing], unchanged=len(drafts) - len(missing))


def _save(actor: Actor, drafts: Sequence[OrganisationDraft], pointer: Pointer) -> Outcome:
    wanted = [draft.reference for draft in drafts]
    existing = {
        one.reference: one for one in Organisation.objects.select_for_update().filter(reference__in=wanted)
    }
    faults = list(_faults(drafts, existing, pointer))
    if faults:
        raise Invalid("No organisation was changed.", tuple(faults))
    new = [draft for draft in drafts if draft.reference not in existing]
    altered: dict[str, dict[str, str]] = {}
    for draft in drafts:
        if draft.reference in existing:
            body = existing[draft.reference]
            differing = {
                name: getattr(draft, name) for name in COMPARED if getattr(body, name) != getattr(draft, name)
            }
            if differing:
                altered[draft.reference] = differing
                for name, value in differing.items():
                    setattr(body, name, value)
    insert(
        [
            Organisation(reference=draft.reference, **{name: getattr(draft, name) for name in COMPARED})
            for draft in new
        ]
    )
    Organisation.objects.bulk_update([existing[one] for one in altered], COMPARED)
    gained = _gain_capabilities(drafts)
    touched = [one for one in existing if one in altered or one in gained]
    Organisation.objects.filter(reference__in=touched).update(revision=F("revision") + 1)
    fresh = {draft.reference for draft in new}
    record_many(
        actor,
        [
            Happening(
                "organisation.created" if draft.reference in fresh else "organisation.changed",
                "organisation",
                draft.reference,
                {},
                {
                    **(
                        {name: getattr(draft, name) for name in COMPARED if getattr(draft, name)}
                        if draft.reference in fresh
                        else altered.get(draft.reference, {})
                    ),
                    "capabilities": sorted(gained.get(draft.reference, ())),
                },
            )
            for draft in drafts
            if draft.reference in fresh or draft.reference in touched
        ],
    )
    return Outcome([draft.reference for draft in new], touched, len(drafts) - len(new) - len(touched))


def _gain_capabilities(drafts: Sequence[OrganisationDraft]) -> dict[str, set[str]]:
    """Add the capabilities that are missing, and say which organisation gained which."""
    wanted = [draft.reference for draft in drafts]
    keys = dict(Organisation.objects.filter(reference__in=wanted).values_list("reference", "pk"))
    held = set(
        Capability.objects.filter(organisation__reference__in=wanted).values_list(
            "organisation__reference", "kind"
        )
    )
    gained: dict[str, set[str]] = {}
    for draft in drafts:
        for kind in draft.capabilities:
            if (draft.reference, kind) not in held:
                gained.setdefault(draft.reference, set()).add(kind)
    insert(
        [
            Capability(organisation_id=keys[reference], kind=kind)
            for reference, kinds in gained.items()
            for kind in sorted(kinds)
        ]
    )
    return gained


def _faults(
    drafts: Sequence[OrganisationDraft], existing: Collection[str], pointer: Pointer
) -> Iterator[Fault]:
    references = Counter(draft.reference for draft in drafts)
    numbers = Counter((draft.scheme, draft.identifier) for draft in drafts if draft.identifier)
    held = {
        (scheme, identifier): reference
        for scheme, identifier, reference in Organisation.objects.filter(
            identifier__in=[draft.identifier for draft in drafts if draft.identifier]
        ).values_list("scheme", "identifier", "reference")
    }
    alike = differing_in_capitals(Organisation, references.keys() - set(existing))
    for number, draft in enumerate(drafts):
        at = pointer(number)
        if wrong := wrong_with_reference(draft.reference, kept=draft.reference in existing):
            yield Fault(f"{at}/reference", "shape", wrong)
        elif draft.reference in alike:
            yield Fault(f"{at}/reference", "taken", alike[draft.reference])
        if references[draft.reference] > 1:
            yield Fault(f"{at}/reference", "duplicate", f"{draft.reference} comes more than once.")
        if wrong := wrong_with_name(draft.name, NAME_LENGTH):
            yield Fault(f"{at}/name", "length", wrong)
        if wrong := wrong_with(draft.scheme, draft.identifier):
            yield Fault(f"{at}/identifier", "identifier", wrong)
        elif draft.identifier:
            holder = held.get((draft.scheme, draft.identifier), draft.reference)
            if holder != draft.reference or numbers[(draft.scheme, draft.identifier)] > 1:
                yield Fault(
                    f"{at}/identifier",
                    "taken",
                    f"{draft.scheme} {draft.identifier} belongs to another organisation.",
                )
        for kind in sorted(draft.capabilities - set(Capability.Kind.values)):
            yield Fault(
                f"{at}/capabilities",
                "unknown",
                f"{kind} is no capability: {', '.join(Capability.Kind.values)}.",
            )
        if draft.buyer_class and draft.buyer_class not in BUYER_CLASSES:
            yield Fault(f"{at}/buyer_class", "unknown", f"{draft.buyer_class} is no class of buyer.")
        if draft.nation and draft.nation not in Organisation.Nation.values:
            yield Fault(
                f"{at}/nation",
                "unknown",
                f"{draft.nation} is none of {', '.join(Organisation.Nation.values)}.",
            )
