"""The forms by which frameworks are kept as data: fields of procurement/framework_fields.py as a page shows and reads
them.

Journey: /administration/lots/<lot>/edit (POST) -> here -> procurement/actions/framework_edits.py -> the lot's page
(303).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.framework_fields import Field
from procurement.models import Capability, Framework, Grade, Lot, Organisation, Specialism
from procurement.permissions import Action, Actor, can
from procurement.pricing import money
from web import formats
from web.meanwhile import Written
from web.saying import choices_said, labels_said, said

Row = Framework | Lot | Specialism | Grade | Organisation
LISTS: Final = ("choices", "codes")
SHOWN_AS: Final = {
    "lines": "textarea",
    "codes": "textarea",
    "choice": "select",
    "choices": "checkboxes",
    "flag": "checkboxes",
}
"""What a field is shown as, by its kind; else one line of text."""
DONE: Final = {
    "made": N_("It is made. Add what belongs to it."),
    "changed": N_("It is changed. Searches follow within seconds."),
    "up": N_("The lot is moved up. Searches follow within seconds."),
    "down": N_("The lot is moved down. Searches follow within seconds."),
    "removed": N_("It is taken away. Searches follow within seconds."),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A field on the page; `options` are pairs for a list to choose from, triples with whether one is ticked for
    boxes.
    """

    name: str
    label: str
    hint: str
    shown_as: str
    value: str
    options: list[Any]


def fields_of(
    table: Mapping[str, Field], typed: Mapping[str, Any], owners: list[tuple[str, str]], *, new: bool
) -> list[Shown]:
    """The fields of a form, those that stay left out once it is made. `typed` as typed_of or typed_from says it."""
    found = []
    for name, field in table.items():
        if field.fixed and not new:
            continue
        value, shown_as, options = typed.get(name, ""), SHOWN_AS.get(field.kind, "text"), list[Any]()
        hint = said(field.hint)
        if name == "owner":
            shown_as, options, hint = "select", [("", _("Choose an organisation")), *owners], ""
        elif field.kind == "choice":
            options = choices_said((field.choices or {}).items())
        elif field.kind == "choices":
            options = [
                (one, label, one in value) for one, label in choices_said((field.choices or {}).items())
            ]
        elif field.kind == "flag":
            options, hint = [("yes", hint, value == "yes")], ""
        text = value if isinstance(value, str) else ""
        found.append(Shown(name, said(field.label), hint, shown_as, text, options))
    return found


def typed_of(table: Mapping[str, Field], row: Row) -> dict[str, Any]:
    """What the form of a row shows before anything is typed."""
    return {name: _typed(getattr(row, field.column or name), field) for name, field in table.items()}


def typed_from(table: Mapping[str, Field], sent: QueryDict) -> dict[str, Any]:
    """What was typed, to be shown again."""
    return {
        name: sent.getlist(name) if field.kind == "choices" else sent.get(name, "")
        for name, field in table.items()
    }


def written(table: Mapping[str, Field], sent: QueryDict, row: Row) -> list[Written]:
    """What was typed into the fields of a row's form beside what stands now."""
    typed, stands = typed_from(table, sent), typed_of(table, row)
    return [
        Written(
            name,
            said(field.label),
            typed[name],
            stands[name],
            {"yes": _("Yes")} if field.kind == "flag" else labels_said(field.choices or {}),
        )
        for name, field in table.items()
        if not field.fixed and name != "owner"
    ]


def said_by(table: Mapping[str, Field], sent: QueryDict, *, new: bool) -> dict[str, Any]:
    """What the form says, as the actions take it."""
    found: dict[str, Any] = {}
    for name, field in table.items():
        if field.fixed and not new:
            continue
        text = sent.get(name, "").strip()
        if field.kind == "choices":
            found[name] = sent.getlist(name)
        elif field.kind == "flag":
            found[name] = text == "yes"
        elif field.kind == "codes":
            found[name] = text.split()
        else:
            found[name] = text
    return found


def owners_of(actor: Actor) -> list[tuple[str, str]]:
    """The organisations that own frameworks and for which the actor may keep them (one query)."""
    rows = Organisation.objects.filter(capabilities__kind=Capability.Kind.FRAMEWORK_OWNER)
    if not can(actor, Action.MANAGE_FRAMEWORK):
        own = [key for key in actor.organisations() if can(actor, Action.MANAGE_FRAMEWORK, key)]
        rows = rows.filter(pk__in=own)
    return list(rows.order_by("name").values_list("reference", "name"))


def told_of(table: Mapping[str, Field], row: Row, leave: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Label and value in words of each field that says something."""
    found = []
    for name, field in table.items():
        value = getattr(row, field.column or name)
        if name in leave or value in (None, "", [], False):
            continue
        found.append((said(field.label), _words(value, field)))
    return found


def _typed(value: Any, field: Field) -> Any:
    if isinstance(value, Organisation):
        return value.reference
    if field.kind == "flag":
        return "yes" if value else ""
    if field.kind == "pence" and value is not None:
        return money(value)
    if field.kind == "codes":
        return "\n".join(value)
    if isinstance(value, list):
        return value
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def _words(value: Any, field: Field) -> str:
    if field.kind in ("choice", "choices"):
        chosen = value if isinstance(value, list) else [value]
        return ", ".join(said((field.choices or {}).get(one, one)) for one in chosen)
    if field.kind == "flag":
        return _("Yes")
    if field.kind == "pence":
        return formats.money(value)
    if field.kind == "day":
        return formats.day(value)
    if field.kind == "per_cent":
        return _("%(share)s per cent") % {"share": f"{value.normalize():f}"}
    return str(_typed(value, field))
