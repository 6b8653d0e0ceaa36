"""Saved searches and the index: what is told, when, how often, and what an e-mail holds."""

from __future__ import annotations

import smtplib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from procurement.actions.profiles import confirm_profile, update_profile
from procurement.actions.saved_search_matches import note_found, open_searches, tell_due
from procurement.actions.saved_searches import SavedSearchDraft, delete_saved_search, unsubscribe
from procurement.actions.standing import reinstate_partner, suspend_partner
from procurement.errors import Invalid
from procurement.models import (
    Event,
    Framework,
    Membership,
    Partner,
    SavedSearch,
    SavedSearchAlert,
    SavedSearchMatch,
    User,
)
from procurement.permissions import SYSTEM, Actor
from procurement.unsubscribing import reference_in
from procurement.working_days import LONDON
from search import alerts
from search.alert_mail import LEASE, MOST_ATTEMPTS, send_due
from search.alerts import change, check_changes, compare_due, keep
from search.engines.base import Writer
from search.models import ChangedListing
from search.rebuild import rebuild, request_rebuild
from search.sync import drain
from search.tasks import alerts_sweep
from tests.world import editor_of, make_buyers, publish_rates

pytestmark = pytest.mark.django_db

ASH, ELM, OAK, YEW = "wr1~oak~ash", "wr1~oak~elm", "wr1~oak~oak", "wr1~yew~yew"
SECRET_WORD = "Rehabilitation"


@pytest.fixture
def buyer(writer: Writer) -> Actor:
    make_buyers("shire")
    return editor_of("shire")


def kept(actor: Actor, query: str = "q=rehabilitation", **told: Any) -> SavedSearch:
    return keep(actor, SavedSearchDraft("Sight", query, **{"frequency": "at_once", **told}))


def edit(reference: str, **changes: Any) -> None:
    update_profile(SYSTEM, reference, Partner.objects.get(reference=reference).revision, changes)


def sweep(writer: Writer) -> None:
    """The index takes in what waits, then the saved searches are looked at."""
    drain(writer)
    alerts_sweep()


def told() -> list[tuple[list[str], list[str]]]:
    """What the events have told: all listings, and those among them that changed."""
    events = Event.objects.filter(type="saved_search.matched").order_by("position")
    return [(event.references["listing"], event.changes["changed"]) for event in events]


def test_a_new_match_is_told_once_by_event_and_by_mail(buyer: Actor, writer: Writer) -> None:
    search = kept(buyer)
    sweep(writer)
    assert (told(), mail.outbox) == ([], [])
    edit("ash", summary="We evaluate vision rehabilitation.")
    sweep(writer)
    sweep(writer)
    assert told() == [([ASH, "wr0~oak~ash"], [])] or told() == [(["wr0~oak~ash", ASH], [])]
    (sent,) = mail.outbox
    assert sent.to == [User.objects.get(reference=buyer.reference).email]
    assert sent.subject == "Calloff: 2 new listings for “Sight”"
    assert f"/listings/{ASH}" in sent.body
    event = Event.objects.get(type="saved_search.matched")
    assert event.references["organisation"] == "shire"
    assert (event.subject, event.changes) == (search.reference, {"changed": []})
    assert not ChangedListing.objects.exists()
    alert = SavedSearchAlert.objects.get()
    assert (alert.status, alert.attempts, sent.extra_headers["Message-ID"]) == ("sent", 1, alert.message_id)


def test_what_it_finds_when_it_is_kept_is_not_told(buyer: Actor, writer: Writer) -> None:
    search = kept(buyer, "framework=wr1", alerts="new_and_changed")
    assert set(search.matches.values_list("listing", flat=True)) == {ASH, ELM, OAK, YEW}
    sweep(writer)
    compare_due()
    assert (told(), mail.outbox) == ([], [])


def test_neither_a_rebuild_nor_a_confirmation_is_told(buyer: Actor, writer: Writer) -> None:
    kept(buyer, "framework=wr1", alerts="new_and_changed")
    sweep(writer)
    rebuild(writer)
    assert SavedSearch.objects.get().compared_on is None
    sweep(writer)
    confirm_profile(SYSTEM, "ash", Partner.objects.get(reference="ash").revision)
    sweep(writer)
    assert (told(), mail.outbox) == ([], [])
    assert SavedSearch.objects.get().compared_on == timezone.localdate()


def test_a_change_of_what_matches_is_told_where_that_was_asked_for_and_once(
    buyer: Actor, writer: Writer
) -> None:
    kept(buyer, "framework=wr1", alerts="new")
    kept(buyer, "framework=wr1", alerts="new_and_changed")
    edit("yew", summary="Something else entirely.")
    sweep(writer)
    sweep(writer)
    assert told() == [([YEW], [YEW])]
    edit("yew", summary="Something else again.")
    sweep(writer)
    assert told() == [([YEW], [YEW]), ([YEW], [YEW])]
    assert [one.subject for one in mail.outbox] == ["Calloff: 1 changed listing for “Sight”"] * 2


def test_who_leaves_and_comes_back_as_told_is_not_told_again(buyer: Actor, writer: Writer) -> None:
    kept(buyer)
    edit("yew", summary="Vision rehabilitation.")
    sweep(writer)
    suspend_partner(SYSTEM, "yew", Partner.objects.get(reference="yew").revision, "Asked to.")
    sweep(writer)
    assert not SavedSearchMatch.objects.get(listing=YEW).matching
    reinstate_partner(SYSTEM, "yew", Partner.objects.get(reference="yew").revision, "It is well.")
    sweep(writer)
    assert told() == [([YEW], [])]
    edit("yew", summary="Nothing of the kind.")
    sweep(writer)
    edit("yew", summary="Rehabilitation after all.")
    sweep(writer)
    assert told() == [([YEW], []), ([YEW], [])]


def test_a_change_that_two_searches_find_is_told_by_each(buyer: Actor, writer: Writer) -> None:
    kept(buyer)
    kept(buyer, "supplier=oak", alerts="new_and_changed")
    publish_rates("oak", "wr1", {"wr1~1~G1": 39_000})
    edit("elm", summary="Vision rehabilitation.")
    sweep(writer)
    assert [changed for _, changed in told()] == [[], [ASH, ELM, OAK]]


def test_nothing_is_told_of_what_is_rolled_back(buyer: Actor, writer: Writer) -> None:
    search = kept(buyer)
    sweep(writer)
    edit("yew", summary="Vision rehabilitation.")
    drain(writer)
    found = alerts.found(alerts.kept_query(search.query, timezone.localdate()), [YEW])
    now = timezone.now()
    try:
        with transaction.atomic():
            assert note_found(open_searches().get(), [YEW], found, now)
            assert SavedSearchAlert.objects.count() == 1
            raise RuntimeError
    except RuntimeError:
        pass
    assert (send_due(), mail.outbox, told()) == (0, [], [])
    assert not SavedSearchAlert.objects.exists()
    alerts_sweep()
    assert (len(mail.outbox), told()) == (1, [([YEW], [])])


def test_an_answer_of_before_never_replaces_a_later_one(buyer: Actor, writer: Writer) -> None:
    search = kept(buyer)
    edit("yew", summary="Vision rehabilitation.")
    sweep(writer)
    assert not note_found(search, [YEW], {}, timezone.now())
    assert SavedSearchMatch.objects.get(listing=YEW).matching


def test_killed_between_record_and_send_it_is_sent_by_the_next_sweep_once(
    buyer: Actor, writer: Writer
) -> None:
    kept(buyer)
    edit("yew", summary="Vision rehabilitation.")
    drain(writer)
    check_changes()
    alert = SavedSearchAlert.objects.get()
    assert (alert.status, mail.outbox) == ("queued", [])
    alerts_sweep()
    alerts_sweep()
    assert [one.extra_headers["Message-ID"] for one in mail.outbox] == [alert.message_id]


class Killed(BaseException):
    """The process is no more."""


def test_killed_while_sending_it_is_sent_again_under_the_same_name_after_the_lease(
    buyer: Actor, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(buyer)
    edit("yew", summary="Vision rehabilitation.")
    drain(writer)
    check_changes()

    def killed(_: EmailMessage) -> int:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(EmailMessage, "send", killed)
        with pytest.raises(Killed):
            send_due()
    assert (send_due(), mail.outbox) == (0, [])
    later = timezone.now() + LEASE + timedelta(seconds=1)
    assert send_due(later) == 1
    assert [one.extra_headers["Message-ID"] for one in mail.outbox] == [
        SavedSearchAlert.objects.get().message_id
    ]
    assert send_due(later + timedelta(days=1)) == 0


def test_a_mail_server_that_refuses_is_asked_again_later_and_in_the_end_no_more(
    buyer: Actor, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(buyer)
    edit("yew", summary="Vision rehabilitation.")
    drain(writer)
    check_changes()

    def refused(_: EmailMessage) -> int:
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr(EmailMessage, "send", refused)
    at = timezone.now()
    rests = []
    while SavedSearchAlert.objects.get().status == "queued":
        assert send_due(at) == 0
        rests.append(SavedSearchAlert.objects.get().not_before - at)
        at += rests[-1]
    assert len(rests) == MOST_ATTEMPTS
    assert rests[:3] == [timedelta(minutes=2), timedelta(minutes=4), timedelta(minutes=8)]
    assert max(rests) == timedelta(hours=6)
    assert SavedSearchAlert.objects.get().status == "failed"


def test_killed_before_the_changes_are_done_with_nothing_is_told_twice(
    buyer: Actor, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(buyer)
    kept(buyer, "q=vision")
    edit("yew", summary="Vision rehabilitation.")
    drain(writer)
    looked = alerts._look

    def killed(search: SavedSearch, among: Any) -> None:
        if search.query == "q=vision":
            raise Killed
        looked(search, among)

    with monkeypatch.context() as patched:
        patched.setattr(alerts, "_look", killed)
        with pytest.raises(Killed):
            check_changes()
    assert told() == [([YEW], [])]
    assert ChangedListing.objects.exists()
    alerts_sweep()
    assert told() == [([YEW], []), ([YEW], [])]
    assert len({event.subject for event in Event.objects.filter(type="saved_search.matched")}) == 2


def test_one_search_that_fails_keeps_no_other_from_being_told(
    buyer: Actor, writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    broken = kept(buyer)
    kept(buyer, "q=vision")
    SavedSearch.objects.filter(pk=broken.pk).update(query="colour=blue")
    edit("yew", summary="Vision rehabilitation.")
    sweep(writer)
    assert told() == [([YEW], [])]


def test_a_listing_that_matches_by_the_clock_alone_is_found_by_the_daily_comparison(
    buyer: Actor, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(buyer, "status=expired", alerts="new")
    sweep(writer)
    compare_due()
    ended = Framework.objects.get(reference="wr1").ends_on + timedelta(days=1)
    monkeypatch.setattr(timezone, "localdate", lambda *_: ended)
    assert compare_due() == 1
    assert compare_due() == 0
    assert told() == [(sorted([ASH, ELM, OAK, YEW]), [])]


def test_nothing_is_compared_as_a_whole_while_a_rebuild_is_awaited(buyer: Actor, writer: Writer) -> None:
    search = kept(buyer)
    SavedSearchMatch.objects.create(saved_search=search, listing=YEW, digest="2-gone")
    asked = request_rebuild()
    sweep(writer)
    assert compare_due() == 0
    assert SavedSearchMatch.objects.get(listing=YEW).matching is True
    rebuild(writer)
    asked.refresh_from_db()
    assert asked.status == asked.Status.SUCCEEDED
    assert compare_due() == 1
    assert SavedSearchMatch.objects.get(listing=YEW).matching is False


def at(day: str, hour: int, minute: int = 0) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02d}:{minute:02d}:00").replace(tzinfo=LONDON)


def test_a_daily_digest_waits_for_seven_on_the_next_working_day(
    buyer: Actor, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Good Friday and Easter Monday of 2027 are 26 and 29 March; summer time begins between them.
    kept(buyer, alerts="new_and_changed", frequency="daily")
    sweep(writer)
    found_at = at("2027-03-25", 7, 1)
    monkeypatch.setattr(timezone, "now", lambda: found_at)
    for summary in ("Vision rehabilitation.", "Rehabilitation and vision."):
        edit("yew", summary=summary)
        drain(writer)
        check_changes()
    assert SavedSearchMatch.objects.get(listing=YEW).pending == "new"
    for moment in (found_at, at("2027-03-26", 8), at("2027-03-29", 12), at("2027-03-30", 6, 59)):
        assert (tell_due(moment), told()) == (0, [])
    assert tell_due(at("2027-03-30", 7)) == 1
    assert tell_due(at("2027-03-30", 7)) == 0
    assert told() == [([YEW], [])]
    assert send_due(datetime(2027, 3, 30, 6, tzinfo=UTC)) == 1
    assert [one.subject for one in mail.outbox] == ["Calloff: 1 new listing for “Sight”"]


def test_what_is_gone_before_the_digest_is_not_in_it(buyer: Actor, writer: Writer) -> None:
    kept(buyer, frequency="daily")
    edit("yew", summary="Vision rehabilitation.")
    sweep(writer)
    edit("yew", summary="Nothing.")
    sweep(writer)
    assert tell_due(timezone.now() + timedelta(days=8)) == 0
    assert told() == []


@pytest.mark.parametrize("how", ["link", "change", "delete", "inactive", "left"])
def test_who_wants_or_may_see_no_more_is_sent_nothing(buyer: Actor, writer: Writer, how: str) -> None:
    search = kept(buyer)
    edit("yew", summary="Vision rehabilitation.")
    drain(writer)
    check_changes()
    if how == "link":
        unsubscribe(search.reference)
    elif how == "change":
        change(buyer, search.reference, 1, {"alerts": "none"})
    elif how == "delete":
        delete_saved_search(buyer, search.reference, 1)
    elif how == "inactive":
        User.objects.update(is_active=False)
    else:
        Membership.objects.filter(user__reference=buyer.reference).delete()
    assert send_due() == 0
    assert SavedSearchAlert.objects.get().status == "dropped"
    edit("ash", summary="Vision rehabilitation.")
    sweep(writer)
    assert mail.outbox == []
    assert len(told()) == (2 if how in ("inactive", "left") else 1)


def test_a_search_that_is_turned_on_again_tells_what_comes_from_then_on(buyer: Actor, writer: Writer) -> None:
    search = kept(buyer, alerts="none")
    edit("yew", summary="Vision rehabilitation.")
    sweep(writer)
    change(buyer, search.reference, 1, {"alerts": "new"})
    sweep(writer)
    assert told() == []
    edit("ash", summary="Vision rehabilitation.")
    sweep(writer)
    assert [sorted(listings) for listings, _ in told()] == [["wr0~oak~ash", ASH]]


def test_another_query_begins_anew(buyer: Actor, writer: Writer) -> None:
    search = kept(buyer)
    change(buyer, search.reference, 1, {"query": "sector=health&framework=WR1"})
    sweep(writer)
    assert SavedSearch.objects.get().query == "framework=wr1&sector=health"
    assert (told(), SavedSearchMatch.objects.filter(matching=True).count()) == ([], 4)


def test_an_integration_is_told_by_events_alone(buyer: Actor, writer: Writer) -> None:
    machine = Actor("app_1", buyer.roles, buyer.capabilities, frozenset({"saved_searches:write"}))
    search = kept(machine)
    assert search.owner is None
    edit("yew", summary="Vision rehabilitation.")
    sweep(writer)
    assert (told(), mail.outbox) == ([([YEW], [])], [])
    assert not SavedSearchAlert.objects.exists()


def test_a_mail_holds_public_facts_of_listings_and_nothing_of_anybody(buyer: Actor, writer: Writer) -> None:
    search = kept(buyer)
    contacts = {"email": "ash.person@example.org", "phone": "020 7946 0999"}
    edit("ash", summary=f"{SECRET_WORD} of sight.", contacts=contacts)
    sweep(writer)
    (sent,) = mail.outbox
    stop = sent.extra_headers["List-Unsubscribe"].strip("<>")
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"
    token = stop.partition("?token=")[2].replace("%3A", ":")
    assert reference_in(token) == search.reference
    address = "http://127.0.0.1:8000"
    assert sent.body == (
        "Your saved search “Sight” has found 2 new listings.\n\nNew\n\n"
        f"Ash Research\nWR0 World wr0, lot 5\nthrough Oak Consortium\n{address}/listings/wr0~oak~ash\n\n"
        f"Ash Research\nWR1 World wr1, lot 1\nthrough Oak Consortium\n{address}/listings/{ASH}\n\n"
        f"Everything that the search finds:\n{address}/search?q=rehabilitation\n\n"
        f"Change what you are told:\n{address}/saved-searches\n\n"
        f"Stop these e-mails:\n{stop}\n"
    )
    event = Event.objects.get(type="saved_search.matched")
    assert "@" not in f"{event.references}{event.changes}"


@pytest.mark.parametrize(
    ("query", "told_of"),
    [
        ("colour=blue", "colour: "),
        ("framework=rm9999", "framework: "),
        ("framework=wr1&grade=G9", "grade: "),
        ("max_rate=400", "grade: "),
        ("q=" + "x" * 9_000, "query: "),
        ("&".join(["q=x"] * 1_500), "query: "),
    ],
)
def test_a_query_that_cannot_be_asked_is_refused(buyer: Actor, query: str, told_of: str) -> None:
    with pytest.raises(Invalid) as refused:
        kept(buyer, query)
    assert {fault.pointer for fault in refused.value.faults} == {"/query"}
    assert refused.value.faults[0].message.startswith(told_of)
    assert not SavedSearch.objects.exists()


def test_a_look_takes_few_queries_whatever_it_finds(
    buyer: Actor, writer: Writer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    kept(buyer, "framework=wr1", alerts="new_and_changed")
    for one in ("ash", "elm", "oak", "yew"):
        edit(one, summary="Vision rehabilitation.")
    drain(writer)
    with django_assert_max_num_queries(32):
        check_changes()
    assert told() == [(sorted([ASH, ELM, OAK, YEW]), sorted([ASH, ELM, OAK, YEW]))]
