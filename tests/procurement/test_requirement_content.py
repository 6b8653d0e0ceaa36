"""What a requirement may say: read whole, written as it was read, each fault at its place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.errors import Invalid
from procurement.requirements import NEVER_RULES_OUT, Budget, MustHave, RequirementContent, too_much
from procurement.team_lines import TeamLine
from procurement.terms import Terms

WHOLE = {
    "text": "An evaluation of a vision rehabilitation service.",
    "framework": "rm3745",
    "lot": "rm3745~5",
    "specialisms": ["rm3745~5~1", "rm3745~5~2"],
    "regions": ["UKK1", "UK"],
    "must_have": {"specialisms": ["rm3745~5~2"], "regions": ["UKK1"], "accreditations": []},
    "preferences": {
        "ownership": ["charity"], "size": ["small", "micro"], "sector": ["health"], "accreditation": ["iso-9001"],
    },
    "starts_on": "2026-04-01",
    "months": 9,
    "team": [{"grade": "G3", "days": "12.5"}, {"grade": "G5", "days": "2"}],
    "work_type": "advice",
    "budget": {"amount": "50000.00", "currency": "GBP"},
}  # fmt: skip


def faults(value: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        RequirementContent.from_json(value)
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]


def test_a_whole_requirement_is_read_and_written_as_it_was() -> None:
    content = RequirementContent.from_json(WHOLE)
    assert content.starts_on == date(2026, 4, 1)
    assert content.team == (TeamLine("G3", Decimal("12.5")), TeamLine("G5", Decimal("2")))
    assert content.budget == Budget(5_000_000, "GBP")
    assert content.must_have == MustHave(("rm3745~5~2",), ("UKK1",), ())
    assert content.to_json() == WHOLE
    assert RequirementContent.from_json(content.to_json()) == content


def test_what_is_not_stated_is_empty() -> None:
    content = RequirementContent.from_json({"text": "  Help\r\nus  "})
    assert content == RequirementContent(text="Help\nus")
    assert content.to_json()["budget"] is None
    assert content.digest() == RequirementContent.from_json({"text": "Help\nus", "lot": None}).digest()


@pytest.mark.parametrize(
    ("specialisms", "regions", "refused"),
    [(0, 100, False), (0, 101, True), (50, 0, False), (50, 2, False), (34, 3, True), (50, 200, True)],
)
def test_a_need_asks_for_a_hundred_things_at_once(specialisms: int, regions: int, refused: bool) -> None:
    content = RequirementContent(
        specialisms=tuple(f"rm1~1~{number}" for number in range(specialisms)),
        regions=tuple(f"R{number}" for number in range(regions)),
    )
    told = [(one.pointer, one.code) for one in too_much(content, "/need")]
    assert told == ([("/need/regions", "too_many")] if refused else [])


def test_text_may_be_empty_only_beside_specialisms() -> None:
    assert faults({"text": "   "}) == [("/text", "required")]
    assert faults({}) == [("/text", "required")]
    assert RequirementContent.from_json({"specialisms": ["rm3745~5~1"]}).text == ""
    assert len(RequirementContent.from_json({"text": "a" * 20_000}).text) == 20_000
    assert faults({"text": "a" * 20_001}) == [("/text", "too_long")]
    assert faults({"text": "a\x00b"}) == [("/text", "control_character")]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"colour": "blue"}, [("/colour", "unknown_field")]),
        ({"framework": 7}, [("/framework", "type")]),
        ({"framework": "a b"}, [("/framework", "shape")]),
        ({"lot": "rm6187~1"}, [("/lot", "framework_missing")]),
        ({"framework": "rm3745", "lot": "rm6187~1"}, [("/lot", "other_framework")]),
        ({"framework": "rm3745", "lot": "rm3745-b~1"}, [("/lot", "other_framework")]),
        (
            {"framework": "rm3745", "lot": "rm3745~5", "specialisms": ["rm3745~5~1", "rm3745~6~1"]},
            [("/specialisms/1", "other_lot")],
        ),
        ({"framework": "rm3745", "specialisms": ["rm6187~1~1"]}, [("/specialisms/0", "other_lot")]),
        ({"specialisms": "rm3745~5~1"}, [("/specialisms", "type")]),
        ({"specialisms": ["rm3745~5~1", "rm3745~5~1"]}, [("/specialisms/1", "duplicate")]),
        ({"specialisms": [None]}, [("/specialisms/0", "type")]),
        ({"regions": ["UKK1", "UKK1"]}, [("/regions/1", "duplicate")]),
        ({"must_have": {"regions": ["UKK1"]}}, [("/must_have/regions/0", "not_asked_for")]),
        ({"must_have": {"ownership": ["charity"]}}, [("/must_have/ownership", "unknown_field")]),
        ({"must_have": {"size": ["small"]}}, [("/must_have/size", "unknown_field")]),
        ({"preferences": {"ownership": ["not-stated"]}}, [("/preferences/ownership/0", "unknown_value")]),
        ({"preferences": {"size": ["small", "small"]}}, [("/preferences/size/1", "duplicate")]),
        ({"starts_on": "20260401"}, [("/starts_on", "shape")]),
        ({"starts_on": "٢٠٢٦-04-01"}, [("/starts_on", "shape")]),
        ({"starts_on": "2026-02-30"}, [("/starts_on", "shape")]),
        ({"starts_on": "1812-01-01"}, [("/starts_on", "range")]),
        ({"months": True}, [("/months", "type")]),
        ({"months": 0}, [("/months", "range")]),
        ({"months": 121}, [("/months", "range")]),
        ({"team": [{"grade": "G3", "days": "1"}]}, [("/team", "framework_missing")]),
        (
            {"framework": "rm3745", "team": [{"grade": "G3", "days": "1"}, {"grade": "G3", "days": "2"}]},
            [("/team/1/grade", "duplicate")],
        ),
        ({"framework": "rm3745", "team": [{"grade": "G3", "days": 12.5}]}, [("/team/0/days", "type")]),
        ({"framework": "rm3745", "team": [{"grade": "G3", "days": "0"}]}, [("/team/0/days", "range")]),
        ({"framework": "rm3745", "team": [{"grade": "G3", "days": "1.234"}]}, [("/team/0/days", "shape")]),
        ({"framework": "rm3745", "team": [{"grade": "G3", "days": "١٢"}]}, [("/team/0/days", "shape")]),
        ({"framework": "rm3745", "team": [{"days": "1"}]}, [("/team/0/grade", "required")]),
        ({"framework": "rm3745", "team": ["G3"]}, [("/team/0", "type")]),
        ({"work_type": "magic"}, [("/work_type", "unknown_value")]),
        ({"budget": {"amount": "0"}}, [("/budget/amount", "range")]),
        ({"budget": {"amount": "-1"}}, [("/budget/amount", "shape")]),
        ({"budget": {"amount": "٥٠"}}, [("/budget/amount", "shape")]),
        ({"budget": {"amount": 5}}, [("/budget/amount", "type")]),
        ({"budget": {"amount": "5", "currency": "XAU"}}, [("/budget/currency", "unknown_value")]),
        ({"budget": {"currency": "GBP"}}, [("/budget/amount", "required")]),
    ],
)
def test_each_fault_is_named_at_its_place(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert faults({"text": "Help"} | changes) == expected


def test_an_accreditation_is_no_must_and_the_refusal_says_why() -> None:
    with pytest.raises(Invalid) as refusal:
        RequirementContent.from_json({"text": "Help", "must_have": {"accreditations": ["iso-9001"]}})
    (fault,) = refusal.value.faults
    assert (fault.pointer, fault.code) == ("/must_have/accreditations", "rules_nobody_out")
    assert fault.message == NEVER_RULES_OUT


@pytest.mark.parametrize("value", [None, [], "text", 5])
def test_only_an_object_is_a_requirement(value: Any) -> None:
    assert faults(value) == [("", "type")]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(WHOLE)), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*WHOLE, "other"]), json_values))
def test_any_value_is_read_or_refused_with_faults(value: dict[str, Any]) -> None:
    try:
        content = RequirementContent.from_json(value, "/content")
    except Invalid as refusal:
        pointers = [fault.pointer for fault in refusal.faults]
    else:
        pointers = ["/content"] * (RequirementContent.from_json(content.to_json()) == content)
    assert pointers
    assert all(pointer.startswith("/content") for pointer in pointers)


@pytest.mark.parametrize(
    ("field", "written"), [("value", "٥٠"), ("hours_per_day", "٧"), ("hours_per_day", "７.5")]
)
def test_terms_are_written_in_digits_from_0_to_9(field: str, written: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Terms.from_json({field: written})
    assert [(one.pointer, one.code) for one in refusal.value.faults] == [(f"/terms/{field}", "shape")]


def test_a_team_has_as_many_lines_as_one_that_is_only_priced_and_no_more() -> None:
    def asked(many: int) -> dict[str, Any]:
        return {
            "text": "x",
            "framework": "rm1",
            "team": [{"role": f"Kind {at}", "days": "1"} for at in range(many)],
        }

    assert len(RequirementContent.from_json(asked(50)).team) == 50
    with pytest.raises(Invalid) as refused:
        RequirementContent.from_json(asked(51))
    assert [(one.pointer, one.message) for one in refused.value.faults] == [
        ("/team", "At most 50 entries; these are 51.")
    ]
