"""Everything that a buyer of the small market keeps, for tests that go through every page."""

from __future__ import annotations

from django.test import Client

from procurement.actions.running import run
from tests.web.buying import ALDER, BIRCH, DOGWOOD, begin, evidence, keep, lock
from tests.web.calling_off import awarded, begun
from tests.web.market import HOSTILE


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
    return (
        "/", "/matches", match, "/shortlists", plain, f"{plain}?done=note", locked, f"{locked}/verification",
        waiting, made, "/call-offs", "/call-offs/new", unready, f"{unready}/edit", call_off, f"{call_off}?done=award",
        offer, contract,
    )  # fmt: skip
