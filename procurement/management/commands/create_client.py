"""Operators' way to give an integration its client id and secret."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from procurement.actions.applications import create_client
from procurement.errors import Refused
from procurement.permissions import SYSTEM


class Command(BaseCommand):
    help = "Make an API client for an organisation and print its id and secret, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organisation", help="its reference, such as veydale-blue-light")
        parser.add_argument("--name", default="Integration", help="what people will know the client by")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            made, secret = create_client(SYSTEM, options["organisation"], options["name"])
        except Refused as refusal:
            raise CommandError(
                " ".join(fault.message for fault in refusal.faults) or refusal.message
            ) from refusal
        self.stdout.write(f"CLIENT_ID={made.client_id}\nCLIENT_SECRET={secret}")
