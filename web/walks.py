"""The guided walks as tables: what a buyer is asked to find a way to buy, and a firm to see what it lacks to join."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_noop as N_

from procurement.models import Region
from procurement.vocabulary import BUYER_CLASSES
from web.walk import Question, Walk

YES, NO, UNSURE = "yes", "no", "unsure"
OUTCOMES = "outcomes"
ASKED_BY: Final = Region.Scheme.ITL2025
"""The scheme of regions whose codes the walk's answers carry."""


def regions() -> dict[str, str]:
    """The regions of the United Kingdom by today's codes (one query)."""
    rows = Region.objects.filter(scheme=ASKED_BY, level=1).order_by("code")
    return dict(rows.values_list("code", "name"))


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
    """What it means that the answer to a question is no: what to do about it."""

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
        _asked("identifier", N_("Is the firm in a public register?"),
               N_("Companies House, a charity regulator, the Mutuals Public Register or another register of its "
                  "country")),
        _asked("ownership", N_("Can the firm show who owns it?"),
               N_("By an entry in a register, or by its articles: a mutual, an employee trust, a charity, "
                  "shareholders")),
        _asked("evidence", N_("Has the firm work to show from the last three years?"),
               N_("Case studies of work like that of the lot, with what came of it")),
        _asked("accreditations", N_("Does the firm hold the accreditations that the lot asks for?"),
               N_("Many lots that touch data ask for Cyber Essentials")),
        _asked("insurance", N_("Is the firm insured?"),
               N_("Employer’s liability by law; professional indemnity and public liability as the framework states")),
        _asked("ceilings", N_("Can the firm work at or below stated day rates?"),
               N_("Rates on a framework’s card are ceilings: what is charged may be less, never more")),
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
    "accreditations": Lack(
        N_("Accreditations"),
        N_("Ask for them early: most take some weeks. The framework says which it asks for."),
    ),
    "insurance": Lack(
        N_("Insurance"),
        N_("Have cover quoted to the framework’s amounts; it must be in force by the first call-off."),
    ),
    "ceilings": Lack(
        N_("Rates below the ceilings"),
        N_("See what others charge by grade before you state a card: explore rates."),
    ),
}
"""By question, for every answer but yes. That a firm cannot serve a lot by itself is no lack: a consortium can."""

WALKS: Final = (FINDER, READINESS)
