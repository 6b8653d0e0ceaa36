"""A firm says where and on which evidence it does what it offers; what it may not say changes nothing."""

from __future__ import annotations

from typing import Any

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from procurement.models import Event, Offering, Partner
from tests.web.buying import signed
from tests.web.reading import read, wrong

OFFERS = "/firms/alder/offerings/rm1~1~alders"


def held() -> dict[str, tuple[list[str], list[str]]]:
    """What alder offers on rm1: regions and evidence by specialism, or by the lot where none is stated."""
    rows = Offering.objects.filter(
        partner__reference="alder", appointment__lot__framework__reference="rm1"
    ).select_related("specialism", "appointment__lot")
    return {
        one.specialism.reference if one.specialism else one.appointment.lot.reference: (
            one.regions,
            one.evidence,
        )
        for one in rows
    }


def sent(**changes: Any) -> dict[str, Any]:
    revision = Partner.objects.get(reference="alder").revision
    return {"revision": revision, "offered-0": "yes", "regions-0": ["TLI"], "evidence-0": [], **changes}


def test_regions_and_evidence_are_changed_and_other_lots_stay(signed_in: Client) -> None:
    assert held() == {"rm1~1~1": (["TLC", "TLI"], ["vision"]), "rm1~2a": (["TLC", "TLI"], ["vision"])}
    answer = signed_in.post(OFFERS, sent())
    assert (answer.status_code, answer["Location"]) == (303, f"{OFFERS}?saved=yes")
    assert held() == {"rm1~1~1": (["TLI"], []), "rm1~2a": (["TLC", "TLI"], ["vision"])}
    event = Event.objects.latest("position")
    assert (event.type, event.subject) == ("offering.published", "alder")
    shown = read(signed_in.get(answer["Location"]))
    chosen = [
        one.attributes["value"] for one in shown.all("input", name="regions-0") if "checked" in one.attributes
    ]
    assert chosen == ["TLI"]


def test_what_is_offered_no_more_is_taken_out_once_that_is_said(signed_in: Client) -> None:
    """It has no way back but a new application, so that a slip of a tick must not do it."""
    before, events = held(), Event.objects.count()
    asked = signed_in.post(OFFERS, sent(**{"offered-0": ""}))
    shown = read(asked)
    assert asked.status_code == 422
    assert wrong(shown) == [("Say that you no longer offer this: Evaluation", "#sure")]
    assert [one.attributes["value"] for one in shown.all("input", name="sure")] == ["yes"]
    assert (held(), Event.objects.count()) == (before, events)
    done = signed_in.post(OFFERS, sent(**{"offered-0": "", "sure": "yes"}))
    assert (done.status_code, done["Location"]) == (303, "/firms/alder?done=taken_off")
    assert list(held()) == ["rm1~2a"]
    assert "You offer nothing more on that lot." in signed_in.get(done["Location"]).content.decode()
    assert signed_in.get(OFFERS).status_code == 404


def test_what_breaks_a_rule_is_told_at_its_field_and_nothing_changes(signed_in: Client) -> None:
    before, events = held(), Event.objects.count()
    for changes, anchor in (
        ({"regions-0": []}, "#regions-0"),
        ({"regions-0": ["TLZ"]}, "#regions-0"),
        ({"evidence-0": ["made up"]}, "#evidence-0"),
    ):
        answer = signed_in.post(OFFERS, sent(**changes))
        assert (answer.status_code, [to for _, to in wrong(read(answer))]) == (422, [anchor])
    assert signed_in.post(OFFERS, sent(revision=99)).status_code == 409
    assert (held(), Event.objects.count()) == (before, events)


def test_others_do_not_find_it_and_readers_change_nothing(page: Client) -> None:
    before = held()
    for email, seen, changed in (
        ("reader@example.org", 200, 403),
        ("buyer@example.org", 404, 404),
        ("nobody@example.org", 404, 404),
    ):
        signed(page, email)
        assert (page.get(OFFERS).status_code, page.post(OFFERS, sent()).status_code) == (seen, changed), email
    signed(page, "alder@example.org")
    assert page.get("/firms/alder/offerings/rm1~1~dogwood").status_code == 404
    assert page.get("/firms/dogwood/offerings/rm1~1~dogwood").status_code == 404
    assert held() == before


def test_the_form_takes_a_bounded_number_of_queries(
    signed_in: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    signed_in.get(OFFERS)
    with django_assert_num_queries(9):
        assert signed_in.get(OFFERS).status_code == 200
