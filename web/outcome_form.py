"""The form of what a call-off pays for outcomes: what it says, as procurement/outcome_terms.py reads it, what it shows
of a plan, and to which field a fault belongs.

Rows of measures and payers that are left empty are not said; those that are stand first when the form is shown again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.errors import Fault
from procurement.identifiers import SCHEMES
from procurement.models import Capability, Measure, Organisation, OutcomePlan
from procurement.outcomes import QUESTIONS
from procurement.pricing import money
from web.faults import FieldFault, lowered
from web.meanwhile import Written, rows_written
from web.saying import said
from web.typed import amount_typed, whole_typed

ROWS: Final = 3
"""Of measures and of payers, at least; one more than stand."""
MEASURES: Final = {
    "measure": N_("Outcome"),
    "baseline": N_("Without the service"),
    "target": N_("Aimed at with it"),
    "price": N_("Price of one"),
    "most": N_("At most paid for"),
}
PAYERS: Final = {
    "organisation": N_("Body"),
    "share": N_("Share in per cent"),
    "fund": N_("Top-up fund"),
    "pot": N_("Pot of the fund"),
    "opens_on": N_("Fund opens on"),
    "closes_on": N_("Fund closes on"),
}
OUTCOME: Final = N_("%(field)s, outcome %(number)s")
PAYER: Final = N_("%(field)s, payer %(number)s")
INVESTOR: Final = {"name": N_("Name"), "scheme": N_("Register"), "identifier": N_("Number there")}
LABELS: Final = {
    "long_stop_on": N_("No outcome is paid for after"),
    "cap": N_("At most in all"),
    "investor": N_("Social investor"),
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form offers: measures of the library, bodies that buy here (reference, name), registers."""

    measures: list[tuple[str, str]]
    bodies: list[tuple[str, str]]
    schemes: list[tuple[str, str]]


def choices() -> Choices:
    """Two queries."""
    bodies = Organisation.objects.filter(capabilities__kind=Capability.Kind.BUYER).order_by("name")
    return Choices(
        measures=[
            ("", _("Choose an outcome")),
            *((one.reference, f"{one.name}: {one.unit}"[:90]) for one in Measure.objects.order_by("name")),
        ],
        bodies=list(bodies.values_list("reference", "name")),
        schemes=[("", _("Choose a register")), *((one, said(held[0])) for one, held in SCHEMES.items())],
    )


def read(sent: QueryDict) -> dict[str, Any]:
    """What the form says, as save_plan takes it; amounts as people write them (£1,250)."""
    answers = {"yes": True, "no": False}
    named = {name: sent.get(f"investor_{name}", "").strip() for name in INVESTOR}
    return {
        "suitability": {
            name: {"answer": answers[sent.get(f"answer-{name}", "")], "why": sent.get(f"why-{name}", "")}
            for name in QUESTIONS
            if sent.get(f"answer-{name}") in answers
        },
        "long_stop_on": sent.get("long_stop_on", "").strip() or None,
        "cap": amount_typed(sent.get("cap", "")) or None,
        "investor": sent.get("investor", "").strip() or None,
        "investor_named": named if any(named.values()) else None,
        "measures": [
            {
                "measure": row["measure"],
                "baseline": whole_typed(row["baseline"]) or 0,
                "target": whole_typed(row["target"]),
                "price": amount_typed(row["price"]),
                "most": whole_typed(row["most"]),
            }
            for row in _rows(sent, "", MEASURES)
        ],
        "payers": [
            {
                "organisation": row["organisation"].strip(),
                "share": row["share"].strip(),
                "fund": row["fund"],
                "pot": amount_typed(row["pot"]) or None,
                "opens_on": row["opens_on"].strip() or None,
                "closes_on": row["closes_on"].strip() or None,
            }
            for row in _rows(sent, "payer_", PAYERS)
        ],
    }


def typed_from(sent: QueryDict) -> dict[str, Any]:
    """What was typed, to be shown again."""
    plain = (*LABELS, *(f"investor_{name}" for name in INVESTOR))
    asked = [f"{part}-{name}" for name in QUESTIONS for part in ("answer", "why")]
    return {name: sent.get(name, "") for name in (*plain, *asked)} | {
        "measures": _filled(_rows(sent, "", MEASURES), MEASURES),
        "payers": _filled(_rows(sent, "payer_", PAYERS), PAYERS),
    }


def typed_of(plan: OutcomePlan | None) -> dict[str, Any]:
    """What the form shows of a plan, with measures and payers (OutcomePlanQuerySet.whole); empty rows without one."""
    if plan is None:
        return typed_from(QueryDict())
    named = plan.investor_named or {}
    typed: dict[str, Any] = {
        "long_stop_on": plan.long_stop_on.isoformat() if plan.long_stop_on else "",
        "cap": money(plan.cap_minor) if plan.cap_minor else "",
        "investor": plan.investor.reference if plan.investor else "",
        **{f"investor_{name}": named.get(name, "") for name in INVESTOR},
    }
    for name in QUESTIONS:
        held = plan.suitability.get(name)
        typed[f"answer-{name}"] = "" if held is None else "yes" if held["answer"] else "no"
        typed[f"why-{name}"] = held["why"] if held else ""
    measures = [
        {
            "measure": one.measure.reference,
            "baseline": str(one.baseline),
            "target": str(one.target),
            "price": money(one.price_minor),
            "most": str(one.most),
        }
        for one in plan.measures.all()
    ]
    payers = [
        {
            "organisation": one.organisation.reference,
            "share": f"{one.share / 100:.2f}",
            "fund": one.fund,
            "pot": money(one.pot_minor) if one.pot_minor else "",
            "opens_on": one.opens_on.isoformat() if one.opens_on else "",
            "closes_on": one.closes_on.isoformat() if one.closes_on else "",
        }
        for one in plan.payers.all()
    ]
    return typed | {"measures": _filled(measures, MEASURES), "payers": _filled(payers, PAYERS)}


def written(typed: Mapping[str, Any], stands: Mapping[str, Any], shown: Choices) -> list[Written]:
    """What was typed into the fields of a plan beside what stands now, as typed_from and typed_of say both."""
    plain = {f"answer-{name}": said(question) for name, question in QUESTIONS.items()}
    plain |= {
        f"why-{name}": _("Why: %(question)s") % {"question": said(one)} for name, one in QUESTIONS.items()
    }
    plain |= {name: said(label) for name, label in LABELS.items()}
    plain |= {
        f"investor_{name}": _("%(field)s of the social investor") % {"field": said(label)}
        for name, label in INVESTOR.items()
    }
    chosen = {f"answer-{name}": {"yes": _("Yes"), "no": _("No")} for name in QUESTIONS}
    chosen["investor_scheme"] = dict(shown.schemes)
    return [
        *(Written(name, label, typed[name], stands[name], chosen.get(name)) for name, label in plain.items()),
        *rows_written(
            "", MEASURES, typed["measures"], stands["measures"], OUTCOME, {"measure": dict(shown.measures)}
        ),
        *rows_written("payer_", PAYERS, typed["payers"], stands["payers"], PAYER),
    ]


def faults_of(faults: Iterable[Fault]) -> list[FieldFault]:
    """Each fault with the field it belongs to."""
    return [_fault(fault) for fault in faults]


def _fault(fault: Fault) -> FieldFault:
    first, number, part = (*fault.pointer.strip("/").split("/"), "", "")[:3]
    anchor, label = "", ""
    if first == "suitability" and number in QUESTIONS:
        anchor, label = f"{part or 'answer'}-{number}", _(QUESTIONS[number])
    elif first == "measures" and number.isdigit():
        part = part or "measure"
        named = {"field": _(MEASURES[part]), "number": int(number) + 1}
        anchor, label = f"{part}-{int(number) + 1}", _(OUTCOME) % named
    elif first == "payers" and number.isdigit():
        part = part or "organisation"
        named = {"field": _(PAYERS[part]), "number": int(number) + 1}
        anchor, label = f"payer_{part}-{int(number) + 1}", _(PAYER) % named
    elif first == "investor_named":
        part = number or "name"
        label = _("%(field)s of the social investor") % {"field": _(INVESTOR[part])}
        anchor = f"investor_{part}"
    elif first in LABELS:
        anchor, label = first, _(LABELS[first])
    told = fault.message
    return FieldFault(anchor, f"{label}: {lowered(told)}" if label else told.rstrip("."))


def _rows(sent: QueryDict, prefix: str, fields: Mapping[str, str]) -> list[dict[str, str]]:
    """The rows in which something is typed."""
    columns = [sent.getlist(f"{prefix}{name}") for name in fields]
    rows = [dict(zip(fields, row, strict=True)) for row in zip(*columns, strict=False)]
    return [row for row in rows if any(one.strip() for one in row.values())]


def _filled(rows: list[dict[str, str]], fields: Mapping[str, str]) -> list[dict[str, str]]:
    return [*rows, *(dict.fromkeys(fields, "") for _ in range(max(1, ROWS - len(rows))))]
