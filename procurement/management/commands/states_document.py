"""Developers' command that writes docs/states.md anew from the tables of states.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from procurement.states import MACHINES
from procurement.states_document import document


class Command(BaseCommand):
    help = "Write the diagrams and tables of every status and step."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        options["file"].write_text(document(MACHINES.values()), encoding="utf-8")
