"""The guided walks as tables: what a buyer is asked to find a way to buy, and a firm to see what it lacks to join."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from procurement.models import Region
from procurement.vocabulary import BUYER_CLASSES
from web.walk import Question, Walk

YES, NO, UNSURE = "yes", "no", "unsure"
OUTCOMES = "outcomes"


def regions() -> dict[str, str]:
    """The regions of the United Kingdom by today's codes (one query)."""
    rows = Region.objects.filter(scheme=Region.Scheme.ITL2025, level=1).order_by("code")
    return dict(rows.values_list("code", "name"))


FINDER: Final = Walk(
    "finder",
    "/find",
    "Find the way to buy",
    (
        Question(
            "need", "What do you need?", "In a sentence or two", "text",
            hint="Example: an evaluation of a vision rehabilitation service",
            missing="Say what you need", longest=500,
        ),
        Question(
            "whom", "What kind of body are you?", "Kind of body", "one",
            hint="Frameworks say which bodies may buy under them",
            missing="Choose the kind of body that buys", choices=BUYER_CLASSES,
        ),
        Question(
            "where", "Where is the work?", "Regions", "several",
            hint="None chosen: anywhere in the United Kingdom", choices=regions,
        ),
        Question(
            "value", "What may it come to?", "In all, without VAT", "money",
            hint="With every option to extend it. Leave it empty if you cannot say yet",
        ),
        Question(
            "starts", "When does the work begin?", "First day", "day",
            hint="Example: 2027-04-01. Leave it empty if you cannot say yet",
        ),
        Question(
            "months", "For how many months?", "Months", "number",
            hint="With every option to extend it. Leave it empty if you cannot say yet",
        ),
        Question(
            "pays", "What do you pay for?", "Payment", "one",
            missing="Choose what you pay for",
            choices={"days": "Days of people", OUTCOMES: "Outcomes that are reached", UNSURE: "I do not know yet"},
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lack:
    """What it means that the answer to a question is no: what to do about it."""

    what: str
    remedy: str


ANSWERS: Final = {YES: "Yes", NO: "No", UNSURE: "I do not know"}


def _asked(name: str, title: str, hint: str) -> Question:
    return Question(name, title, "Answer", "one", hint=hint, missing="Choose an answer", choices=ANSWERS)


READINESS: Final = Walk(
    "readiness",
    "/ready",
    "Are you ready to join?",
    (
        _asked("identifier", "Is the firm in a public register?",
               "Companies House, a charity regulator, the Mutuals Public Register or another register of its country"),
        _asked("ownership", "Can the firm show who owns it?",
               "By an entry in a register, or by its articles: a mutual, an employee trust, a charity, shareholders"),
        _asked("evidence", "Has the firm work to show from the last three years?",
               "Case studies of work like that of the lot, with what came of it"),
        _asked("accreditations", "Does the firm hold the accreditations that the lot asks for?",
               "Many lots that touch data ask for Cyber Essentials"),
        _asked("insurance", "Is the firm insured?",
               "Employer’s liability by law; professional indemnity and public liability as the framework states"),
        _asked("ceilings", "Can the firm work at or below stated day rates?",
               "Rates on a framework’s card are ceilings: what is charged may be less, never more"),
        _asked("alone", "Could the firm serve a whole lot by itself?",
               "Every specialism and every region that it would be asked for"),
    ),
)  # fmt: skip

LACKS: Final = {
    "identifier": Lack(
        "An identifier in a public register",
        "Register the firm: buyers and framework owners check suppliers by their identifier.",
    ),
    "ownership": Lack(
        "Evidence of who owns the firm",
        "Have the register’s entry or the articles at hand: the profile states ownership with its source.",
    ),
    "evidence": Lack(
        "Case studies", "Write up two or three pieces of work with their result: searches find firms by them."
    ),
    "accreditations": Lack(
        "Accreditations", "Ask for them early: most take some weeks. The framework says which it asks for."
    ),
    "insurance": Lack(
        "Insurance",
        "Have cover quoted to the framework’s amounts; it must be in force by the first call-off.",
    ),
    "ceilings": Lack(
        "Rates below the ceilings", "See what others charge by grade before you state a card: explore rates."
    ),
}
"""By question, for every answer but yes. That a firm cannot serve a lot by itself is no lack: a consortium can."""

WALKS: Final = (FINDER, READINESS)
