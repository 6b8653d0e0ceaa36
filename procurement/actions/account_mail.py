"""E-mails about somebody's account, which go to the one address and to no organisation: links and warnings."""

from __future__ import annotations

from django.core.mail import EmailMessage


def send_account_mail(address: str, subject: str, body: str) -> None:
    """Sends it at once; the worker's tasks call what calls this, and try again where the mail server is away."""
    EmailMessage(
        subject=subject, body=body, to=[address], headers={"Auto-Submitted": "auto-generated"}
    ).send()
