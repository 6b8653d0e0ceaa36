"""What quotes and teams ask and answer alike: a team, its price line by line, and why there is none."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any, Final

from rest_framework import serializers

from api.bodies import Body
from api.v1.listing_shapes import AMOUNT
from api.v1.rate_cards import CAVEATS
from api.v1.shapes import FICTIONAL_SUPPLIER, Named, amount
from procurement.models import RateCard
from procurement.models.base import REFERENCE_LENGTH
from procurement.quotes import Quote
from procurement.team_lines import EITHER, LONGEST_ROLE, MOST_HOURS, MOST_WORK, MOST_YEARS, TeamLine, Unit
from procurement.team_price import TeamPrice, Yardstick
from procurement.team_rates import Unpriced
from procurement.vocabulary import QUALIFICATIONS, SITES, WORK_TYPES
from search.parameters import MONEY, minor

LEAST: Final = Decimal("0.01")
DIFFERENCE: Final = r"^-?\d+\.\d{2}$"
NEEDED: Final = "This field is required."
ONLY_OF_ROLES: Final = ("experience", "qualification", "site", "hours")
OF_ROLES: Final = "This is said of a role; a grade is worked in days."
QUANTITY: Final = r"^\d+(\.\d{1,2})?$"
LONGEST_MONTHS: Final = 120


class TeamLineBody(Body):
    """So many days of one grade, or days or hours of one role; a grade stands in a team once, a role once for each
    of what is asked of it.
    """

    grade = serializers.CharField(max_length=12, required=False, help_text="Its code, such as G3.")
    role = serializers.CharField(
        max_length=LONGEST_ROLE, required=False,
        help_text="In place of a grade: a role title as the cards have it; case and spacing do not count.",
    )  # fmt: skip
    experience = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=MOST_YEARS,
        help_text="Of a role: the least years that the card's line must ask for.",
    )  # fmt: skip
    qualification = serializers.ChoiceField(
        choices=list(QUALIFICATIONS.items()), required=False, allow_null=True,
        help_text="Of a role: what the card's line must at least ask for.",
    )  # fmt: skip
    site = serializers.ChoiceField(
        choices=list(SITES.items()), required=False, allow_null=True,
        help_text="Of a role: where the card's line must be for; a line for `both` does for either.",
    )  # fmt: skip
    days = serializers.DecimalField(
        max_digits=8, decimal_places=2, min_value=LEAST, max_value=MOST_WORK, required=False,
        help_text="At most two decimals.",
    )  # fmt: skip
    hours = serializers.DecimalField(
        max_digits=8, decimal_places=2, min_value=LEAST, max_value=MOST_WORK, required=False,
        help_text="Of a role, in place of days.",
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One name and one quantity; what only roles have stands beside a role."""
        if "role" not in attrs:
            told: dict[str, Any] = {name: NEEDED for name in ("grade", "days") if name not in attrs}
            if told:
                raise serializers.ValidationError(told, "required")
            told = {name: OF_ROLES for name in ONLY_OF_ROLES if name in attrs}
            if told:
                raise serializers.ValidationError(told, "conflict")
        elif "grade" in attrs:
            raise serializers.ValidationError({"role": "Name a grade or a role: one of the two."}, "conflict")
        elif ("days" in attrs) == ("hours" in attrs):
            raise serializers.ValidationError({"days": EITHER}, "conflict")
        return attrs


class TermsBody(Body):
    """What a price depends on beside the supplier."""

    starts_on = serializers.DateField(
        required=False, help_text="First day of the work, whose card holds; today if not given."
    )
    ends_on = serializers.DateField(required=False, help_text="Last day of the work.")
    months = serializers.IntegerField(
        required=False, min_value=1, max_value=LONGEST_MONTHS, help_text="Instead of ends_on."
    )
    work_type = serializers.ChoiceField(choices=list(WORK_TYPES.items()), required=False)
    hours_per_day = serializers.DecimalField(
        max_digits=4, decimal_places=2, min_value=LEAST, max_value=MOST_HOURS, required=False,
        help_text="For cards in another unit than the team, which are not priced without it.",
    )  # fmt: skip
    vat = serializers.BooleanField(required=False, default=True, help_text="Whether VAT is told too.")
    proposed = serializers.DictField(
        child=serializers.DictField(child=serializers.RegexField(MONEY, max_length=10)),
        required=False,
        help_text="Own rates that a supplier offers, at or below its card's: by supplier and grade or role.",
    )


class ReferencesField(serializers.ListField):
    """References, one to fifty of them where no other number is given."""

    def __init__(self, **kwargs: Any) -> None:
        child = serializers.CharField(max_length=2 * REFERENCE_LENGTH)
        super().__init__(**{"child": child, "min_length": 1, "max_length": 50, **kwargs})


class AnsweredTeamLine(serializers.Serializer[Any]):
    """A line of the team as it was understood: a grade and its days, or a role with experience, days or hours, and the
    qualification and site where they were asked for.
    """

    grade = serializers.CharField(required=False)
    role = serializers.CharField(required=False)
    experience = serializers.IntegerField(required=False, allow_null=True)
    qualification = serializers.ChoiceField(choices=list(QUALIFICATIONS.items()), required=False)
    site = serializers.ChoiceField(choices=list(SITES.items()), required=False)
    days = serializers.RegexField(QUANTITY, required=False)
    hours = serializers.RegexField(QUANTITY, required=False)


class TakenLineShape(serializers.Serializer[Any]):
    """The line of the card that a role's rate is of. "" and null are unknown."""

    key = serializers.CharField(help_text="What names the line within its card.")
    role = serializers.CharField()
    min_experience = serializers.IntegerField(allow_null=True)
    qualification = serializers.ChoiceField(choices=list(QUALIFICATIONS.items()), allow_blank=True)
    site = serializers.ChoiceField(choices=list(SITES.items()), allow_blank=True)


class PricedLineShape(AnsweredTeamLine):
    """A line of the team, priced: VAT excluded. `rate` is for one unit of the card, at or below its `ceiling`. Of a
    role `line` says which of the card's lines was taken: the cheapest that satisfies what was asked.
    """

    name = serializers.CharField()
    line = TakenLineShape(required=False)
    rate = serializers.RegexField(AMOUNT)
    ceiling = serializers.RegexField(AMOUNT)
    amount = serializers.RegexField(AMOUNT)


class CardShape(serializers.Serializer[Any]):
    """The card and version that a price rests on. `basis` illustrative: not the supplier's real rates."""

    reference = serializers.CharField()
    version = serializers.IntegerField(min_value=1)
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True)
    unit = serializers.ChoiceField(choices=RateCard.Unit.choices)
    basis = serializers.ChoiceField(choices=RateCard.Basis.choices)
    caveat = serializers.CharField()


class DifferenceShape(serializers.Serializer[Any]):
    """To the cheapest and the median total of those priced in the same currency; minus is cheaper."""

    cheapest = serializers.RegexField(DIFFERENCE)
    median = serializers.RegexField(DIFFERENCE)


class PlaceShape(serializers.Serializer[Any]):
    """Where a total stands among those compared in its currency; `percentile` is the share at or below it."""

    below = serializers.IntegerField(min_value=0)
    equal = serializers.IntegerField(min_value=0)
    above = serializers.IntegerField(min_value=0)
    percentile = serializers.FloatField(min_value=0, max_value=100)


class TeamPriceShape(serializers.Serializer[Any]):
    """What the team costs: whole pence; lines and VAT are each rounded half to even."""

    currency = serializers.CharField(help_text="ISO 4217")
    lines = PricedLineShape(many=True)
    total = serializers.RegexField(AMOUNT, help_text="Without VAT.")
    vat_rate = serializers.RegexField(QUANTITY, allow_null=True, help_text="Per cent; null: not asked for.")
    vat = serializers.RegexField(AMOUNT, allow_null=True)
    total_with_vat = serializers.RegexField(AMOUNT, allow_null=True)
    difference = DifferenceShape()
    place = PlaceShape()


class NotPricedShape(serializers.Serializer[Any]):
    """Why there is no price: `no_card`, `no_grade`, `no_role`, `no_experience`, `no_qualification`, `no_site`,
    `not_appointed`, `work_type`, `lot`, and others.
    """

    code = serializers.CharField()
    detail = serializers.CharField()
    grade = serializers.CharField(allow_null=True)
    role = serializers.CharField(required=False, help_text="Where it is about a role.")
    choices = serializers.ListField(child=serializers.CharField(), help_text="Choose one of these.")


class NoteShape(serializers.Serializer[Any]):
    """Something that a reader of the price must know."""

    code = serializers.CharField()
    detail = serializers.CharField()


class QuoteShape(serializers.Serializer[Any]):
    """One supplier's price, or why there is none: then `price` is null and `not_priced` is not empty."""

    supplier = Named()
    fictional = serializers.BooleanField(help_text=FICTIONAL_SUPPLIER)
    card = CardShape(allow_null=True)
    price = TeamPriceShape(allow_null=True)
    not_priced = NotPricedShape(many=True)
    notes = NoteShape(many=True)


class YardstickShape(serializers.Serializer[Any]):
    """What totals of one currency are compared with. Illustrative cards count only where there are no others."""

    currency = serializers.CharField()
    count = serializers.IntegerField(min_value=1)
    cheapest = serializers.RegexField(AMOUNT)
    median = serializers.RegexField(AMOUNT, help_text="By nearest rank: a total that occurs.")
    illustrative = serializers.BooleanField(help_text="Only illustrative cards were there to compare.")


def team_of(sent: list[dict[str, Any]]) -> tuple[TeamLine, ...]:
    """The team that a body states."""
    return tuple(_line(line) for line in sent)


def _line(sent: dict[str, Any]) -> TeamLine:
    if "role" not in sent:
        return TeamLine(sent["grade"], sent["days"])
    unit: Unit = "hour" if "hours" in sent else "day"
    also = sent.get("qualification") or "", sent.get("site") or ""
    return TeamLine("", sent[f"{unit}s"], sent["role"], sent.get("experience"), unit, *also)


def terms_of(sent: dict[str, Any], today: date) -> dict[str, Any]:
    """The fields of procurement.named.Terms that a body states."""
    proposed = {
        supplier: {grade: minor(text) or 0 for grade, text in rates.items()}
        for supplier, rates in sent.get("proposed", {}).items()
    }
    named = ("ends_on", "months", "work_type", "hours_per_day", "vat")
    told = {name: sent[name] for name in named if name in sent}
    return {
        "team": team_of(sent["team"]),
        "starts_on": sent.get("starts_on", today),
        "proposed": proposed,
        **told,
    }


def quantity(value: Decimal) -> str:
    """Days, hours or per cent without zeros that say nothing: 2.50 is "2.5", 10.00 is "10"."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def team_shape(team: tuple[TeamLine, ...]) -> list[dict[str, Any]]:
    return [line.to_json() | ({} if line.role else {"grade": line.called}) for line in team]


def quote_shape(quote: Quote, measures: dict[str, Yardstick], made_up: Collection[int]) -> dict[str, Any]:
    """A quote in the API's words. `made_up`: keys of suppliers that a made-up firm leads."""
    return {
        "supplier": {"reference": quote.supplier.reference, "name": quote.supplier.name},
        "fictional": quote.supplier.pk in made_up,
        "card": _card(quote),
        "price": _price(quote, quote.price, measures) if quote.price else None,
        "not_priced": [why_shape(why) for why in quote.unpriced],
        "notes": [{"code": note.code, "detail": note.message} for note in quote.notes],
    }


def why_shape(why: Unpriced) -> dict[str, Any]:
    told = {"code": why.code, "detail": why.message, "grade": why.grade or None, "choices": list(why.choices)}
    return told | ({"role": why.role} if why.role else {})


def yardstick_shapes(measures: dict[str, Yardstick]) -> list[dict[str, Any]]:
    return [
        {
            "currency": currency,
            "count": found.count,
            "cheapest": amount(found.cheapest),
            "median": amount(found.median),
            "illustrative": found.illustrative,
        }
        for currency, found in measures.items()
    ]


def _card(quote: Quote) -> dict[str, Any] | None:
    if quote.held is None:
        return None
    card, version = quote.held.card, quote.held.version
    return {
        "reference": card.reference,
        "version": version.number,
        "valid_from": version.valid_from,
        "valid_to": version.valid_to,
        "unit": card.unit,
        "basis": version.basis,
        "caveat": CAVEATS[RateCard.Basis(version.basis)],
    }


def _price(quote: Quote, price: TeamPrice, measures: dict[str, Yardstick]) -> dict[str, Any]:
    assert quote.held is not None
    currency, with_vat = quote.held.card.currency, price.vat_rate is not None
    measure = measures[currency]
    place = measure.place(price.total)
    return {
        "currency": currency,
        "lines": [line.to_json() for line in price.lines],
        "total": amount(price.total),
        "vat_rate": quantity(price.vat_rate) if price.vat_rate is not None else None,
        "vat": amount(price.vat) if with_vat else None,
        "total_with_vat": amount(price.total_with_vat) if with_vat else None,
        "difference": {
            "cheapest": amount(price.total - measure.cheapest),
            "median": amount(price.total - measure.median),
        },
        "place": {name: getattr(place, name) for name in ("below", "equal", "above", "percentile")},
    }
