"""A rate card is proposed by its supplier's lead and decided on by the framework's owner, from draft to the day from
which it is in force; every refusal; and that until then nothing that reads cards finds it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from openpyxl import Workbook

from procurement.actions.rate_proposals import (
    RateProposalDraft,
    approve_rate_proposal,
    compared,
    draft_rate_proposal,
    edit_rate_proposal,
    read_rates_file,
    refuse_rate_proposal,
    submit_rate_proposal,
    withdraw_rate_proposal,
)
from procurement.errors import Conflict, Invalid, NotFound, NotPermitted, Refused, Stale
from procurement.listing_facts import facts_of
from procurement.models import (
    Appointment,
    Capability,
    Event,
    Framework,
    Membership,
    Organisation,
    Partner,
    RateCard,
    RateCardVersion,
    RateLine,
    RateProposal,
    User,
)
from procurement.permissions import Actor, person
from procurement.querysets import RateCardQuerySet
from procurement.querysets_rate_proposals import RateProposalQuerySet
from procurement.states import RATE_PROPOSALS
from search.rate_documents import rate_documents
from tests.bought import Market
from tests.world import editor_of, publish_rates

pytestmark = pytest.mark.django_db

DRAFT = RateProposalDraft("oak", "wr1")
G1, G2, G3 = "wr1~1~G1", "wr1~1~G2", "wr1~1~G3"
LOWERED = [
    {"key": G1, "lot": "wr1~1", "grade": "G1", "amount": "380.00"},
    {"key": G2, "lot": "wr1~1", "grade": "G2", "amount": "650.50"},
    {"key": G3, "lot": "wr1~1", "grade": "G3", "amount": "900.00"},
]


def in_days(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


STEPS: dict[str, Callable[[Actor, str, int], RateProposal]] = {
    "edit": lambda actor, known, revision: edit_rate_proposal(actor, known, revision, {"note": "New."}),
    "submit": submit_rate_proposal,
    "approve": approve_rate_proposal,
    "refuse": lambda actor, known, revision: refuse_rate_proposal(actor, known, revision, "Too much."),
    "withdraw": withdraw_rate_proposal,
}
WAY = {"draft": (), "submitted": ("submit",), "approved": ("submit", "approve"), "refused": ("submit", "refuse"),
       "withdrawn": ("submit", "withdraw")}  # fmt: skip


@pytest.fixture
def owner(market: Market) -> Actor:
    return editor_of("owner")


def takers(market: Market, owner: Actor) -> dict[str, Actor]:
    return {
        "edit": market.oak,
        "submit": market.oak,
        "approve": owner,
        "refuse": owner,
        "withdraw": market.oak,
    }


def begun(actor: Actor, lines: object = LOWERED, days: int = 30, **changes: Any) -> RateProposal:
    said = {"valid_from": in_days(days).isoformat(), "lines": lines} | changes
    return draft_rate_proposal(actor, RateProposalDraft("oak", "wr1", **said))


def brought(market: Market, owner: Actor, status: str, **changes: Any) -> RateProposal:
    """A proposal that has come to this status."""
    proposal, who = begun(market.oak, **changes), takers(market, owner)
    for name in WAY[status]:
        proposal = STEPS[name](who[name], proposal.reference, proposal.revision)
    return proposal


def state() -> tuple[Any, ...]:
    return (
        list(RateProposal.objects.order_by("pk").values_list("reference", "status", "revision", "lines")),
        RateCardVersion.objects.count(),
        RateLine.objects.count(),
        Event.objects.count(),
    )


def refused(kind: type[Refused], act: Callable[[], object]) -> list[tuple[str, str]]:
    before = state()
    with pytest.raises(kind) as refusal:
        act()
    assert state() == before
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]


def prices(on: date) -> dict[str, int]:
    """What searches of listings and prices take from the card of oak on that day: grade to pence."""
    (facts,) = facts_of(["wr1~oak~oak"], on).values()
    (card,) = facts.cards
    return dict(RateLine.objects.filter(version=card).values_list("grade__code", "price_minor"))


def explored() -> list[tuple[str, int, str | None, str | None]]:
    """The lines of oak's card as the rate explorer's index gets them."""
    card = RateCard.objects.get(reference="wr1~oak")
    (document,) = rate_documents([card.pk], 1)
    return [
        (one["grade"], one["price_minor"], one["valid_from"], one["valid_to"]) for one in document["lines"]
    ]


def test_a_lowered_card_is_in_force_from_its_day_and_the_one_before_until_then(
    market: Market, owner: Actor
) -> None:
    proposal = brought(market, owner, "approved")
    first, today = in_days(30), timezone.localdate()
    assert (proposal.status, proposal.compared and proposal.compared.number) == ("approved", 1)
    assert proposal.version is not None
    assert (proposal.version.number, proposal.version.valid_from, proposal.version.status) == (
        2,
        first,
        "published",
    )
    assert proposal.version.source == f"proposal {proposal.reference}"
    assert prices(today)["G1"] == prices(first - timedelta(days=1))["G1"] == 40_000
    assert prices(first) == {"G1": 38_000, "G2": 65_050, "G3": 90_000}
    until = (first - timedelta(days=1)).isoformat()
    framework = Framework.objects.get(reference="wr1")
    assert ("G1", 38_000, first.isoformat(), framework.ends_on.isoformat()) in explored()
    assert ("G1", 40_000, framework.starts_on.isoformat(), until) in explored()
    kinds = (
        Event.objects.filter(subject=proposal.reference).order_by("position").values_list("type", flat=True)
    )
    assert list(kinds) == ["rate_proposal.drafted", "rate_proposal.submitted", "rate_proposal.approved"]
    published = Event.objects.filter(type="rate_card.published", subject="wr1~oak").latest("position")
    assert published.actor == owner.reference
    assert published.changes == {"version": 2, "lines": 3, "added": 0, "changed": 1, "withdrawn": 0}


@pytest.mark.parametrize("status", ["draft", "submitted", "refused", "withdrawn"])
def test_what_is_not_approved_is_no_version_and_nothing_finds_it(
    market: Market, owner: Actor, status: str
) -> None:
    before = state()[1:3], explored()
    brought(market, owner, status)
    assert (state()[1:3], explored()) == before
    assert prices(in_days(60))["G1"] == 40_000
    assert RateCardQuerySet(RateCard).public().filter(reference="wr1~oak").count() == 1


@pytest.mark.parametrize("status", WAY)
@pytest.mark.parametrize("name", STEPS)
def test_every_step_leads_out_of_its_own_statuses_alone(
    market: Market, owner: Actor, status: str, name: str
) -> None:
    proposal = brought(market, owner, status)
    actor, step = takers(market, owner)[name], RATE_PROPOSALS.step(name, status)

    def act() -> object:
        return STEPS[name](actor, proposal.reference, proposal.revision)

    if step is None:
        # Of a draft the owner knows nothing.
        refused(NotFound if actor is owner and status == "draft" else Conflict, act)
        return
    events = Event.objects.count()
    act()
    proposal.refresh_from_db()
    assert proposal.status == (step.target or status)
    assert Event.objects.filter(type=step.event, subject=proposal.reference).exists()
    assert Event.objects.count() == events + (2 if name == "approve" else 1)


@pytest.mark.parametrize("name", STEPS)
def test_only_the_lead_proposes_and_only_the_owner_decides(market: Market, owner: Actor, name: str) -> None:
    proposal = brought(market, owner, "draft" if name in ("edit", "submit") else "submitted")
    takes = takers(market, owner)[name]
    if proposal.status == "submitted":
        other = owner if takes is market.oak else market.oak
        refused(NotPermitted, lambda: STEPS[name](other, proposal.reference, proposal.revision))
    else:
        refused(NotFound, lambda: STEPS[name](owner, proposal.reference, proposal.revision))
    for stranger in (market.ash, market.yew, market.buyer):
        refused(NotFound, lambda actor=stranger: STEPS[name](actor, proposal.reference, proposal.revision))


def test_a_proposal_is_seen_by_its_lead_and_once_submitted_by_owner_and_operator(
    market: Market, owner: Actor
) -> None:
    operator = Organisation.objects.create(
        reference="operator", name="Operations", scheme="XX-DEMO", identifier="OPERATOR"
    )
    Capability.objects.create(organisation=operator, kind="operator")
    everybody = {"lead": market.oak, "member": market.ash, "rival": market.yew, "owner": owner,
                 "operator": editor_of("operator"), "buyer": market.buyer}  # fmt: skip

    def seeing() -> set[str]:
        rows = RateProposalQuerySet(RateProposal)
        return {name for name, actor in everybody.items() if rows.seen_by(actor).exists()}

    proposal = begun(market.oak)
    assert seeing() == {"lead"}
    submit_rate_proposal(market.oak, proposal.reference, proposal.revision)
    assert seeing() == {"lead", "owner", "operator"}


def test_nobody_decides_on_what_they_wrote(market: Market, owner: Actor) -> None:
    user = User.objects.get(reference=market.oak.reference)
    Membership.objects.create(
        user=user, organisation=Organisation.objects.get(reference="owner"), role="editor"
    )
    both = person(user)
    proposal = brought(market, owner, "submitted")
    refused(NotPermitted, lambda: approve_rate_proposal(both, proposal.reference, proposal.revision))
    refused(NotPermitted, lambda: refuse_rate_proposal(both, proposal.reference, proposal.revision, "No."))
    assert approve_rate_proposal(owner, proposal.reference, proposal.revision).status == "approved"


def test_a_stale_step_changes_nothing(market: Market, owner: Actor) -> None:
    proposal = brought(market, owner, "submitted")
    refused(Stale, lambda: approve_rate_proposal(owner, proposal.reference, 1))
    refused(Stale, lambda: withdraw_rate_proposal(market.oak, proposal.reference, 1))


def test_an_approval_of_a_comparison_with_another_version_is_stale(market: Market, owner: Actor) -> None:
    proposal = brought(market, owner, "submitted")
    publish_rates("oak", "wr1", {G1: 39_000, G2: 65_050, G3: 90_000})
    refused(Stale, lambda: approve_rate_proposal(owner, proposal.reference, proposal.revision, read=1))
    approved = approve_rate_proposal(owner, proposal.reference, proposal.revision, read=2)
    assert approved.version is not None
    assert approved.version.number == 3


def test_no_rates_of_a_suspended_supplier_are_approved_and_the_refusal_names_it(
    market: Market, owner: Actor
) -> None:
    proposal = brought(market, owner, "submitted")
    firm, body = Partner.objects.filter(reference="oak"), Organisation.objects.filter(reference="oak")
    for rows, name, bad, good, told in (
        (firm, "suspended", True, False, "is suspended: it leads"),
        (body, "excluded_since", in_days(0), None, "has been excluded since"),
        (Appointment.objects.all(), "status", "suspended", "active", "is suspended on WR1: none"),
    ):
        rows.update(**{name: bad})
        before = state()
        with pytest.raises(Conflict, match=rf"^Oak\b.* {told}"):
            approve_rate_proposal(owner, proposal.reference, proposal.revision)
        assert state() == before
        rows.update(**{name: good})
    approve_rate_proposal(owner, proposal.reference, proposal.revision)


def test_one_proposal_for_a_card_is_open_at_a_time(market: Market, owner: Actor) -> None:
    first = begun(market.oak)
    refused(Conflict, lambda: begun(market.oak))
    withdraw_rate_proposal(market.oak, first.reference, first.revision)
    assert begun(market.oak).reference != first.reference


def test_a_draft_begins_with_the_card_in_force_and_says_nothing_new(market: Market) -> None:
    proposal = draft_rate_proposal(market.oak, DRAFT)
    assert [(one["key"], one["price_minor"]) for one in proposal.lines] == [
        (G1, 40_000), (G2, 65_050), (G3, 90_000),
    ]  # fmt: skip
    faults = refused(Invalid, lambda: submit_rate_proposal(market.oak, proposal.reference, 1))
    assert faults == [("/valid_from", "required"), ("/lines", "unchanged")]


@pytest.mark.parametrize(
    ("draft", "fault"),
    [
        (RateProposalDraft("oak", "none"), ("/framework", "unknown")),
        (RateProposalDraft("oak", "wr1", currency="CHF"), ("/currency", "unknown")),
        (RateProposalDraft("oak", "wr1", unit="week"), ("/unit", "unknown")),
        (RateProposalDraft("oak", "wr1", valid_from="1 April"), ("/valid_from", "shape")),
        (RateProposalDraft("oak", "wr1", valid_from=7), ("/valid_from", "type")),
        (RateProposalDraft("oak", "wr1", note=7), ("/note", "type")),
        (RateProposalDraft("oak", "wr1", lines="all"), ("/lines", "type")),
        (RateProposalDraft("oak", "wr1", lines=[7]), ("/lines/0", "type")),
        (
            RateProposalDraft("oak", "wr1", lines=[{"colour": "red", "amount": "1"}]),
            ("/lines/0/colour", "unknown_field"),
        ),
        (
            RateProposalDraft("oak", "wr1", lines=[{"grade": "G1", "amount": 650}]),
            ("/lines/0/amount", "type"),
        ),
        (
            RateProposalDraft("oak", "wr1", lines=[{"grade": "G1", "amount": "0"}]),
            ("/lines/0/amount", "cell"),
        ),
        (
            RateProposalDraft("oak", "wr1", lines=[{"grade": "G9", "amount": "650"}]),
            ("/lines/0/grade", "cell"),
        ),
        (RateProposalDraft("oak", "wr1", lines=[{"amount": "650"}]), ("/lines/0/role_title", "cell")),
        (RateProposalDraft("oak", "wr1", lines=[LOWERED[0], LOWERED[0]]), ("/lines/1/key", "duplicate")),
        (
            RateProposalDraft("oak", "wr1", lines=[{"grade": "G1", "amount": "1.00"}] * 2001),
            ("/lines", "length"),
        ),
    ],
)
def test_what_a_draft_cannot_say_is_named(
    market: Market, draft: RateProposalDraft, fault: tuple[str, str]
) -> None:
    assert refused(Invalid, lambda: draft_rate_proposal(market.oak, draft))[0] == fault


def test_two_rates_for_one_grade_are_refused(market: Market) -> None:
    lines = [{"lot": "wr1~1", "grade": "G1", "amount": one} for one in ("400.00", "410.00")]
    assert refused(Invalid, lambda: begun(market.oak, lines)) == [("/lines/1/amount", "duplicate")]


def test_a_supplier_proposes_only_where_it_holds_a_place_and_the_framework_lasts(market: Market) -> None:
    assert refused(Invalid, lambda: draft_rate_proposal(market.yew, RateProposalDraft("yew", "wr0"))) == [
        ("/framework", "not_appointed")
    ]
    refused(Conflict, lambda: draft_rate_proposal(market.oak, RateProposalDraft("oak", "wr0")))
    refused(NotFound, lambda: draft_rate_proposal(market.oak, RateProposalDraft("yew", "wr1")))
    refused(NotFound, lambda: draft_rate_proposal(market.ash, DRAFT))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"days": -1}, ("/valid_from", "past")),
        ({"days": 40_000}, ("/valid_from", "late")),
        ({"lines": []}, ("/lines", "required")),
    ],
)
def test_what_cannot_be_proposed_is_told_when_it_is_submitted(
    market: Market, changes: dict[str, Any], fault: tuple[str, str]
) -> None:
    proposal = begun(market.oak, **changes)
    assert refused(Invalid, lambda: submit_rate_proposal(market.oak, proposal.reference, 1)) == [fault]


def test_a_line_without_a_key_is_the_one_that_says_the_same(market: Market) -> None:
    lines = [{"lot": "wr1~1", "grade": "G2", "amount": "600"}, {"role_title": "Chief", "amount": "1200.50"}]
    proposal = begun(market.oak, lines)
    assert [(one["key"], one["price_minor"]) for one in proposal.lines] == [(G2, 60_000), ("1", 120_050)]
    found = compared(proposal)
    assert [
        (line.change.kind, line.change.line.key, line.old, line.new, line.difference) for line in found.lines
    ] == [
        ("withdrawn", G1, 40_000, None, None),
        ("withdrawn", G3, 90_000, None, None),
        ("changed", G2, 65_050, 60_000, -5_050),
        ("added", "1", None, 120_050, None),
    ]
    assert found.lines[2].per_cent == Decimal("-7.8")
    assert found.counts == {
        "added": 1,
        "changed": 1,
        "unchanged": 0,
        "withdrawn": 2,
        "raised": 0,
        "lowered": 1,
    }


def test_a_rise_beyond_what_the_framework_allows_is_named_and_stopped_even_under_another_key(
    market: Market, owner: Actor
) -> None:
    Framework.objects.filter(reference="wr1").update(rate_rise_ceiling=Decimal("3.00"))
    lines = [
        {"key": "renamed", "lot": "wr1~1", "grade": "G1", "amount": "412.01"},
        {"key": G2, "lot": "wr1~1", "grade": "G2", "amount": "670.01"},
        {"key": G3, "lot": "wr1~1", "grade": "G3", "amount": "927.00"},
    ]
    proposal = begun(market.oak, lines)
    assert [line.rules for line in compared(proposal).lines] == [("above_rise_ceiling",), (), ()]
    faults = refused(Invalid, lambda: submit_rate_proposal(market.oak, proposal.reference, 1))
    assert faults == [("/lines/0/amount", "above_rise_ceiling")]
    lines[0]["amount"] = "412.00"
    edit_rate_proposal(market.oak, proposal.reference, 1, {"lines": lines})
    submitted = submit_rate_proposal(market.oak, proposal.reference, 2)
    # The framework says less before it is decided on: asked again.
    Framework.objects.filter(reference="wr1").update(rate_rise_ceiling=Decimal(0))
    faults = refused(Invalid, lambda: approve_rate_proposal(owner, submitted.reference, submitted.revision))
    assert [code for _, code in faults] == ["above_rise_ceiling"] * 3


def test_without_a_stated_ceiling_a_rise_is_named_and_left_to_the_owner(market: Market, owner: Actor) -> None:
    lines = [LOWERED[0] | {"amount": "500.00"}, LOWERED[1], LOWERED[2] | {"amount": "9000.00"}]
    proposal = brought(market, owner, "submitted", lines=lines)
    assert [line.rules for line in compared(proposal).lines] == [("raised",), ("raised", "implausible")]
    assert approve_rate_proposal(owner, proposal.reference, proposal.revision).status == "approved"


def test_a_card_whose_day_has_passed_is_in_force_from_the_day_of_its_approval(
    market: Market, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = brought(market, owner, "submitted", days=1)
    later = in_days(10)
    monkeypatch.setattr("procurement.actions.rate_proposals.timezone.localdate", lambda *_: later)
    approved = approve_rate_proposal(owner, proposal.reference, proposal.revision)
    assert approved.version is not None
    assert approved.version.valid_from == later


def test_a_file_says_all_lines_anew(market: Market) -> None:
    proposal = draft_rate_proposal(market.oak, DRAFT)
    text = b"Supplier,Lot,Grade,Price\nOak Consortium,1,G1,390\noak,1,Grade 2,640.50\n"
    read = read_rates_file(market.oak, proposal.reference, 1, "rates.csv", [text])
    assert [(one["key"], one["price_minor"]) for one in read.lines] == [(G1, 39_000), (G2, 64_050)]
    assert (read.revision, read.source) == (2, "rates.csv")
    book = Workbook()
    assert book.active is not None
    for row in (("grade", "lot", "price"), ("G3", "1", 880)):
        book.active.append(row)
    file = BytesIO()
    book.save(file)
    read = read_rates_file(market.oak, proposal.reference, 2, "rates.xlsx", [file.getvalue()])
    assert [(one["key"], one["price_minor"]) for one in read.lines] == [(G3, 88_000)]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (b"", [("/file", "unreadable")]),
        (b"grade,lot\nG1,1\n", [("/map/price", "required")]),
        (b"grade,lot,price\nG1,1,none\nG2,1,650,1\n", [("/file/rows/3", "row")]),
        (
            b"grade,lot,price\nG1,1,none\nG8,1,650\n",
            [("/file/rows/2/price", "cell"), ("/file/rows/3/grade", "cell")],
        ),
        (b"supplier,grade,lot,price\nYew Digital,G1,1,650\n", [("/file/rows/2/supplier", "supplier")]),
        (
            b"grade,lot,price,key\nG1,1,#REF!,#N/A\n",
            [(f"/file/rows/2/{name}", "cell") for name in ("price", "key")],
        ),
        (b"grade,lot,price\n" + b"G1,1,650\n" * 2_001, [("/file", "unreadable")]),
        (b"x" * (5 * 1024 * 1024 + 1), [("/file", "unreadable")]),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_its_cells(
    market: Market, text: bytes, faults: list[tuple[str, str]]
) -> None:
    proposal = draft_rate_proposal(market.oak, DRAFT)
    assert (
        refused(Invalid, lambda: read_rates_file(market.oak, proposal.reference, 1, "r.csv", [text]))
        == faults
    )


def test_what_was_submitted_is_not_edited_in_the_database(market: Market, owner: Actor) -> None:
    proposal = brought(market, owner, "submitted")
    for change in ({"lines": []}, {"valid_from": None}, {"note": "Other."}):
        with pytest.raises(IntegrityError, match="never edited"), transaction.atomic():
            RateProposal.objects.filter(pk=proposal.pk).update(**change)


def test_an_illustrative_card_stays_illustrative(market: Market, owner: Actor) -> None:
    publish_rates("oak", "wr1", {G1: 40_000, G2: 65_050, G3: 90_000}, basis="illustrative")
    proposal = brought(market, owner, "approved")
    assert proposal.basis == "illustrative"
    assert RateCard.objects.get(reference="wr1~oak").basis == "illustrative"


def test_the_events_hold_no_rate_and_a_withdrawn_draft_names_no_framework(
    market: Market, owner: Actor
) -> None:
    draft = begun(market.oak)
    withdraw_rate_proposal(market.oak, draft.reference, draft.revision)
    gone = Event.objects.get(subject=draft.reference, type="rate_proposal.withdrawn")
    assert gone.references == {"supplier": "oak"}
    brought(market, owner, "approved")
    said = Event.objects.filter(type__startswith="rate_proposal.").values_list("changes", flat=True)
    assert not any("380" in str(changes) or "38000" in str(changes) for changes in said)
