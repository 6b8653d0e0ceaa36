"""What firms publish is previewed by them, looked at afterwards, left or taken back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from procurement.actions.deliveries import deliver_due
from procurement.actions.profiles import update_profile
from procurement.models import Event, InboxMessage, Partner, ProfileReview, ProfileVersion
from procurement.permissions import SYSTEM
from tests.web.administering import CHIEF, CLERK, OPERATOR, make_administrators
from tests.web.buying import signed
from tests.web.market import HOSTILE
from tests.web.reading import read, rows, wrong

PROFILES, ALDER, EDIT = "/administration/profiles", "/administration/profiles/alder", "/profile/alder"


@pytest.fixture(autouse=True)
def administrators(page: Client) -> None:
    make_administrators()


def alder() -> Partner:
    return Partner.objects.select_related("published").get(reference="alder")


def number() -> int:
    published = alder().published
    assert published is not None
    return published.number


def edited(page: Client, **changes: Any) -> Any:
    """Sends the form of alder's profile as it is but for the changes, as an editor of the firm."""
    signed(page, "alder@example.org")
    found = read(page.get(EDIT))
    fields: dict[str, Any] = {}
    for one in found.all("input"):
        said, kind = one.attributes, one.attributes.get("type")
        if kind == "checkbox" and "checked" not in said:
            continue
        if "name" in said and said["name"] not in ("csrfmiddlewaretoken", "once"):
            fields.setdefault(said["name"], []).append(said.get("value", ""))
    fields["summary"] = [found.one("textarea", id="summary").text]
    fields["study_text"] = [one.text for one in found.all("textarea", name="study_text")]
    published = alder().published
    assert published is not None
    fields["study_sector"] = [one.get("sector", "") for one in published.case_studies]
    for name in ("ownership", "size"):
        fields[name] = [getattr(published, name)]
    return page.post(EDIT, fields | changes)


def sent(page: Client, do: str, **fields: Any) -> Any:
    return page.post(ALDER, {"do": do, "revision": number(), **fields})


def test_a_preview_shows_what_would_change_and_keeps_nothing(page: Client) -> None:
    before = (number(), Event.objects.count())
    shown = edited(page, name="Alder & Daughters", summary="Evaluation.\n\nWith people.", do="preview")
    assert shown.status_code == 200
    found = read(shown)
    assert "Preview: nothing is published yet" in found.texts("h2")
    assert {"Name", "Summary", "Alder & Daughters"} <= set(found.texts("h4"))
    assert found.one("input", id="name").attributes["value"] == "Alder & Daughters"
    assert "With people." in found.texts("p")
    assert found.texts("dt") == ["Ownership", "Size", "Sectors", "Accreditations"]
    refused = edited(page, name="", do="preview")
    assert (refused.status_code, [anchor for _, anchor in wrong(read(refused))]) == (422, ["#name"])
    assert (number(), Event.objects.count()) == before


def test_a_summary_edited_on_the_pages_changes_nothing_else(page: Client) -> None:
    kept = {"sectors": ["health", "central-government"], "accreditations": ["living-wage", "iso-9001"]}
    update_profile(SYSTEM, "alder", alder().revision, kept)
    assert edited(page, summary="Evaluation.").status_code == 303
    changed = read(page.get(f"/firms/alder/versions/{number()}"))
    assert changed.texts("h2", class_="govuk-heading-s") == ["Summary"]
    signed(page, OPERATOR)
    assert read(page.get(ALDER)).texts("h3", class_="govuk-heading-s")[:1] == ["Summary"]
    assert "Sectors" not in read(page.get(ALDER)).texts("h3")


def test_what_changed_is_told_by_labels_and_titles(page: Client) -> None:
    study = {"title": "A clinic", "text": "It was opened.", "sector": "health", "year": 2024}
    changes = {
        "ownership": "charity",
        "sectors": ["justice", "central-government"],
        "regions": ["TLI"],
        "accreditations": ["iso-9001"],
        "case_studies": [study],
        "contacts": {"email": "hello@alder.example.org"},
    }
    update_profile(SYSTEM, "alder", alder().revision, changes)
    signed(page, "alder@example.org")
    told = page.get(f"/firms/alder/versions/{number()}").content.decode()
    for words in (
        "Charity",
        "Central government<br>Justice and policing",
        ">London<",
        "ISO 9001 Quality management",
        "A clinic<br>It was opened.<br>Sector: Health<br>Year: 2024",
        "Email address: hello@alder.example.org",
    ):
        assert words in told, words
    for slug in ("central-government", "iso-9001", "TLI", "key: "):
        assert slug not in told, slug


def test_what_a_firm_publishes_waits_until_it_is_looked_at(page: Client) -> None:
    signed(page, OPERATOR)
    assert "None waits." in read(page.get(PROFILES)).texts("p")
    assert edited(page, name="Alder & Daughters").status_code == 303
    signed(page, OPERATOR)
    assert [row[0] for row in rows(read(page.get(PROFILES)), "Profiles to look at")[1:]] == [
        "Alder & Daughters"
    ]
    shown = read(page.get(ALDER))
    assert "Name" in shown.texts("h3")
    assert sent(page, "leave")["Location"] == f"{ALDER}?done=leave"
    event = Event.objects.filter(type="partner.profile_reviewed").get()
    assert (event.subject, event.changes) == ("alder", {"version": number()})
    assert sent(page, "leave").status_code == 409
    assert "None waits." in read(page.get(PROFILES)).texts("p")
    assert alder().published.name == "Alder & Daughters"  # type: ignore[union-attr]


def test_what_is_taken_back_is_replaced_by_what_stood_before_and_the_firm_is_told(page: Client) -> None:
    was, first = alder().published, number()
    edited(page, name="Spam")
    edited(page, name="More spam")
    signed(page, OPERATOR)
    bare = sent(page, "take-back", reason=" ")
    assert (bare.status_code, [anchor for _, anchor in wrong(read(bare))]) == (422, ["#take-back-reason"])
    assert ProfileReview.objects.count() == 0
    assert sent(page, "take-back", reason="It advertises.")["Location"] == f"{ALDER}?done=take-back"
    now = alder().published
    assert now is not None
    assert was is not None
    assert (now.number, now.name, now.digest) == (first + 3, was.name, was.digest)
    assert alder().confirmed_on is None
    assert ProfileVersion.objects.filter(partner__reference="alder", name="More spam").exists()
    assert "None waits." in read(page.get(PROFILES)).texts("p")
    deliver_due()
    told = InboxMessage.objects.get(title=f"Version {first + 2} of your profile was taken back")
    assert told.organisation.reference == "alder"
    assert "It advertises." in told.text


def test_a_version_that_is_no_longer_the_published_one_is_not_judged(page: Client) -> None:
    edited(page, name="Alder & Daughters")
    old = number()
    edited(page, name="Alder & Sons")
    signed(page, OPERATOR)
    for do in ("leave", "take-back"):
        stale = page.post(ALDER, {"do": do, "revision": old, "reason": "Old."})
        assert stale.status_code == 409
    assert (ProfileReview.objects.count(), alder().published.name) == (0, "Alder & Sons")  # type: ignore[union-attr]


def test_only_who_answers_for_the_market_looks(page: Client) -> None:
    edited(page, name=HOSTILE)
    for email, status in (("alder@example.org", 404), ("buyer@example.org", 404), (CLERK, 404), (CHIEF, 200)):
        signed(page, email)
        assert page.get(ALDER).status_code == page.get(PROFILES).status_code == status, email
        if status == 404:
            assert sent(page, "leave").status_code == 404
    assert ProfileReview.objects.count() == 0
    assert page.get("/administration/profiles/nobody").status_code == 404


def test_the_list_asks_the_database_as_often_for_many(
    page: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    edited(page, name="Alder & Daughters")
    signed(page, OPERATOR)
    page.get(PROFILES)
    with django_assert_num_queries(7):
        page.get(PROFILES)
