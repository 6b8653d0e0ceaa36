"""What invitations and tenders look like in the API: each side reads as much of a tender as is open to it.

For the schema and for answers; procurement/sealing.py says how much that is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from api.v1.call_off_shapes import POUNDS
from api.v1.competition_shapes import AmendmentSerializer, DocumentSerializer
from api.v1.offer_shapes import NamedCallOff, bought
from api.v1.shapes import FICTIONAL_SUPPLIER, Named, NamedFramework, NamedLot, ToldOutcomesSerializer
from procurement.actions.ranking import GROUNDS
from procurement.departed import left_of
from procurement.models import (
    Assessment,
    CallOff,
    Consensus,
    Invitation,
    OutcomeLetter,
    Tender,
    TenderFile,
    TenderRevision,
)
from procurement.models.base import REFERENCE_LENGTH
from procurement.order_form import outcomes_told
from procurement.parts import supplier_parts
from procurement.profiles import NAME_LENGTH, NOTE_LENGTH, TEXT_LENGTH
from procurement.sealing import Open, open_files, open_to, stands
from procurement.states import Part
from procurement.team_lines import LARGEST_TEAM, LONGEST_ROLE, MOST_YEARS
from procurement.tender_document import submitted
from procurement.tender_facts import steps_of
from procurement.terms import MOST_EXTENSIONS


class InvitationSummarySerializer(serializers.Serializer[Any]):
    """An invitation. `tender` null: none yet (interest is asked for first), or one that you may not see."""

    reference = serializers.CharField()
    call_off = NamedCallOff()
    organisation = Named()
    framework = NamedFramework()
    lot = NamedLot()
    supplier = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL_SUPPLIER)
    partners = serializers.ListField(child=serializers.CharField())
    interest = serializers.ChoiceField(choices=Invitation.Interest.choices, allow_blank=True)
    invited_at = serializers.DateTimeField(allow_null=True)
    interest_until = serializers.DateTimeField(allow_null=True)
    clarify_until = serializers.DateTimeField(allow_null=True)
    deadline = serializers.DateTimeField(allow_null=True)
    status = serializers.ChoiceField(choices=CallOff.Status.choices, help_text="The call-off's.")
    ended_reason = serializers.CharField(allow_blank=True, help_text="Why it ended without a contract.")
    tender = serializers.CharField(allow_null=True)

    def to_representation(self, row: Invitation) -> dict[str, Any]:
        competition, supplier = row.competition, row.asked.appointment.supplier
        return {
            "reference": row.reference,
            **bought(competition.call_off),
            "supplier": {"reference": supplier.reference, "name": supplier.name},
            "fictional": vars(row)["fictional"],
            "partners": sorted(one.reference for one in row.asked.partners.all()),
            "interest": row.interest,
            "invited_at": row.invited_at,
            "interest_until": competition.interest_until,
            "clarify_until": competition.clarify_until,
            "deadline": competition.deadline,
            "status": competition.call_off.status,
            "ended_reason": competition.call_off.ended_reason,
            "tender": self.context["tenders"].get(row.pk),
        }


class InvitationSerializer(InvitationSummarySerializer):
    """An invitation with what was published to all: `document`, whose canonical JSON (names sorted, no blanks, UTF-8)
    has the SHA-256 `digest`, and what was amended since.
    """

    document = serializers.DictField()
    digest = serializers.CharField()
    amendments = AmendmentSerializer(many=True)
    documents = DocumentSerializer(many=True)
    standstill_until = serializers.DateTimeField(allow_null=True)
    available_actions = serializers.ListField(child=serializers.CharField())

    def to_representation(self, row: Invitation) -> dict[str, Any]:
        competition = row.competition
        told = competition.documents.filter(removed_at=None).exclude(told_at=None)
        return super().to_representation(row) | {
            "document": json.loads(competition.document),
            "digest": competition.digest,
            "amendments": AmendmentSerializer(competition.amendments.all(), many=True).data,
            "documents": DocumentSerializer(told, many=True).data,
            "standstill_until": competition.standstill_until,
            "available_actions": self._steps(row),
        }

    def _steps(self, row: Invitation) -> list[str]:
        """Interest and questions of the lead, each within its time; what is done with the tender, it says itself."""
        competition, now = row.competition, timezone.now()
        out = competition.call_off.status == CallOff.Status.OUT
        if not out or Part.LEAD not in supplier_parts(self.context["actor"], row.asked.appointment):
            return []
        first, until = competition.interest_until, competition.clarify_until
        steps = []
        if first is not None and now < first and competition.invited_at is None:
            steps.append("express_interest")
        if until is not None and now < until:
            steps.append("ask")
        declinable = (Tender.Status.INVITED, Tender.Status.VIEWED, Tender.Status.DRAFT)
        tender = getattr(row, "tender", None)
        ahead = competition.deadline is not None and now < competition.deadline
        if tender is not None and tender.status in declinable and ahead:
            steps.append("decline")
        return steps


class InterestSerializer(serializers.Serializer[Any]):
    """Whether the supplier is interested; the last word counts."""

    interested = serializers.BooleanField()


class OfferedSerializer(serializers.Serializer[Any]):
    """A line of the team that is offered. `rate` is for one unit of the supplier's card, which bounds it; null where
    prices are not open to you.
    """

    grade = serializers.CharField(max_length=20, required=False)
    role = serializers.CharField(
        max_length=LONGEST_ROLE, required=False, help_text="In place of a grade, as the requirement has it."
    )
    experience = serializers.IntegerField(
        min_value=0, max_value=MOST_YEARS, required=False, allow_null=True, help_text="Of a role."
    )
    days = serializers.CharField(max_length=9, required=False)
    hours = serializers.CharField(max_length=9, required=False, help_text="Of a role, in place of days.")
    rate = serializers.RegexField(POUNDS, allow_null=True)
    people = serializers.CharField(max_length=NAME_LENGTH, required=False, allow_blank=True)


class ContentSerializer(serializers.Serializer[Any]):
    """What a tender says. `team` prices the work where the requirement names one, `price` where it names none, unless
    outcomes are paid instead of days; `expenses` and `options` null or empty: as the terms state them. `answers` are by
    the criteria's keys. Amounts are pounds, VAT excluded.
    """

    team = serializers.ListField(child=OfferedSerializer(), required=False, max_length=LARGEST_TEAM)
    price = serializers.RegexField(POUNDS, required=False, allow_null=True)
    expenses = serializers.RegexField(POUNDS, required=False, allow_null=True)
    options = serializers.ListField(
        child=serializers.RegexField(POUNDS), required=False, max_length=MOST_EXTENSIONS
    )
    answers = serializers.DictField(
        child=serializers.CharField(max_length=TEXT_LENGTH * 4, allow_blank=True), required=False
    )


class DraftersSerializer(serializers.Serializer[Any]):
    """The members that may write beside the lead, by partner; none: the lead alone."""

    partners = serializers.ListField(child=serializers.CharField(max_length=REFERENCE_LENGTH))


class ReceiptSerializer(serializers.Serializer[Any]):
    """What is given for a tender that was submitted: `digest` is the SHA-256 of its canonical JSON."""

    reference = serializers.CharField()
    tender = serializers.CharField()
    number = serializers.IntegerField(min_value=1)
    digest = serializers.CharField()
    submitted_at = serializers.DateTimeField()

    def to_representation(self, row: TenderRevision) -> dict[str, Any]:
        return {
            "reference": row.reference,
            "tender": row.tender.reference,
            "number": row.number,
            "digest": row.digest,
            "submitted_at": row.submitted_at,
        }


class TenderFileSerializer(serializers.ModelSerializer[TenderFile]):
    """A file of a tender. Its bytes are at /api/v1/files/{reference}/, `digest` is their SHA-256."""

    part = serializers.ChoiceField(choices=TenderFile.Part.choices)

    class Meta:
        model = TenderFile
        fields = ("reference", "name", "part", "media_type", "size", "digest", "added_at", "removed_at")


class TenderSummarySerializer(serializers.Serializer[Any]):
    """A tender without what it says. Buyers see none before the deadline."""

    reference = serializers.CharField()
    invitation = serializers.CharField()
    call_off = NamedCallOff()
    organisation = Named()
    framework = NamedFramework()
    lot = NamedLot()
    supplier = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL_SUPPLIER)
    status = serializers.ChoiceField(choices=Tender.Status.choices)
    deadline = serializers.DateTimeField(allow_null=True)
    invited_at = serializers.DateTimeField()
    ground = serializers.CharField(allow_blank=True, help_text="Why it takes part no longer.")
    reason = serializers.CharField(allow_blank=True)
    revision = serializers.IntegerField(min_value=1)

    def to_representation(self, row: Tender) -> dict[str, Any]:
        supplier = row.invitation.asked.appointment.supplier
        return {
            "reference": row.reference,
            "invitation": row.invitation.reference,
            **bought(row.competition.call_off),
            "supplier": {"reference": supplier.reference, "name": supplier.name},
            "fictional": vars(row)["fictional"],
            "status": row.status,
            "deadline": row.competition.deadline,
            "invited_at": row.invited_at,
            "ground": row.ground,
            "reason": row.reason,
            "revision": row.revision,
        }


class SubmittedSerializer(serializers.Serializer[Any]):
    """What was submitted last. `content` null: it is not opened, or you have no part in the evaluation or declared no
    interests yet; within it prices are null or empty, and `price` is null, until every score is agreed.
    """

    receipt = serializers.CharField()
    number = serializers.IntegerField(min_value=1)
    digest = serializers.CharField()
    submitted_at = serializers.DateTimeField()
    content = ContentSerializer(allow_null=True)
    price = serializers.DictField(
        allow_null=True, help_text="As it was submitted: work, expenses, options, what is compared."
    )


class TenderSerializer(TenderSummarySerializer):
    """A tender. `draft`, `drafters`, `receipts` and files that were not submitted are the tenderer's own: null or left
    out for the buyer. `confirm` is the number of a material amendment to which it does not answer yet, null without.
    What was taken back before the deadline was not submitted for the buyer. `outcomes` is what was published of what is
    paid for outcomes, null where nothing is.
    """

    outcomes = ToldOutcomesSerializer(allow_null=True)
    draft = ContentSerializer(allow_null=True)
    drafters = serializers.ListField(child=serializers.CharField(), allow_null=True)
    submitted = SubmittedSerializer(allow_null=True)
    receipts = ReceiptSerializer(many=True, allow_null=True)
    files = TenderFileSerializer(many=True)
    left_partners = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="Firms that it names and that have left the supplier since; null where it is not open to you.",
    )
    confirm = serializers.IntegerField(min_value=1, allow_null=True)
    viewed_at = serializers.DateTimeField(allow_null=True)
    available_actions = serializers.ListField(child=serializers.CharField())

    def to_representation(self, row: Tender) -> dict[str, Any]:
        actor = self.context["actor"]
        opened = open_to(actor, row)
        told, material = stands(opened, row), row.competition.material
        return super().to_representation(row) | {
            "outcomes": outcomes_told(row.competition.call_off),
            "draft": row.draft if opened.own else None,
            "drafters": sorted(one.reference for one in row.drafters.all()) if opened.own else None,
            "submitted": _submitted(row.current, opened) if row.current and told else None,
            "receipts": ReceiptSerializer(_of(row), many=True).data if opened.own else None,
            "files": TenderFileSerializer(open_files(opened, row), many=True).data,
            "left_partners": left_of(row) if opened.answers else None,
            "confirm": material if told and row.confirmed < material else None,
            "viewed_at": row.viewed_at,
            "available_actions": steps_of(actor, row),
        }


class TenderReasonSerializer(serializers.Serializer[Any]):
    """On which ground a tender takes part no longer, and why, which it is told."""

    ground = serializers.ChoiceField(choices=list(GROUNDS.items()))
    reason = serializers.CharField(max_length=NOTE_LENGTH)


class ExplanationSerializer(serializers.Serializer[Any]):
    """Why a price is as low as it is."""

    answer = serializers.CharField(max_length=TEXT_LENGTH)


class NewScoreSerializer(serializers.Serializer[Any]):
    """An assessor's own score of a criterion, with why."""

    criterion = serializers.CharField(max_length=40)
    score = serializers.IntegerField(min_value=0)
    note = serializers.CharField(max_length=NOTE_LENGTH)


class ScoreSerializer(NewScoreSerializer):
    """A score; who gave it, by an opaque reference."""

    assessor = serializers.CharField()
    at = serializers.DateTimeField()

    def to_representation(self, row: Assessment) -> dict[str, Any]:
        return {
            "criterion": row.criterion,
            "score": row.score,
            "note": row.note,
            "assessor": row.assessor.reference,
            "at": row.at,
        }


class NewConsensusSerializer(serializers.Serializer[Any]):
    """The score that counts, with the reason that the tenderer is told."""

    criterion = serializers.CharField(max_length=40)
    score = serializers.IntegerField(min_value=0)
    reason = serializers.CharField(max_length=NOTE_LENGTH)


@dataclass(frozen=True, slots=True)
class Told:
    """A score as a letter tells it, with the letter's moment."""

    score: int
    reason: str
    at: datetime


class ConsensusSerializer(NewConsensusSerializer):
    """A score that is agreed."""

    at = serializers.DateTimeField()

    def to_representation(self, row: Consensus) -> dict[str, Any]:
        # To a tenderer, as it was told: the row may have been set anew since.
        told = self.context.get("told")
        said = row if told is None else told[row.criterion]
        at = min(row.at, said.at)
        return {"criterion": row.criterion, "score": said.score, "reason": said.reason, "at": at}


class LetterSerializer(serializers.Serializer[Any]):
    """What a tenderer was told of the outcome; `digest` is the SHA-256 of the letter's canonical JSON."""

    reference = serializers.CharField()
    at = serializers.DateTimeField()
    digest = serializers.CharField()
    letter = serializers.DictField()

    def to_representation(self, row: OutcomeLetter) -> dict[str, Any]:
        return {
            "reference": row.reference,
            "at": row.at,
            "digest": row.digest,
            "letter": json.loads(row.document),
        }


def _of(tender: Tender) -> list[TenderRevision]:
    rows = list(tender.revisions.defer("document").order_by("number"))
    for one in rows:
        one.tender = tender
    return rows


def _submitted(revision: TenderRevision, opened: Open) -> dict[str, Any]:
    document = submitted(revision)
    content: dict[str, Any] | None = document["content"] if opened.answers else None
    if content is not None and not opened.price:
        team = [{**one, "rate": None} for one in content["team"]]
        content = {**content, "team": team, "price": None, "expenses": None, "options": []}
    return {
        "receipt": revision.reference,
        "number": revision.number,
        "digest": revision.digest,
        "submitted_at": revision.submitted_at,
        "content": content,
        "price": document["price"] if opened.price else None,
    }
