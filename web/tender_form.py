"""The form of a tender: what is typed, read into the draft that the action takes, and where each fault belongs.

Journey: /invitations/inv_…/tender -> here -> procurement/actions/tenders.py -> the page of the invitation (303). The
days of the team stand as the requirement asks for them, so that tenders can be compared; rates are below the pinned
card's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from procurement.errors import Fault
from procurement.evaluation_rules import Criterion, EvaluationRules
from procurement.models import RateCard, Tender
from procurement.order_form import content_of, terms_of
from procurement.pricing import money
from procurement.team_lines import TeamLine
from procurement.tender_document import ceilings
from procurement.tenders import Offered, TenderContent
from web.competition_form import spoken
from web.faults import FieldFault
from web.meanwhile import Written
from web.typed import amount_typed

ANSWER: Final = "answer-"
"""Before a criterion's key: the name and the id of its field."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form asks for: a line of the team with its ceiling in pounds or "", in the order of the requirement;
    options as (months, at most in pounds); `unit` is what a rate is for. `fixed` is the cap of what is paid for
    outcomes instead of days, in pounds, so that no price of the work is asked for; "" where one is.
    """

    team: tuple[tuple[TeamLine, str], ...]
    unit: str
    expenses: str
    options: tuple[tuple[int, str], ...]
    criteria: tuple[Criterion, ...]
    fixed: str


def asked_of(tender: Tender) -> Asked:
    """Reads it from the requirement, the terms, the card that was pinned and the rules (two queries)."""
    call_off = tender.competition.call_off
    content, terms = content_of(call_off), terms_of(call_off)
    lines = content.team
    wanted = TenderContent(team=tuple(Offered(one, 0) for one in lines))
    rates = ceilings(tender, wanted)
    version = tender.invitation.card_version
    by_hour = version is not None and version.card.unit == RateCard.Unit.HOUR
    return Asked(
        team=tuple((one, money(rates[one.key].ceiling) if one.key in rates else "") for one in lines),
        unit=_("an hour") if by_hour else _("a day"),
        expenses=money(terms.expenses),
        options=tuple((one.months, money(one.minor)) for one in terms.extensions),
        criteria=EvaluationRules.from_json(tender.competition.rules).criteria,
        fixed=money(terms.outcomes) if terms.outcomes_alone(content) else "",
    )


def read(sent: QueryDict, asked: Asked) -> dict[str, Any]:
    """What the form says, as write_tender takes it; amounts as people write them (£1,250). A line without a rate is not
    offered yet; of the options, one that is left empty costs what the terms state.
    """
    typed = typed_from(sent, asked)
    team = [
        line.to_json() | {"rate": amount_typed(row["rate"]), "people": row["people"]}
        for (line, _), row in zip(asked.team, typed["team"], strict=True)
        if row["rate"].strip()
    ]
    options = [amount_typed(one) for one in typed["options"]]
    stated = [most for _, most in asked.options]
    return {
        "team": team,
        "price": None if asked.fixed else amount_typed(typed["price"]) or None,
        "expenses": amount_typed(typed["expenses"]) or None,
        "options": [own or most for own, most in zip(options, stated, strict=True)] if any(options) else [],
        "answers": {key: text for key, text in typed["answers"].items() if text.strip()},
    }


def typed_of(tender: Tender, asked: Asked) -> dict[str, Any]:
    """What the form shows of a draft."""
    content = TenderContent.from_json(tender.draft)
    draft: Mapping[str, Any] = content.to_json()
    written = {one.line.key: said for one, said in zip(content.team, draft["team"], strict=True)}
    options = [*draft["options"], *[""] * len(asked.options)][: len(asked.options)]
    return {
        "team": [
            {name: written.get(line.key, {}).get(name, "") for name in ("rate", "people")}
            for line, _ in asked.team
        ],
        "price": draft["price"] or "",
        "expenses": draft["expenses"] or "",
        "options": options,
        "answers": {one.key: draft["answers"].get(one.key, "") for one in asked.criteria},
    }


def typed_from(sent: QueryDict, asked: Asked) -> dict[str, Any]:
    """What was typed, to be shown again; as many rows as are asked for, whatever was sent."""
    rows, options = len(asked.team), len(asked.options)
    columns = {name: [*sent.getlist(name), *[""] * rows][:rows] for name in ("rate", "people")}
    return {
        "team": [{name: columns[name][at] for name in columns} for at in range(rows)],
        "price": sent.get("price", ""),
        "expenses": sent.get("expenses", ""),
        "options": [*sent.getlist("option"), *[""] * options][:options],
        "answers": {one.key: sent.get(f"{ANSWER}{one.key}", "") for one in asked.criteria},
    }


def tender_written(typed: Mapping[str, Any], stands: Mapping[str, Any], asked: Asked) -> list[Written]:
    """What was typed into the fields of a tender beside what stands now, as typed_from and typed_of say both."""
    fields = [
        Written(f"{ANSWER}{one.key}", one.name, typed["answers"][one.key], stands["answers"][one.key])
        for one in asked.criteria
    ]
    for at, (line, _most) in enumerate(asked.team):
        named = {"rate": _("Rate of %(grade)s"), "people": _("Who of %(grade)s")}
        fields += [
            Written(
                f"{name}-{at + 1}",
                label % {"grade": line.named},
                typed["team"][at][name],
                stands["team"][at][name],
            )
            for name, label in named.items()
        ]
    if not asked.team and not asked.fixed:
        fields.append(Written("price", _("Price"), typed["price"], stands["price"]))
    fields.append(Written("expenses", _("Expenses"), typed["expenses"], stands["expenses"]))
    for at, (mine, now) in enumerate(zip(typed["options"], stands["options"], strict=True), 1):
        fields.append(Written(f"option-{at}", _("Price of option %(number)s") % {"number": at}, mine, now))
    return fields


def faults_of(faults: Iterable[Fault], typed: Mapping[str, Any], asked: Asked) -> list[FieldFault]:
    """Each fault with the field it belongs to."""
    places = [at for at, row in enumerate(typed["team"], start=1) if row["rate"].strip()]
    return [_fault(fault, places, asked) for fault in faults]


def _fault(fault: Fault, places: list[int], asked: Asked) -> FieldFault:
    name, *steps = fault.pointer.strip("/").split("/")
    at = int(steps[0]) if steps and steps[0].isdigit() else 0
    message = fault.message.rstrip(".")
    if name == "team" and asked.team:
        row = places[at] if steps and at < len(places) else 1
        field = "people" if steps[1:] == ["people"] else "rate"
        if not steps:
            return FieldFault(f"{field}-{row}", message)
        named = _("Who of %(grade)s") if field == "people" else _("Rate of %(grade)s")
        return FieldFault(
            f"{field}-{row}", f"{named % {'grade': asked.team[row - 1][0].named}}: {spoken(message)}"
        )
    if name == "price":
        field = "rate-1" if asked.team else "expenses" if asked.fixed else "price"
        return FieldFault(field, f"{_('Price')}: {spoken(message)}")
    if name == "expenses":
        return FieldFault("expenses", f"{_('Expenses')}: {spoken(message)}")
    if name == "options" and asked.options:
        named = _("Price of option %(number)s") % {"number": at + 1}
        return FieldFault(f"option-{at + 1}", f"{named}: {spoken(message)}")
    if name == "answers" and steps:
        criterion = next((one for one in asked.criteria if one.key == steps[0]), None)
        if criterion is not None:
            return FieldFault(f"{ANSWER}{criterion.key}", f"{criterion.name}: {spoken(message)}")
    return FieldFault("", message)
