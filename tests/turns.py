"""Whose turn a call-off says that it is, read anew from the database, and what may change it."""

from __future__ import annotations

from django.utils import timezone

from procurement.available import Turn
from procurement.call_off_facts import CallOffFacts, facts_of
from procurement.models import CallOff, Partner


def shown(call_off: CallOff) -> CallOffFacts:
    return facts_of(CallOff.objects.get(pk=call_off.pk), timezone.localdate())


def turn(call_off: CallOff) -> Turn:
    return shown(call_off).line.next


def codes(call_off: CallOff) -> list[str]:
    return [one.code for one in shown(call_off).blocking]


def suspend(name: str) -> None:
    Partner.objects.filter(reference=name).update(suspended=True)
