"""The form by which a competition is planned: what is typed, read as the action takes it, and where each fault belongs.

Journey: /call-offs/CO-2026-0001/competition/plan -> here -> procurement/actions/competitions.py -> the competition's
page (303). Times are typed and shown in London.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.http import QueryDict
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.actions.competitions import MOMENTS
from procurement.errors import Fault
from procurement.evaluation_rules import KINDS, METHODS, PRICE_BASES, TIE_BREAKS, EvaluationRules
from procurement.models import Competition
from web.faults import FieldFault
from web.formats import LONDON
from web.meanwhile import Written, rows_written
from web.saying import labels_said

ROWS: Final = 4
"""Rows for criteria that the form offers at least; it always offers an empty one."""
KEY_LENGTH: Final = 40
OF_ROW: Final = {
    "key": N_("Name"),
    "name": N_("Name"),
    "kind": N_("Kind"),
    "weight": N_("Weight"),
    "scale": N_("Highest score"),
    "pass_mark": N_("Pass mark"),
    "question": N_("Question"),
    "words": N_("Most words"),
}
"""What each column of a criterion is called; a key is made of the name, so that its faults are the name's."""
LABELS: Final = {
    "interest_until": N_("Expressions of interest until"),
    "clarify_until": N_("Questions until"),
    "deadline": N_("Deadline for tenders"),
    "standstill": N_("Standstill"),
    "criteria": N_("Criteria"),
    "price_weight": N_("Weight of the price"),
    "method": N_("Method"),
    "threshold": N_("Quality threshold"),
    "price_basis": N_("Price that is compared"),
    "decimals": N_("Decimals of the result"),
    "tie_break": N_("Equal tenders"),
    "assessors": N_("Assessors for each criterion"),
    "low_price": N_("Low price"),
}
CRITERION: Final = N_("%(field)s of criterion %(number)s")
WHOLE: Final = ("decimals", "assessors", "low_price")
CHOICES: Final = {
    "kinds": list(KINDS.items()),
    "methods": list(METHODS.items()),
    "bases": list(PRICE_BASES.items()),
    "ties": [("", N_("None")), *TIE_BREAKS.items()],
}
_LOCAL: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?")


def read(sent: QueryDict) -> dict[str, Any]:
    """What the form says, as plan_competition takes it."""
    rules: dict[str, Any] = {
        "criteria": [_criterion(row) for row in rows_of(sent) if _filled(row)],
        "price_weight": sent.get("price_weight", "").strip() or "0",
        "threshold": sent.get("threshold", "").strip() or "0",
        "method": sent.get("method", ""),
        "price_basis": sent.get("price_basis", ""),
        "tie_break": [one for one in sent.getlist("tie_break") if one],
    }
    for name in WHOLE:
        rules[name] = whole(sent.get(name, ""))
    moments = {name: moment_of(sent.get(name, "")) for name in MOMENTS}
    return {"rules": rules, "standstill": sent.get("standstill") == "yes", **moments}


def typed_of(competition: Competition | None) -> dict[str, Any]:
    """What the form shows of a plan, or of none yet."""
    rules = EvaluationRules.from_json(competition.rules if competition else {}).to_json()
    ties = [*rules["tie_break"], "", "", ""][:3]
    typed = {
        name: str(rules[name]) for name in ("price_weight", "method", "threshold", "price_basis", *WHOLE)
    }
    for name in ("price_weight", "threshold"):
        typed[name] = "" if typed[name] == "0" else typed[name]
    for name in MOMENTS:
        typed[name] = local(getattr(competition, name)) if competition else ""
    return typed | {
        "standstill": competition is not None and competition.standstill,
        "tie_break": ties,
        "criteria": _padded([{name: str(one[name]) for name in OF_ROW} for one in rules["criteria"]]),
    }


def typed_from(sent: QueryDict) -> dict[str, Any]:
    """What was typed, to be shown again."""
    return {name: sent.get(name, "") for name in LABELS} | {
        "standstill": sent.get("standstill") == "yes",
        "tie_break": [*sent.getlist("tie_break"), "", "", ""][:3],
        "criteria": _padded(rows_of(sent)),
    }


def written(typed: Mapping[str, Any], stands: Mapping[str, Any]) -> list[Written]:
    """What was typed into the fields of a plan beside what stands now, as typed_from and typed_of say both."""
    chosen = {"method": CHOICES["methods"], "price_basis": CHOICES["bases"]}
    promised = {True: ["yes"], False: []}
    ties = dict(CHOICES["ties"])
    return [
        *(
            Written(name, _(label), typed[name], stands[name], labels_said(dict(chosen.get(name, []))))
            for name, label in LABELS.items()
            if isinstance(stands.get(name), str)
        ),
        Written(
            "standstill",
            _(LABELS["standstill"]),
            promised[typed["standstill"]],
            promised[stands["standstill"]],
            {"yes": _("Promised")},
        ),
        *(
            Written(
                f"tie_break{'-' * (at > 1)}{at if at > 1 else ''}",
                _(LABELS["tie_break"]),
                mine,
                theirs,
                labels_said(ties),
            )
            for at, (mine, theirs) in enumerate(zip(typed["tie_break"], stands["tie_break"], strict=True), 1)
        ),
        *rows_written(
            "",
            {name: label for name, label in OF_ROW.items() if name != "key"},
            typed["criteria"],
            stands["criteria"],
            CRITERION,
            {"kind": labels_said(dict(CHOICES["kinds"]))},
        ),
    ]


def rows_of(sent: QueryDict) -> list[dict[str, str]]:
    """The rows of criteria as they were typed, empty ones among them."""
    columns = {name: sent.getlist(f"criterion_{name}") for name in OF_ROW}
    count = min((len(one) for one in columns.values()), default=0)
    return [{name: columns[name][at] for name in OF_ROW} for at in range(count)]


def faults_of(faults: Iterable[Fault], sent: QueryDict) -> list[FieldFault]:
    """Each fault with the field it belongs to."""
    places = [at for at, row in enumerate(rows_of(sent), start=1) if _filled(row)]
    return [_fault(fault, places) for fault in faults]


def local(moment: datetime | None) -> str:
    """A moment as a browser's field for one holds it, in London: 2026-03-02T12:00."""
    return moment.astimezone(LONDON).strftime("%Y-%m-%dT%H:%M") if moment else ""


def moment_of(typed: str) -> str | None:
    """What was typed as ISO 8601 with London's offset; what is none stays as it is, for the action to refuse."""
    text = typed.strip()
    if not text:
        return None
    if not _LOCAL.fullmatch(text):
        return text
    try:
        return datetime.fromisoformat(text).replace(tzinfo=LONDON).isoformat()
    except ValueError:
        return text


def whole(typed: str) -> object:
    """A whole number where one was typed, None where nothing was, else the text, for the action to refuse."""
    text = typed.strip()
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else text


def spoken(message: str) -> str:
    """A message as it follows its field's label."""
    text = message.rstrip(".")
    return f"{text[0].lower()}{text[1:]}" if text[1:3].strip()[:1].islower() else text


def _criterion(row: Mapping[str, str]) -> dict[str, Any]:
    """A row as the rules read it; numbers that were left empty have their defaults."""
    read = {name: row[name].strip() for name in ("name", "kind", "weight", "question")}
    numbers = {name: whole(row[name]) for name in ("scale", "pass_mark", "words") if row[name].strip()}
    key = row["key"].strip() or slugify(row["name"]).replace("_", "-")[:KEY_LENGTH].strip("-")
    return {**read, **numbers, "key": key}


def _filled(row: Mapping[str, str]) -> bool:
    return any(row[name].strip() for name in ("name", "weight", "question"))


def _padded(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    filled = [row for row in rows if _filled(row)]
    empty = dict.fromkeys(OF_ROW, "") | {"kind": "quality"}
    return [*filled, *[empty] * max(1, ROWS - len(filled))]


def _fault(fault: Fault, places: list[int]) -> FieldFault:
    steps = fault.pointer.strip("/").split("/")
    steps = steps[1:] if steps[0] == "rules" and len(steps) > 1 else steps
    name = steps[0]
    if name == "criteria" and len(steps) > 1 and steps[1].isdigit():
        at = int(steps[1])
        row = places[at] if at < len(places) else at + 1
        column = steps[2] if len(steps) > 2 and steps[2] in OF_ROW else "name"
        field = "name" if column == "key" else column
        named = _(CRITERION) % {"field": _(OF_ROW[column]), "number": row}
        return FieldFault(f"{field}-{row}", f"{named}: {spoken(fault.message)}")
    anchor = "name-1" if name == "criteria" else name
    if name not in LABELS:
        return FieldFault("", fault.message.rstrip("."))
    return FieldFault(anchor, f"{_(LABELS[name])}: {spoken(fault.message)}")
