"""Competitions on the lot of calling_off.py, brought to where an example or a test begins.

Larch (leads; Alder is its member) and Brightwater are asked; an assessor and a moderator of the buyer score.
"""

from __future__ import annotations

from typing import Any, Final

from django.test import Client

from procurement.actions.assessing import agree, assess, declare_interests
from procurement.actions.call_off_people import add_person
from procurement.actions.call_offs import CallOffDraft, create_call_off
from procurement.actions.clarifications import ask_clarification
from procurement.actions.closing import open_tenders
from procurement.actions.competition_awards import award_competition, intend_award
from procurement.actions.competition_changes import amend_competition
from procurement.actions.competitions import plan_competition
from procurement.actions.due import move_due
from procurement.actions.files import add_document, add_tender_file
from procurement.actions.publishing import publish_competition
from procurement.actions.ranking import ask_about_price, conclude_evaluation, disqualify, explain_price
from procurement.actions.requirements import revise_requirement
from procurement.actions.tenders import submit_tender, write_tender
from procurement.models import CallOff, Membership, Organisation, Tender, User
from tests.api.buying import BUYER, buyer
from tests.api.calling_off import acting, need, place
from tests.competed import after, at, past_deadline, tender_of

RULES: Final[dict[str, Any]] = {
    "criteria": [{"key": "method", "name": "Method", "weight": "60", "question": "How will you do it?"}],
    "price_weight": "40",
}
TERMS: Final = {"value": "9000.00", "expenses": "100.00"}
VIEWERS: Final = ("first", "second", "moderator")
SUPPLIERS: Final = ("larch", "brightwater")


def place_contest() -> None:
    """The lot, its suppliers, and three viewers of the buyer."""
    place()
    body = Organisation.objects.get(reference=BUYER)
    for name in VIEWERS:
        user = User.objects.create_user(f"{name}@example.org", "a long enough password")
        Membership.objects.create(user=user, organisation=body, role="viewer")


def again(call_off: CallOff) -> CallOff:
    """As it now is."""
    return CallOff.objects.get(pk=call_off.pk)


def planned(terms: dict[str, str] = TERMS, **said: Any) -> CallOff:
    """A draft whose tenders are due in fourteen days."""
    call_off = create_call_off(buyer(), CallOffDraft("Evaluation", "competition", need(), None, terms))
    plan = {"rules": RULES, "clarify_until": after(days=7), "deadline": after(days=14)} | said
    plan_competition(buyer(), call_off.reference, call_off.revision, plan)
    return again(call_off)


def published(**said: Any) -> CallOff:
    """Published, with its assessor and moderator; `first` is both."""
    call_off = planned(**said)
    publish_competition(buyer(), call_off.reference, call_off.revision)
    for name, part in (("first", "assessor"), ("first", "moderator"), ("moderator", "moderator")):
        add_person(buyer(), call_off.reference, acting(name).reference, part)
    return again(call_off)


def written(
    call_off: CallOff, supplier: str = "larch", rate: str = "400.00", answer: str = "Soundly."
) -> Tender:
    """A supplier's tender, ready to be submitted: ten days of G3."""
    tender = tender_of(call_off, supplier)
    said = {"team": [{"grade": "G3", "days": "10", "rate": rate}], "answers": {"method": answer}}
    return write_tender(acting(supplier), tender.reference, tender.revision, said)


def submitted(call_off: CallOff, rates: tuple[str, str] = ("400.00", "420.00")) -> Tender:
    """Both have submitted; Larch's tender."""
    for supplier, rate in zip(SUPPLIERS, rates, strict=True):
        tender = written(call_off, supplier, rate)
        submit_tender(acting(supplier), tender.reference, tender.revision)
    return tender_of(call_off, "larch")


def closed(rates: tuple[str, str] = ("400.00", "420.00"), **said: Any) -> CallOff:
    """Past its deadline."""
    call_off = published(**said)
    submitted(call_off, rates)
    with at(past_deadline(call_off)):
        move_due()
    return again(call_off)


def opened(rates: tuple[str, str] = ("400.00", "420.00"), **said: Any) -> CallOff:
    """Opened, with everybody's interests declared."""
    call_off = closed(rates, **said)
    open_tenders(buyer(), call_off.reference, call_off.revision)
    for name in ("first", "moderator"):
        declare_interests(acting(name), call_off.reference, conflict=False)
    return again(call_off)


def scored(call_off: CallOff) -> CallOff:
    """Every criterion scored."""
    for supplier in SUPPLIERS:
        assess(acting("first"), tender_of(call_off, supplier).reference, "method", 4, "Sound.")
    return again(call_off)


def agreed(rates: tuple[str, str] = ("400.00", "420.00"), **said: Any) -> CallOff:
    """Every score agreed."""
    call_off = scored(opened(rates, **said))
    for supplier in SUPPLIERS:
        agree(acting("moderator"), tender_of(call_off, supplier).reference, "method", 4, "A sound method.")
    return again(call_off)


def evaluated(rates: tuple[str, str] = ("400.00", "420.00"), **said: Any) -> CallOff:
    """Ranked: Larch is first by its price."""
    call_off = agreed(rates, **said)
    conclude_evaluation(buyer(), call_off.reference, call_off.revision)
    return again(call_off)


def lapsed() -> CallOff:
    """Ranked, by scores of a moderator who has declared a conflict of interest since."""
    call_off = evaluated()
    declare_interests(acting("moderator"), call_off.reference, conflict=True, note="A cousin.")
    return again(call_off)


def awarded() -> CallOff:
    """Awarded to Larch, and signed by nobody."""
    call_off = evaluated()
    award_competition(buyer(), call_off.reference, call_off.revision, "None known.")
    return again(call_off)


def intended() -> CallOff:
    """The intention is told."""
    call_off = evaluated()
    intend_award(buyer(), call_off.reference, call_off.revision)
    return again(call_off)


def noticed(**said: Any) -> CallOff:
    """The same of what the law asks for a contract award notice of."""
    call_off = evaluated(terms=TERMS | {"expenses": "300000.00"}, standstill=True, **said)
    intend_award(buyer(), call_off.reference, call_off.revision)
    return again(call_off)


def low() -> CallOff:
    """Ranked, with Larch at half of what Brightwater asks."""
    return evaluated(("200.00", "500.00"))


def questioned() -> Tender:
    """Larch was asked about its price."""
    tender = tender_of(low(), "larch")
    ask_about_price(buyer(), tender.reference, "How?")
    return tender


def explained() -> Tender:
    """Larch has explained it."""
    tender = questioned()
    explain_price(acting("larch"), tender.reference, "From other work.")
    return tender


def disqualified() -> Tender:
    """Larch's tender takes part no longer; Brightwater's is ranked alone."""
    tender = tender_of(evaluated(), "larch")
    return disqualify(
        buyer(), tender.reference, tender.revision, "not_compliant", "It answers another question."
    )


def revised(call_off: CallOff) -> CallOff:
    """What is bought has changed since it was published."""
    requirement = call_off.requirement.requirement
    content = call_off.requirement.content | {"text": "Evaluate a larger service."}
    revise_requirement(buyer(), requirement.reference, requirement.revision, content)
    return call_off


def to_confirm() -> Tender:
    """Larch's tender, submitted before a material amendment."""
    call_off = published()
    submitted(call_off)
    call_off = again(revised(call_off))
    amend_competition(buyer(), call_off.reference, call_off.revision, "Larger.", material=True)
    return tender_of(call_off, "larch")


def asked_about() -> CallOff:
    """Larch has asked something."""
    call_off = published()
    tender = tender_of(call_off, "larch")
    ask_clarification(acting("larch"), tender.invitation.reference, "Where is it done?")
    return again(call_off)


def documented() -> CallOff:
    """Planned, with a document."""
    call_off = planned()
    add_document(buyer(), call_off.reference, "brief.txt", [b"What is needed."])
    return again(call_off)


def with_document() -> CallOff:
    """The same, published."""
    call_off = documented()
    publish_competition(buyer(), call_off.reference, call_off.revision)
    return again(call_off)


def filed() -> Tender:
    """Larch's draft with a file."""
    tender = written(published())
    add_tender_file(
        acting("larch"), tender.reference, tender.revision, "method.txt", "quality", [b"Soundly."]
    )
    return tender


def colleague() -> str:
    """Somebody of the buyer who has no part yet."""
    return acting("second").reference


def _document() -> tuple[str, str]:
    call_off = documented()
    return call_off.reference, call_off.competition.documents.get().reference


def _file() -> tuple[str, str]:
    tender = filed()
    return tender.reference, tender.files.get().reference


MADE: Final[dict[str, Any]] = {
    "PLANNED": lambda: planned().reference,
    "CLOSED": lambda: closed().reference,
    "OPENED": lambda: opened().reference,
    "AGREED": lambda: agreed().reference,
    "EVALUATED": lambda: evaluated().reference,
    "UNSIGNED_AWARD": lambda: awarded().reference,
    "LAPSED": lambda: lapsed().reference,
    "LOW": lambda: low().reference,
    "INTENDED": lambda: noticed().reference,
    "TOLD": lambda: tender_of(intended(), "larch").reference,
    "SCORABLE": lambda: tender_of(opened(), "larch").reference,
    "AGREEABLE": lambda: tender_of(scored(opened()), "larch").reference,
    "SUBMITTED": lambda: tender_of(opened(), "larch").reference,
    "DISQUALIFIED": lambda: disqualified().reference,
    "LOW_TENDER": lambda: tender_of(low(), "larch").reference,
    "QUESTIONED": lambda: questioned().reference,
    "EXPLAINED": lambda: explained().reference,
    "PUBLISHED": lambda: with_document().reference,
    "REVISED": lambda: revised(published()).reference,
    "ASKED_ABOUT": lambda: asked_about().reference,
    "INVITATION": lambda: tender_of(published(), "larch").invitation.reference,
    "ASKED_FIRST": lambda: (
        published(interest_until=after(days=3)).competition.invitations.order_by("pk").last().reference
    ),
    "ASKING": lambda: asked_about().competition.clarifications.get().invitation.reference,
    "QUESTION": lambda: asked_about().competition.clarifications.get().reference,
    "TENDER": lambda: filed().reference,
    "WRITTEN": lambda: written(published()).reference,
    "TO_CONFIRM": lambda: to_confirm().reference,
    "COLLEAGUE": colleague,
    "ASSESSOR": lambda: acting("first").reference,
}
"""What the examples name, and how it is made. Those that are past their deadline come first: whatever was published
before one of them is closed with it.
"""
ASKED: Final = ("ASKED_ABOUT", "ASKING", "QUESTION")
FILES: Final = {"brief.txt": b"What is needed.", "method.txt": b"Soundly.", "returns.txt": b"Three."}


def session_of(name: str) -> str:
    """The session of a person who has signed in."""
    client = Client()
    client.force_login(User.objects.get(email=f"{name}@example.org"))
    return client.cookies["sessionid"].value


def competing() -> dict[str, str]:
    """What the examples name, where place_contest() has been: of what was made for it, or for several that name one."""
    bid, cheap = tender_of(opened(), "larch"), tender_of(low(), "larch")
    past = {
        "OPENED": bid.competition.call_off.reference,
        "SCORABLE": bid.reference,
        "SUBMITTED": bid.reference,
        "LOW": cheap.competition.call_off.reference,
        "LOW_TENDER": cheap.reference,
    }
    later = (*past, *ASKED, "PLANNED", "TENDER")
    made = past | {name: make() for name, make in MADE.items() if name not in later}
    asked = asked_about()
    question = asked.competition.clarifications.get()
    about = (asked.reference, question.invitation.reference, question.reference)
    made |= dict(zip(ASKED, about, strict=True))
    planned_with, document = _document()
    filed_with, file = _file()
    return made | {
        "PLANNED": planned_with,
        "DOCUMENT": document,
        "FILED": filed_with,
        "TENDER": filed_with,
        "FILE": file,
        "SESSION": session_of("first"),
        "CSRF": "f" * 32,
    }


def framer() -> None:
    """Somebody of the body that owns the frameworks, by the name of `framer`."""
    user = User.objects.create_user("framer@example.org", "a long enough password")
    owner = Organisation.objects.get(capabilities__kind="framework_owner", reference__startswith="crown")
    Membership.objects.create(user=user, organisation=owner, role="administrator")
