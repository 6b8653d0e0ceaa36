"""Everything that a buyer of the small market keeps, and a competition's pages for all who read them, for tests that go
through every page.
"""

from __future__ import annotations

from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from django.utils.http import urlsafe_base64_encode

from procurement.actions.registering import SALT
from procurement.actions.running import run
from procurement.actions.second_steps import begin_second_step
from procurement.models import Registration, SavedSearch, User
from procurement.unsubscribing import token_for
from tests.web.administering import INVITED, administered_pages, listening
from tests.web.buying import ALDER, BIRCH, DOGWOOD, NEED, begin, evidence, keep, lock, signed
from tests.web.calling_off import awarded, begun, need
from tests.web.competing import (
    ASSESSOR,
    LEAD,
    MODERATOR,
    OTHER,
    answered,
    drafted,
    evaluated,
    in_days,
    invitation_of,
    opened,
    planned,
    published,
    scored,
    taken,
    tender_of,
    written,
)
from tests.web.joining import FIRM, OWNER, applicants, submitted
from tests.web.joining import begun as applied
from tests.web.market import HOSTILE
from tests.web.measuring import measured, periods
from tests.web.paying import paid_pages
from tests.web.proposing import changed as rates_changed
from tests.web.proposing import proposers
from tests.web.proposing import step as rates
from tests.web.proposing import submitted as proposed


def kept_pages(page: Client) -> tuple[str, ...]:
    """Has a buyer keep one of everything; the address of every page that then is their own."""
    match, plain = keep(page), begin(page, ALDER, BIRCH)
    page.post(plain, {"do": "decide", "revision": 1, "listing": ALDER, "decision": "out", "reason": HOSTILE})
    page.post(plain, {"do": "note", "revision": 2, "text": HOSTILE})
    locked = begin(page, DOGWOOD)
    lock(page, locked)
    waiting, made = evidence(page, locked), evidence(page, locked, "pdf")
    run(made.rpartition("/")[2])
    unready, (call_off, offer, contract) = begun(page, mechanism="", title=HOSTILE), awarded(page)
    needed = f"/requirements/{need(text=HOSTILE)}"
    assert page.post(f"{needed}/edit", NEED | {"revision": 1, "text": HOSTILE}).status_code == 303
    large = measured(page, name=[HOSTILE] * 3)
    return (
        "/", "/saved-searches", "/matches", match, "/shortlists",
        f"/shortlists/add?listing={ALDER}", plain, f"{plain}?done=note", locked,
        f"{locked}/verification", waiting, made, "/call-offs", "/call-offs/new", unready,
        f"{unready}/edit", call_off, f"{call_off}?done=award",
        "/requirements", needed, f"{needed}?version=1", f"{needed}/edit",
        offer, contract, f"{contract}/indicators", large, f"{large}/indicators", *periods(page, large),
        "/organisations/council/limit", "/organisations/council/webhooks", listening("council"),
    )  # fmt: skip


def others_pages(page: Client) -> dict[str, tuple[str, ...]]:
    """By whoever reads them, the addresses of pages of competitions, of what is paid for outcomes, of applications to
    join and of administration.
    """
    found: dict[str, tuple[str, ...]] = {}
    made = (competed_pages, paid_pages, joined_pages, proposed_pages, administered_pages, linked_pages)
    for pages in (one(page) for one in made):
        for email, addresses in pages.items():
            found[email] = found.get(email, ()) + addresses
    return found


def linked_pages(page: Client) -> dict[str, tuple[str, ...]]:
    """What the links of e-mails lead to, whoever follows them, and a second step that is begun. The password is set by
    somebody who signs in nowhere, for that would end the link.
    """
    person = User.objects.get(email="reader@example.org")
    key = urlsafe_base64_encode(person.reference.encode())
    asked = Registration.objects.create(email="unknown@example.org", asked_at=timezone.now())
    sent = {
        "title": HOSTILE[:100],
        "query": "q=evaluation&framework=rm1",
        "alerts": "new",
        "frequency": "daily",
    }
    assert signed(page, INVITED).post("/saved-searches", sent).status_code == 303
    search = SavedSearch.objects.latest("pk")
    begin_second_step(User.objects.get(email=INVITED))
    return {
        INVITED: (
            f"/password/{key}/{default_token_generator.make_token(person)}",
            f"/register/{signing.dumps(asked.reference, salt=SALT)}",
            f"/unsubscribe?token={token_for(search.reference)}",
            "/account/second-step",
        )
    }


def joined_pages(page: Client) -> dict[str, tuple[str, ...]]:
    """Has a firm apply twice; by whoever reads them, the addresses of the pages about it."""
    applicants()
    asked = submitted(page, statement=HOSTILE)
    draft = applied(page, supplier="")
    return {
        FIRM: ("/joinings", "/joinings/new", "/joinings/new?lot=rm1~1", draft, asked, f"{asked}?done=submit"),
        LEAD: (asked,),
        OWNER: ("/joinings", asked),
    }


def proposed_pages(page: Client) -> dict[str, tuple[str, ...]]:
    """Has a supplier propose a rate card twice; by whoever reads them, the addresses of the pages about it."""
    proposers()
    gone = proposed(page, HOSTILE)
    rates(page, gone, "withdraw")
    draft = rates_changed(page, HOSTILE)
    return {
        LEAD: ("/rate-proposals", "/rate-proposals/new", draft, f"{draft}?rates=1", gone, "/firms/alder"),
        OWNER: ("/rate-proposals?status=withdrawn", gone),
    }


def competed_pages(page: Client) -> dict[str, tuple[str, ...]]:
    """Has competitions planned, run, judged and awarded; by whoever reads them, the addresses of their pages."""
    planning, empty = planned(signed(page)), f"{drafted(page, title=HOSTILE)}/competition"
    interest = published(page, interest_until=in_days(3))
    running = published(page)
    signed(page, LEAD)
    asked, mine = invitation_of(interest), invitation_of(running)
    answered(page, mine, "ask", question=HOSTILE)
    answered(page, mine, "add_file", file=SimpleUploadedFile("plan.txt", b"How."), part="quality")
    written(page, mine, "submit", **{"answer-method": HOSTILE})
    signed(page)
    taken(page, running, "add_document", file=SimpleUploadedFile("annex.txt", b"Where."))
    taken(page, running, "amend", reason=HOSTILE, material="yes")
    judged = opened(page)
    signed(page, ASSESSOR)
    scored(page, judged, "assess", "alders", "method", "4", HOSTILE)
    decided = evaluated(page, dogwood="100.00")
    tender, theirs = f"/tenders/{tender_of(decided, 'dogwood').reference}", invitation_of(decided, "dogwood")
    page.post(tender, {"do": "ask_price", "question": HOSTILE})
    signed(page, OTHER)
    answered(page, theirs, "answer_price", answer=HOSTILE)
    signed(page)
    page.post(tender, {"do": "accept_price", "reason": HOSTILE})
    taken(page, decided, "intend")
    scoring = f"/tenders/{tender_of(judged, 'alders').reference}"
    return {
        "buyer@example.org": (
            empty, f"{empty}/plan", planning, f"{planning}/plan", interest, running, f"{running}?done=amend",
            f"{interest}/questions",
            judged, scoring, tender, decided, running.removesuffix("/competition"),
        ),
        ASSESSOR: (judged, scoring),
        MODERATOR: (judged, scoring),
        LEAD: ("/invitations", asked, mine, f"{mine}/question", f"{mine}/tender", invitation_of(decided)),
        OTHER: (theirs,),
    }  # fmt: skip
