"""What a competition publishes, as JSON values: frozen at publishing under a digest, the same for every supplier.

The estimated value of the terms stays out of it: it is the buyer's own.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from procurement.competition_checks import rules_of
from procurement.models import CallOff, Competition, CompetitionDocument
from procurement.order_form import content_of, outcomes_told, terms_of
from procurement.rules import last_day

FORMAT: Final = 1
"""Of the document: a reader of a later one must know the earlier ones, too."""
TOLD_TERMS: Final = ("expenses", "extensions", "hours_per_day")


def invitation_document(call_off: CallOff, competition: Competition) -> dict[str, Any]:
    """What is bought, on which terms, what is paid for outcomes, how tenders are evaluated, by when to answer, with
    which documents (by their digests). Nothing in it is personal, and nothing differs from supplier to supplier.
    """
    content, terms, framework = content_of(call_off), terms_of(call_off).to_json(), call_off.lot.framework
    ends = last_day(content)
    return {
        "format": FORMAT,
        "call_off": {"reference": call_off.reference, "ocid": call_off.ocid, "title": call_off.title},
        "framework": {"reference": framework.reference, "number": framework.number, "name": framework.name},
        "lot": {
            "reference": call_off.lot.reference,
            "number": call_off.lot.number,
            "name": call_off.lot.name,
        },
        "buyer": {"reference": call_off.organisation.reference, "name": call_off.organisation.name},
        "requirement": {
            "reference": call_off.requirement.requirement.reference,
            "number": call_off.requirement.number,
            "digest": call_off.requirement.digest,
            "content": call_off.requirement.content,
        },
        "starts_on": content.starts_on.isoformat() if content.starts_on else None,
        "ends_on": ends.isoformat() if ends else None,
        "terms": {name: terms[name] for name in TOLD_TERMS},
        "outcomes": outcomes_told(call_off),
        "evaluation": rules_of(competition).to_json(),
        "interest_until": instant(competition.interest_until),
        "clarify_until": instant(competition.clarify_until),
        "deadline": instant(competition.deadline),
        "standstill": competition.standstill,
        "documents": [document_told(one) for one in competition.documents.filter(removed_at=None)],
    }


def document_told(document: CompetitionDocument) -> dict[str, Any]:
    """A document as it is named: its bytes by their digest."""
    return {
        "reference": document.reference,
        "name": document.name,
        "media_type": document.media_type,
        "size": document.size,
        "digest": document.digest,
    }


def instant(at: datetime | None) -> str | None:
    """A moment in UTC as ISO 8601, to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else None
