"""Operators' way to help somebody who has lost their authenticator and their recovery codes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from procurement.actions.second_steps import remove_second_step
from procurement.models import User


class Command(BaseCommand):
    help = "Take the second step of signing in from somebody's account, once you are sure who asks. They are told."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address of the account")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].strip().lower()).first()
        if user is None:
            raise CommandError("There is no account with that address.")
        if not remove_second_step(user):
            raise CommandError("The second step of that account is off.")
        self.stdout.write("The password alone signs in to that account now.")
