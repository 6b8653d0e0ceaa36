"""Operators' way to have dead letters tried again, one by its reference or all of them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from procurement.actions.dead_letters import redrive, redrive_all
from procurement.errors import Refused
from procurement.models import Delivery
from procurement.permissions import SYSTEM


class Command(BaseCommand):
    help = "Have deliveries that were given up tried again, under the same ids."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "references", nargs="*", metavar="REFERENCE", help="dead letters, such as msg_4f8a…"
        )
        parser.add_argument("--all", action="store_true", help="every dead letter")
        parser.add_argument(
            "--channel", choices=Delivery.Channel.values, help="with --all, those of one channel"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        references = options["references"]
        if bool(references) == options["all"]:
            raise CommandError("Name dead letters, or say --all.")
        try:
            done = (
                redrive_all(SYSTEM, options["channel"])
                if options["all"]
                else len([redrive(SYSTEM, one) for one in references])
            )
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"{done:,} {'delivery' if done == 1 else 'deliveries'} will be tried again.")
