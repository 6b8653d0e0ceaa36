"""Tenders until the deadline: every step out of every status, who may take it, what must be in one, what is sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core import serializers

from procurement.actions.call_offs import edit_call_off
from procurement.actions.closing import close_competition
from procurement.actions.due import move_due
from procurement.actions.files import add_tender_file
from procurement.actions.ranking import accept_price, ask_about_price, disqualify, explain_price
from procurement.actions.tenders import (
    confirm_tender,
    decline_tender,
    let_write,
    submit_tender,
    view_tender,
    withdraw_tender,
    write_tender,
)
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Refused, Stale
from procurement.models import Amendment, Competition, Event, Tender, TenderFile, TenderRevision
from procurement.querysets_competitions import CompetitionQuerySet, TenderQuerySet
from procurement.sealing import open_to
from procurement.states import TENDERS
from tests.competed import (
    ANSWERS,
    MARKER,
    Contest,
    at,
    closed,
    past_deadline,
    published,
    submitted,
    team,
    tender_of,
    written,
)
from tests.standing import standing
from tests.world import publish_rates

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def one_for_all(contest_of_module: Contest, module_database: None) -> Iterator[None]:
    with standing(contest_of_module, published):
        yield


STEPS: dict[str, Callable[[Contest, Tender], object]] = {
    "decline": lambda contest, one: decline_tender(contest.market.oak, one.reference, one.revision, "Busy."),
    "let": lambda contest, one: let_write(contest.market.oak, one.reference, one.revision, ["ash"]),
    "draft": lambda contest, one: write_tender(
        contest.market.oak, one.reference, one.revision, {"answers": ANSWERS | {"method": "Otherwise."}}
    ),
    "submit": lambda contest, one: submit_tender(contest.market.oak, one.reference, one.revision),
    "confirm": lambda contest, one: confirm_tender(contest.market.oak, one.reference, one.revision),
    "withdraw": lambda contest, one: withdraw_tender(contest.market.oak, one.reference, one.revision, "No."),
}
"""Those that a tenderer takes before the deadline; the others need it closed, and have tests of their own."""


@pytest.mark.parametrize("status", list(TENDERS.labels))
def test_every_step_out_of_every_status_is_as_the_table_says(contest: Contest, status: str) -> None:
    call_off = published(contest)
    submitted(contest.market.oak, call_off, "oak")
    submitted_once = tender_of(call_off, "oak")
    # One material amendment to confirm, so that confirming is refused by the table alone.
    call_off.competition.material = 1
    call_off.competition.save()
    for name, step in STEPS.items():
        Tender.objects.filter(pk=submitted_once.pk).update(status=status, confirmed=0)
        tender = tender_of(call_off, "oak")
        known = TENDERS.step(name, status)
        if known is None:
            with pytest.raises(Conflict):
                step(contest, tender)
            after = tender_of(call_off, "oak")
            assert (after.status, after.revision) == (status, tender.revision), name
        else:
            step(contest, tender)
            after = tender_of(call_off, "oak")
            assert (after.status, after.revision) == (known.target or status, tender.revision + 1), name
            last = Event.objects.order_by("position").last()
            assert last is not None
            assert (last.type, last.subject) == (known.event, tender.reference)


def test_viewing_is_noted_once_and_of_the_lead_alone(contest: Contest) -> None:
    call_off = published(contest)
    tender = tender_of(call_off, "oak")
    let_write(contest.market.oak, tender.reference, tender.revision, ["ash"])
    assert view_tender(contest.market.ash, tender.reference).status == "invited"
    assert view_tender(contest.market.oak, tender.reference).status == "viewed"
    before = tender_of(call_off, "oak").revision
    view_tender(contest.market.oak, tender.reference)
    assert tender_of(call_off, "oak").revision == before


def test_members_write_where_the_lead_lets_them_and_the_lead_alone_submits(contest: Contest) -> None:
    call_off, market = published(contest), contest.market
    tender = tender_of(call_off, "oak")
    with pytest.raises(NotFound):
        write_tender(market.ash, tender.reference, tender.revision, {"answers": ANSWERS})
    with pytest.raises(Invalid):
        let_write(market.oak, tender.reference, tender.revision, ["yew"])
    tender = let_write(market.oak, tender.reference, tender.revision, ["ash"])
    tender = write_tender(market.ash, tender.reference, tender.revision, {"answers": ANSWERS, "team": team()})
    for refused in (submit_tender, confirm_tender):
        with pytest.raises(NotPermitted):
            refused(market.ash, tender.reference, tender.revision)
    for refused in (withdraw_tender, decline_tender):
        with pytest.raises(NotPermitted):
            refused(market.ash, tender.reference, tender.revision, "Because.")
    receipt = submit_tender(market.oak, tender.reference, tender.revision)
    assert (receipt.number, receipt.work_minor, receipt.compared_minor) == (1, 625_000, 635_000)


def test_a_tender_is_nobody_elses_before_the_deadline(contest: Contest) -> None:
    call_off, market = published(contest), contest.market
    receipt = submitted(market.oak, call_off, "oak")
    tender = tender_of(call_off, "oak")
    others = (market.buyer, market.approver, market.stranger, market.yew, market.ash, contest.first)
    for other in others:
        assert not TenderQuerySet(Tender).seen_by(other).filter(pk=tender.pk).exists()
        assert open_to(other, tender) == open_to(market.stranger, tender)
        for step in (submit_tender, confirm_tender):
            with pytest.raises(NotFound):
                step(other, tender.reference, tender.revision)
    assert TenderQuerySet(Tender).seen_by(market.oak).get() == tender
    assert open_to(market.oak, tender).price
    event = Event.objects.get(type="tender.submitted")
    assert "organisation" not in event.references
    assert event.changes == {
        "receipt": receipt.reference,
        "number": 1,
        "digest": receipt.digest,
        "at": receipt.submitted_at.isoformat(),
    }


def test_the_buyer_learns_how_many_are_invited_and_have_declined_and_no_more(contest: Contest) -> None:
    call_off, market = published(contest), contest.market
    submitted(market.oak, call_off, "oak")
    yew = tender_of(call_off, "yew")
    decline_tender(market.yew, yew.reference, yew.revision, "Busy.")
    seen = CompetitionQuerySet(Competition).seen_by(market.buyer).told().counted().get()
    assert (vars(seen)["invited_count"], vars(seen)["declined_count"]) == (2, 1)
    assert not CompetitionQuerySet(Competition).seen_by(market.stranger).exists()


def test_what_is_written_stands_in_the_tenders_own_tables_alone(contest: Contest) -> None:
    call_off, market = published(contest), contest.market
    people = [{**one, "people": MARKER} for one in team("391.11", "893.33")]
    tender = written(
        market.oak,
        call_off,
        "oak",
        answers={"method": MARKER, "social": MARKER},
        team=people,
        options=["487.77"],
    )
    add_tender_file(
        market.oak, tender.reference, tender.revision, f"{MARKER}.txt", "price", [MARKER.encode()]
    )
    tender.refresh_from_db()
    receipt = submit_tender(market.oak, tender.reference, tender.revision)
    tender.refresh_from_db()
    withdraw_tender(market.oak, tender.reference, tender.revision, f"{MARKER} is why")
    own = {Tender, TenderRevision, TenderFile}
    secrets = (MARKER, "391.11", "893.33", "487.77", str(receipt.work_minor), str(receipt.compared_minor))
    looked = 0
    for model in apps.get_models(include_auto_created=True):
        if model in own or model._meta.proxy:
            continue
        for row in serializers.serialize("jsonl", model._base_manager.all()).splitlines():
            looked += 1
            assert not [one for one in secrets if one in row], model.__name__
    assert looked > 100
    for row in own:
        assert MARKER in serializers.serialize("json", row._base_manager.all())


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"team": team("400.01")}, [("/team/0/rate", "above_ceiling")]),
        ({"team": team()[:1]}, [("/team", "required")]),
        ({"team": [{**team()[0], "days": "9"}, team()[1]]}, [("/team/0/days", "other_days")]),
        (
            {"team": [*team(), {"grade": "G9", "days": "1", "rate": "1"}]},
            [("/team/2/grade", "not_asked"), ("/team/2/grade", "no_rate")],
        ),
        ({"price": "10.00"}, [("/price", "priced_by_team")]),
        ({"expenses": "100.01"}, [("/expenses", "above_maximum")]),
        ({"options": ["500.01"]}, [("/options/0", "above_maximum")]),
        ({"options": ["1.00", "1.00"]}, [("/options", "count")]),
        ({"answers": {"method": "x"}}, [("/answers/social", "required")]),
        ({"answers": ANSWERS | {"method": "x " * 1_001}}, [("/answers/method", "too_long")]),
        ({"answers": ANSWERS | {"colour": "x"}}, [("/answers/colour", "unknown_field")]),
        ({"team": team("0.00", "0.00")}, [("/team", "price")]),
    ],
)
def test_an_incomplete_tender_is_kept_as_a_draft_and_not_submitted(
    contest: Contest, changes: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    call_off = published(contest)
    tender = written(contest.market.oak, call_off, "oak", **changes)
    with pytest.raises(Invalid) as refusal:
        submit_tender(contest.market.oak, tender.reference, tender.revision)
    assert [(one.pointer, one.code) for one in refusal.value.faults] == faults
    assert (tender_of(call_off, "oak").status, TenderRevision.objects.count()) == ("draft", 0)


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"colour": 1}, "/colour", "unknown_field"),
        ({"team": [{"grade": "G1", "days": "0", "rate": "1"}]}, "/team/0/days", "shape"),
        ({"team": [team()[0], team()[0]]}, "/team/1/grade", "twice"),
        ({"price": 10}, "/price", "type"),
        ({"price": "0"}, "/price", "range"),
        ({"answers": []}, "/answers", "type"),
        ({"options": ["-1"]}, "/options/0", "shape"),
        ({"options": ["١٢"]}, "/options/0", "shape"),
        ({"team": [{"grade": "G1", "days": "٢", "rate": "1"}]}, "/team/0/days", "shape"),
    ],
)
def test_what_is_malformed_is_not_even_kept(
    contest: Contest, changes: dict[str, Any], pointer: str, code: str
) -> None:
    tender = tender_of(published(contest), "oak")
    with pytest.raises(Invalid) as refusal:
        write_tender(contest.market.oak, tender.reference, tender.revision, changes)
    assert [(one.pointer, one.code) for one in refusal.value.faults] == [(pointer, code)]
    after = Tender.objects.get(pk=tender.pk)
    assert (after.status, after.draft) == ("invited", {})


def test_the_card_in_force_at_publishing_stays_the_ceiling(contest: Contest) -> None:
    call_off = published(contest)
    # Whatever is published since, up or down, bounds nothing here.
    publish_rates("oak", "wr1", {"wr1~1~G1": 60_000, "wr1~1~G2": 65_050, "wr1~1~G3": 95_000})
    tender = written(contest.market.oak, call_off, "oak", team=team("400.01", "900.00"))
    with pytest.raises(Invalid):
        submit_tender(contest.market.oak, tender.reference, tender.revision)
    assert submitted(contest.market.oak, call_off, "oak").work_minor == 625_000


def test_the_last_submission_before_the_deadline_counts_and_each_is_kept(contest: Contest) -> None:
    call_off, market = published(contest), contest.market
    first = submitted(market.oak, call_off, "oak")
    tender = written(market.oak, call_off, "oak", team=team("300.00", "900.00"))
    assert (tender.status, tender.current) == ("submitted", first)
    second = submit_tender(market.oak, tender.reference, tender.revision)
    assert (second.number, second.work_minor) == (2, 525_000)
    assert second.digest != first.digest
    assert tender_of(call_off, "oak").current == second


def test_a_stale_revision_is_refused(contest: Contest) -> None:
    tender = written(contest.market.oak, published(contest), "oak")
    for step in (STEPS["submit"], STEPS["draft"], STEPS["let"], STEPS["decline"], STEPS["withdraw"]):
        tender.revision -= 1
        with pytest.raises(Stale):
            step(contest, tender)
        tender.revision += 1


def test_the_last_moment_counts_and_the_deadline_itself_does_not(contest: Contest) -> None:
    call_off, market = published(contest), contest.market
    deadline = past_deadline(call_off)
    oak, yew = (
        written(market.oak, call_off, "oak"),
        written(market.yew, call_off, "yew", team=team("500.00", "900.00")),
    )
    with at(deadline - timedelta(milliseconds=1)):
        submit_tender(market.oak, oak.reference, oak.revision)
    with at(deadline), pytest.raises(Conflict, match="deadline has passed"):
        submit_tender(market.yew, yew.reference, yew.revision)
    with at(deadline):
        move_due()
    assert tender_of(call_off, "yew").status == "draft"
    call_off.refresh_from_db()
    assert call_off.status == "closed"
    assert Event.objects.get(type="call_off.closed").changes == {"tenders": 1}


def test_nothing_of_a_tender_moves_once_it_is_past_its_deadline_whether_swept_or_not(
    contest: Contest,
) -> None:
    call_off = published(contest)
    submitted(contest.market.oak, call_off, "oak")
    tender = tender_of(call_off, "oak")
    for swept in (False, True):
        with at(past_deadline(call_off)):
            if swept:
                close_competition(call_off.reference, past_deadline(call_off))
            for name, step in STEPS.items():
                with pytest.raises(Refused):
                    step(contest, tender)
                assert tender_of(call_off, "oak").revision == tender.revision, name


def test_after_the_deadline_the_buyer_sees_what_was_submitted_and_no_price_until_all_is_agreed(
    contest: Contest,
) -> None:
    call_off, buyer = closed(contest), contest.market.buyer
    tender = tender_of(call_off, "oak")
    assert TenderQuerySet(Tender).seen_by(buyer).count() == 2
    assert not open_to(buyer, tender).answers
    with pytest.raises(Conflict):
        disqualify(buyer, tender.reference, tender.revision, "not_compliant", "Late.")
    for step in (ask_about_price, explain_price, accept_price):
        with pytest.raises(Refused):
            step(buyer, tender.reference, "Why?")
    with pytest.raises(Conflict):
        edit_call_off(buyer, call_off.reference, call_off.revision, {"title": "Another"})


def test_a_material_amendment_is_confirmed_or_the_tender_takes_part_no_longer(contest: Contest) -> None:
    call_off, market = published(contest), contest.market
    submitted(market.oak, call_off, "oak")
    submitted(market.yew, call_off, "yew", team=team("500.00", "900.00"))
    Amendment.objects.create(
        competition=call_off.competition,
        number=1,
        material=True,
        difference=[],
        reason="x",
        actor="usr_1",
        at=past_deadline(call_off),
    )
    call_off.competition.material = 1
    call_off.competition.save()
    oak = tender_of(call_off, "oak")
    oak = confirm_tender(market.oak, oak.reference, oak.revision)
    with pytest.raises(Conflict):
        confirm_tender(market.oak, oak.reference, oak.revision)
    with at(past_deadline(call_off)):
        move_due()
    yew = tender_of(call_off, "yew")
    assert (tender_of(call_off, "oak").status, yew.status, yew.ground) == (
        "submitted",
        "disqualified",
        "not_confirmed",
    )
    assert Event.objects.get(type="call_off.closed").changes == {"tenders": 1}
