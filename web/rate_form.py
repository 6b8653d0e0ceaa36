"""The form of the rate explorer: its choices, read from the database, and what of an address it does not show
itself.

In the rates journey it stands between the address and the template; the engine has no part in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.models import Framework, Grade, Lot, Supplier
from procurement.pricing import CURRENCIES, UNITS
from procurement.vocabulary import QUALIFICATIONS, RATE_SIZES, SITES, WORK_TYPES
from web.address import Address
from web.choosing import MOST_CHOICES
from web.saying import choices_said, said

Options: TypeAlias = list[tuple[str, str]]

LABELS: Final = {
    "q": N_("Role or grade"),
    "framework": N_("Framework"),
    "lot": N_("Lot"),
    "grade": N_("Grade"),
    "proposed": N_("Price to compare"),
    "include_expired": N_("Include cards no longer in force"),
    "supplier": N_("Supplier"),
    "work_type": N_("Kind of work"),
    "min_rate": N_("Rate from"),
    "max_rate": N_("Rate up to"),
    "min_experience": N_("Years of experience from"),
    "max_experience": N_("Years of experience up to"),
    "qualification": N_("Qualification"),
    "site": N_("Where the work is done"),
    "size": N_("Size of the supplier"),
    "currency": N_("Currency"),
    "unit": N_("Priced by"),
    "basis": N_("Cards"),
}
"""Every field of the form, by parameter."""

WRITTEN: Final = ("q", "proposed", "min_rate", "max_rate", "min_experience", "max_experience")
"""Fields that are typed; the others are chosen."""

WITHIN_ONE: Final = ("lot", "grade", "supplier")
"""Fields whose choices are those of one framework."""

IN_SIGHT: Final = ("q", "framework", "lot", "grade", "proposed", "include_expired")
"""Fields that are not folded away."""

DEFAULTS: Final = {"currency": "GBP", "unit": "day"}
"""What the first choice of a field stands for, where an address may say it too."""


@dataclass(frozen=True, slots=True)
class RateForm:
    """Choices by field (value, label; the first is "any"), the value that stands in each, and the rest as
    hidden pairs.
    """

    options: dict[str, Options]
    values: dict[str, str]
    hidden: tuple[tuple[str, str], ...]
    many_suppliers: bool
    """Whether a supplier is named by its reference: a list of all would be larger than the rest of the page."""
    open: bool
    """Whether one of the fields that are folded away is in use."""

    def has_field(self, name: str) -> bool:
        """Whether a fault of that parameter can link to a field."""
        return (
            name in self.options
            or name in WRITTEN
            or name == "include_expired"
            or (name == "supplier" and self.many_suppliers)
        )

    def anchor(self, name: str) -> str:
        """The id of the field that a fault of that parameter links to, "" where there is none: what is chosen once one
        framework is (a lot, a grade, a supplier) links to the framework before that.
        """
        if self.has_field(name):
            return name
        return "framework" if name in WITHIN_ONE and "framework" in self.options else ""


def rate_form(asked: Address) -> RateForm:
    """The form for what was asked: one query, three more where one framework is chosen."""
    framework = asked.first("framework").lower() if len(asked.values("framework")) == 1 else ""
    suppliers = _suppliers(framework)
    many = len(suppliers) > MOST_CHOICES
    options: dict[str, Options] = {
        "framework": _any(_("Every framework"), frameworks_with_rates()),
        "lot": _any(_("Every lot"), _lots(framework)),
        "grade": _any(_("Every grade"), grades_on(framework)),
        "supplier": _any(_("Every supplier"), [] if many else suppliers),
        "work_type": _any(_("Every kind of work"), choices_said(WORK_TYPES.items())),
        "qualification": _any(_("Any qualification"), choices_said(QUALIFICATIONS.items())),
        "site": _any(_("Any place"), choices_said(SITES.items())),
        "size": _any(_("Any size"), choices_said(RATE_SIZES.items())),
        "currency": [
            ("", _("Pounds")),
            *(
                (code, f"{code} ({sign})")
                for code, sign in CURRENCIES.items()
                if code != DEFAULTS["currency"]
            ),
        ],
        "unit": [
            ("", _("A day")),
            *((unit, said(label).capitalize()) for unit, label in UNITS.items() if unit != DEFAULTS["unit"]),
        ],
        "basis": [
            ("", _("Published cards count")),
            ("published", _("Only published cards")),
            ("illustrative", _("Only illustrative cards")),
        ],
    }
    values = {name: asked.first(name) for name in (*options, *WRITTEN, "include_expired")}
    for name, choices in options.items():
        # References may be written in capitals. A value that is not among the choices stays in the address: it is
        # kept out of sight, not dropped.
        chosen = {value.casefold(): value for value, _ in choices}
        if name != "supplier" or not many:
            values[name] = chosen.get(values[name].casefold(), "")
    # The first choice is sent as nothing: what it stands for would otherwise be sent beside the one that replaces it.
    shown = {(name, value.casefold()) for name, value in (*values.items(), *DEFAULTS.items())}
    return RateForm(
        options={name: choices for name, choices in options.items() if len(choices) > 1},
        values=values,
        hidden=tuple(
            (name, value)
            for name, value in asked.pairs
            if (name, value.casefold()) not in shown and name not in ("page", "after")
        ),
        many_suppliers=many,
        open=any(asked.first(name) for name in LABELS if name not in IN_SIGHT),
    )


def _any(label: str, choices: Options) -> Options:
    return [("", label), *choices] if choices else []


def frameworks_with_rates() -> Options:
    """(reference, number and name) of every framework that has a rate card."""
    return [
        (reference, f"{number} {name}")
        for reference, number, name in Framework.objects.filter(rate_cards__isnull=False)
        .distinct()
        .order_by("number")
        .values_list("reference", "number", "name")
    ]


def _lots(framework: str) -> Options:
    """The lots on which somebody with a rate card has a place: a rate of any other is of nobody."""
    if not framework:
        return []
    return [
        (reference, _("Lot %(number)s: %(name)s") % {"number": number, "name": name})
        for reference, number, name in Lot.objects.filter(
            framework__reference=framework, appointments__supplier__rate_cards__framework__reference=framework
        )
        .distinct()
        .order_by("position")
        .values_list("reference", "number", "name")
    ]


def grades_on(framework: str) -> Options:
    """(code, code and name) of every grade of a framework, lowest first; none without a framework."""
    if not framework:
        return []
    found: dict[str, str] = {}
    for code, name in (
        Grade.objects.filter(lot__framework__reference=framework)
        .order_by("rank", "lot__position")
        .values_list("code", "name")
    ):
        found.setdefault(code, f"{code} {name}")
    return list(found.items())


def _suppliers(framework: str) -> Options:
    """At most one more than are offered."""
    if not framework:
        return []
    return list(
        Supplier.objects.filter(rate_cards__framework__reference=framework)
        .distinct()
        .order_by("name")
        .values_list("reference", "name")[: MOST_CHOICES + 1]
    )
