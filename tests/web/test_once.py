"""A form that is sent twice is done once: a double click, a reload, a second click while the first is on its way."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory

from procurement.models import Event, IdempotencyRecord, Match, Operation, Shortlist
from procurement.permissions import Actor
from tests.web.buying import ALDER, BIRCH, DOGWOOD, NEED, begin, colleague, keep, lock, signed
from tests.web.reading import read
from web.once import done_once


def kept() -> tuple[int, ...]:
    return tuple(one.objects.count() for one in (Match, Shortlist, Event, Operation, IdempotencyRecord))


def key_on(page: Client, address: str) -> str:
    """The key of the first form of a page that has one."""
    return str(read(page.get(address)).all("input", name="once")[0].attributes["value"])


def twice(page: Client, address: str, sent: dict[str, Any]) -> str:
    """Sends a form twice; where both are led."""
    sent = {**sent, "once": key_on(page, address)}
    first = page.post(address, sent)
    assert first.status_code == 303, first.content[:2000]
    after = kept()
    second = page.post(address, sent)
    assert (second.status_code, second["Location"]) == (303, first["Location"])
    assert kept() == after
    return str(first["Location"])


def test_a_need_that_is_sent_twice_is_kept_once(page: Client) -> None:
    address = twice(signed(page), "/match", NEED)
    assert address == f"/matches/{Match.objects.get().reference}"


def test_a_shortlist_that_is_begun_twice_is_one(page: Client) -> None:
    address = keep(signed(page), must_specialism=[])
    twice(page, address, {"listing": [DOGWOOD], "title": "Evaluators"})
    assert Shortlist.objects.count() == 1
    twice(page, "/shortlists", {"title": "By hand", "listings": BIRCH})
    assert Shortlist.objects.count() == 2


@pytest.mark.parametrize(
    "sent",
    [
        {"do": "decide", "listing": ALDER, "decision": "in", "reason": "Strong"},
        {"do": "note", "text": "Seen"},
        {"do": f"remove {ALDER}"},
        {"do": "lock"},
    ],
)
def test_a_change_that_is_sent_twice_is_no_change_from_an_older_state(
    page: Client, sent: dict[str, Any]
) -> None:
    address = begin(signed(page), ALDER, BIRCH)
    assert twice(page, address, {**sent, "revision": 1}) == f"{address}?done={sent['do'].split()[0]}"
    assert Shortlist.objects.get().revision == 2


def test_an_evidence_pack_that_is_asked_for_twice_is_made_once(page: Client) -> None:
    address = begin(signed(page), ALDER)
    lock(page, address)
    twice(page, address, {"do": "evidence", "format": "json"})
    assert Operation.objects.count() == 1


def test_every_form_has_a_key_of_its_own(page: Client) -> None:
    address = begin(signed(page), ALDER, BIRCH)
    forms = "/organisations/council/members"
    keys = [
        one.attributes["value"]
        for where in (address, address, forms)
        for one in read(page.get(where)).all("input", name="once")
    ]
    assert len(set(keys)) == len(keys) > 2


def test_who_goes_back_and_says_something_else_means_something_else(page: Client) -> None:
    sent = {"title": "First", "once": key_on(signed(page), "/shortlists")}
    first = page.post("/shortlists", sent)["Location"]
    assert page.post("/shortlists", {**sent, "title": "Second"})["Location"] != first
    assert list(Shortlist.objects.order_by("pk").values_list("title", flat=True)) == ["First", "Second"]


def test_what_was_refused_is_done_once_it_is_put_right(page: Client) -> None:
    sent = {"title": "", "once": key_on(signed(page), "/shortlists")}
    assert page.post("/shortlists", sent).status_code == 422
    assert (Shortlist.objects.count(), IdempotencyRecord.objects.count()) == (0, 0)
    assert page.post("/shortlists", {**sent, "title": "Right"}).status_code == 303


def test_nobody_is_led_where_another_was(page: Client) -> None:
    sent = {"title": "Mine", "once": key_on(signed(page), "/shortlists")}
    first = page.post("/shortlists", sent)["Location"]
    colleague("other@example.org", "district", "editor")
    assert signed(page, "other@example.org").post("/shortlists", sent)["Location"] != first


@pytest.mark.parametrize("key", ["", "a b", "x" * 65])
def test_a_form_without_a_key_is_done_as_often_as_it_is_sent(page: Client, key: str) -> None:
    for _ in range(2):
        assert signed(page).post("/shortlists", {"title": "Mine", "once": key}).status_code == 303
    assert (Shortlist.objects.count(), IdempotencyRecord.objects.count()) == (2, 0)


def test_another_file_from_the_same_form_is_another_sending(db: None, rf: RequestFactory) -> None:
    actor, done = Actor("usr_1"), []

    def send(name: str, content: bytes) -> str:
        file = SimpleUploadedFile(name, content)
        request = rf.post("/claims/CL-2026-0001", {"do": "add_file", "once": "a-key", "file": file})

        def act() -> str:
            done.append(b"".join(request.FILES.getlist("file")[0].chunks()))
            return f"/{len(done)}"

        return str(done_once(request, actor, act)["Location"])

    sent = [("a.txt", b"First."), ("a.txt", b"First."), ("a.txt", b"Other."), ("b.txt", b"First.")]
    assert [send(*one) for one in sent] == ["/1", "/1", "/2", "/3"]
    assert done == [b"First.", b"Other.", b"First."]
