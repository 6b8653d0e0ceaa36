"""What the page of one competition shows its buyer, read in a bounded number of queries however many are asked.

Of tenders it reads nothing before the deadline has closed the competition but how many are invited and declined.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import reduce
from typing import Any, Final

from django.db.models import Count
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.actions.assessing import DECLARING
from procurement.actions.call_off_people import STAFFED
from procurement.actions.competitions import Preview, preview
from procurement.call_off_facts import facts_of
from procurement.entitled import Place
from procurement.errors import Fault
from procurement.evaluation_rules import METHODS, PRICE_BASES, TIE_BREAKS, EvaluationRules
from procurement.fictional import fictional_suppliers
from procurement.line import Line
from procurement.models import (
    Amendment,
    Appointment,
    CallOff,
    Clarification,
    Competition,
    CompetitionDocument,
    Contract,
    Declaration,
    Invitation,
    Region,
    RequirementRevision,
    Specialism,
    Tender,
    User,
)
from procurement.order_form import content_of, outcomes_told
from procurement.parts import buyer_parts
from procurement.permissions import Actor
from procurement.pricing import MINOR_PER_MAJOR
from procurement.querysets_competitions import ClarificationQuerySet, CompetitionQuerySet, TenderQuerySet
from procurement.rules import last_day
from procurement.sealing import takes_part
from procurement.states import Part
from web.call_off_page import ahead_of, sent_back_by
from web.formats import minor, money
from web.saying import one_in_another, said

LISTED: Final = 100
"""Suppliers that a list of the page names, of those asked and of those ruled out; it counts the others."""
DRAFTS: Final = frozenset({CallOff.Status.DRAFT, CallOff.Status.APPROVED})
PARTS: Final = [("assessor", N_("Assessor")), ("moderator", N_("Moderator"))]


@dataclass(frozen=True, slots=True)
class RuledOutLine:
    """A supplier (its primary key and name) that is not invited, the rule, and what it found."""

    key: int
    name: str
    rule: str
    found: str


@dataclass(frozen=True, slots=True)
class RankedLine:
    """A tender's place as a row: amounts written out, points exact or to four decimals, the arithmetic in words.
    `key` is the supplier's primary key, 0 where the reader may not see its tender.

    `mean` is that of the other prices where its own looks low, written out, else "".
    """

    rank: str
    tender: str
    key: int
    supplier: str
    quality: str
    price: str
    result: str
    shown: str
    criteria: tuple[tuple[str, str], ...]
    told_apart: str
    mean: str


@dataclass(frozen=True, slots=True)
class CompetitionPage:
    """Everything that the template lays out. `actions` are the names of steps that the reader may take now; `before`
    what publishing would do, None once it is done; `out` the first LISTED whom it did not invite, `ruled_out` how many
    they are; `blocking` what keeps it from `ahead`. `sent_back_by` is who sent it back, "" where nobody did.
    `people` have their part as procurement calls it, in English: the form that takes one away sends it. `invited` are
    suppliers by primary key and name, `fictional` the keys of those shown that are made up. `closed` says that there is
    a ranking which the reader may not see.
    """

    competition: Competition | None
    rules: EvaluationRules
    line: Line
    sent_back_by: str
    actions: frozenset[str]
    owner: bool
    declares: bool
    before: Preview | None
    starts_on: date | None
    ends_on: date | None
    outcomes: dict[str, Any] | None
    blocking: tuple[Fault, ...]
    ahead: str
    invited: tuple[tuple[int, str], ...]
    out: tuple[RuledOutLine, ...]
    ruled_out: int
    declined: int
    documents: tuple[CompetitionDocument, ...]
    clarifications: tuple[Clarification, ...]
    amendments: tuple[Amendment, ...]
    newer: bool
    people: tuple[tuple[User, str], ...]
    colleagues: tuple[tuple[str, str], ...]
    declarations: tuple[Declaration, ...]
    tenders: tuple[Tender, ...]
    ranking: tuple[RankedLine, ...]
    closed: bool
    contract: Contract | None
    fictional: frozenset[int]

    @property
    def method(self) -> str:
        return _(METHODS[self.rules.method])

    @property
    def basis(self) -> str:
        return _(PRICE_BASES[self.rules.price_basis])

    @property
    def ties(self) -> str:
        orders = [*(_(TIE_BREAKS[one]).lower() for one in self.rules.tie_break), _("by lot")]
        told = reduce(
            lambda one, other: _("%(first)s, then %(next)s") % {"first": one, "next": other}, orders
        )
        return capfirst(told)


def competition_page(call_off: CallOff, actor: Actor) -> CompetitionPage:
    """Reads all of it for somebody who may see the call-off."""
    today = timezone.localdate()
    facts = facts_of(call_off, today)
    parts = buyer_parts(actor, call_off)
    rows = CompetitionQuerySet(Competition).filter(call_off=call_off).counted()
    competition = rows.first()
    draft = call_off.status in DRAFTS
    staffed = Part.OWNER in parts and call_off.status in STAFFED
    before = preview(actor, call_off.reference) if competition is not None and draft else None
    content = content_of(call_off)
    base = CompetitionPage(
        competition=competition,
        rules=EvaluationRules.from_json(competition.rules if competition else {}),
        line=facts.line,
        sent_back_by=sent_back_by(call_off),
        actions=frozenset(facts.steps(actor)),
        owner=Part.OWNER in parts,
        declares=False,
        before=before,
        starts_on=content.starts_on,
        ends_on=last_day(content),
        outcomes=outcomes_told(call_off),
        blocking=tuple(facts.blocking),
        ahead=ahead_of(facts.purchase),
        invited=tuple((one.supplier_id, one.supplier.name) for one in before.invited) if before else (),
        out=(),
        ruled_out=0,
        declined=0,
        documents=(),
        clarifications=(),
        amendments=(),
        newer=False,
        people=tuple(
            (one.user, one.get_part_display())
            for one in call_off.people.filter(part__in=dict(PARTS)).select_related("user")
        ),
        colleagues=_colleagues(call_off) if staffed else (),
        declarations=(),
        tenders=(),
        ranking=(),
        closed=False,
        contract=facts.contract,
        fictional=frozenset(),
    )
    page = base if competition is None else _with(base, competition, call_off, actor, parts)
    shown = [
        *(key for key, _name in page.invited[:LISTED]),
        *(one.key for one in page.out),
        *(one.invitation.asked.appointment.supplier_id for one in page.tenders),
    ]
    return replace(page, fictional=fictional_suppliers(shown))


def _with(
    base: CompetitionPage, competition: Competition, call_off: CallOff, actor: Actor, parts: frozenset[Part]
) -> CompetitionPage:
    """The same with what hangs on the competition."""
    documents = tuple(competition.documents.filter(removed_at=None))
    if base.before is not None:
        return replace(
            base,
            documents=documents,
            out=_ruled((one.appointment, one.rule.label, one.found) for one in base.before.out[:LISTED]),
            ruled_out=len(base.before.out),
        )
    invited = Invitation.objects.filter(competition=competition).values_list(
        "asked__appointment__supplier", "asked__appointment__supplier__name"
    )
    ruled_out = competition.ruled_out.select_related("appointment__supplier")
    ruled = list(ruled_out[: LISTED + 1])
    closed = competition.closed_at is not None
    tenders = list(_tenders(competition, actor)) if closed else []
    ranked = competition.ranking is not None
    reads = ranked and takes_part(actor, call_off, parts)
    return replace(
        base,
        documents=documents,
        invited=tuple(invited),
        out=_ruled((one.appointment, one.get_rule_display(), one.found) for one in ruled[:LISTED]),
        ruled_out=ruled_out.count() if len(ruled) > LISTED else len(ruled),
        declined=competition.declined_count,  # type: ignore[attr-defined]
        clarifications=tuple(
            ClarificationQuerySet(Clarification).seen_by(actor).filter(competition=competition)
        ),
        amendments=tuple(competition.amendments.all()),
        newer=RequirementRevision.objects.filter(
            requirement=call_off.requirement.requirement_id, number__gt=call_off.requirement.number
        ).exists(),
        declares=competition.opened_at is not None and not parts.isdisjoint(DECLARING),
        declarations=tuple(competition.declarations.select_related("user")),
        tenders=tuple(tenders),
        ranking=_ranking(competition, tenders, base.rules) if reads else (),
        closed=ranked and not reads,
    )


def _tenders(competition: Competition, actor: Actor) -> list[Tender]:
    rows = TenderQuerySet(Tender).seen_by(actor).filter(competition=competition).told()
    return list(rows.annotate(agreed=Count("consensus")).order_by("invitation__asked__position"))


def _ruled(
    ruled: Iterable[tuple[Appointment | Place, str, list[dict[str, Any]]]],
) -> tuple[RuledOutLine, ...]:
    """Those that are ruled out, with what each lacks by its name: rules keep references and codes (two queries)."""
    rows = list(ruled)
    sought = {str(one) for _place, _rule, found in rows for part in found for one in part.values() if one}
    names = {} if not sought else {
        **dict(Specialism.objects.filter(reference__in=sought).values_list("reference", "name")),
        **dict(Region.objects.filter(code__in=sought).values_list("code", "name")),
    }  # fmt: skip
    lines = []
    for place, rule, found in rows:
        missed = [
            one_in_another(names.get(str(one), str(one)) for one in part.values() if one) for part in found
        ]
        told = "; ".join(one for one in missed if one)
        lines.append(RuledOutLine(place.supplier_id, place.supplier.name, said(rule), told))
    return tuple(lines)


def _ranking(
    competition: Competition, tenders: list[Tender], rules: EvaluationRules
) -> tuple[RankedLine, ...]:
    if competition.ranking is None:
        return ()
    names = {one.reference: one.invitation.asked.appointment.supplier.name for one in tenders}
    keys = {one.reference: one.invitation.asked.appointment.supplier_id for one in tenders}
    low: dict[str, str] = competition.ranking["low"]
    called = {one.key: one.name for one in rules.criteria}
    return tuple(
        RankedLine(
            rank=str(one["rank"]) if one["rank"] else _("Not ranked"),
            tender=one["tender"],
            key=keys.get(one["tender"], 0),
            supplier=names.get(one["tender"], ""),
            quality=points(one["quality"]),
            price=money(minor(one["price"]["amount"])),
            result=one["result"] or "",
            shown=one["shown"],
            criteria=tuple((called.get(each["key"], each["key"]), each["shown"]) for each in one["criteria"]),
            told_apart=said(TIE_BREAKS.get(one["told_apart"], one["told_apart"])),
            mean=money(float(Fraction(low[one["tender"]]) * MINOR_PER_MAJOR)) if one["tender"] in low else "",
        )
        for one in competition.ranking["rows"]
    )


def points(exact: str) -> str:
    """An exact fraction as it is kept ("40/3") for a reader: to four decimals at most."""
    return f"{float(Fraction(exact)):.4f}".rstrip("0").rstrip(".")


def _colleagues(call_off: CallOff) -> tuple[tuple[str, str], ...]:
    people = User.objects.filter(is_active=True, memberships__organisation=call_off.organisation_id)
    rows = people.distinct().order_by("full_name", "email")
    return tuple((one.reference, one.full_name or one.email) for one in rows)
