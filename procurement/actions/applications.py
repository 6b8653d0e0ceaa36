"""Giving an integration a way to sign in: a client of the API, which acts for its organisation."""

from __future__ import annotations

import secrets
from typing import Final

from django.db import transaction
from oauth2_provider.models import AbstractApplication

from procurement.actions.events import Happening, record
from procurement.errors import Fault, Invalid
from procurement.models import Application, Organisation
from procurement.permissions import Action, Actor, require
from procurement.visible import wrong_with_name

LONGEST_NAME: Final = 100


def create_client(actor: Actor, organisation: str, name: str) -> tuple[Application, str]:
    """Make a client for the organisation (by reference): the client, and its secret in clear, which is never
    shown again.

    It asks for tokens by client credentials (RFC 6749, section 4.4). Raises NotPermitted, Invalid.
    """
    require(actor, Action.MANAGE_ORGANISATIONS)
    if wrong := wrong_with_name(name, LONGEST_NAME):
        raise Invalid("No client was made.", (Fault("/name", "length", wrong),))
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        owner = Organisation.objects.filter(reference=organisation).first()
        if owner is None:
            raise Invalid(
                "No client was made.",
                (Fault("/organisation", "unknown", f"There is no organisation {organisation}."),),
            )
        made = Application.objects.create(
            name=name.strip(),
            organisation=owner,
            client_secret=secret,
            client_type=AbstractApplication.CLIENT_CONFIDENTIAL,
            authorization_grant_type=AbstractApplication.GRANT_CLIENT_CREDENTIALS,
        )
        record(
            actor,
            Happening(
                "organisation.client_created",
                "organisation",
                owner.reference,
                {"application": made.reference},
                {"name": made.name},
            ),
        )
    return made, secret
