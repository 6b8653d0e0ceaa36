"""The e-mail of a notice: what has happened in a sentence, and where to look. No name of a person, no contact, no
price.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

from procurement.models import Delivery
from procurement.notices import Message

WHY: Final = "You are told because of your role in {organisation}, whose inbox keeps this:\n{inbox}"


def composed(delivery: Delivery, told: Message, to: str) -> EmailMessage:
    """The e-mail as it is sent, at each attempt under the same Message-ID."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    why = WHY.format(organisation=delivery.organisation.name, inbox=f"{settings.PUBLIC_URL}/inbox")
    parts = [told.text, f"{settings.PUBLIC_URL}{told.link}" if told.link else "", why]
    return EmailMessage(
        subject=f"Calloff: {told.title}",
        body="\n\n".join(part for part in parts if part) + "\n",
        to=[to],
        # RFC 3834: no machine answers this.
        headers={"Message-ID": f"<{delivery.reference}@{host}>", "Auto-Submitted": "auto-generated"},
    )
