"""`manage.py create_operator NAME ADDRESS`: who runs a new installation, and its first administrator."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.text import slugify

from procurement.actions.operators import create_operator
from procurement.actions.organisations import OrganisationDraft
from procurement.errors import Conflict, Refused
from procurement.fixtures import read_regions, read_twins
from procurement.models import Capability
from procurement.permissions import SYSTEM

Kind = Capability.Kind
UNSENT: Final = tuple(
    f"django.core.mail.backends.{name}.EmailBackend" for name in ("filebased", "console", "dummy")
)
"""By which no e-mail leaves the machine."""


class Command(BaseCommand):
    help = (
        "Make the organisation that runs this installation and invite its first administrator. The link goes by "
        "e-mail, or is printed where none leaves (EMAIL_URL). Given again for the same organisation it invites again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="of the organisation, such as 'Example Purchasing'")
        parser.add_argument("email", help="the address of its first administrator")
        parser.add_argument("--reference", help="how addresses name it; by default made from its name")
        parser.add_argument("--scheme", default="", help="of its identifier by org-id.guide, such as GB-COH")
        parser.add_argument("--identifier", default="", help="its number in that register")
        parser.add_argument("--full-name", default="", help="of the administrator")
        parser.add_argument(
            "--capability",
            dest="capabilities",
            action="append",
            choices=[kind.value for kind in Kind if kind != Kind.OPERATOR],
            help="what it is besides, may be repeated; framework_owner unless another is named",
        )
        parser.add_argument(
            "--another", action="store_true", help="even if another organisation is the operator already"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        reference = options["reference"] or slugify(options["name"])
        draft = OrganisationDraft(
            reference,
            options["name"],
            options["scheme"],
            options["identifier"],
            frozenset({Kind.OPERATOR.value, *(options["capabilities"] or [Kind.FRAMEWORK_OWNER.value])}),
        )
        folder = settings.BASE_DIR / "fixtures"
        try:
            link = create_operator(
                SYSTEM,
                draft,
                options["email"],
                options["full_name"],
                read_regions(folder),
                read_twins(folder),
                another=options["another"],
                mailed=settings.EMAIL_BACKEND not in UNSENT,
            )
        except Refused as refusal:
            told = " ".join(fault.message for fault in refusal.faults) or refusal.message
            way_out = (
                " --another makes a second." if isinstance(refusal, Conflict) and "run by" in told else ""
            )
            raise CommandError(f"Nothing was changed. {told}{way_out}") from refusal
        self.stdout.write(f"{draft.name} ({reference}) runs this installation.")
        if link is None:
            self.stdout.write(f"The link to administer it is on its way to {options['email']}.")
        else:
            self.stdout.write(
                f"No e-mail leaves (EMAIL_URL): give {options['email']} this link to administer it, which is good "
                f"for {settings.INVITATION_DAYS} days and for once:\n{link}"
            )
