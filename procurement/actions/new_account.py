"""What whoever holds a link says of the account that is to be theirs: a name and a password.

Journey: the link of a registration (registering.py) or of an invitation (member_invitations.py) -> here -> the account.
"""

from __future__ import annotations

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError

from procurement.actions.members import NAME_LENGTH
from procurement.errors import Fault, Invalid
from procurement.models import User
from procurement.visible import shows_something


def checked_name(email: str, full_name: str, password: str) -> str:
    """The name without blanks around it. Raises Invalid for it and for a password that is weak for this person."""
    name = full_name.strip()
    faults = []
    if not shows_something(name):
        faults.append(Fault("/full_name", "required", "Enter your name."))
    if len(name) > NAME_LENGTH:
        faults.append(Fault("/full_name", "too_long", f"At most {NAME_LENGTH} characters."))
    try:
        password_validation.validate_password(password, User(email=email, full_name=name))
    except ValidationError as refused:
        faults += [Fault("/password", "weak", message) for message in refused.messages]
    if faults:
        raise Invalid("The account was not made.", tuple(faults))
    return name
