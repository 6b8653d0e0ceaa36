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


class MoneyField(serializers.Field[Any, Any, Any, Any]):
    """An integer of pence, told as Money; for reading alone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: int) -> Any:
        return money(value)
