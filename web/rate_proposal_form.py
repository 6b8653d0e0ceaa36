"""The forms of a proposed rate card: which card, its day and note, its rates line by line or as a file, every step.

Journey: /rate-proposals/new (POST) -> here -> procurement/actions/rate_proposals.py -> /rate-proposals/RP-2026-0001
(303), whose forms are read here too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.utils.translation import ngettext

from procurement.actions.rate_lines import LineDraft
from procurement.actions.rate_proposal_lines import lines_of, told
from procurement.actions.rate_proposals import (
    RateProposalDraft,
    approve_rate_proposal,
    edit_rate_proposal,
    read_rates_file,
    refuse_rate_proposal,
    submit_rate_proposal,
    withdraw_rate_proposal,
)
from procurement.errors import Fault, Invalid
from procurement.models import (
    Appointment,
    Framework,
    Grade,
    Lot,
    RateCardVersion,
    RateProposal,
    SupplierMember,
)
from procurement.permissions import Action, Actor, can
from procurement.pricing import UNITS, money
from procurement.vocabulary import WORK_TYPES
from web.doing import Change
from web.faults import FieldFault
from web.rate_headings import of_headings_said
from web.saying import said

SHOWN: Final = 50
"""Lines on a page of the comparison, and of the form of rates."""
OF_LINE: Final = re.compile(r"(?:line|rate|drop)-\d{1,6}", re.ASCII)
"""Fields of a line that stands already, by its place."""
OF_RATES: Final = re.compile(r"(?:line|rate|drop|new-[a-z]+)-\d", re.ASCII)
"""Fields of rates, of lines that stand already and of new ones."""
KEEPING: Final = ("edit", "submit", "file")
"""Buttons of the one form of a draft."""
NEW_ROWS: Final = 2
"""Empty rows of the form for lines that are to be added."""
NUMBER_LENGTH: Final = 6

OF_PROPOSALS: Final[dict[str, Change]] = {
    "withdraw": lambda actor, reference, revision, _: withdraw_rate_proposal(actor, reference, revision),
    "approve": lambda actor, reference, revision, sent: approve_rate_proposal(
        actor, reference, revision, whole(sent.get("compared_with", ""))
    ),
    "refuse": lambda actor, reference, revision, sent: refuse_rate_proposal(
        actor, reference, revision, sent.get("reason", "")
    ),
}
"""By what the form says in `do`; those of the form of a draft are added by proposal_changes."""

DONE: Final = {
    "begun": N_(
        "The proposal is begun, with the rates in force. Change them, say from which day, then submit it."
    ),
    "edit": N_("Day, note and rates are kept."),
    "file": N_("Day, note and the rates of the file are kept."),
    "submit": N_("The rate card is proposed. The framework’s owner has been told."),
    "withdraw": N_("The proposal is withdrawn."),
    "approve": N_("The rate card is approved. Searches and prices follow from its day."),
    "refuse": N_("The proposal is refused. The supplier has been told why."),
}


@dataclass(frozen=True, slots=True)
class RateField:
    """A line in the form of rates: its place in the proposal, what it is, and the rate that stands in the field."""

    place: int
    name: str
    amount: str
    dropped: bool


@dataclass(frozen=True, slots=True)
class Names:
    """What lots and grades of a framework are called, by reference."""

    lots: Mapping[str, str]
    grades: Mapping[str, str]

    @classmethod
    def of(cls, framework: Framework) -> Names:
        """Two queries."""
        grades = Grade.objects.filter(lot__framework=framework).order_by("lot__position", "rank")
        return cls(
            dict(Lot.objects.filter(framework=framework).values_list("reference", "number")),
            {key: f"{code} {name}" for key, code, name in grades.values_list("reference", "code", "name")},
        )

    def line(self, line: LineDraft) -> str:
        """`G3 Senior consultant, lot 5, advice`."""
        parts = [line.role_title or self.grades.get(line.grade or "", line.grade or "")]
        if line.lot:
            parts.append(_("lot %(number)s") % {"number": self.lots.get(line.lot, line.lot)})
        if line.work_type:
            parts.append(_(WORK_TYPES[line.work_type]).lower())
        if line.min_experience is not None:
            least = ngettext("%(years)s year or more", "%(years)s years or more", line.min_experience)
            parts.append(least % {"years": line.min_experience})
        return ", ".join(parts)

    def _lot_of(self, grade: str) -> str:
        return self.lots.get(grade.rpartition("~")[0], "")

    def grade_choices(self) -> list[tuple[str, str]]:
        """Every grade with its lot, for a line that is to be added."""
        return [
            ("", _("A role, or choose a grade")),
            *(
                (key, _("Lot %(number)s: %(name)s") % {"number": self._lot_of(key), "name": name})
                for key, name in self.grades.items()
            ),
        ]


def cards(actor: Actor) -> list[tuple[str, str]]:
    """The cards that the actor may propose for, as value and label (three queries): of suppliers that their firm leads,
    on frameworks that have not ended and where the supplier holds a place.
    """
    own = [key for key in actor.organisations() if can(actor, Action.PROPOSE_RATES, key)]
    led = SupplierMember.objects.filter(
        role=SupplierMember.Role.LEAD, left_on=None, partner__organisation__in=own
    ).values_list("supplier", flat=True)
    places = (
        Appointment.objects.filter(supplier__in=list(led), lot__framework__ends_on__gte=timezone.localdate())
        .exclude(status=Appointment.Status.WITHDRAWN)
        .select_related("supplier", "lot__framework")
        .order_by("supplier__name", "lot__framework__number")
    )
    pairs = {(one.supplier_id, one.lot.framework_id): (one.supplier, one.lot.framework) for one in places}
    published = RateCardVersion.objects.filter(
        card__supplier__in={key for key, _ in pairs}, status=RateCardVersion.Status.PUBLISHED
    ).select_related("card")
    held: dict[tuple[int, int], list[RateCardVersion]] = {}
    for version in published.order_by("card__reference"):
        held.setdefault((version.card.supplier_id, version.card.framework_id), []).append(version)
    found = []
    for pair, (supplier, framework) in pairs.items():
        known = [(one.card.currency, one.card.unit, one.number) for one in held.get(pair, ())]
        for currency, unit, number in known or [("GBP", framework.rate_unit, 0)]:
            told = (
                _("%(supplier)s on %(framework)s, %(currency)s %(unit)s: version %(version)s")
                if number
                else _("%(supplier)s on %(framework)s, %(currency)s %(unit)s: no card yet")
            )
            label = told % {
                "supplier": supplier.name,
                "framework": framework.number,
                "currency": currency,
                "unit": said(UNITS[unit]),
                "version": number,
            }
            found.append((f"{framework.reference} {supplier.reference} {currency} {unit}", label))
    return found


def draft_of(card: str) -> RateProposalDraft:
    """The proposal that begins with a card as `cards` names it."""
    framework, supplier, currency, unit = card.split(" ")
    return RateProposalDraft(supplier, framework, currency, unit)


def proposal_changes(request: HttpRequest, proposal: RateProposal) -> dict[str, Change]:
    """All of a proposal. A draft has one form: each of its buttons keeps what stands in the fields, and where it is
    refused nothing of it. A file says all rates of the card, instead of the fields of rates.
    """

    def edit(actor: Actor, reference: str, revision: int, sent: QueryDict) -> RateProposal:
        if request.FILES.get("file") is not None:
            told = _("Press “Read the file” for its rates, or choose it no longer")
            raise Invalid(_("The file was not taken."), (Fault("/file", "unread", told),))
        return edit_rate_proposal(actor, reference, revision, draft_said(proposal, sent))

    def submit(actor: Actor, reference: str, revision: int, sent: QueryDict) -> RateProposal:
        return submit_rate_proposal(actor, reference, edit(actor, reference, revision, sent).revision)

    def file(actor: Actor, reference: str, revision: int, sent: QueryDict) -> RateProposal:
        chosen = request.FILES.get("file")
        if chosen is None:
            raise Invalid(_("The file was not taken."), (Fault("/file", "required", _("Choose a file")),))
        said_beside = draft_said(proposal, sent)
        said_beside.pop("lines", None)
        try:
            kept = read_rates_file(actor, reference, revision, chosen.name or "", chosen.chunks())
        except Invalid as refused:
            raise Invalid(refused.message, tuple(map(of_headings_said, refused.faults))) from refused
        return edit_rate_proposal(actor, reference, kept.revision, said_beside)

    return OF_PROPOSALS | {"edit": edit, "submit": submit, "file": file}


def draft_said(proposal: RateProposal, sent: QueryDict) -> dict[str, Any]:
    """What the form of a draft says, as edit_rate_proposal takes it: the fields that it has, one page of the rates."""
    said: dict[str, Any] = {}
    if "valid_from" in sent:
        said["valid_from"] = sent.get("valid_from", "").strip() or None
    if "note" in sent:
        said["note"] = sent["note"]
    if says_rates(sent):
        said["lines"] = rates_said(proposal, sent)[0]
    return said


def says_rates(sent: Mapping[str, str]) -> bool:
    """Whether the form has fields of rates."""
    return any(OF_RATES.match(name) for name in sent)


def rates_said(proposal: RateProposal, sent: QueryDict) -> tuple[list[dict[str, Any]], list[str]]:
    """The lines as the form says them, and the id of the field of each: those that it did not show stay as they are."""
    lines: list[dict[str, Any]] = []
    anchors: list[str] = []
    for place, line in enumerate(lines_of(proposal)):
        if f"drop-{place}" in sent:
            continue
        amount = sent.get(f"rate-{place}")
        lines.append(told(line) | ({} if amount is None else {"amount": amount}))
        anchors.append(f"rate-{place}")
    for row in range(NEW_ROWS):
        grade, role, amount = (
            sent.get(f"new-{what}-{row}", "").strip() for what in ("grade", "role", "amount")
        )
        if grade or role or amount:
            lot = grade.rpartition("~")[0] or None
            lines.append({"lot": lot, "grade": grade or None, "role_title": role or None, "amount": amount})
            anchors.append(f"new-amount-{row}")
    return lines, anchors


def anchors_of(proposal: RateProposal, sent: QueryDict) -> Callable[[str], str]:
    """Which field of the page a fault belongs to, by its pointer."""
    do = sent.get("do", "")
    fields = (
        rates_said(proposal, sent)[1]
        if says_rates(sent)
        else [f"rate-{place}" for place in range(len(proposal.lines))]
    )

    def anchor(pointer: str) -> str:
        first, *rest = pointer.strip("/").split("/")
        if first == "lines" and rest and rest[0].isdigit() and int(rest[0]) < len(fields):
            return fields[int(rest[0])]
        return {"reason": f"{do}-reason", "file": "file", "map": "file"}.get(first, first)

    return anchor


def rate_fields(
    proposal: RateProposal, names: Names, first: int, typed: Mapping[str, str]
) -> list[RateField]:
    """The lines of one page of the form, from place `first` on; what was typed stands before what is kept."""
    return [
        RateField(
            place,
            names.line(line),
            typed.get(f"rate-{place}", money(line.price_minor)),
            f"drop-{place}" in typed,
        )
        for place, line in enumerate(lines_of(proposal))
        if first <= place < first + SHOWN
    ]


def carried(sent: QueryDict, fields: Sequence[RateField]) -> tuple[dict[str, str], list[FieldFault]]:
    """What was typed of an older state's lines, each at the place where that line stands now, and what is said of lines
    that are gone. A form names each of its lines, for a place may hold another one since.
    """
    places: dict[str, list[int]] = {}
    for one in fields:
        places.setdefault(one.name, []).append(one.place)
    typed = {name: sent.get(name, "") for name in sent if not OF_LINE.fullmatch(name)}
    gone = []
    for place in sorted(
        int(name[5:]) for name in sent if OF_LINE.fullmatch(name) and name.startswith("line-")
    ):
        line, amount = sent.get(f"line-{place}", ""), sent.get(f"rate-{place}", "")
        if not (now := places.get(line)):
            told = _("%(line)s: no longer on this page; you wrote %(amount)s") % {
                "line": line,
                "amount": amount,
            }
            gone.append(FieldFault("", told))
            continue
        at = now.pop(0)
        typed[f"rate-{at}"] = amount
        if f"drop-{place}" in sent:
            typed[f"drop-{at}"] = "yes"
    return typed, gone


def whole(text: str) -> int | None:
    """A number of the form, None where it holds none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < NUMBER_LENGTH else None


def shown_ids(fields: Iterable[RateField]) -> set[str]:
    """The ids of the fields that the page of a draft has."""
    rows = (f"new-amount-{row}" for row in range(NEW_ROWS))
    return {"valid_from", "note", "file", *rows, *(f"rate-{one.place}" for one in fields)}
