"""The guided walks as tables: what a buyer is asked to find a way to buy, and a firm to see what it lacks to join."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from procurement.models import Lot, Region
from procurement.querysets import LotQuerySet
from procurement.vocabulary import ACCREDITATIONS, BUYER_CLASSES
from web.joining_form import lot_named
from web.walk import Question, Walk

YES, NO, UNSURE = "yes", "no", "unsure"
OUTCOMES = "outcomes"
ASKED_BY: Final = Region.Scheme.ITL2025
"""The scheme of regions whose codes the walk's answers carry."""


def regions() -> dict[str, str]:
    """The regions of the United Kingdom by today's codes (one query)."""
    rows = Region.objects.filter(scheme=ASKED_BY, level=1).order_by("code")
    return dict(rows.values_list("code", "name"))


def lots() -> dict[str, str]:
    """The lots that a firm may apply to join today, and that it knows none yet (one query)."""
    rows = LotQuerySet(Lot).taking_firms(timezone.localdate())
    return {
        **{lot.reference: lot_named(lot) for lot in rows},
        UNSURE: _("None yet: tell me which I could join"),
    }


FINDER: Final = Walk(
    "finder",
    "/find",
    N_("Find the way to buy"),
    (
        Question(
            "need", N_("What do you need?"), N_("In a sentence or two"), "text",
            hint=N_("Example: an evaluation of a vision rehabilitation service"),
            missing=N_("Say what you need"), longest=500,
        ),
        Question(
            "whom", N_("What kind of body are you?"), N_("Kind of body"), "one",
            hint=N_("Frameworks say which bodies may buy under them"),
            missing=N_("Choose the kind of body that buys"), choices=BUYER_CLASSES,
        ),
        Question(
            "where", N_("Where is the work?"), N_("Regions"), "several",
            hint=N_("None chosen: anywhere in the United Kingdom"), choices=regions,
        ),
        Question(
            "value", N_("What may it come to?"), N_("In all, without VAT"), "money",
            hint=N_("With every option to extend it. Leave it empty if you cannot say yet"),
        ),
        Question(
            "starts", N_("When does the work begin?"), N_("First day"), "day",
            hint=N_("Example: 2027-04-01. Leave it empty if you cannot say yet"),
        ),
        Question(
            "months", N_("For how many months?"), N_("Months"), "number",
            hint=N_("With every option to extend it. Leave it empty if you cannot say yet"),
        ),
        Question(
            "pays", N_("What do you pay for?"), N_("Payment"), "one",
            missing=N_("Choose what you pay for"),
            choices={
                "days": N_("Days of people"),
                OUTCOMES: N_("Outcomes that are reached"),
                UNSURE: N_("I do not know yet"),
            },
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that a firm lacks, and what to do about it. Of what a lot asks both name it, by words in `%()s`."""

    what: str
    remedy: str


ANSWERS: Final = {YES: N_("Yes"), NO: N_("No"), UNSURE: N_("I do not know")}


def _asked(name: str, title: str, hint: str) -> Question:
    return Question(
        name, title, N_("Answer"), "one", hint=hint, missing=N_("Choose an answer"), choices=ANSWERS
    )


READINESS: Final = Walk(
    "readiness",
    "/ready",
    N_("Are you ready to join?"),
    (
        Question("lot", N_("Which framework and lot would the firm join?"), N_("Framework and lot"), "one",
                 hint=N_("Those that a firm may join today, by itself or in a consortium that holds a place"),
                 missing=N_("Choose a lot, or none yet"), choices=lots),
        _asked("identifier", N_("Is the firm in a public register?"),
               N_("Companies House, a charity regulator, the Mutuals Public Register or another register of its "
                  "country")),
        _asked("ownership", N_("Can the firm show who owns it?"),
               N_("By an entry in a register, or by its articles: a mutual, an employee trust, a charity, "
                  "shareholders")),
        _asked("evidence", N_("Has the firm work to show from the last three years?"),
               N_("Case studies of work like that of the lot, with what came of it")),
        Question("accreditations", N_("Which accreditations does the firm hold?"), N_("Accreditations"), "several",
                 hint=N_("Or an equivalent of one. None chosen: it holds none of these"), none=N_("None of these"),
                 choices=ACCREDITATIONS),
        Question("indemnity", N_("What is its professional indemnity insurance for?"), N_("Cover"), "money",
                 hint=N_("For each claim. Leave it empty if there is none, or you cannot say yet")),
        Question("liability", N_("What is its public liability insurance for?"), N_("Cover"), "money",
                 hint=N_("For each claim. Leave it empty if there is none, or you cannot say yet")),
        Question("rate", N_("What would the firm charge for a day of its dearest people?"), N_("A day, without VAT"),
                 "money", hint=N_("Rates on a framework’s card are ceilings: what is charged may be less, never more. "
                                  "Leave it empty if you cannot say yet")),
        Question("regions", N_("Where can the firm work?"), N_("Regions"), "several",
                 hint=N_("None chosen: anywhere in the United Kingdom"), choices=regions,
                 none=N_("Anywhere in the United Kingdom")),
        _asked("alone", N_("Could the firm serve a whole lot by itself?"),
               N_("Every specialism and every region that it would be asked for")),
    ),
)  # fmt: skip

LACKS: Final = {
    "identifier": Lack(
        N_("An identifier in a public register"),
        N_("Register the firm: buyers and framework owners check suppliers by their identifier."),
    ),
    "ownership": Lack(
        N_("Evidence of who owns the firm"),
        N_(
            "Have the register’s entry or the articles at hand: the profile states ownership with its source."
        ),
    ),
    "evidence": Lack(
        N_("Case studies"),
        N_("Write up two or three pieces of work with their result: searches find firms by them."),
    ),
}
"""What every lot asks, by question, for every answer but yes. That a firm cannot serve a lot by itself is no lack: a
consortium can.
"""

OF_LOTS: Final = {
    "accreditations": Lack(
        N_("Accreditation: %(asked)s"),
        N_("The lot asks for it, or an equivalent. Ask for it early: most take some weeks."),
    ),
    "indemnity": Lack(
        N_("Professional indemnity insurance for %(asked)s"),
        N_("The lot asks for so much. Have it quoted; it must be in force by the first call-off."),
    ),
    "liability": Lack(
        N_("Public liability insurance for %(asked)s"),
        N_("The lot asks for so much. Have it quoted; it must be in force by the first call-off."),
    ),
    "rate": Lack(
        N_("Day rates of at most %(asked)s"),
        N_("No published rate card of the lot goes higher. See what others charge by grade: explore rates."),
    ),
    "regions": Lack(
        N_("Work in %(asked)s"),
        N_("A firm by itself serves the whole lot. In a consortium its members serve the regions together."),
    ),
}
"""What a lot asks, by the question that it is held against; the amounts and names are the lot's own data."""

COVERED_BY: Final = {"cyber-essentials": frozenset({"cyber-essentials-plus"})}
"""Accreditations that are held with another one."""

WALKS: Final = (FINDER, READINESS)
