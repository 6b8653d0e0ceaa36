"""The form by which an operator lets an organisation in or changes it: fields of procurement/organisation_fields.py.

Journey: /administration/organisations/new (POST) -> here -> procurement/actions/organisation_edits.py -> its page.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.framework_fields import Field
from procurement.models import Capability, Organisation
from procurement.organisation_fields import AS_ORGANISATION, GIVEN
from web.framework_form import told_of, typed_of, written
from web.meanwhile import Written
from web.saying import said

DOES: Final = "capabilities"
DOES_BESIDE: Final = N_("What it is to do besides")
WITHOUT_ITS_WORK: Final = {name: field for name, field in AS_ORGANISATION.items() if name != DOES}
"""The fields that stand on the organisation's own row."""
DONE: Final = {
    "made": N_("It is made. Next, invite its first administrator: nobody acts for it before."),
    "changed": N_("It is changed."),
}


def kinds_of(body: Organisation) -> list[str]:
    """What it does here, whichever order it began that in; its capabilities are fetched."""
    held = {one.kind for one in body.capabilities.all()}
    return [one for one in Capability.Kind.values if one in held]


def table_of(held: Collection[str], *, new: bool) -> dict[str, Field]:
    """The fields of the form for an organisation that does what is `held`. It is offered what it may do besides; none
    is taken away, so that what it does is no box that could be cleared.
    """
    may = {kind: label for kind, label in Capability.Kind.choices if kind in GIVEN and kind not in held}
    own = AS_ORGANISATION[DOES]
    table = AS_ORGANISATION | {DOES: replace(own, choices=may, label=own.label if new else DOES_BESIDE)}
    return table if may else WITHOUT_ITS_WORK


def typed_at_first(body: Organisation | None) -> dict[str, Any]:
    """What the form shows before anything is typed."""
    return {**(typed_of(WITHOUT_ITS_WORK, body) if body else {}), DOES: []}


def written_beside(sent: QueryDict, body: Organisation) -> list[Written]:
    """What was typed beside what stands now."""
    return written(WITHOUT_ITS_WORK, sent, body)


def told(body: Organisation) -> list[tuple[str, str]]:
    """Label and value in words of what is known of it."""
    labels = dict(Capability.Kind.choices)
    does = ", ".join(said(labels[one]) for one in kinds_of(body)) or _("Nothing yet")
    return [
        *told_of(WITHOUT_ITS_WORK, body, ("name", "reference")),
        (said(AS_ORGANISATION[DOES].label), does),
    ]
