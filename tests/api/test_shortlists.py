"""Shortlists through the API: who is answered what, validators, repeats, decisions, locking and verifying."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from procurement.actions.evidence import start_evidence
from procurement.actions.matches import keep_match
from procurement.actions.running import run
from procurement.actions.shortlists import ShortlistDraft, create_shortlist
from procurement.actions.snapshots import lock_shortlist
from procurement.models import Event, Operation, Shortlist, Snapshot
from procurement.requirements import RequirementContent
from procurement.snapshots import Index
from tests.api.buying import ANSWER, NEED, RUN, askers, buyer
from tests.api.conftest import TokenMaker, asks
from tests.guards import unguarded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("market")]

LIST = "/api/v1/shortlists/"
JSON = "application/json"
BRIGHT, OPM, SCIE = "rm6309~brightwater~brightwater", "rm3745~ppl~opm-group", "rm3745~ppl~scie"
WHO = askers("shortlists:write", "shortlists:read", "read matches:write imports:write")


def begun(*listings: str) -> str:
    return create_shortlist(buyer(), ShortlistDraft("Evaluators", listings=listings)).reference


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """A change of whatever is there (If-Match: *), unless the headers say otherwise."""
    told = {"If-Match": "*", "Idempotency-Key": "k1"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    content = "" if body is None else json.dumps(body)
    return client.generic(method, path, content, content_type=JSON, headers=told)


CHANGES: tuple[tuple[str, str, Any, int], ...] = (
    ("PATCH", "", {"title": "Another"}, 200),
    ("PATCH", "entries/", {"listings": [OPM, BRIGHT]}, 200),
    ("POST", "entries/", {"listings": [SCIE]}, 201),
    ("PATCH", f"entries/{BRIGHT}/", {"decision": "out", "reason": "Too far."}, 200),
    ("DELETE", f"entries/{BRIGHT}/", None, 200),
    ("POST", "notes/", {"text": "Noted."}, 201),
    ("POST", "lock/", {}, 200),
)
ANSWERED = {
    "nobody": (401, 401), "editor": (200, None), "viewer": (200, 403), "other buyer": (404, 404),
    "partner": (404, 404), "operator": (404, 404), "token": (200, None), "reading token": (200, 403),
    "token without scope": (404, 404), "partner's token": (404, 404),
}  # fmt: skip


@pytest.mark.parametrize("who", list(ANSWERED))
def test_who_is_answered_what(who: str, person: Callable[[str], Client], token: TokenMaker) -> None:
    client, headers = asks(WHO[who], person, token)
    reads, writes = ANSWERED[who]
    one = f"{LIST}{begun(BRIGHT, OPM)}/"
    locked = begun(BRIGHT)
    lock_shortlist(buyer(), locked, 1, Index("embedded", 3))
    for path in ("", "entries/", "notes/", "history/", "snapshots/"):
        assert client.get(one + path, headers=headers).status_code == reads, path
    for path in ("verify/", "snapshots/1/"):
        assert client.get(f"{LIST}{locked}/{path}", headers=headers).status_code == reads, path
    before = Event.objects.count(), list(Shortlist.objects.values_list("revision", "status", "title"))
    for key, (method, path, body, good) in enumerate(CHANGES):
        answer = send(client, method, one + path, body, Idempotency_Key=f"key-{key}", **headers)
        assert answer.status_code == (writes or good), (path, answer.content)
    unlocked = send(client, "POST", f"{LIST}{locked}/unlock/", {"reason": "A mistake."}, **headers)
    assert unlocked.status_code == (writes or 200)
    if writes:
        now = Event.objects.count(), list(Shortlist.objects.values_list("revision", "status", "title"))
        assert now == before
    else:
        assert Event.objects.count() == before[0] + len(CHANGES) + 1


@pytest.mark.parametrize(
    ("who", "lists", "begins"),
    [
        ("nobody", 401, 401), ("editor", 200, 201), ("viewer", 200, 403), ("other buyer", 200, 201),
        ("partner", 403, 403), ("operator", 403, 403), ("token", 200, 201), ("reading token", 200, 403),
        ("token without scope", 403, 403), ("partner's token", 403, 403),
    ],
)  # fmt: skip
def test_who_lists_and_begins(
    who: str, lists: int, begins: int, person: Callable[[str], Client], token: TokenMaker
) -> None:
    client, headers = asks(WHO[who], person, token)
    made = begun(BRIGHT)
    listed = client.get(LIST, headers=headers)
    assert listed.status_code == lists
    if lists == 200:
        own = [] if who == "other buyer" else [made]
        assert [one["reference"] for one in listed.json()["results"]] == own
    assert send(client, "POST", LIST, {"title": "Mine"}, **headers).status_code == begins


def test_from_a_match_to_a_verified_snapshot(person: Callable[[str], Client]) -> None:
    match = keep_match(buyer(), None, RequirementContent.from_json(NEED), ANSWER, RUN)
    client = person("buyer")
    made = send(client, "POST", LIST, {"title": "Evaluators", "match": match.reference, "listings": [OPM]})
    assert made.status_code == 201
    one = made["Location"]
    assert made["ETag"] == client.get(one)["ETag"]
    assert [(each["listing"], each["source"], each["rank"], each["score"]) for each in made.json()["entries"]] == [
        (BRIGHT, "match", 1, 0.75), (OPM, "manual", None, None),
    ]  # fmt: skip
    decided = send(
        client,
        "PATCH",
        f"{one}entries/{BRIGHT}/",
        {"decision": "in", "reason": "Evidence."},
        If_Match=made["ETag"],
    )
    assert (decided.status_code, decided.json()["entries"][0]["decision"]) == (200, "in")
    assert decided["ETag"] == client.get(one)["ETag"]
    stale = send(client, "POST", f"{one}lock/", {}, If_Match=made["ETag"])
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    locked = send(client, "POST", f"{one}lock/", {}, If_Match=decided["ETag"])
    assert (locked.json()["status"], locked.json()["last_snapshot"]) == ("locked", 1)
    assert locked["ETag"] == client.get(one)["ETag"]
    late = send(client, "DELETE", f"{one}entries/{OPM}/", If_Match=locked["ETag"])
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    snapshot = client.get(f"{one}snapshots/1/").json()
    # As anybody may recompute it from what the API tells.
    text = json.dumps(snapshot["document"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == snapshot["digest"]
    assert snapshot["document"]["match"]["answer"] == ANSWER
    assert snapshot["document"]["index"]["engine"] == "embedded"
    assert isinstance(snapshot["document"]["index"]["generation"], int)
    verdict = client.get(f"{one}verify/").json()
    assert verdict == {
        "snapshot": 1, "valid": True, "digest": snapshot["digest"], "computed": snapshot["digest"],
        "recorded": snapshot["digest"], "differences": [],
    }  # fmt: skip
    unlocked = send(client, "POST", f"{one}unlock/", {"reason": "One more."}, If_Match=locked["ETag"])
    assert unlocked.json()["status"] == "open"
    assert client.get(f"{one}snapshots/").json()["count"] == 1
    history = client.get(f"{one}history/").json()["results"]
    assert [each["type"].partition(".")[2] for each in history] == [
        "unlocked", "locked", "entry_decided", "created",
    ]  # fmt: skip
    assert history[0]["changes"]["reason"] == "One more."
    assert history[2]["references"]["listing"] == BRIGHT


def test_what_the_ranking_itself_answers_becomes_a_shortlist_and_its_evidence(
    person: Callable[[str], Client],
) -> None:
    client = person("buyer")
    match = send(client, "POST", "/api/v1/matches/", {"need": NEED})
    assert match.status_code == 201, match.content
    results = match.json()["answer"]["results"]
    made = send(client, "POST", LIST, {"title": "Ranked", "match": match.json()["reference"]}).json()
    told = [(one["reference"], one["rank"], one["score"]) for one in results]
    assert [(one["listing"], one["rank"], one["score"]) for one in made["entries"]] == told != []
    assert {"kind": "coverage", "told": results[0]["coverage"]} in made["entries"][0]["reasons"]
    one = f"{LIST}{made['reference']}/"
    locked = send(client, "POST", f"{one}lock/", {})
    assert locked.status_code == 200
    assert client.get(f"{one}verify/").json()["valid"] is True
    for form in ("pdf", "xlsx"):
        asked = send(client, "POST", f"{one}evidence-packs/", {"format": form}, Idempotency_Key=form)
        run(asked.json()["reference"])
        assert client.get(asked["Location"]).json()["status"] == "succeeded"


def test_an_altered_snapshot_is_told(person: Callable[[str], Client]) -> None:
    reference = begun(BRIGHT)
    snapshot = lock_shortlist(buyer(), reference, 1, Index("embedded", 3))
    text = snapshot.document.replace('"title":"Evaluators"', '"title":"Evaluaters"')
    with unguarded():
        Snapshot.objects.filter(pk=snapshot.pk).update(document=text)
    verdict = person("reader").get(f"{LIST}{reference}/verify/?snapshot=1").json()
    assert verdict["valid"] is False
    assert [(each["pointer"], each["code"]) for each in verdict["differences"]] == [
        ("", "digest_differs"), ("/shortlist", "altered"),
    ]  # fmt: skip
    assert person("reader").get(f"{LIST}{reference}/verify/?snapshot=2").status_code == 404


def test_without_an_index_a_shortlist_is_locked_all_the_same(
    person: Callable[[str], Client], settings: Any, tmp_path: Any
) -> None:
    reference = begun(BRIGHT)
    settings.INDEX_FOLDER = tmp_path / "nothing"
    assert send(person("buyer"), "POST", f"{LIST}{reference}/lock/", {}).status_code == 200
    held = json.loads(Snapshot.objects.get().document)
    assert held["index"] == {"engine": None, "generation": None}


def test_every_change_needs_if_match_and_every_post_a_key(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    one = f"{LIST}{begun(BRIGHT, OPM)}/"
    for method, path, body, _ in CHANGES:
        bare = send(client, method, one + path, body, If_Match="")
        assert (bare.status_code, bare.json()["code"]) == (428, "precondition_required"), path
        if method == "POST":
            bare = send(client, method, one + path, body, Idempotency_Key="")
            assert (bare.status_code, bare.json()["code"]) == (400, "idempotency_key_missing"), path
    assert Shortlist.objects.get().revision == 1


def test_a_repeated_post_is_done_once_and_answered_alike(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    one = f"{LIST}{begun(BRIGHT)}/"
    tag = client.get(one)["ETag"]
    for path, body in (("notes/", {"text": "Noted."}), ("lock/", {})):
        first = send(client, "POST", one + path, body, If_Match=tag)
        again = send(client, "POST", one + path, body, If_Match=tag)
        assert (again.status_code, again.json(), again["ETag"]) == (
            first.status_code, first.json(), first["ETag"],
        )  # fmt: skip
        assert again["Idempotency-Replayed"] == "true"
        tag = first["ETag"]
    assert Shortlist.objects.get().revision == 3


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "pointers"),
    [
        ("POST", "", {"title": 5}, 400, ["/title"]),
        ("POST", "", {"title": "x", "colour": 1}, 400, ["/colour"]),
        ("POST", "", {"title": "x", "take": 0}, 400, ["/take"]),
        ("POST", "", {"title": "x", "take": True}, 400, ["/take"]),
        ("POST", "", {"title": "x", "listings": "all"}, 400, ["/listings"]),
        ("POST", "", {"title": "x", "match": "MATCH-1999-0001"}, 422, ["/match"]),
        ("POST", "", {"title": " "}, 422, ["/title"]),
        ("POST", "", {"title": "x", "listings": ["a~b~c"]}, 422, ["/listings/0"]),
        ("PATCH", "{one}/", {"title": ""}, 422, ["/title"]),
        ("PATCH", "{one}/", {"status": "locked"}, 400, ["/status"]),
        ("POST", "{one}/entries/", {"listings": [BRIGHT]}, 422, ["/listings/0"]),
        ("POST", "{one}/entries/", {"listings": [OPM], "source": "match"}, 422, ["/source"]),
        ("PATCH", "{one}/entries/", {"listings": []}, 422, ["/listings"]),
        ("PATCH", "{one}/entries/" + BRIGHT + "/", {"decision": "out"}, 422, ["/reason"]),
        ("PATCH", "{one}/entries/" + BRIGHT + "/", {"reason": "x"}, 422, ["/decision"]),
        ("PATCH", "{one}/entries/" + BRIGHT + "/", {"decision": 1}, 400, ["/decision"]),
        ("POST", "{one}/notes/", {"text": "\u0001"}, 422, ["/text"]),
        ("POST", "{one}/lock/", {"force": True}, 400, ["/force"]),
    ],
)
def test_faults_are_named_by_pointer(
    person: Callable[[str], Client], method: str, path: str, body: Any, status: int, pointers: list[str]
) -> None:
    reference = begun(BRIGHT)
    events = Event.objects.count()
    answer = send(person("buyer"), method, LIST + path.replace("{one}", reference), body)
    assert answer.status_code == status, answer.content
    assert [each["pointer"] for each in answer.json()["errors"]] == pointers
    assert Event.objects.count() == events


def test_what_is_not_there_is_a_404(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    one = f"{LIST}{begun(BRIGHT)}/"
    for path in (f"{LIST}SL-1999-0001/", f"{one}snapshots/1/", f"{one}verify/", f"{one}snapshots/{10**30}/"):
        assert client.get(path).status_code == 404, path
    assert send(client, "DELETE", f"{one}entries/{OPM}/").status_code == 404
    assert send(client, "PATCH", f"{one}entries/{OPM}/", {"decision": "in"}).status_code == 404


def test_lists_take_as_many_queries_for_many_as_for_one(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    counts = []
    for many in (1, 4):
        for _ in range(many):
            reference = begun(BRIGHT, OPM, SCIE)
        for path in ("", f"{reference}/", f"{reference}/entries/", f"{reference}/history/"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(LIST + path).status_code == 200
            counts.append(len(queries))
    assert counts[:4] == counts[4:]


@pytest.mark.parametrize(
    ("who", "begins", "downloads"),
    [
        ("nobody", 401, 401), ("editor", 202, 200), ("viewer", 202, 200), ("other buyer", 404, 404),
        ("partner", 404, 404), ("operator", 404, 404), ("token", 202, 200), ("reading token", 403, 200),
        ("token without scope", 404, 404), ("partner's token", 404, 404),
    ],
)  # fmt: skip
def test_who_may_have_evidence(
    who: str, begins: int, downloads: int, person: Callable[[str], Client], token: TokenMaker
) -> None:
    client, headers = asks(WHO[who], person, token)
    reference = begun(BRIGHT)
    lock_shortlist(buyer(), reference, 1, Index("embedded", 3))
    packs = f"{LIST}{reference}/evidence-packs/"
    made = start_evidence(buyer(), reference, "json")
    run(made.reference)
    before = Operation.objects.count()
    answer = client.post(
        packs, {"format": "json"}, content_type=JSON, headers={"Idempotency-Key": "k1", **headers}
    )
    assert answer.status_code == begins
    assert Operation.objects.count() == before + (begins == 202)
    if begins == 202:
        assert client.get(answer["Location"], headers=headers).json()["status"] == "queued"
    file = client.get(f"{packs}{made.reference}/", headers=headers)
    assert file.status_code == downloads
    if downloads == 200:
        assert file["ETag"] == f'"{hashlib.sha256(file.content).hexdigest()}"'
        again = client.get(f"{packs}{made.reference}/", headers={"If-None-Match": file["ETag"], **headers})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("form", "media", "begins"),
    [
        ("pdf", "application/pdf", b"%PDF-1.7"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
        ("json", "application/json", b'{"audit":'),
    ],
)
def test_a_pack_is_asked_for_followed_and_downloaded(
    person: Callable[[str], Client], form: str, media: str, begins: bytes
) -> None:
    client = person("buyer")
    one = f"{LIST}{begun(BRIGHT, OPM)}/"
    early = send(client, "POST", f"{one}evidence-packs/", {"format": form})
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    send(client, "POST", f"{one}lock/", {})
    asked = send(client, "POST", f"{one}evidence-packs/", {"format": form})
    assert asked.status_code == 202
    reference = asked.json()["reference"]
    again = send(client, "POST", f"{one}evidence-packs/", {"format": form})
    assert again.json()["reference"] == reference
    waiting = client.get(f"{one}evidence-packs/{reference}/")
    assert (waiting.status_code, waiting.json()["detail"]) == (409, "The evidence pack is queued.")
    run(reference)
    told = client.get(asked["Location"]).json()
    assert (told["status"], told["done"], told["total"]) == ("succeeded", 3, 3)
    file = client.get(f"{one}evidence-packs/{reference}/")
    assert (file.status_code, file["Content-Type"]) == (200, media)
    assert file.content.startswith(begins)
    assert hashlib.sha256(file.content).hexdigest() == told["result"]["sha256"]
    name = f"{one.split('/')[-2]}-snapshot-1.{form}"
    assert file["Content-Disposition"] == f'attachment; filename="{name}"'
    other = f"{LIST}{begun(BRIGHT)}/evidence-packs/"
    assert client.get(f"{other}{reference}/").status_code == 404
    assert client.get(f"{other}OP-1999-000001/").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"format": "docx"}, 422, "/format"), ({"format": 5}, 400, "/format"), ({"size": "a4"}, 400, "/size"),
    ],
)  # fmt: skip
def test_an_unknown_format_is_refused(
    person: Callable[[str], Client], body: Any, status: int, pointer: str
) -> None:
    reference = begun(BRIGHT)
    lock_shortlist(buyer(), reference, 1, Index("embedded", 3))
    answer = send(person("buyer"), "POST", f"{LIST}{reference}/evidence-packs/", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, pointer)
    assert not Operation.objects.exists()


def test_of_a_search_the_query_is_checked_and_what_it_finds_is_kept(person: Callable[[str], Client]) -> None:
    client = person("buyer")
    query = "?region=UKC&q=evaluation&seed=3&page=2&page_size=1"
    found = client.get(f"/api/v1/listings/{query.replace('&page=2&page_size=1', '')}").json()
    listings = [one["reference"] for one in found["results"]]
    assert BRIGHT in listings
    answer = send(client, "POST", LIST, {"title": "Found", "query": query, "listings": [BRIGHT]})
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert told["query"] == "q=evaluation&region=UKC"
    kept = told["found"]
    assert (kept["engine"], kept["seed"], kept["count"]) == ("embedded", 3, found["count"])
    assert [one["listing"] for one in kept["results"]] == listings
    assert [one["source"] for one in told["entries"]] == ["search"]
    locked = send(client, "POST", f"{LIST}{told['reference']}/lock/", {}, Idempotency_Key="k2")
    assert locked.status_code == 200
    snapshot = client.get(f"{LIST}{told['reference']}/snapshots/1/").json()
    assert snapshot["document"]["found"] == kept


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"query": "colour=blue"}, "/query", "unknown"),
        ({"query": "region=ZZ"}, "/query", "choice"),
        ({"query": "q=%00"}, "/query", "shape"),
        ({"query": "q=brightwater", "listings": [BRIGHT, SCIE]}, "/listings/1", "not_found_by_query"),
    ],
)
def test_a_search_that_cannot_be_asked_or_did_not_find_it_begins_nothing(
    person: Callable[[str], Client], body: dict[str, Any], pointer: str, code: str
) -> None:
    before = Shortlist.objects.count(), Event.objects.count()
    answer = send(person("buyer"), "POST", LIST, {"title": "Found", **body})
    assert answer.status_code == 422, answer.content
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [(pointer, code)]
    assert (Shortlist.objects.count(), Event.objects.count()) == before
