"""The days of a proposed card's lines: those that an export has of the card in force are no line's own, and none may
end before the card begins.
"""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import orjson
import pytest
from django.utils import timezone

from procurement.actions.rate_proposals import (
    RateProposalDraft,
    approve_rate_proposal,
    compared,
    draft_rate_proposal,
    read_rates_file,
    submit_rate_proposal,
)
from procurement.errors import Invalid
from procurement.models import RateCard, RateLine, RateProposal
from search.rate_documents import rate_documents
from search.rate_export import csv_lines
from tests.bought import Market
from tests.world import editor_of, publish_rates

pytestmark = pytest.mark.django_db


def in_days(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


def proposed(market: Market, lines: str) -> RateProposal:
    """A draft from 30 days on for a card that holds until the day before, with the lines of a file."""
    publish_rates(
        "oak", "wr1", {"wr1~1~G1": 40_000, "wr1~1~G2": 65_050}, valid_from=in_days(-9), valid_to=in_days(29)
    )
    begun = draft_rate_proposal(
        market.oak, RateProposalDraft("oak", "wr1", valid_from=in_days(30).isoformat())
    )
    text = f"key,supplier,lot,grade,price,valid_from,valid_to\n{lines}".encode()
    return read_rates_file(market.oak, begun.reference, begun.revision, "rates.csv", [text])


def row(grade: str, price: str, last: date) -> str:
    return f"wr1~1~{grade},oak,wr1~1,{grade},{price},{in_days(-9)},{last}\n"


def test_the_days_of_the_card_in_force_are_not_those_of_lines_that_were_exported(market: Market) -> None:
    proposal = proposed(market, row("G1", "390.00", in_days(29)) + row("G2", "650.50", in_days(29)))

    assert [(one.change.kind, one.old, one.new) for one in compared(proposal).lines] == [
        ("changed", 40_000, 39_000)
    ]
    assert [one.keys() & {"valid_from", "valid_to"} for one in proposal.lines] == [set(), set()]
    submitted = submit_rate_proposal(market.oak, proposal.reference, proposal.revision)
    approved = approve_rate_proposal(editor_of("owner"), submitted.reference, submitted.revision)
    lines = RateLine.objects.filter(version=approved.version).order_by("ordinal")
    assert list(lines.values_list("price_minor", "valid_from", "valid_to")) == [
        (39_000, None, None),
        (65_050, None, None),
    ]


def test_a_line_that_ends_before_its_card_begins_is_refused(market: Market) -> None:
    proposal = proposed(market, row("G1", "390.00", in_days(20)) + row("G2", "650.50", in_days(29)))

    with pytest.raises(Invalid) as refused:
        submit_rate_proposal(market.oak, proposal.reference, proposal.revision)

    assert [(one.pointer, one.code) for one in refused.value.faults] == [("/lines/0/valid_to", "over")]
    proposal.refresh_from_db()
    assert proposal.status == RateProposal.Status.DRAFT


@pytest.mark.parametrize("begins", [10, 60])
def test_a_card_in_force_before_another_that_is_published_is_exported_repriced_and_proposed(
    market: Market, begins: int
) -> None:
    now, then = {"wr1~1~G1": 40_000, "wr1~1~G2": 65_050}, {"wr1~1~G1": 41_000, "wr1~1~G2": 65_050}
    publish_rates("oak", "wr1", now, valid_from=in_days(-9))
    publish_rates("oak", "wr1", then, valid_from=in_days(30))
    (document,) = rate_documents([RateCard.objects.get(reference="wr1~oak").pk], 1)
    text = "".join(csv_lines(orjson.dumps(line["stored"]) for line in document["lines"]))
    headings, *rows = csv.reader(io.StringIO(text))
    price, last = headings.index("price"), headings.index("valid_to")
    # Of the version in force, which ends where the next begins and does not say so itself.
    exported = [row for row in rows if row[last] == in_days(29).isoformat()]
    assert [row[price] for row in exported] == ["400.00", "650.50"]
    exported[0][price] = "395.00"
    changed = "\r\n".join(",".join(row) for row in [headings, *exported]).encode()
    begun = draft_rate_proposal(
        market.oak, RateProposalDraft("oak", "wr1", valid_from=in_days(begins).isoformat())
    )

    proposal = read_rates_file(market.oak, begun.reference, begun.revision, "rates.csv", [changed])

    assert [one.keys() & {"valid_from", "valid_to"} for one in proposal.lines] == [set(), set()]
    assert [(one.change.kind, one.old, one.new) for one in compared(proposal).lines] == [
        ("changed", 41_000, 39_500)
    ]
    submitted = submit_rate_proposal(market.oak, proposal.reference, proposal.revision)
    approved = approve_rate_proposal(editor_of("owner"), submitted.reference, submitted.revision)
    lines = RateLine.objects.filter(version=approved.version).order_by("ordinal")
    assert list(lines.values_list("price_minor", "valid_from", "valid_to")) == [
        (39_500, None, None),
        (65_050, None, None),
    ]
