"""Operators' way to give an organisation a domain of addresses that none of its administrators has an address at."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from procurement.actions.belonging import add_domain
from procurement.errors import Invalid, Refused
from procurement.permissions import SYSTEM


class Command(BaseCommand):
    help = "Show an organisation to people with addresses at a domain, once you are sure that the domain is its own."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organisation", help="its reference")
        parser.add_argument("domain", help="what stands after the @")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = add_domain(SYSTEM, options["organisation"], options["domain"])
        except Invalid as refused:
            raise CommandError(" ".join(fault.message for fault in refused.faults)) from refused
        except Refused as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"{made.domain} is a domain of {options['organisation']} now.")
