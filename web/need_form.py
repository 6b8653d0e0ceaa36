"""The form of a need: what stands in its fields, the requirement that it states, and where each fault belongs.

Journey: /match -> here -> procurement/requirements.py -> search/matching.py -> web/match_answer.py -> match.html. What
can be chosen in its fields is read by web/need_choices.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.errors import Fault
from procurement.requirements import RequirementContent
from procurement.team_lines import LARGEST_TEAM
from search.ranks import BOUNDS, WEIGHTS
from web.faults import FieldFault
from web.role_rows import PARTS as PARTS_OF_ROLES
from web.role_rows import RoleRow, part_named, rows_of, sent_rows
from web.saying import said
from web.typed import amount_typed

ROWS: Final = 6
"""Of the team, at least; so many more are added at a time."""
SENT: Final = LARGEST_TEAM + 1
"""So many rows are read: one too many is told, not left out."""
LABELS: Final = {
    "text": N_("What you need"),
    "framework": N_("Framework"),
    "lot": N_("Lot"),
    "specialisms": N_("Specialisms"),
    "regions": N_("Regions"),
    "work_type": N_("Kind of work"),
    "budget": N_("Budget"),
    "ownership": N_("Ownership"),
    "size": N_("Size"),
    "starts_on": N_("First day of the work"),
    "months": N_("Length in months"),
    "mode": N_("Order"),
    "organisation": N_("Organisation"),
}
PARTS: Final = {
    "text": N_("Text"),
    "coverage": N_("Coverage"),
    "price": N_("Price"),
    "preferences": N_("Preferences"),
    "freshness": N_("Freshness"),
}
"""What the parts of the score are called, in the order of search/ranks.py."""
ORDER: Final = (
    "text", "organisation", "framework", "lot", "specialisms", "regions", "starts_on", "months", "grade", "days",
    "role", "years", "worked", "work_type", "budget", "ownership", "size", "mode", "weight",
)  # fmt: skip
"""Of the fields on the page."""
CARRIED: Final = ("currency", "sector", "accreditation")
"""Parts of a requirement that the form does not show but a match may have been asked with: they are sent along."""
MONTHS: Final = re.compile(r"[0-9]{1,4}")
WEIGHT: Final = re.compile(r"[0-9]{1,3}")
PLAIN: Final = {
    ("text", "required"): N_("say in words what is needed, or choose a specialism"),
    ("budget", "shape"): N_("it must be an amount such as 50000 or 50000.50"),
    ("days", "shape"): N_("they must be a number such as 10 or 12.5"),
    ("days", "required"): N_("say how many"),
    ("grade", "required"): N_("choose one"),
    ("role", "required"): N_("say which"),
    ("worked", "shape"): N_("they must be a number such as 10 or 12.5"),
    ("worked", "required"): N_("say how many"),
    ("years", "type"): N_("it must be a whole number such as 5"),
    ("starts_on", "shape"): N_("it must be a day such as 2027-04-01"),
    ("months", "type"): N_("it must be a whole number such as 6"),
}
"""What a page says where the message to programs would not help people, by field and code."""


@dataclass(frozen=True, slots=True)
class Row:
    """A grade's code and its days, as written."""

    grade: str = ""
    days: str = ""


@dataclass(frozen=True, slots=True)
class NeedForm:
    """The values of every field, as they were sent. What must be had is asked for, too; `weights` are those of PARTS in
    their order, none where none was sent; so many `more` empty rows of the team are shown.
    """

    text: str = ""
    framework: str = ""
    lot: str = ""
    specialisms: tuple[str, ...] = ()
    must_specialisms: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    must_regions: tuple[str, ...] = ()
    team: tuple[Row, ...] = ()
    roles: tuple[RoleRow, ...] = ()
    work_type: str = ""
    budget: str = ""
    ownership: tuple[str, ...] = ()
    size: tuple[str, ...] = ()
    starts_on: str = ""
    months: str = ""
    mode: str = "balanced"
    weights: tuple[str, ...] = ()
    organisation: str = ""
    carried: tuple[tuple[str, str], ...] = ()
    more: int = 0

    @classmethod
    def sent(cls, sent: QueryDict) -> NeedForm:
        """What was sent, without repetitions and outer blanks."""

        def all_of(name: str) -> tuple[str, ...]:
            return tuple(dict.fromkeys(value.strip() for value in sent.getlist(name) if value.strip()))

        def one_of(name: str) -> str:
            return sent.get(name, "").strip()

        must_specialisms, must_regions = all_of("must_specialism"), all_of("must_region")
        rows = zip(sent.getlist("grade"), sent.getlist("days"), strict=False)
        return cls(
            text=sent.get("text", ""),
            framework=one_of("framework").lower(),
            lot=one_of("lot").lower(),
            specialisms=tuple(dict.fromkeys((*all_of("specialism"), *must_specialisms))),
            must_specialisms=must_specialisms,
            regions=tuple(dict.fromkeys((*all_of("region"), *must_regions))),
            must_regions=must_regions,
            team=tuple(Row(grade.strip(), days.strip()) for grade, days in rows)[:SENT],
            roles=sent_rows(sent)[:SENT],
            work_type=one_of("work_type"),
            budget=one_of("budget"),
            ownership=all_of("ownership"),
            size=all_of("size"),
            starts_on=one_of("starts_on"),
            months=one_of("months"),
            mode=one_of("mode") or "balanced",
            weights=tuple(value.strip() for value in sent.getlist("weight"))[: len(PARTS)],
            organisation=one_of("organisation"),
            carried=tuple((name, value) for name in CARRIED for value in all_of(name)),
        )

    @classmethod
    def of(cls, content: Mapping[str, Any], mode: str, weights: Mapping[str, int]) -> NeedForm:
        """The form of a requirement's content in JSON values, to ask again in that order with those weights."""
        must, liked = content.get("must_have") or {}, content.get("preferences") or {}
        budget = content.get("budget") or {}
        carried = {
            "currency": [budget.get("currency")],
            "sector": liked.get("sector", ()),
            "accreditation": liked.get("accreditation", ()),
        }
        return cls(
            text=content.get("text", ""),
            framework=content.get("framework") or "",
            lot=content.get("lot") or "",
            specialisms=tuple(content.get("specialisms", ())),
            must_specialisms=tuple(must.get("specialisms", ())),
            regions=tuple(content.get("regions", ())),
            must_regions=tuple(must.get("regions", ())),
            team=tuple(
                Row(line["grade"], line["days"]) for line in content.get("team", ()) if "grade" in line
            ),
            roles=rows_of(content.get("team", ())),
            work_type=content.get("work_type") or "",
            budget=budget.get("amount", "").removesuffix(".00"),
            ownership=tuple(liked.get("ownership", ())),
            size=tuple(liked.get("size", ())),
            starts_on=content.get("starts_on") or "",
            months=str(content.get("months") or ""),
            mode=mode,
            weights=tuple(str(weights.get(part, WEIGHTS[part])) for part in PARTS),
            carried=tuple((name, str(one)) for name, values in carried.items() for one in values if one),
        )

    def rows(self) -> tuple[Row, ...]:
        """The rows of the team to show."""
        return (*self.team, *(Row() for _ in range(self._blank(len(self.team)))))

    def roles_written(self) -> bool:
        """Whether any row by role says anything."""
        return bool(self._by_role())

    def role_rows(self, per: str) -> tuple[RoleRow, ...]:
        """Those by role; new ones are in days or hours as `per` says."""
        return (*self.roles, *(RoleRow(per=per) for _ in range(self._blank(len(self.roles)))))

    def is_long(self) -> bool:
        """Whether so many rows were sent that little else fits beside them."""
        return max(len(self.team), len(self.roles)) > 2 * ROWS

    def _blank(self, sent: int) -> int:
        """How many empty rows are shown below those that were sent."""
        return max(0, min(max(ROWS, sent) + self.more, LARGEST_TEAM) - sent)

    def weighing(self) -> list[tuple[str, str, tuple[int, int]]]:
        """Label, what stands in the field, and the bounds, of each part of the score."""
        written = (*self.weights, *([""] * len(PARTS)))
        return [
            (_(label), value or str(WEIGHTS[part]), BOUNDS[part])
            for (part, label), value in zip(PARTS.items(), written, strict=False)
        ]

    def weighs_otherwise(self) -> bool:
        """Whether any part is to weigh what it usually does not."""
        written = zip(PARTS, self.weights, strict=False)
        return any(value not in ("", str(WEIGHTS[part])) for part, value in written)

    def chosen_weights(self) -> tuple[dict[str, int], list[Fault]]:
        """What the parts weigh, the usual where nothing is written; and what is wrong with it."""
        chosen, faults = dict(WEIGHTS), []
        for place, (part, written) in enumerate(zip(PARTS, self.weights, strict=False)):
            least, most = BOUNDS[part]
            if not written:
                continue
            if WEIGHT.fullmatch(written) and least <= int(written) <= most:
                chosen[part] = int(written)
            else:
                told = _("It must be a whole number from %(least)s to %(most)s.")
                faults.append(Fault(f"/weight/{place}", "range", told % {"least": least, "most": most}))
        if not any(chosen.values()):
            faults.append(Fault("/weight/0", "range", _("At least one part must weigh something.")))
        return chosen, faults

    def pairs(self) -> list[tuple[str, str]]:
        """Every field as it would be sent, for a form that asks the same again."""
        several = {
            "specialism": self.specialisms,
            "must_specialism": self.must_specialisms,
            "region": self.regions,
            "must_region": self.must_regions,
            "ownership": self.ownership,
            "size": self.size,
        }
        single = (
            "text", "framework", "lot", "work_type", "budget", "starts_on", "months", "mode", "organisation",
        )  # fmt: skip
        return [
            *((name, getattr(self, name)) for name in single if getattr(self, name)),
            *((name, value) for name, values in several.items() for value in values),
            *(pair for row in self._filled() for pair in (("grade", row[1].grade), ("days", row[1].days))),
            *(pair for _, row in self._by_role() for pair in row.pairs()),
            *(("weight", value) for value in self.weights),
            *self.carried,
        ]

    def taking(self, reference: str) -> NeedForm:
        """With a lot, or a specialism and so its lot, in place of the lot that stood; specialisms of another lot go."""
        steps = reference.lower().split("~")
        lot = "~".join(steps[:2])
        kept = tuple(one for one in self.specialisms if one.startswith(f"{lot}~"))
        asked = tuple(dict.fromkeys((*kept, reference.lower()))) if len(steps) > len(lot.split("~")) else kept
        return replace(
            self,
            framework=steps[0],
            lot=lot,
            specialisms=asked,
            must_specialisms=tuple(one for one in self.must_specialisms if one in kept),
        )

    def settled(self) -> NeedForm:
        """Without a lot of another framework than the one chosen, nor specialisms of another lot: their choices are
        about to be offered anew.
        """
        lot = self.lot if self.framework and self.lot.startswith(f"{self.framework}~") else ""
        place = lot or self.framework
        asked = tuple(one for one in self.specialisms if not place or one.startswith(f"{place}~"))
        return replace(
            self,
            lot=lot,
            specialisms=asked,
            must_specialisms=tuple(one for one in self.must_specialisms if one in asked),
        )

    def content(self) -> RequirementContent:
        """The requirement that it states. Raises Invalid; `faults` says where each fault belongs."""
        held = dict(self.carried)
        body: dict[str, Any] = {
            "text": self.text,
            "framework": self.framework or None,
            "lot": self.lot or None,
            "specialisms": list(self.specialisms),
            "regions": list(self.regions),
            "must_have": {"specialisms": list(self.must_specialisms), "regions": list(self.must_regions)},
            "preferences": {
                "ownership": list(self.ownership),
                "size": list(self.size),
                "sector": [value for name, value in self.carried if name == "sector"],
                "accreditation": [value for name, value in self.carried if name == "accreditation"],
            },
            "team": [
                *({"grade": row.grade, "days": row.days} for _, row in self._filled()),
                *(row.to_json() for _, row in self._by_role()),
            ],
            "work_type": self.work_type,
            "starts_on": self.starts_on or None,
            "months": int(self.months) if MONTHS.fullmatch(self.months) else self.months or None,
        }
        if self.budget:
            amount = amount_typed(self.budget)
            body["budget"] = {"amount": amount, "currency": held.get("currency", "GBP")}
        return RequirementContent.from_json(body)

    def faults(self, faults: Iterable[Fault]) -> list[FieldFault]:
        """Each fault with the field it belongs to and that field's label, in the order of the fields."""
        return sorted((self._fault(fault) for fault in faults), key=_field_order)

    def _filled(self) -> list[tuple[int, Row]]:
        """Rows of the team that say anything, with their place in the form."""
        return [(place, row) for place, row in enumerate(self.team) if row.grade or row.days]

    def _by_role(self) -> list[tuple[int, RoleRow]]:
        """Likewise those by role, which come after the others."""
        return [(place, row) for place, row in enumerate(self.roles) if row.filled]

    def _fault(self, fault: Fault) -> FieldFault:
        steps = fault.pointer.strip("/").split("/")
        if steps[0] in ("must_have", "preferences") and len(steps) > 1:
            steps = steps[1:]
        if steps[0] == "team":
            return self._team_fault(steps, fault)
        if steps[0] == "weight":
            weight = _("Weight of %(part)s") % {"part": _(list(PARTS.values())[int(steps[1])]).lower()}
            return FieldFault(f"weight-{steps[1]}", f"{weight}: {_said('weight', fault)}")
        anchor = steps[0]
        label = said(LABELS.get(anchor, anchor.replace("_", " ").capitalize()))
        return FieldFault(anchor if anchor in LABELS else "", f"{label}: {_said(anchor, fault)}")

    def _team_fault(self, steps: list[str], fault: Fault) -> FieldFault:
        if len(steps) < 2:
            return FieldFault("framework", f"{_('Team')}: {_said('team', fault)}")
        at, grades = int(steps[1]), self._filled()
        if at >= len(grades):
            place = self._by_role()[at - len(grades)][0]
            part = PARTS_OF_ROLES.get(steps[-1], "role")
            return FieldFault(
                f"{part}-{place}", f"{part_named(part) % {'row': place + 1}}: {_said(part, fault)}"
            )
        place = grades[at][0]
        part = "days" if steps[-1] == "days" else "grade"
        named = (
            _("Days in row %(row)s of the team") if part == "days" else _("Grade in row %(row)s of the team")
        )
        return FieldFault(f"{part}-{place}", f"{named % {'row': place + 1}}: {_said(part, fault)}")


def _field_order(fault: FieldFault) -> tuple[int, int]:
    """The place of a fault's field in the form; what belongs to no field comes last."""
    part, _, row = fault.anchor.partition("-")
    if part not in ORDER:
        return len(ORDER), 0
    return ORDER.index(part), int(row or 0)


def _said(field: str, fault: Fault) -> str:
    plain = PLAIN.get((field, fault.code))
    if plain is not None:
        return _(plain)
    message = fault.message.rstrip(".")
    return f"{message[0].lower()}{message[1:]}" if message[1:2].islower() else message
