"""What a requirement looks like in the API: the content as a buyer writes it, and what is kept of it.

For the schema and for answers alone; procurement/requirements.py reads what is sent.
"""

from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers

from api.v1.shapes import Named
from procurement.models import Requirement, RequirementRevision
from procurement.models.base import REFERENCE_LENGTH
from procurement.pricing import CURRENCIES
from procurement.profiles import TEXT_LENGTH
from procurement.requirements import LONGEST_MONTHS, REGIONS, SPECIALISMS
from procurement.team_lines import LARGEST_TEAM, LONGEST_ROLE, MOST_YEARS
from procurement.vocabulary import ACCREDITATIONS, OWNERSHIP, SECTORS, SIZES, WORK_TYPES

STATED_OWNERSHIP: Final = [pair for pair in OWNERSHIP.items() if pair[0] != "not-stated"]
STATED_SIZE: Final = [pair for pair in SIZES.items() if pair[0] != "not-stated"]


def _references(most: int, **told: Any) -> serializers.ListField:
    child = serializers.CharField(max_length=REFERENCE_LENGTH)
    return serializers.ListField(child=child, max_length=most, required=False, **told)


def _choices(known: list[tuple[str, str]]) -> serializers.ListField:
    return serializers.ListField(child=serializers.ChoiceField(choices=known), required=False)


class MustHaveSerializer(serializers.Serializer[Any]):
    """What rules a listing out where it lacks it. Ownership and size never do; an accreditation only where the
    framework says so, which none here does.
    """

    specialisms = _references(SPECIALISMS, help_text="Some of the requirement's own.")
    regions = _references(REGIONS, help_text="Some of the requirement's own.")
    accreditations = serializers.ListField(
        child=serializers.CharField(), required=False, max_length=0, help_text="Always empty."
    )


class PreferencesSerializer(serializers.Serializer[Any]):
    """What the buyer likes to see; it rules nobody out."""

    ownership = _choices(STATED_OWNERSHIP)
    size = _choices(STATED_SIZE)
    sector = _choices(list(SECTORS.items()))
    accreditation = _choices(list(ACCREDITATIONS.items()))


class TeamLineSerializer(serializers.Serializer[Any]):
    """So many working days of one grade, or days or hours of one role in its place."""

    grade = serializers.CharField(max_length=12, required=False, help_text="Its code, such as G3.")
    role = serializers.CharField(
        max_length=LONGEST_ROLE, required=False, help_text="In place of a grade: a role title of the cards."
    )
    experience = serializers.IntegerField(
        min_value=0, max_value=MOST_YEARS, required=False, allow_null=True,
        help_text="Of a role: the least years that a card's line must ask for.",
    )  # fmt: skip
    days = serializers.RegexField(r"^\d{1,6}(\.\d{1,2})?$", required=False)
    hours = serializers.RegexField(
        r"^\d{1,6}(\.\d{1,2})?$", required=False, help_text="Of a role, in place of days."
    )


class BudgetSerializer(serializers.Serializer[Any]):
    """What may be spent in all, VAT excluded."""

    amount = serializers.RegexField(r"^\d{1,12}(\.\d{1,2})?$")
    currency = serializers.ChoiceField(choices=list(CURRENCIES), required=False)


class RequirementContentSerializer(serializers.Serializer[Any]):
    """What is needed. A field that is not sent, or null, is not stated."""

    text = serializers.CharField(
        max_length=TEXT_LENGTH, allow_blank=True, required=False,
        help_text="In words; it may be empty beside at least one specialism.",
    )  # fmt: skip
    framework = serializers.CharField(max_length=REFERENCE_LENGTH, allow_null=True, required=False)
    lot = serializers.CharField(
        max_length=REFERENCE_LENGTH, allow_null=True, required=False, help_text="Beside its framework."
    )
    specialisms = _references(SPECIALISMS)
    regions = _references(REGIONS, help_text="Codes of the framework's own scheme, or UK.")
    must_have = MustHaveSerializer(required=False)
    preferences = PreferencesSerializer(required=False)
    starts_on = serializers.DateField(allow_null=True, required=False)
    months = serializers.IntegerField(min_value=1, max_value=LONGEST_MONTHS, allow_null=True, required=False)
    team = serializers.ListField(
        child=TeamLineSerializer(),
        max_length=LARGEST_TEAM,
        required=False,
        help_text="Each grade once, a role once for each experience.",
    )
    work_type = serializers.ChoiceField(choices=list(WORK_TYPES.items()), allow_blank=True, required=False)
    budget = BudgetSerializer(allow_null=True, required=False)


class NewRequirementSerializer(RequirementContentSerializer):
    """A requirement to keep. `organisation` is needed by who acts for several buyers."""

    organisation = serializers.CharField(max_length=REFERENCE_LENGTH, required=False)


class RequirementRevisionSerializer(serializers.Serializer[Any]):
    """A requirement's content as it was said once. `digest` is the SHA-256 of its canonical JSON."""

    number = serializers.IntegerField(min_value=1)
    content = RequirementContentSerializer()
    digest = serializers.CharField()
    actor = serializers.CharField(help_text="Who said it, by an opaque reference.")
    created_at = serializers.DateTimeField()

    def to_representation(self, row: RequirementRevision) -> dict[str, Any]:
        return {
            "number": row.number,
            "content": row.content,
            "digest": row.digest,
            "actor": row.actor,
            "created_at": row.created_at,
        }


class RequirementSerializer(RequirementContentSerializer):
    """A requirement: the content that counts, and which revision of it that is."""

    reference = serializers.CharField()
    organisation = Named()
    status = serializers.ChoiceField(choices=Requirement.Status.choices)
    number = serializers.IntegerField(min_value=1, help_text="Which revision of the content this is.")
    digest = serializers.CharField()
    created_at = serializers.DateTimeField()
    revised_at = serializers.DateTimeField()

    def to_representation(self, row: Requirement) -> dict[str, Any]:
        said = row.current or RequirementRevision(number=1, content={}, digest="")
        return {
            **said.content,
            "reference": row.reference,
            "organisation": {"reference": row.organisation.reference, "name": row.organisation.name},
            "status": row.status,
            "number": said.number,
            "digest": said.digest,
            "created_at": row.created_at,
            "revised_at": said.created_at,
        }
