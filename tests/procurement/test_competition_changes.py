"""What happens to a competition while it is out: interest, questions, later moments, amendments, documents."""

from __future__ import annotations

import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from procurement.actions.awards import cancel_call_off
from procurement.actions.clarifications import answer_clarification, ask_clarification
from procurement.actions.competition_changes import amend_competition, extend_competition
from procurement.actions.due import move_due
from procurement.actions.files import (
    LARGEST,
    TYPES,
    add_document,
    add_tender_file,
    opened,
    remove_document,
    remove_tender_file,
)
from procurement.actions.interest import express_interest
from procurement.actions.publishing import publish_competition
from procurement.actions.requirements import revise_requirement
from procurement.actions.standing import move_appointment
from procurement.actions.tenders import confirm_tender, submit_tender
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted
from procurement.models import (
    Amendment,
    CallOff,
    Clarification,
    CompetitionDocument,
    Event,
    Invitation,
    RuledOut,
    TenderFile,
)
from procurement.permissions import SYSTEM
from procurement.querysets_competitions import ClarificationQuerySet
from tests.competed import (
    Contest,
    after,
    at,
    past_deadline,
    planned,
    published,
    submitted,
    tender_of,
    told,
    written,
)
from tests.standing import standing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def one_for_all(contest_of_module: Contest, module_database: None) -> Iterator[None]:
    with standing(contest_of_module, published):
        yield


ASKED_FIRST = {"interest_until": after(days=3)}
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def invitation_of(call_off: CallOff, supplier: str) -> Invitation:
    return Invitation.objects.get(
        competition__call_off=call_off, asked__appointment__supplier__reference=supplier
    )


OAK_AND_YEW = {"inbox": {"oak", "yew"}, "email": {"editor@oak.example.org", "editor@yew.example.org"}}


def again(call_off: CallOff) -> CallOff:
    """As it now is."""
    return CallOff.objects.get(pk=call_off.pk)


def test_interest_is_asked_of_all_first_and_those_that_say_yes_are_invited(contest: Contest) -> None:
    call_off, market = published(contest, plan=ASKED_FIRST), contest.market
    invitations, tenders = call_off.competition.invitations, call_off.competition.tenders
    assert (tenders.count(), {one.interest for one in invitations.all()}) == (0, {"asked"})
    oak, yew = invitation_of(call_off, "oak"), invitation_of(call_off, "yew")
    for actor, error in ((market.buyer, NotPermitted), (market.yew, NotFound), (market.stranger, NotFound)):
        with pytest.raises(error):
            express_interest(actor, oak.reference, interested=True)
    with pytest.raises(Invalid):
        express_interest(market.oak, oak.reference, "yes")
    express_interest(market.oak, oak.reference, interested=False)
    express_interest(market.oak, oak.reference, interested=True)
    express_interest(market.yew, yew.reference, interested=False)
    until = call_off.competition.interest_until
    assert until is not None
    with at(until):
        with pytest.raises(Conflict):
            express_interest(market.yew, yew.reference, interested=True)
        assert move_due()["interest_ended"] == 1
        assert move_due()["interest_ended"] == 0
    assert [one.invitation_id for one in tenders.all()] == [oak.pk]
    out = RuledOut.objects.get()
    assert (out.appointment.supplier.reference, out.rule, out.found) == (
        "yew",
        "no_interest",
        [{"answer": "no"}],
    )
    assert Event.objects.get(type="call_off.interest_ended").changes == {"invited": 1, "not_invited": 1}


def test_whoever_is_asked_for_interest_is_told_of_more_time_of_answers_and_of_the_end(
    contest: Contest,
) -> None:
    call_off, market = published(contest, plan=ASKED_FIRST), contest.market
    oak = invitation_of(call_off, "oak")
    made = ask_clarification(market.oak, oak.reference, "Where is it done?")
    answer_clarification(market.buyer, made.reference, "On site.")
    extend_competition(
        market.buyer,
        call_off.reference,
        again(call_off).revision,
        {"interest_until": after(days=4)},
        "More time.",
    )
    cancel_call_off(market.buyer, call_off.reference, again(call_off).revision, "The need has gone.")
    assert (
        told("clarification.answered")
        == told("call_off.extended")
        == told("call_off.cancelled")
        == OAK_AND_YEW
    )


def test_whoever_said_no_is_told_of_a_competition_no_more(contest: Contest) -> None:
    call_off, market = published(contest, plan=ASKED_FIRST), contest.market
    express_interest(market.oak, invitation_of(call_off, "oak").reference, interested=True)
    express_interest(market.yew, invitation_of(call_off, "yew").reference, interested=False)
    until = call_off.competition.interest_until
    assert until is not None
    with at(until):
        move_due()
    cancel_call_off(market.buyer, call_off.reference, again(call_off).revision, "The need has gone.")
    assert told("call_off.cancelled") == {"inbox": {"oak"}, "email": {"editor@oak.example.org"}}
    (event,) = Event.objects.filter(type="call_off.cancelled")
    assert {one.organisation.reference for one in event.audience.all()} == {"shire", "oak"}


def test_without_any_interest_the_call_off_is_unsuccessful(contest: Contest) -> None:
    call_off = published(contest, plan=ASKED_FIRST)
    with at(past_deadline(call_off) + timedelta(days=1)):
        # After an outage both moments have passed; the one that is closed is that of all tests.
        moved = {name: count for name, count in move_due().items() if count}
    assert moved == {"interest_ended": 1, "competitions_closed": 1}
    call_off.refresh_from_db()
    assert (call_off.status, call_off.ended_reason) == ("unsuccessful", "No supplier expressed interest.")


def test_who_lost_its_place_meanwhile_is_not_invited(contest: Contest) -> None:
    call_off = published(contest, plan=ASKED_FIRST)
    oak = invitation_of(call_off, "oak")
    express_interest(contest.market.oak, oak.reference, interested=True)
    move_appointment(SYSTEM, oak.asked.appointment.reference, None, "suspend", "x")
    until = call_off.competition.interest_until
    assert until is not None
    with at(until):
        move_due()
    assert sorted(RuledOut.objects.values_list("rule", flat=True)) == ["no_interest", "not_appointed"]
    assert again(call_off).status == "unsuccessful"


def test_a_question_is_answered_to_all_at_once_and_its_asker_stays_hidden(contest: Contest) -> None:
    call_off, market = published(contest), contest.market
    oak = invitation_of(call_off, "oak")
    asked = ask_clarification(market.oak, oak.reference, "May Oak bring its own tools?")
    event = Event.objects.get(type="clarification.asked")
    assert (event.actor, event.references) == (
        "system",
        {"organisation": "shire", "call_off": call_off.reference},
    )
    assert ClarificationQuerySet(Clarification).seen_by(market.buyer).get() == asked
    assert not ClarificationQuerySet(Clarification).seen_by(market.yew).exists()
    for actor, error in ((market.oak, NotFound), (market.yew, NotFound), (contest.first, NotPermitted)):
        with pytest.raises(error):
            answer_clarification(actor, asked.reference, "Yes.")
    told = answer_clarification(market.buyer, asked.reference, "Yes.", "May one bring one's own tools?")
    seen = ClarificationQuerySet(Clarification).seen_by(market.yew).get()
    assert (seen.told, seen.answer, told.number) == ("May one bring one's own tools?", "Yes.", 1)
    with pytest.raises(Conflict):
        answer_clarification(market.buyer, asked.reference, "No.")
    assert not ClarificationQuerySet(Clarification).seen_by(market.stranger).exists()


def test_questions_end_and_are_asked_by_those_that_are_invited(contest: Contest) -> None:
    call_off, market = published(contest), contest.market
    oak = invitation_of(call_off, "oak")
    for actor, error in ((market.yew, NotFound), (market.buyer, NotPermitted), (market.ash, NotFound)):
        with pytest.raises(error):
            ask_clarification(actor, oak.reference, "What?")
    with pytest.raises(Invalid):
        ask_clarification(market.oak, oak.reference, " ")
    ends = call_off.competition.clarify_until
    assert ends is not None
    with at(ends), pytest.raises(Conflict):
        ask_clarification(market.oak, oak.reference, "What?")
    assert Clarification.objects.count() == 0


def test_moments_move_later_and_never_earlier(contest: Contest) -> None:
    call_off, buyer = published(contest), contest.market.buyer
    before = past_deadline(call_off)
    later = (before + timedelta(days=2)).isoformat()
    for changes, code in (
        ({"deadline": (before - timedelta(seconds=1)).isoformat()}, "earlier"),
        ({"deadline": None}, "earlier"),
        ({"interest_until": after(days=1)}, "earlier"),
        ({"clarify_until": after(days=15)}, "order"),
        ({"deadline": "soon"}, "shape"),
        ({"deadline": "9999-12-31T23:59:59Z"}, "too_far"),
        ({"colour": 1}, "unknown_field"),
    ):
        with pytest.raises(Invalid) as refusal:
            extend_competition(buyer, call_off.reference, call_off.revision, changes, "Holidays.")
        assert code in {one.code for one in refusal.value.faults}
    with pytest.raises(Invalid):
        extend_competition(buyer, call_off.reference, call_off.revision, {"deadline": later}, "")
    with pytest.raises(NotPermitted):
        extend_competition(contest.first, call_off.reference, call_off.revision, {"deadline": later}, "x")
    with pytest.raises(Conflict):
        extend_competition(
            buyer, call_off.reference, call_off.revision, {"deadline": before.isoformat()}, "x"
        )
    call_off.competition.refresh_from_db()
    assert past_deadline(call_off) == before
    made = extend_competition(buyer, call_off.reference, call_off.revision, {"deadline": later}, "Holidays.")
    assert made.deadline == before + timedelta(days=2)
    with at(before):
        assert move_due()["competitions_closed"] == 0
    event = Event.objects.get(type="call_off.extended")
    assert event.changes["reason"] == "Holidays."
    assert list(event.changes["moments"]) == ["deadline"]
    with at(before + timedelta(days=2)), pytest.raises(Conflict, match="deadline has passed"):
        extend_competition(
            buyer, call_off.reference, call_off.revision + 1, {"deadline": after(days=90)}, "x"
        )


def test_an_amendment_tells_all_what_differs_and_asks_for_a_word(contest: Contest) -> None:
    call_off, market = published(contest), contest.market
    submitted(market.oak, call_off, "oak")
    requirement = call_off.requirement.requirement
    with pytest.raises(Conflict, match="Nothing differs"):
        amend_competition(market.buyer, call_off.reference, call_off.revision, "Nothing.", material=True)
    revise_requirement(market.buyer, requirement.reference, requirement.revision, {"text": "Evaluate two."})
    made = amend_competition(
        market.buyer, call_off.reference, call_off.revision, "There are two.", material=True
    )
    assert (made.number, made.material, made.difference) == (
        1,
        True,
        [{"pointer": "/requirement/text", "before": "Evaluate a service.", "after": "Evaluate two."}],
    )
    event = Event.objects.get(type="call_off.amended")
    assert event.changes["fields"] == ["/requirement/text"]
    assert "two" not in str(event.changes)
    tender = tender_of(call_off, "oak")
    assert confirm_tender(market.oak, tender.reference, tender.revision).confirmed == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"months": 18},
        {"team": [{"grade": "G1", "days": "20"}]},
        {"budget": {"amount": "9000.00", "currency": "GBP"}},
        {"starts_on": (timezone.localdate() + timedelta(days=60)).isoformat()},
    ],
    ids=["months", "team", "budget", "starts_on"],
)
def test_what_tenders_are_priced_by_is_not_said_to_be_immaterial(
    contest: Contest, changes: dict[str, Any]
) -> None:
    call_off, buyer = published(contest), contest.market.buyer
    requirement = call_off.requirement.requirement
    revise_requirement(
        buyer, requirement.reference, requirement.revision, changes | {"text": "Evaluate two."}
    )
    later = add_document(buyer, call_off.reference, "More.txt", [b"More."])
    before, events = again(call_off), Event.objects.count()
    with pytest.raises(Invalid) as refusal:
        amend_competition(buyer, call_off.reference, before.revision, "More.", material=False)
    assert {(one.pointer, one.code) for one in refusal.value.faults} == {("/material", "material")}
    after = again(call_off)
    assert (after.requirement_id, after.revision) == (call_off.requirement_id, before.revision)
    assert CompetitionDocument.objects.get(pk=later.pk).told_at is None
    assert (Amendment.objects.count(), Event.objects.count()) == (0, events)
    assert amend_competition(buyer, call_off.reference, before.revision, "More.", material=True).material


def test_other_words_alone_may_be_immaterial(contest: Contest) -> None:
    call_off, market = published(contest), contest.market
    submitted(market.oak, call_off, "oak")
    requirement = call_off.requirement.requirement
    revise_requirement(market.buyer, requirement.reference, requirement.revision, {"text": "Evaluate it."})
    made = amend_competition(market.buyer, call_off.reference, call_off.revision, "Clearer.", material=False)
    assert (made.material, tender_of(call_off, "oak").competition.material) == (False, 0)


def test_what_was_submitted_is_not_confirmed_where_it_no_longer_answers(contest: Contest) -> None:
    call_off, market = published(contest), contest.market
    submitted(market.oak, call_off, "oak")
    requirement = call_off.requirement.requirement
    longer = [{"grade": "G1", "days": "20"}, {"grade": "G3", "days": "2.5"}]
    revise_requirement(market.buyer, requirement.reference, requirement.revision, {"team": longer})
    amend_competition(market.buyer, call_off.reference, call_off.revision, "More days.", material=True)
    tender = tender_of(call_off, "oak")
    with pytest.raises(Invalid) as refusal:
        confirm_tender(market.oak, tender.reference, tender.revision)
    assert [one.code for one in refusal.value.faults] == ["other_days"]
    anew = [{"grade": "G1", "days": "20", "rate": "390.00"}, {"grade": "G3", "days": "2.5", "rate": "900.00"}]
    again = submitted(market.oak, call_off, "oak", team=anew)
    assert (again.number, tender_of(call_off, "oak").confirmed) == (2, 1)


def test_an_amendment_neither_changes_who_is_invited_nor_comes_too_late(contest: Contest) -> None:
    call_off, buyer = published(contest), contest.market.buyer
    requirement = call_off.requirement.requirement
    asked = {"regions": ["TLC"], "must_have": {"regions": ["TLC"]}}
    revise_requirement(buyer, requirement.reference, requirement.revision, asked)
    with pytest.raises(Invalid) as refusal:
        amend_competition(buyer, call_off.reference, call_off.revision, "x", material=False)
    assert {one.code for one in refusal.value.faults} == {"invites_others"}
    back = {"regions": [], "must_have": {}, "text": "Evaluate two."}
    revise_requirement(buyer, requirement.reference, requirement.revision + 1, back)
    with at(past_deadline(call_off) - timedelta(hours=1)):
        with pytest.raises(Invalid) as refusal:
            amend_competition(buyer, call_off.reference, call_off.revision, "x", material=True)
        assert [one.code for one in refusal.value.faults] == ["too_soon"]
        later = (past_deadline(call_off) + timedelta(days=7)).isoformat()
        made = amend_competition(
            buyer, call_off.reference, call_off.revision, "x", material=True, deadline=later
        )
    assert [one["pointer"] for one in made.difference] == ["/requirement/text", "/deadline"]


def test_documents_go_with_publishing_and_later_ones_with_an_amendment(contest: Contest) -> None:
    call_off, market = planned(contest), contest.market
    first = add_document(market.buyer, call_off.reference, "Brief.pdf", [PDF[:9], PDF[9:]])
    assert (first.media_type, first.size, first.told_at) == ("application/pdf", len(PDF), None)
    assert default_storage.exists(first.stored_as)
    assert "Brief" not in first.stored_as
    with pytest.raises(NotFound):
        opened(market.oak, first.reference)
    publish_competition(market.buyer, call_off.reference, call_off.revision)
    call_off.refresh_from_db()
    found, file = opened(market.oak, first.reference)
    with file:
        assert (found.name, file.read()) == ("Brief.pdf", PDF)
    assert first.digest in call_off.competition.document
    with pytest.raises(Conflict):
        remove_document(market.buyer, call_off.reference, first.reference)
    later = add_document(market.buyer, call_off.reference, "More.txt", [b"More."])
    wrong = add_document(market.buyer, call_off.reference, "Wrong.txt", [b"Wrong."])
    remove_document(market.buyer, call_off.reference, wrong.reference)
    with pytest.raises(NotFound):
        opened(market.oak, later.reference)
    made = amend_competition(market.buyer, call_off.reference, call_off.revision, "More.", material=False)
    assert [one["after"]["name"] for one in made.difference] == ["More.txt"]
    opened(market.oak, later.reference)[1].close()
    with pytest.raises(NotFound):
        opened(market.stranger, later.reference)
    for actor, error in ((market.oak, NotFound), (contest.first, NotPermitted)):
        with pytest.raises(error):
            add_document(actor, call_off.reference, "Mine.txt", [b"x"])


@pytest.mark.parametrize(
    ("name", "content", "pointer", "code"),
    [
        ("a.exe", b"MZ", "/name", "ending"),
        ("a", b"x", "/name", "ending"),
        ("", b"x", "/name", "required"),
        ("a.pdf", b"plain", "/file", "other_type"),
        ("a.docx", PDF, "/file", "other_type"),
        ("a.txt", b"\x00\x01", "/file", "other_type"),
        ("a.txt", b"\xff\xfe\xfa", "/file", "other_type"),
        ("a.txt", b"", "/file", "required"),
        ("a.txt", b"x" * (LARGEST + 1), "/file", "too_long"),
    ],
)
def test_a_file_is_what_its_name_says_and_not_too_large(
    contest: Contest, name: str, content: bytes, pointer: str, code: str
) -> None:
    call_off = planned(contest)
    with pytest.raises(Invalid) as refusal:
        add_document(contest.market.buyer, call_off.reference, name, [content])
    assert (pointer, code) in {(one.pointer, one.code) for one in refusal.value.faults}
    assert CompetitionDocument.objects.count() == 0


def test_a_packed_file_is_never_unpacked_further_than_is_compared(contest: Contest) -> None:
    """Forty megabytes of one letter are forty kilobytes packed: whoever uploads them takes no memory of the process."""
    call_off = planned(contest)
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", TYPES[".odt"] + "x" * 40_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(Invalid) as refusal:
            add_document(contest.market.buyer, call_off.reference, "a.odt", [packed.getvalue()])
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert [(one.pointer, one.code) for one in refusal.value.faults] == [("/file", "other_type")]
    assert CompetitionDocument.objects.count() == 0


def test_an_open_document_is_taken(contest: Contest) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr("mimetype", TYPES[".odt"])
    made = add_document(contest.market.buyer, planned(contest).reference, "a.odt", [packed.getvalue()])
    assert made.media_type == TYPES[".odt"]


def test_a_name_from_outside_leads_nowhere_and_what_is_refused_leaves_no_bytes(contest: Contest) -> None:
    call_off, market = planned(contest), contest.market
    made = add_document(market.buyer, call_off.reference, "../../etc/passwd.txt", [b"x"])
    assert made.name == "_.._etc_passwd.txt"
    kept = set(default_storage.listdir("files")[1])
    with pytest.raises(NotFound):
        add_document(market.stranger, call_off.reference, "a.txt", [b"x"])
    assert set(default_storage.listdir("files")[1]) == kept


def test_files_of_a_tender_are_sealed_and_those_of_the_price_longest(contest: Contest) -> None:
    call_off, market = published(contest), contest.market
    tender = written(market.oak, call_off, "oak")
    made: dict[str, Any] = {}
    for part in ("quality", "price"):
        made[part] = add_tender_file(
            market.oak, tender.reference, tender.revision, f"{part}.txt", part, [part.encode()]
        )
        tender.refresh_from_db()
    dropped = add_tender_file(market.oak, tender.reference, tender.revision, "x.txt", "quality", [b"x"])
    tender.refresh_from_db()
    remove_tender_file(market.oak, tender.reference, tender.revision, dropped.reference)
    tender.refresh_from_db()
    submit_tender(market.oak, tender.reference, tender.revision)
    for actor in (market.buyer, market.yew, market.stranger, market.ash):
        for file in TenderFile.objects.all():
            with pytest.raises(NotFound):
                opened(actor, file.reference)
    opened(market.oak, made["price"].reference)[1].close()
    with at(past_deadline(call_off)), pytest.raises(Conflict):
        add_tender_file(market.oak, tender.reference, tender.revision + 1, "y.txt", "quality", [b"y"])


def test_the_buyer_fetches_what_was_submitted_once_it_is_opened(contest: Contest) -> None:
    call_off = published(contest)
    tender = written(contest.market.oak, call_off, "oak")
    file = add_tender_file(contest.market.oak, tender.reference, tender.revision, "q.txt", "quality", [b"q"])
    price = add_tender_file(
        contest.market.oak, tender.reference, tender.revision + 1, "p.txt", "price", [b"p"]
    )
    tender.refresh_from_db()
    submit_tender(contest.market.oak, tender.reference, tender.revision)
    with at(past_deadline(call_off)):
        move_due()
    with pytest.raises(NotFound):
        opened(contest.market.buyer, file.reference)
    competition = call_off.competition
    competition.refresh_from_db()
    competition.opened_at = timezone.now()
    competition.save()
    opened(contest.market.buyer, file.reference)[1].close()
    with pytest.raises(NotFound):
        opened(contest.market.buyer, price.reference)
