"""What an operator may say of an organisation: each field once, with how it is read. Pure.

Asked by actions/organisation_edits.py; the page makes its form of them.
"""

from __future__ import annotations

from typing import Final

from procurement.framework_fields import Field
from procurement.identifiers import SCHEMES
from procurement.models import Capability, Organisation
from procurement.models.base import REFERENCE_LENGTH
from procurement.profiles import NAME_LENGTH
from procurement.vocabulary import BUYER_CLASSES

IDENTIFIER_LENGTH: Final = 60
AS_ORGANISATION: Final[dict[str, Field]] = {
    "name": Field("Name", "line", NAME_LENGTH, required=True, hint="As it stands in its register"),
    "reference": Field("Reference", "line", REFERENCE_LENGTH, fixed=True,
                       hint="What addresses name it by for ever, as leeds-city-council; empty: made from its name"),
    "scheme": Field("Register", "choice", choices={"": "None is known"} | {one: its[0] for one, its in SCHEMES.items()},
                    hint="Where it has its number"),
    "identifier": Field("Number in that register", "line", IDENTIFIER_LENGTH),
    "capabilities": Field("What it does here", "choices", choices=dict(Capability.Kind.choices)),
    "buyer_class": Field("Class of buyer", "choice", choices={"": "Not stated", **BUYER_CLASSES},
                         hint="A framework that serves certain classes serves no buyer without one of them"),
    "nation": Field("Nation", "choice", choices={"": "Not stated", **dict(Organisation.Nation.choices)},
                    hint="By which notices of its contracts are told apart"),
}  # fmt: skip
UNSAID: Final = {
    "reference": "",
    "scheme": "",
    "identifier": "",
    "capabilities": [],
    "buyer_class": "",
    "nation": "",
}
"""What a new organisation is where nothing is said of it."""
OTHERWISE_MADE: Final = {
    Capability.Kind.PARTNER.value: "A partner has a profile: an import of partners makes one, with its organisation.",
    Capability.Kind.OPERATOR.value: "manage.py create_operator --another makes a further operator.",
}
"""What no organisation becomes by being said to be it, and how it does."""
GIVEN: Final = tuple(kind for kind in Capability.Kind.values if kind not in OTHERWISE_MADE)
"""What it may be said to be."""
