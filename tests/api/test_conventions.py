"""Every address answers alike: errors are problems, copies are validated, methods are told, nothing unknown
is ignored.
"""

from __future__ import annotations

import json

import pytest
from django.test import Client

LISTS = (
    "frameworks",
    "lots",
    "specialisms",
    "grades",
    "organisations",
    "partners",
    "suppliers",
    "rate-cards",
)
SEARCHES = ("listings", "rates", "listings/suggestions", "rates/suggestions")
DETAILS = (
    "frameworks/rm3745", "lots/rm3745~5", "specialisms/rm3745~5~1", "grades/rm3745~5~g3",
    "organisations/opm-group",
    "partners/opm-group", "suppliers/ppl", "rate-cards/rm3745~ppl", "listings/rm3745~ppl~opm-group",
)  # fmt: skip
OTHERS = ("health/live", "health/ready", "schema", "operations")

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]


def problem(response: object, status: int, code: str | None = None) -> dict[str, object]:
    """The problem document of a response, after what every problem must satisfy."""
    assert response.status_code == status, response.content[:300]  # type: ignore[attr-defined]
    assert response["Content-Type"] == "application/problem+json"  # type: ignore[index]
    body: dict[str, object] = json.loads(response.content)  # type: ignore[attr-defined]
    assert body["status"] == status
    assert {"type", "title", "status", "detail", "code"} <= set(body)
    if code:
        assert body["code"] == code, body
    return body


@pytest.mark.parametrize("path", [*LISTS, *SEARCHES, *DETAILS, "health/live", "health/ready", "schema"])
def test_an_unknown_parameter_is_refused_by_name(client: Client, path: str) -> None:
    body = problem(client.get(f"/api/v1/{path}/?colour=red"), 400, "bad_parameters")
    assert [(each["parameter"], each["code"]) for each in body["errors"]] == [("colour", "unknown")]


@pytest.mark.parametrize("path", [*LISTS, *SEARCHES])
@pytest.mark.parametrize(
    "query",
    ["q=%FF", "q=%C3%28", "q=%ED%A0%80", "q=%00", "q=a%00b", "page=%00", "q=" + "a" * 10_000, "%FF=1"],
    ids=["ff", "broken", "surrogate", "nul", "inner-nul", "page-nul", "long", "name-ff"],
)
def test_text_that_is_no_text_is_refused(client: Client, path: str, query: str) -> None:
    problem(client.get(f"/api/v1/{path}/?{query}"), 400)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query",
    ["page=-1", "page=0", "page=x", "page=1.5", "page=99999999999999999999", "page_size=0", "page_size=101",
     "page=1&page=2", "page=%D9%A1", "page_size=1e3"],
)  # fmt: skip
def test_a_page_out_of_range_is_refused(client: Client, path: str, query: str) -> None:
    body = problem(client.get(f"/api/v1/{path}/?{query}"), 400, "bad_parameters")
    assert body["errors"][0]["parameter"] == query.partition("=")[0]


def test_every_wrong_parameter_is_named_at_once(client: Client) -> None:
    body = problem(client.get("/api/v1/partners/?ownership=mine&page=x&colour=red"), 400, "bad_parameters")
    assert {each["parameter"] for each in body["errors"]} == {"ownership", "page", "colour"}


WHOLE = ("frameworks", "organisations")
KEPT = (*WHOLE, "lots", "specialisms", "grades")
"""What is read by everybody and kept by those who may."""


@pytest.mark.parametrize("path", [*LISTS, *SEARCHES, *DETAILS, "health/live"])
@pytest.mark.parametrize("method", ["put", "post", "delete", "trace", "patch"])
def test_a_method_that_is_not_taken_is_a_405_that_says_which_are(
    client: Client, path: str, method: str
) -> None:
    kind, _, one = path.partition("/")
    taken = {"patch"} if one == "opm-group" and kind == "partners" else set[str]()
    if kind in KEPT:
        # A framework is not taken away, its parts are; nor is an organisation.
        taken = {"post"} if not one else {"patch"} if kind in WHOLE else {"patch", "delete"}
    if path == "suppliers":
        taken = {"post"}
    if method in taken:
        return
    response = getattr(client, method)(f"/api/v1/{path}/")
    problem(response, 405, "method_not_allowed")
    assert "GET" in response["Allow"]
    assert method.upper() not in response["Allow"]


@pytest.mark.parametrize("path", [*LISTS, *SEARCHES, *DETAILS])
def test_options_tells_the_methods_and_nothing_else(client: Client, path: str) -> None:
    response = client.options(f"/api/v1/{path}/")
    assert (response.status_code, response.content) == (204, b"")
    assert {"GET", "HEAD", "OPTIONS"} <= set(response["Allow"].split(", "))


@pytest.mark.parametrize("path", [*LISTS, *DETAILS, "listings", "rates"])
def test_head_answers_as_get_does_without_the_body(client: Client, path: str) -> None:
    got, head = client.get(f"/api/v1/{path}/"), client.head(f"/api/v1/{path}/")
    assert head.status_code == got.status_code == 200
    assert head.content == b""
    assert head.headers.get("ETag") == got.headers.get("ETag")


@pytest.mark.parametrize("path", [*LISTS, *DETAILS])
def test_what_has_not_changed_is_a_304(client: Client, path: str) -> None:
    tag = client.get(f"/api/v1/{path}/")["ETag"]
    again = client.get(f"/api/v1/{path}/", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert client.get(f"/api/v1/{path}/", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", DETAILS)
def test_what_is_not_there_is_a_404(client: Client, path: str) -> None:
    kind = path.partition("/")[0]
    problem(client.get(f"/api/v1/{kind}/no-such-thing/"), 404, "not_found")


def test_the_first_address_leads_to_every_collection(client: Client) -> None:
    told = client.get("/api/v1/").json()
    assert told["listings"] == "http://testserver/api/v1/listings/"
    answers = {name: client.get(address).status_code for name, address in told.items()}
    # Operations are somebody's own; files and questions are sent, not read from there.
    assert {name: status for name, status in answers.items() if status != 200} == {
        "operations": 401,
        "requirements": 401,
        "matches": 401,
        "comparisons": 400,
        "comparisons_csv": 400,
        "comparisons_xlsx": 400,
        "shortlists": 401,
        "invitations": 401,
        "tenders": 401,
        "saved_searches": 401,
        "call_offs": 401,
        "offers": 401,
        "contracts": 401,
        "events": 401,
        "webhooks": 401,
        "inbox": 401,
        "dead_letters": 401,
        "joinings": 401,
        "rate_proposals": 401,
        "outcome_plans": 401,
        "imports": 405,
        "quotes": 405,
        "teams": 405,
    }


def test_a_single_mistake_is_named_in_the_sentence_too(client: Client) -> None:
    told = problem(client.get("/api/v1/frameworks/?page=0"), 400, "bad_parameters")
    assert told["detail"] == "page: It must be from 1 to 10000."


@pytest.mark.parametrize(
    "path",
    ["/api/", "/api/v2/partners/", "/api/v1/nothing/", "/api/v1/partners/%00/",
     "/api/v1/partners/../x/",
     "/api/v1/partners/a b/", "/api/v1/partners/%FF/", "/oauth/nothing/",
     "/api/v1/partners/" + "a" * 5000 + "/"],
)  # fmt: skip
def test_an_address_that_does_not_exist_is_a_problem_too(client: Client, path: str) -> None:
    problem(client.get(path), 404)


def test_a_page_of_the_site_keeps_its_own_errors(client: Client) -> None:
    response = client.get("/no-such-page/")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


def test_a_refused_host_is_a_problem(client: Client) -> None:
    problem(client.get("/api/v1/frameworks/", headers={"Host": "evil.example"}), 400)


def test_a_failure_of_ours_is_a_problem_that_gives_nothing_away(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the inner secret")

    monkeypatch.setattr("api.v1.frameworks.FrameworkList.rows", fail)
    response = client.get("/api/v1/frameworks/")
    body = problem(response, 500, "internal_error")
    assert b"secret" not in response.content
    assert body["detail"] == "Something failed on our side. It has been logged."
    assert "unhandled RuntimeError" in caplog.text


def test_limits_are_told_and_beyond_them_comes_a_429(client: Client, settings: object) -> None:
    settings.API_LIMITS = {**settings.API_LIMITS, "read": 1}  # type: ignore[attr-defined]
    assert client.get("/api/v1/frameworks/")["RateLimit"].startswith('"read";r=0;t=')
    response = client.get("/api/v1/frameworks/")
    problem(response, 429, "too_many_requests")
    assert 1 <= int(response["Retry-After"]) <= 60
    assert client.get("/api/v1/health/live/").status_code == 200


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_cut_into_pages_that_lead_to_each_other(client: Client, path: str) -> None:
    whole = client.get(f"/api/v1/{path}/?page_size=100").json()
    assert set(whole) == {"count", "next", "previous", "results"}
    references: list[str] = []
    address: str | None = f"/api/v1/{path}/?page_size=3"
    steps = 0
    while address and steps < 4:
        page = client.get(address).json()
        assert page["count"] == whole["count"]
        references += [each["reference"] for each in page["results"]]
        address, steps = page["next"], steps + 1
    assert references == [each["reference"] for each in whole["results"]][: len(references)]
    assert client.get(f"/api/v1/{path}/?page=9999").json()["results"] == []


def test_accept_does_not_change_the_form(client: Client) -> None:
    for accept in ("text/html", "application/xml", "nonsense", "*/*"):
        response = client.get("/api/v1/frameworks/", headers={"Accept": accept})
        assert (response.status_code, response["Content-Type"]) == (200, "application/json")
