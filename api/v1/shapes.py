"""The small objects that several resources show: names beside references, and amounts of money."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

MINOR_PER_MAJOR = 100
FICTIONAL = "True: the firm or body is made up; its identifier is of the scheme XX-DEMO."
FICTIONAL_SUPPLIER = "True: a made-up firm leads the supplier."


class Named(serializers.Serializer[Any]):
    """An object named by its reference."""

    reference = serializers.CharField()
    name = serializers.CharField()


class NamedFramework(Named):
    """A framework, named."""

    number = serializers.CharField()


class NamedLot(Named):
    """A lot, named."""

    number = serializers.CharField()


class Money(serializers.Serializer[Any]):
    """An amount: a decimal string in major units, VAT excluded."""

    amount = serializers.RegexField(r"^-?\d+\.\d{2}$")
    currency = serializers.CharField(help_text="ISO 4217")
    vat = serializers.ChoiceField(choices=["excluded"])


def money(minor: int | None, currency: str = "GBP") -> dict[str, str] | None:
    """An amount of pence (or cents) as the API tells it; None stays None."""
    if minor is None:
        return None
    return {"amount": amount(minor), "currency": currency, "vat": "excluded"}


def amount(minor: int) -> str:
    """Pence (or cents) as a decimal string."""
    sign, whole = ("-", -minor) if minor < 0 else ("", minor)
    return f"{sign}{whole // MINOR_PER_MAJOR}.{whole % MINOR_PER_MAJOR:02d}"


class ToldMeasureSerializer(serializers.Serializer[Any]):
    """An outcome that is paid for: `price` for one, in pounds without VAT, for at most `most` of them. `baseline` and
    `target` are counts without and with the service.
    """

    measure = serializers.CharField()
    name = serializers.CharField()
    definition = serializers.CharField(help_text="When one of them is reached.")
    data_source = serializers.CharField(help_text="Where the count comes from.")
    unit = serializers.CharField(help_text="What is counted.")
    baseline = serializers.IntegerField(min_value=0)
    target = serializers.IntegerField(min_value=1)
    price = serializers.RegexField(r"^\d+\.\d{2}$")
    most = serializers.IntegerField(min_value=1)


class ToldOutcomesSerializer(serializers.Serializer[Any]):
    """What is paid for outcomes beside, or instead of, days, as the order form or the invitation told it: in all at
    most `cap`, and nothing for an outcome after `long_stop_on`. `instead_of_days`: no price of the work is asked for.
    """

    reference = serializers.CharField()
    instead_of_days = serializers.BooleanField()
    long_stop_on = serializers.DateField(allow_null=True)
    cap = Money()
    measures = ToldMeasureSerializer(many=True)

    def to_representation(self, told: dict[str, Any]) -> dict[str, Any]:
        """As procurement/order_form.py says it."""
        return told


class MoneyField(serializers.Field[Any, Any, Any, Any]):
    """An integer of pence, told as Money; for reading alone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: int) -> Any:
        return money(value)
