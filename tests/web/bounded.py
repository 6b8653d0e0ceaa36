"""How many queries each page may take: one table by route, asked wherever a test goes through every page.

A page holds lists, so a number that holds for one object and not for many is a fault of the page: the objects of the
small market differ, several pages of a route are asked, and the largest number counts. benchmarks/pages.py asks the
same of a database of 20,000 listings.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

MOST: Final = {
    "account": 9,
    "add-to-shortlist": 12,
    "administration": 10,
    "appoint": 7,
    "ask": 27,
    "assess": 10,
    "call-off": 25,
    "call-offs": 8,
    "case-study": 20,
    "change-webhook": 7,
    "claim": 10,
    "claims": 14,
    "compare": 17,
    "competition": 37,
    "contract": 16,
    "dead-letters": 7,
    "edit-call-off": 9,
    "edit-framework": 7,
    "edit-grade": 8,
    "edit-lot": 6,
    "edit-organisation": 7,
    "edit-outcomes": 12,
    "edit-requirement": 12,
    "edit-specialism": 8,
    "enter-code": 2,
    "event-log": 9,
    "evidence": 7,
    "finder-answer": 6,
    "finder-months": 4,
    "finder-need": 3,
    "finder-pays": 4,
    "finder-starts": 4,
    "finder-value": 3,
    "finder-where": 3,
    "finder-whom": 3,
    "firm": 22,
    "framework": 7,
    "framework-data": 7,
    "frameworks": 4,
    "import-rates": 6,
    "import": 6,
    "imports": 7,
    "inbox": 7,
    "indicators": 9,
    "invitation": 28,
    "invite-member": 6,
    "invitations": 9,
    "joining": 11,
    "joinings": 8,
    "kept-match": 9,
    "limit": 10,
    "listing": 20,
    "lot-data": 8,
    "map": 3,
    "match": 10,
    "matches": 7,
    "measures": 8,
    "member": 8,
    "member-invitation": 7,
    "members": 11,
    "membership-requests": 6,
    "new-call-off": 9,
    "new-framework": 7,
    "new-grade": 6,
    "new-joining": 12,
    "new-lot": 6,
    "new-organisation": 5,
    "new-rate-proposal": 8,
    "new-specialism": 6,
    "offer": 11,
    "offerings": 9,
    "offers": 8,
    "organisation-data": 10,
    "organisations": 8,
    "outcome-plan": 14,
    "outcome-plans": 7,
    "own-organisations": 8,
    "partner-standing": 7,
    "password": 0,
    "place": 8,
    "places": 8,
    "plan-competition": 7,
    "profile": 6,
    "profiles-to-review": 7,
    "questions": 10,
    "rate-proposal": 12,
    "rate-proposals": 10,
    "rates": 7,
    "readiness-accreditations": 4,
    "readiness-alone": 5,
    "readiness-answer": 14,
    "readiness-evidence": 4,
    "readiness-identifier": 4,
    "readiness-indemnity": 4,
    "readiness-liability": 4,
    "readiness-lot": 3,
    "readiness-ownership": 4,
    "readiness-rate": 4,
    "readiness-regions": 5,
    "register": 0,
    "requirement": 14,
    "requirements": 7,
    "review-profile": 9,
    "saved-searches": 7,
    "search": 5,
    "second-step": 5,
    "sessions": 6,
    "set-password": 4,
    "set-up-account": 4,
    "shortlist": 17,
    "shortlists": 8,
    "sign-in": 0,
    "spend": 13,
    "start": 4,
    "supplier": 11,
    "tender": 22,
    "tender-draft": 15,
    "unsubscribe": 4,
    "verification": 9,
    "version": 7,
    "versions": 8,
    "webhook": 9,
    "webhooks": 8,
}
"""By the route's name; whoever is signed in costs three more than nobody (session, person, unread messages)."""
ELSEWHERE: Final = {
    "file": "no page",
    "finder": "leads on",
    "invited": "leads on",
    "notice": "no page",
    "operation": "leads on",
    "readiness": "leads on",
    "receipt": "no page",
    "saved-search": "leads on",
    "sign-out": "no page",
}
"""Routes without a row, and why."""


def asked(client: Client, address: str) -> Any:
    """The page at an address. Fails if it takes more queries than its row says."""
    with CaptureQueriesContext(connection) as taken:
        answer = client.get(address)
    route = resolve(address.partition("?")[0]).url_name or ""
    told = "\n".join(one["sql"][:200] for one in taken.captured_queries)
    assert len(taken) <= MOST[route], f"{address}: {len(taken)} queries, {MOST[route]} allowed\n{told}"
    return answer
