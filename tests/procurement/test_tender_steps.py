"""Which steps of a tender and of a competition are offered: what each needs beside the status."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from procurement.available import Purchase, Tendering, Turn, call_off_steps, competition_steps, tender_steps
from procurement.line import line_of
from procurement.states import CALL_OFFS, Part

TENDERER = (Part.LEAD, Part.MEMBER)
BUYER = (Part.OWNER, Part.APPROVER, Part.ASSESSOR, Part.MODERATOR)


@pytest.mark.parametrize(
    ("status", "steps"),
    [
        ("invited", ["view", "decline", "let", "draft"]),
        ("viewed", ["decline", "let", "draft"]),
        ("declined", ["let", "draft"]),
        ("draft", ["decline", "let", "draft", "submit", "withdraw"]),
        ("submitted", ["let", "draft", "submit", "withdraw"]),
        ("withdrawn", ["let", "draft"]),
        ("disqualified", []),
        ("successful", []),
        ("unsuccessful", []),
        ("not_signed", []),
    ],
)
def test_a_tenderer_may_do_this_until_the_deadline(status: str, steps: list[str]) -> None:
    assert tender_steps(Tendering(status, "out", open=True), TENDERER) == steps
    assert tender_steps(Tendering(status, "closed"), TENDERER) == [one for one in steps if one == "view"]
    assert tender_steps(Tendering(status, "out", open=True), BUYER) == []


@pytest.mark.parametrize(
    ("said", "parts", "steps"),
    [
        ({"open": True, "call_off": "out", "confirmed": False}, (Part.LEAD,), "confirm"),
        ({"call_off": "evaluating", "declared": True}, (Part.ASSESSOR,), "assess"),
        ({"call_off": "evaluating", "declared": True}, (Part.MODERATOR,), "agree"),
        ({"call_off": "evaluated", "low": True}, (Part.OWNER,), "ask_price"),
        ({"call_off": "evaluated", "low": True, "asked": True}, (Part.LEAD,), "answer_price"),
        ({"call_off": "evaluated", "asked": True, "answered": True}, (Part.OWNER,), "accept_price"),
        ({"call_off": "evaluated", "opened": True}, (Part.OWNER,), "disqualify"),
    ],
)
def test_a_step_needs_every_one_of_these(said: dict[str, Any], parts: tuple[Part, ...], steps: str) -> None:
    assert steps in tender_steps(Tendering(status="submitted", **said), parts)
    for name in said:
        without = {"call_off": "closed"} | {key: one for key, one in said.items() if key != name}
        assert steps not in tender_steps(Tendering(status="submitted", **without), parts) or (
            # By when a question was asked the price needs not look low any more, nor the call-off be evaluated.
            name in ("low", "call_off") and steps not in ("assess", "agree", "ask_price")
        )


def test_no_tender_is_disqualified_while_those_that_stay_cannot_be_ranked_anew() -> None:
    for status, steps in (("evaluating", ["disqualify"]), ("evaluated", [])):
        tendering = Tendering("submitted", status, opened=True, uncounted=True)
        assert tender_steps(tendering, (Part.OWNER,)) == steps


@pytest.mark.parametrize("out", ["disqualified", "not_signed"])
def test_a_tender_that_is_out_may_take_part_again_until_an_outcome_is_told(out: str) -> None:
    for status in CALL_OFFS.labels:
        tendering = Tendering(out, status, opened=True)
        steps = ["reinstate"] if status in ("evaluating", "evaluated") else []
        assert tender_steps(tendering, BUYER) == steps
        assert tender_steps(replace(tendering, confirmed=False), BUYER) == []
        assert tender_steps(tendering, (*TENDERER, Part.APPROVER)) == []


def test_a_decided_question_is_closed() -> None:
    tendering = Tendering("submitted", "evaluated", asked=True, answered=True, decided=True)
    assert tender_steps(tendering, (*TENDERER, *BUYER)) == []


@pytest.mark.parametrize(
    ("status", "said", "gone"),
    [
        ("evaluating", {"unscored": Turn((Part.ASSESSOR,), ("assess",))}, {"conclude"}),
        ("evaluated", {"unranked": True}, {"intend", "award"}),
        ("evaluated", {"low_unsettled": Turn((Part.OWNER,), ("ask_price",))}, {"intend", "award"}),
        ("evaluated", {"held": True}, {"award"}),
        ("evaluated", {"uncounted": True}, {"intend", "award"}),
        ("intention", {"uncounted": True}, {"award"}),
        ("evaluated", {"approval_missing": True}, {"intend", "award"}),
        ("intention", {"approval_missing": True}, {"award"}),
        ("intention", {"held": True}, {"award"}),
    ],
)
def test_what_keeps_a_competition_from_going_on(status: str, said: dict[str, Any], gone: set[str]) -> None:
    whole = call_off_steps(Purchase("competition", status), BUYER, wrote=False, declared=True)
    held = call_off_steps(Purchase("competition", status, **said), BUYER, wrote=False, declared=True)
    assert set(whole) - set(held) == gone
    more = {"ask_approval", "approve", "send_back"} if "approval_missing" in said else set()
    if status == "evaluated":
        # A moderator who has no conflict takes it in any case, to correct a score; the owner where scores count no
        # longer.
        assert "evaluate_again" in whole
        undeclared = call_off_steps(Purchase("competition", status, **said), BUYER, wrote=False)
        assert ("evaluate_again" in undeclared) is ("uncounted" in said)
        owner = call_off_steps(Purchase("competition", status, **said), (Part.OWNER,), wrote=False)
        assert ("evaluate_again" in owner) is ("uncounted" in said)
    assert set(held) - set(whole) == more


def test_a_promised_standstill_is_told_of_before_the_award() -> None:
    way = ("draft", "out", "closed", "evaluating", "evaluated")
    assert line_of(Purchase("competition", "evaluated", passed=way)).next.steps == ("intend", "award")
    assert line_of(Purchase("competition", "evaluated", passed=way, held=True)).next.steps == ("intend",)


@pytest.mark.parametrize(
    ("status", "ahead", "steps"),
    [
        ("draft", True, ["plan"]),
        ("approved", False, ["plan"]),
        ("out", True, ["extend", "amend", "answer"]),
        ("out", False, []),
        ("closed", False, []),
    ],
)
def test_what_the_owner_changes_of_a_competition(status: str, ahead: bool, steps: list[str]) -> None:
    assert competition_steps(status, (Part.OWNER,), ahead=ahead) == steps
    assert competition_steps(status, (Part.APPROVER, Part.MODERATOR), ahead=ahead) == []
