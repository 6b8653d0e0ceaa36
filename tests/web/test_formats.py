"""How pages write money, numbers, days, texts and highlights."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from web.formats import amounts, day, days_written, mark, minor, moment, money, paragraphs, plural, second


@pytest.mark.parametrize(
    ("value", "currency", "written"),
    [
        (72500, "GBP", "£725"),
        (72550, "GBP", "£725.50"),
        (72505, "GBP", "£725.05"),
        (1234500, "GBP", "£12,345"),
        (5, "GBP", "£0.05"),
        (61677.8, "GBP", "£616.78"),
        (6500, "USD", "$65"),
        (6500, "EUR", "€65"),
        (6500, "CHF", "65 CHF"),
    ],
)
def test_money_keeps_pence_and_parts_thousands(value: float, currency: str, written: str) -> None:
    assert money(value, currency) == written


def test_stored_amounts_are_read_to_the_penny() -> None:
    assert [minor(amount) for amount in ("650.50", "650.5", "650", "0.07")] == [65050, 65050, 65000, 7]


def test_days_are_written_as_people_write_them() -> None:
    assert day(date(2017, 9, 4)) == "4 September 2017"
    assert day("2021-09-03") == "3 September 2021"
    assert day(None) == ""
    # Half past eleven at night in summer in UTC is the next day in London.
    assert day(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)) == "1 July 2026"


def test_days_within_a_sentence_are_written_out_and_what_is_none_stays() -> None:
    told = "RM1 ended on 2021-09-03, not on 2021-02-30 or 12021-09-03."
    assert days_written(told) == "RM1 ended on 3 September 2021, not on 2021-02-30 or 12021-09-03."


def test_moments_are_in_london() -> None:
    assert moment("2026-06-30T23:30:59+00:00") == "1 July 2026 at 12:30am"
    assert moment(datetime(2026, 1, 5, 14, 5, 9, tzinfo=UTC)) == "5 January 2026 at 2:05pm"


def test_what_proves_an_order_is_told_to_the_second() -> None:
    assert second("2026-06-30T23:30:05+00:00") == "1 July 2026 at 12:30:05am"
    assert second(datetime(2026, 1, 5, 14, 5, 9, tzinfo=UTC)) == "5 January 2026 at 2:05:09pm"
    assert (second(None), moment(None)) == ("", "")


def test_what_is_due_by_a_day_ends_with_it() -> None:
    assert moment(datetime(2026, 12, 5, tzinfo=UTC)) == "midnight at the end of 4 December 2026"
    assert moment("2026-06-30T23:00:00+00:00") == "midnight at the end of 30 June 2026"


def test_plurals() -> None:
    assert [plural(count, "listing", "listings") for count in (0, 1, 1234)] == [
        "0 listings",
        "1 listing",
        "1,234 listings",
    ]
    assert plural(2, "line is", "lines are") == "2 lines are"


def test_paragraphs_are_escaped_and_parted_at_blank_lines() -> None:
    assert (
        paragraphs("One <b>\ntwo\r\n\r\nthree & four\n")
        == '<p class="govuk-body">One &lt;b&gt;<br>two</p><p class="govuk-body">three &amp; four</p>'
    )
    assert paragraphs(" \n ") == ""


def test_a_highlight_keeps_its_marks_and_nothing_else() -> None:
    assert mark("a <mark>vision</mark> &amp; more") == "a <mark>vision</mark> &amp; more"
    assert mark('<script>x</script><mark onclick="y">') == (
        "&lt;script&gt;x&lt;/script&gt;&lt;mark onclick=&#34;y&#34;&gt;"
    )
    assert mark("&lt;mark&gt;as text&lt;/mark&gt;") == "&lt;mark&gt;as text&lt;/mark&gt;"
    assert mark("&#34;&#39;&lt;") == "&#34;&#39;&lt;"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("£95000.00 is above £1000.50.", "£95,000 is above £1,000.50."),
        ("price £68770.00 ÷ £79845.00 × 35", "price £68,770 ÷ £79,845 × 35"),
        ("£1,000.50, £12 and £1234.567", "£1,000.50, £12 and £1234.567"),
        ("nothing", "nothing"),
    ],
)
def test_amounts_of_a_sentence_are_written_for_people(text: str, told: str) -> None:
    assert amounts(text) == told
