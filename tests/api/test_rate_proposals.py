"""Proposals of rate cards through the API: who is answered what, what is shown, the comparison, validators, repeats,
refusals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.test.utils import CaptureQueriesContext

from procurement.actions.rate_proposals import withdraw_rate_proposal
from procurement.models import Event, RateCardVersion, RateProposal
from tests.api import calling_off
from tests.api.calling_off import acting
from tests.api.conftest import Asker, TokenMaker, asks
from tests.api.joining import OWNER, people
from tests.api.proposing import LINES, RATES, brought, first_day
from tests.api.test_joinings import send

LIST = "/api/v1/rate-proposals/"
SCOPES = "rate_proposals:read rate_proposals:write"
WHO: dict[str, Asker] = {
    "nobody": "",
    "lead": "larch",
    "lead's viewer": "larch-reader",
    "lead's administrator": "larch-chief",
    "member": "alder",
    "rival": "brightwater",
    "framework owner": "owner",
    "framework owner's viewer": "owner-reader",
    "other framework owner": "other-owner",
    "buyer": "chief",
    "operator": "operator",
    "lead's token": ("larch", SCOPES),
    "lead's reading token": ("larch", "rate_proposals:read"),
    "lead's token without scope": ("larch", "joinings:write"),
    "owner's token": (OWNER, "rates:write"),
    "owner's reading token": (OWNER, "rate_proposals:read"),
    "owner's token without scope": (OWNER, "rate_proposals:write frameworks:write"),
}
LEAD = ("lead", "lead's administrator", "lead's token")
LED = (*LEAD, "lead's viewer", "lead's reading token")
DECIDING = ("framework owner", "operator", "owner's token")
READERS = (*LED, *DECIDING, "framework owner's viewer", "owner's reading token")
MOVES: tuple[tuple[str, str, str, Any, tuple[str, ...], tuple[str, ...]], ...] = (
    ("PROPOSAL", "PATCH", "", {"note": "More."}, LEAD, LED),
    ("CHANGED", "POST", "submit/", {}, LEAD, LED),
    ("PROPOSED", "POST", "approve/", {}, DECIDING, READERS),
    ("PROPOSED", "POST", "refuse/", {"reason": "No."}, DECIDING, READERS),
    ("PROPOSED", "POST", "withdraw/", {}, LEAD, READERS),
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


@pytest.fixture(autouse=True, scope="module")
def lot(market: None, module_database: None) -> None:
    calling_off.place()
    people()


def kept() -> tuple[Any, ...]:
    rows = RateProposal.objects.order_by("pk").values_list("reference", "status", "revision", "lines")
    return list(rows), RateCardVersion.objects.count(), Event.objects.count()


@pytest.mark.whole
@pytest.mark.parametrize(("way", "method", "step", "body", "may", "seeing"), MOVES)
@pytest.mark.parametrize("who", WHO)
def test_each_step_is_its_own_partys(
    way: str,
    method: str,
    step: str,
    body: Any,
    may: tuple[str, ...],
    seeing: tuple[str, ...],
    who: str,
    person: Callable[[str], Client],
    token: TokenMaker,
) -> None:
    proposal = brought(way)
    before = kept()
    client, headers = asks(WHO[who], person, token)
    answer = send(client, method, f"{LIST}{proposal.reference}/{step}", body, **headers)
    if who in may:
        assert answer.status_code == 200, answer.content
        return
    assert answer.status_code == (401 if who == "nobody" else 403 if who in seeing else 404)
    assert kept() == before


def test_a_card_goes_from_json_to_force(person: Callable[[str], Client]) -> None:
    lead, owner = person("larch"), person("owner")
    answer = send(lead, "POST", LIST, {"supplier": "larch", "framework": "xd1"})
    assert answer.status_code == 201, answer.content
    draft = answer.json()
    assert (draft["status"], draft["basis"], draft["vat"], draft["line_count"]) == (
        "draft", "published", "excluded", 1,
    )  # fmt: skip
    assert draft["available_actions"] == ["edit", "submit", "withdraw"]
    one = answer["Location"]
    assert owner.get(one).status_code == 404
    changed = send(
        lead, "PATCH", one, {"lines": LINES, "valid_from": first_day()}, **{"If-Match": answer["ETag"]}
    )
    assert changed.status_code == 200, changed.content
    assert changed.json()["lines"][0] == {
        "key": "1-G3", "lot": "xd1~1", "grade": "xd1~1~g3", "role_title": None, "work_type": None,
        "min_experience": None, "max_experience": None, "qualification": None, "site": None, "size": None,
        "valid_from": None, "valid_to": None, "amount": "123.45",
    }  # fmt: skip
    # What is shown can be sent back and changes nothing.
    again = send(lead, "PATCH", one, {"lines": changed.json()["lines"]})
    assert again.json()["revision"] == changed.json()["revision"] == 2
    assert send(lead, "PATCH", one, {"note": "x"}, **{"If-Match": answer["ETag"]}).status_code == 412
    submitted = send(lead, "POST", f"{one}submit/", {})
    assert submitted.json()["line"]["next"]["who"] == ["framework owner"]
    (listed,) = owner.get(f"{LIST}?status=submitted&supplier=larch&framework=xd1").json()["results"]
    assert listed["reference"] == draft["reference"]
    approved = send(owner, "POST", f"{one}approve/", {"compared_with": 1})
    assert approved.status_code == 200, approved.content
    assert (approved.json()["status"], approved.json()["version"]) == ("approved", 2)
    card = lead.get("/api/v1/rate-cards/xd1~larch/").json()
    assert (card["version"], card["valid_from"], card["lines"][0]["amount"]) == (2, first_day(), "123.45")
    assert card["stated_source"] == f"proposal {draft['reference']}"


def test_the_comparison_says_old_new_and_difference_and_keeps_saying_it(
    person: Callable[[str], Client],
) -> None:
    proposal = brought("CHANGED")
    lead = person("larch")
    lines = [*LINES, {"role_title": "Adviser to a board", "amount": "9000.00"}]
    send(lead, "PATCH", f"{LIST}{proposal.reference}/", {"lines": lines})
    told = lead.get(f"{LIST}{proposal.reference}/comparison/").json()
    old = RateCardVersion.objects.get(card__reference="xd1~larch", status="published").lines.get().price_minor
    assert (told["compared_with"], told["rise_ceiling"]) == (1, None)
    assert told["counts"] == {
        "added": 1, "changed": 1, "raised": 0, "lowered": 1, "unchanged": 0, "withdrawn": 0,
    }  # fmt: skip
    changed, added = told["lines"]
    assert (changed["change"], changed["after"], changed["others"]) == ("changed", "123.45", [])
    assert float(changed["before"]) * 100 == pytest.approx(old)
    assert float(changed["difference"]) == pytest.approx(123.45 - old / 100)
    assert changed["per_cent"] == f"{(12_345 - old) * 100 / old:.1f}"
    assert (added["before"], added["after"], added["difference"], added["per_cent"]) == (
        None, "9000.00", None, None,
    )  # fmt: skip
    assert [one["rule"] for one in added["rules"]] == ["implausible"]
    ended = brought_to_end(proposal)
    assert lead.get(f"{LIST}{ended}/comparison/").json() == told


def brought_to_end(proposal: RateProposal) -> str:
    proposal.refresh_from_db()
    return withdraw_rate_proposal(acting("larch"), proposal.reference, proposal.revision).reference


def test_a_file_says_the_rates_and_its_cells_are_named(person: Callable[[str], Client]) -> None:
    proposal = brought("PROPOSAL")
    lead, place = person("larch"), f"{LIST}{proposal.reference}/file/"

    def sent(content: bytes, key: str) -> Any:
        form = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("rates.csv", content)})
        headers = {"If-Match": "*", "Idempotency-Key": key}
        return lead.generic("POST", place, form, content_type=MULTIPART_CONTENT, headers=headers)

    before = kept()
    wrong = sent(b"lot,grade,price\n1,G3,much\n1,G99,5\n", "k1")
    assert wrong.status_code == 422
    assert [one["pointer"] for one in wrong.json()["errors"]] == ["/file/rows/2/price", "/file/rows/3/grade"]
    assert kept() == before
    first, repeated = sent(RATES, "k2"), sent(RATES, "k2")
    assert first.status_code == 200, first.content
    assert (first.json()["lines"][0]["amount"], first.json()["stated_source"]) == ("123.45", "rates.csv")
    assert repeated.json() == first.json()
    assert RateProposal.objects.get(pk=proposal.pk).revision == 2


def test_a_token_without_the_scope_is_told_which_one_it_needs(
    person: Callable[[str], Client], token: TokenMaker
) -> None:
    client, headers = asks(("larch", "rate_proposals:read"), person, token)
    before = kept()
    answer = send(client, "POST", LIST, {"supplier": "larch", "framework": "xd1"}, **headers)
    assert answer.status_code == 403
    assert "rate_proposals:write" in answer.json()["detail"]
    assert kept() == before


@pytest.mark.parametrize(
    ("way", "method", "step", "body", "status", "pointers"),
    [
        ("PROPOSAL", "PATCH", "", {"colour": "red"}, 400, ["/colour"]),
        ("PROPOSAL", "PATCH", "", {"lines": "all"}, 400, ["/lines"]),
        ("PROPOSAL", "PATCH", "", {"lines": [{"amount": 7, "grade": "G3"}]}, 400, ["/lines/0/amount"]),
        ("PROPOSAL", "PATCH", "", {"lines": [{"amount": "7", "grade": "G7"}]}, 422, ["/lines/0/grade"]),
        ("PROPOSAL", "PATCH", "", {"valid_from": "soon"}, 422, ["/valid_from"]),
        ("PROPOSAL", "POST", "submit/", {}, 422, ["/valid_from", "/lines"]),
        ("PROPOSED", "POST", "refuse/", {}, 422, ["/reason"]),
        ("PROPOSED", "POST", "approve/", {"compared_with": "1"}, 400, ["/compared_with"]),
        ("PROPOSED", "POST", "approve/", {"compared_with": 7}, 412, []),
        ("APPROVED", "POST", "approve/", {}, 409, []),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(
    way: str,
    method: str,
    step: str,
    body: Any,
    status: int,
    pointers: list[str],
    person: Callable[[str], Client],
) -> None:
    proposal = brought(way)
    before = kept()
    who = "owner" if step in ("refuse/", "approve/") else "larch"
    answer = send(person(who), method, f"{LIST}{proposal.reference}/{step}", body)
    assert answer.status_code == status, answer.content
    assert [one["pointer"] for one in answer.json().get("errors", [])] == pointers
    assert kept() == before


def test_lists_take_as_many_queries_for_many_as_for_one(person: Callable[[str], Client]) -> None:
    client, counts = person("operator"), []
    for many in (1, 3):
        for _ in range(many):
            brought("WITHDRAWN")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(LIST).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert client.get(f"{LIST}?status=approved").json()["count"] == 0
    assert client.get(f"{LIST}?colour=red").status_code == 400
