"""A requirement's answer is kept as it was run, so that anybody can see later what was relied on.

Journey: POST /api/v1/matches/ -> search/matching.py ranks -> here -> event; actions/shortlists.py makes a shortlist
from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from procurement.actions.buyers import buyer_of, owner_references
from procurement.actions.events import Happening, record
from procurement.canonical import digest
from procurement.errors import Conflict, Fault, Invalid
from procurement.models import Match, Organisation, Requirement, RequirementRevision
from procurement.permissions import Action, Actor
from procurement.references import numbered
from procurement.requirements import RequirementContent


@dataclass(frozen=True, slots=True)
class Run:
    """By what an answer was made: the version of the ranking's rules, the digest of the model of meaning ("" where
    there was none), the engine's name, the index's generation, the seed of ties, the day whose facts counted.
    """

    ranking: str
    model_digest: str
    engine: str
    index_generation: int
    seed: int
    on: date


def keep_match(
    actor: Actor,
    organisation: str | None,
    content: RequirementContent,
    answer: Mapping[str, Any],
    run: Run,
    requirement: str | None = None,
) -> Match:
    """Keeps `answer` (JSON values) to `content` for the actor's buyer organisation.

    `requirement` names the kept requirement whose content this is. Raises NotPermitted, Conflict once it is withdrawn,
    Invalid at /requirement where it is not the organisation's, or never said this.
    """
    asked = content.to_json()
    told = digest_of(asked, answer)
    with transaction.atomic():
        buyer = buyer_of(actor, Action.KEEP_MATCH, organisation)
        said = _revision(buyer, requirement, content) if requirement is not None else None
        match = Match.objects.create(
            reference=numbered("MATCH", timezone.localdate()),
            organisation=buyer,
            requirement=said,
            content=asked,
            answer=dict(answer),
            ranking=run.ranking,
            model_digest=run.model_digest,
            engine=run.engine,
            index_generation=run.index_generation,
            seed=run.seed,
            on=run.on,
            digest=told,
            actor=actor.reference,
        )
        references = owner_references(
            buyer, requirement=requirement, framework=content.framework, lot=content.lot
        )
        changes = {
            "digest": told,
            "ranking": run.ranking,
            "engine": run.engine,
            "index_generation": run.index_generation,
        }
        record(actor, Happening("match.kept", "match", match.reference, references, changes))
    return match


def digest_of(content: Mapping[str, Any], answer: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of both: a match whose digest differs from this has been altered."""
    return digest({"content": content, "answer": answer})


def _revision(buyer: Organisation, reference: str, content: RequirementContent) -> RequirementRevision:
    said = RequirementRevision.objects.filter(
        requirement__organisation=buyer, requirement__reference=reference, digest=content.digest()
    ).order_by("-number")
    found = said.select_related("requirement").first()
    if found is not None and found.requirement.status != Requirement.Status.OPEN:
        raise Conflict("The requirement is withdrawn: what was matched stays, and nothing more is.")
    if found is None:
        message = f"{reference} is not among the organisation's requirements with this content."
        raise Invalid("The match was not kept.", (Fault("/requirement", "unknown", message),))
    return found
