"""Operators' check that nobody has altered the event log."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from procurement.actions.events import verify
from procurement.models import Chain


class Command(BaseCommand):
    help = "Walk the event log from its beginning and say whether its hash chain holds."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = verify()
        if broken:
            raise CommandError(f"The log does not hold at position {broken.position}: {broken.reason}.")
        chain = Chain.objects.filter(pk=1).first()
        self.stdout.write(f"{chain.position if chain else 0:,} events, and the chain holds.")
