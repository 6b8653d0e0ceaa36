"""What docs/ tells of the API is true: each curl line does what it says, in the order in which they stand."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AbstractApplication

from procurement.actions.awards import award_direct
from procurement.actions.contracts import sign_contract
from procurement.actions.due import move_due
from procurement.actions.evidence import EVIDENCE
from procurement.actions.offers import accept_offer, send_offer
from procurement.actions.running import run as carry_out
from procurement.fixtures import read_fixtures
from procurement.models import Application, CallOff, Contract, Organisation
from tests.api.buying import ANSWERING, BUYER, CALLING_OFF, SCOPES, buyer, buying
from tests.api.calling_off import acting, active, drafted, measured, need, ordered, period, place
from tests.api.competing import FILES, noticed, place_contest, session_of
from tests.api.conftest import TokenMaker
from tests.api.curl import run
from tests.api.joining import OWNER
from tests.api.outcomes import PAYER, days
from tests.api.proposing import RATES, first_day
from tests.competed import after, at, past_deadline

DOCUMENTS = Path(__file__).parents[2] / "docs"


def curl_lines(name: str) -> list[str]:
    return [line for line in (DOCUMENTS / name).read_text().splitlines() if line.startswith("curl ")]


def test_the_firms_that_api_md_names_are_those_of_the_demonstration() -> None:
    fixtures = read_fixtures(DOCUMENTS.parent / "fixtures")
    suppliers = {one.reference for one in fixtures.suppliers}
    partners = {one.reference for one in fixtures.partners}
    lines = "\n".join(curl_lines("api.md"))
    named = [
        name for many in re.findall(r'"suppliers": \[(.*?)\]', lines) for name in re.findall(r'"(.*?)"', many)
    ]
    listings = re.findall(r"rm\d+~([a-z][a-z0-9-]+)~([a-z][a-z0-9-]+)", lines)
    assert named
    assert listings
    assert {*named, *(supplier for supplier, _ in listings)} <= suppliers
    assert {partner for _, partner in listings} <= partners


@pytest.mark.django_db
@pytest.mark.usefixtures("market")
def test_every_curl_line_answers(client: Client, token: TokenMaker) -> None:
    made = Application.objects.create(
        name="test",
        organisation=Organisation.objects.get(reference="opm-group"),
        client_secret="secret",
        client_type=AbstractApplication.CLIENT_CONFIDENTIAL,
        authorization_grant_type=AbstractApplication.GRANT_CLIENT_CREDENTIALS,
    )
    variables = buying(client, token) | {
        "BUYER": token(BUYER, SCOPES),
        "CLIENT_ID": made.client_id,
        "CLIENT_SECRET": "secret",
        "OPERATOR": token("calloff-operations", "imports:write frameworks:write admin:write"),
        "ETAG": client.get("/api/v1/partners/opm-group/")["ETag"],
        "KEY": "0b5f3c1e",
        "TOKEN": "",
        "OPERATION": "",
    }
    files = {
        "partners.jsonl": b'{"reference": "opm-group", "name": "OPM Group"}\n',
        "rates.csv": b"supplier,lot,grade,Day rate\nBrightwater Advisory,2,G1,401\n",
    }
    lines = curl_lines("api.md")
    assert len(lines) == 58
    for line in lines:
        response = run(line, variables, files)
        assert response.status_code in {200, 201, 202}, (line, response.content)
        if response["Content-Type"] != "application/json":
            continue
        told = response.json()
        variables["TOKEN"] = told.get("access_token", variables["TOKEN"])
        if str(told.get("reference")).startswith("SL-"):
            variables |= {"SHORTLIST": told["reference"], "SHORTLIST_ETAG": response["ETag"]}
        if response.status_code == 202:
            variables["OPERATION"] = told["reference"]
            if told["kind"] == EVIDENCE:
                carry_out(told["reference"])
        assert told.get("count", 1) > 0, line
        assert told.get("results", True), line


@pytest.mark.django_db
@pytest.mark.usefixtures("market")
def test_a_purchase_walks_through_its_document(client: Client, token: TokenMaker) -> None:
    place()
    large = measured()
    variables = {
        "BUYER": token(BUYER, CALLING_OFF),
        "SUPPLIER": token("larch", ANSWERING),
        "BODY": BUYER,
        "BOUGHT": need(),
        "ORDERED": ordered(),
        "NOTIFIED": active(expenses="300000.00").reference,
        "MEASURED": large.reference,
        "PERIOD": period(large),
        "TODAY": timezone.localdate().isoformat(),
        "KEY": "0b5f3c1e",
    }
    lines = curl_lines("call-offs.md")
    assert len(lines) == 21
    for line in lines:
        response = run(line, variables)
        assert response.status_code in {200, 201}, (line, response.content)
        if response["Content-Type"] != "application/json":
            continue
        told = response.json()
        if "ocid" in told and "line" in told:
            variables["CALL_OFF"] = told["reference"]
            variables["CONTRACT"] = (told["contract"] or {}).get("reference", "")
        assert told.get("count", 1) > 0, line


@pytest.mark.django_db
@pytest.mark.usefixtures("market")
def test_a_firm_joins_by_its_document(client: Client, token: TokenMaker) -> None:
    place()
    scopes = "joinings:read joinings:write"
    firms = {"FIRM": "brightwater", "LEAD": "larch", "OWNER": OWNER, "MEMBER": "alder"}
    variables = {name: token(firm, scopes) for name, firm in firms.items()} | {"KEY": "0b5f3c1e"}
    variables["OWNER"] = token(OWNER, f"{scopes} frameworks:write")
    lines = curl_lines("joining.md")
    assert len(lines) == 13
    for line in lines:
        response = run(line, variables)
        assert response.status_code in {200, 201}, (line, response.content)
        told = response.json()
        if "line" in told:
            variables["JOINING"] = told["reference"]
        assert told.get("count", 1) > 0, line
    assert told["left_on"] is not None


@pytest.mark.django_db
@pytest.mark.usefixtures("market")
def test_a_rate_card_is_proposed_by_its_document(client: Client, token: TokenMaker) -> None:
    place()
    variables = {
        "LEAD": token("larch", "rate_proposals:read rate_proposals:write"),
        "OWNER": token(OWNER, "rates:write"),
        "LATER": first_day(),
    }
    lines = curl_lines("rate-proposals.md")
    assert len(lines) == 8
    for number, line in enumerate(lines):
        response = run(line, variables | {"KEY": f"key-{number}"}, {"rates.csv": RATES})
        assert response.status_code in {200, 201}, (line, response.content)
        told = response.json()
        if "available_actions" in told:
            variables["PROPOSAL"] = told["reference"]
        assert told.get("count", 1) > 0, line
    assert (told["status"], told["version"]) == ("approved", 2)


def contracted(call_off: CallOff) -> str:
    """Takes the call-off to its contract, begun forty days ago."""
    offer = send_offer(buyer(), call_off.reference, call_off.revision)
    accept_offer(acting("larch"), offer.reference, offer.revision)
    call_off.refresh_from_db()
    contract = award_direct(buyer(), call_off.reference, call_off.revision, "None known.")
    sign_contract(acting("larch"), contract.reference, 1)
    sign_contract(buyer(), contract.reference, 2)
    Contract.objects.update(starts_on=timezone.localdate() - timedelta(days=40))
    return contract.reference


@pytest.mark.django_db
@pytest.mark.usefixtures("market")
def test_outcomes_are_paid_for_by_their_document(client: Client, token: TokenMaker) -> None:
    place()
    call_off = drafted()
    variables = {
        "BUYER": token(BUYER, CALLING_OFF),
        "PAYER": token(PAYER, "call_offs:read call_offs:approve"),
        "SUPPLIER": token("larch", ANSWERING),
        "KEY": "0b5f3c1e",
        "CALL_OFF": call_off.reference,
        "LONG_STOP": (timezone.localdate() + timedelta(days=700)).isoformat(),
    } | {name.upper(): day for name, day in days().items()}
    lines = curl_lines("outcomes.md")
    assert len(lines) == 14
    for line in lines:
        if "$CONTRACT/" in line and "CONTRACT" not in variables:
            call_off.refresh_from_db()
            variables["CONTRACT"] = contracted(call_off)
        response = run(line, variables)
        assert response.status_code in {200, 201}, (line, response.content)
        told = response.json()
        if "counted" in told:
            variables["CLAIM"] = told["reference"]
        assert told.get("count", 1) > 0, line
    # Ten of 100.00: 1,000.00, of which the fund pays the 300.00 that its pot holds.
    assert told["totals"]["paid"]["amount"] == "1000.00"
    assert [one["paid"]["amount"] for one in told["payers"]] == ["700.00", "300.00"]


@pytest.mark.django_db
@pytest.mark.usefixtures("market")
def test_a_competition_walks_through_its_document(client: Client, token: TokenMaker) -> None:
    place_contest()
    variables = {
        "BUYER": token(BUYER, CALLING_OFF),
        "SUPPLIER": token("larch", ANSWERING),
        "BOUGHT": need(),
        "CLARIFY": after(days=7),
        "DEADLINE": after(days=14),
        "ASSESSOR": acting("first").reference,
        "SESSION": session_of("first"),
        "CSRF": "f" * 32,
        "KEY": "0b5f3c1e",
    }
    lines = curl_lines("competitions.md")
    assert len(lines) == 27
    statuses = []
    for line in lines:
        if "$INTENDED" in line and "INTENDED" not in variables:
            variables |= {"INTENDED": noticed().reference, "TODAY": timezone.localdate().isoformat()}
        if "open-tenders" in line:
            with at(past_deadline(CallOff.objects.get())):
                move_due()
        response = run(line, variables, FILES)
        assert response.status_code in {200, 201}, (line, response.content)
        told = response.json()
        if "/invitations/?" in line:
            (found,) = told["results"]
            variables |= {"INVITATION": found["reference"], "TENDER": found["tender"]}
        if "ocid" in told and "reference" in told:
            variables["CALL_OFF"] = told["reference"]
            statuses.append((told["status"], told["contract"] and told["contract"]["supplier"]))
        if "question" in told:
            variables["QUESTION"] = told["reference"]
        assert told.get("count", 1) > 0, line
    assert statuses[-2:] == [("awarded", "larch"), ("intention", None)]
