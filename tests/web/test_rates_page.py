"""The rate explorer: statistics, chart and table of the same numbers, the proposed price, lines, refusals."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from procurement.models import (
    Appointment,
    Framework,
    Partner,
    RateCard,
    RateCardVersion,
    RateLine,
    Supplier,
    SupplierMember,
)
from procurement.pricing import Bin
from search.ties import seed_of
from tests.web.reading import Page, read, rows, wrong
from web.chart import BOTTOM, LEFT, RIGHT, TOP, count_steps, histogram
from web.choosing import MOST_CHOICES


def test_chart_and_table_show_the_same_numbers(page: Client) -> None:
    found = read(page.get("/rates?framework=rm1&bins=3"))
    assert found.texts("h2")[1] == "9 rate lines, GBP a day without VAT"
    stats = dict(zip(found.texts("dt"), found.texts("dd"), strict=True))
    assert stats == {
        "Lines counted": "9",
        "Lowest": "£300",
        "Median": "£650.50",
        "Mean": "£616.78",
        "Highest": "£900",
        "Standard deviation": "£209.51",
    }
    table = rows(found, "The bars of the chart")
    assert table == [
        ["Maximum rate", "Lines"],
        ["£300 to under £500", "3"],
        ["£500 to under £700", "3"],
        ["£700 to £900", "3"],
    ]
    bars = found.all("rect", class_="app-chart__bar")
    assert len(bars) == 3
    assert len({bar.attributes["height"] for bar in bars}) == 1
    assert rows(found, "Percentiles")[1:] == [
        ["10th", "£300"],
        ["25th", "£400"],
        ["50th", "£650.50"],
        ["75th", "£800"],
        ["90th", "£900"],
    ]
    chart = found.one("svg", class_="app-chart")
    assert chart.attributes["role"] == "img"
    assert chart.attributes["aria-labelledby"] == "chart-title chart-description"
    assert found.one("desc").text == (
        "9 lines from £300 to £900; half are at or below £650.50. The table below has the lines in each bar."
    )


def test_a_proposed_price_is_placed(page: Client) -> None:
    found = read(page.get("/rates?framework=rm1&proposed=£550"))
    assert found.texts("div", class_="app-place") == [
        (
            "Of 9 lines, 3 are below £550, 1 equal to it and 5 above: it is at or above 44.4 per cent of "
            "them, 0.32 standard deviations below the mean."
        )
    ]
    assert "Proposed £550" in found.texts("text")
    assert found.one("input", id="proposed").attributes["value"] == "550"


def test_lines_are_listed_can_be_left_out_and_put_back(page: Client) -> None:
    found = read(page.get("/rates?framework=rm1&lot=rm1~1&sort=-price"))
    lines = rows(found, "Rate lines, GBP a day without VAT")
    assert lines[0] == ["Role or grade", "Supplier", "Framework, lots", "Maximum rate", "Leave out"]
    assert lines[1] == [
        "G3 Principal",
        "Supplier: Consortium Alder Fictional firm",
        "Framework, lots: RM1, lot 1",
        "Maximum rate: £900",
        "Leave out G3 Principal of Consortium Alder at £900",
    ]
    assert len(lines) == 7
    leave_out = next(
        element for element in found.all("a") if element.text.startswith("Leave out G3 Principal of Cons")
    )
    found = read(page.get(leave_out.attributes["href"]))
    assert found.texts("h2")[1] == "5 rate lines, GBP a day without VAT"
    assert "You left out 1 line. Put it back" in found.texts("p")
    assert found.one("input", type="hidden", name="exclude").attributes["value"] == "rm1~alders~3"


def test_illustrative_lines_stand_out_and_do_not_count(page: Client) -> None:
    found = read(page.get("/rates?framework=rm0&include_expired=true"))
    assert found.texts("div", class_="govuk-inset-text") == [
        "Illustrative 4 lines are of illustrative cards and not counted in the statistics. Show only these"
    ]
    assert found.all("svg", class_="app-chart") == []
    assert "No line counts in the statistics." in found.texts("p")
    assert [row[3] for row in rows(found, "Rate lines, GBP a day without VAT")[1:]] == [
        "Maximum rate: £425 Illustrative"
    ] * 2 + ["Maximum rate: £725 Illustrative"] * 2
    found = read(page.get("/rates?framework=rm0&include_expired=true&basis=illustrative"))
    assert len(found.all("svg", class_="app-chart")) == 1
    assert "nobody’s real rates" in found.texts("div", class_="govuk-inset-text")[0]


def test_a_framework_in_capitals_is_the_one_chosen(page: Client) -> None:
    found = read(page.get("/rates?framework=RM1"))
    assert "rm1" in [element.attributes["value"] for element in found.all("option", selected="")]
    assert found.all("input", type="hidden") == []


def test_a_framework_named_by_its_number_is_the_one_chosen(page: Client) -> None:
    Framework.objects.filter(reference="rm1").update(number="G-Cloud 14")
    found = read(page.get("/rates?framework=G-Cloud+14&lot=1"))
    assert {"rm1", "rm1~1"} <= {one.attributes["value"] for one in found.all("option", selected="")}
    assert found.all("input", type="hidden") == []
    link = next(element for element in found.all("a") if element.text == "Download all as CSV")
    assert link.attributes["href"] == "/api/v1/rates.csv?framework=rm1&lot=rm1~1"
    answer = page.get("/api/v1/rates.csv?framework=G-Cloud+14&lot=1")
    assert b"".join(answer.streaming_content) == b"".join(page.get(link.attributes["href"]).streaming_content)


def test_a_grade_that_the_framework_lacks_is_named(page: Client) -> None:
    answer = page.get("/rates?framework=rm1&grade=G9")
    assert answer.status_code == 400
    assert "RM1 has no grade G9; it has " in answer.content.decode()


def test_a_grade_that_no_framework_has_is_named(page: Client) -> None:
    answer = page.get("/rates?grade=G9")
    assert answer.status_code == 400
    assert "none of the frameworks has grade G9; they have G1, G2, G3<" in answer.content.decode()


def test_cards_out_of_force_are_found_when_asked_for(page: Client) -> None:
    found = read(page.get("/rates?framework=rm0"))
    assert found.texts("h3") == ["No rate line matches all of this"]
    link = next(element for element in found.all("a") if "no longer in force" in element.text)
    assert link.attributes["href"] == "/rates?framework=rm0&include_expired=true"


def test_nothing_in_a_currency_says_so_and_offers_the_units_there_are(page: Client) -> None:
    found = read(page.get("/rates?currency=USD"))
    assert found.one("h1").text == "Explore rates"
    (said,) = [text for text in found.texts("p") if text.startswith("No line of this search")]
    assert said == "No line of this search is priced in USD a day. It can be read in:"
    assert {"/rates?currency=GBP&unit=day"} <= {element.attributes["href"] for element in found.all("a")}


def test_the_export_leaves_out_what_it_does_not_take(page: Client) -> None:
    found = read(page.get("/rates?framework=rm1&proposed=500&bins=3&page_size=2&page=2"))
    link = next(element for element in found.all("a") if element.text == "Download all as CSV")
    assert link.attributes["href"] == "/api/v1/rates.csv?framework=rm1"
    assert (
        found.one("a", rel="prev").attributes["href"]
        == "/rates?framework=rm1&proposed=500&bins=3&page_size=2"
    )


def test_pages_of_equally_good_lines_keep_the_order_of_the_first(page: Client) -> None:
    def following(asked: str) -> str:
        return read(page.get(f"/rates?{asked}&page_size=2")).one("a", rel="next").attributes["href"]

    assert following("q=principal") == (
        f"/rates?q=principal&page_size=2&seed={seed_of(timezone.localdate())}&page=2"
    )
    assert following("q=principal&seed=7") == "/rates?q=principal&page_size=2&seed=7&page=2"
    assert following("q=principal&sort=price") == "/rates?q=principal&sort=price&page_size=2&page=2"


def test_a_grade_without_a_framework_links_to_where_the_framework_is_chosen(page: Client) -> None:
    answer = page.get("/rates?grade=G99")
    found = read(answer)
    assert answer.status_code == 400
    assert [anchor for _, anchor in wrong(found)] == ["#framework"]
    assert found.one("select", id="framework")
    chosen = read(page.get("/rates?framework=rm1&grade=G99"))
    assert [anchor for _, anchor in wrong(chosen)] == ["#grade"]


def test_wrong_parameters_are_named_with_a_link_to_each(page: Client) -> None:
    response = page.get("/rates?min_rate=cheap&max_experience=-1&colour=red&q=senior&proposed=0.001")
    assert response.status_code == 400
    found = read(response)
    summary = [
        (element.text, element.attributes["href"])
        for element in found.all("a")
        if element.attributes["href"].startswith("#") and element.text != "Skip to main content"
    ]
    assert summary == [
        ("Years of experience up to: it must be from 0 to 99", "#max_experience"),
        ("Rate from must be an amount such as 650 or 650.50", "#min_rate"),
        ("Price to compare must be an amount such as 650 or 650.50", "#proposed"),
    ]
    assert "There is no filter called colour" in found.texts("li")
    assert found.one("input", id="q").attributes["value"] == "senior"
    assert found.all("input", type="hidden") == []


def test_a_value_that_no_line_bears_is_named_and_not_sent_again(page: Client) -> None:
    response = page.get("/rates?framework=rm1&supplier=nobody&exclude=nope&site=both")
    assert response.status_code == 400
    found = read(response)
    assert [
        (element.text, element.attributes["href"])
        for element in found.all("a")
        if element.attributes["href"].startswith("#") and element.text != "Skip to main content"
    ] == [("Supplier: 'nobody' has no rates; there are alders, dogwood", "#supplier")]
    assert "Exclude: 'nope' is no rate line" in found.texts("li")
    assert found.all("input", type="hidden") == []
    assert "both" in [element.attributes["value"] for element in found.all("option", selected="")]


def sent_by(found: Page, **chosen: str) -> str:
    """The query that the form sends with these choices."""
    fields = [(one.attributes["name"], one.attributes["value"]) for one in found.all("input", type="hidden")]
    return urlencode([*fields, *chosen.items()])


@pytest.mark.parametrize("written", ["currency=GBP&unit=day", "currency=gbp&unit=Day"])
def test_what_the_first_choice_stands_for_is_not_sent_beside_another(page: Client, written: str) -> None:
    found = read(page.get(f"/rates?framework=rm1&{written}"))
    assert found.all("input", type="hidden") == []

    response = page.get(f"/rates?{sent_by(found, framework='rm1', unit='hour')}")

    assert response.status_code == 200
    assert "No line of this search is priced in GBP an hour. It can be read in:" in read(response).texts("p")


def test_published_cards_alone_are_a_choice_of_their_own(page: Client) -> None:
    found = read(page.get("/rates?basis=published"))
    assert found.all("input", type="hidden") == []
    assert "published" in [element.attributes["value"] for element in found.all("option", selected="")]


def test_another_day_is_said_and_left_by_a_link(page: Client) -> None:
    today = timezone.localdate()
    found = read(page.get("/rates?framework=rm1&as_of=2026-03-31&page=1"))
    assert "These are the rates as of 31 March 2026. Show those of today" in found.texts("p")
    link = next(one for one in found.all("a") if one.text == "Show those of today")
    assert link.attributes["href"] == "/rates?framework=rm1"
    for address in (link.attributes["href"], f"/rates?framework=rm1&as_of={today}"):
        assert "Show those of today" not in read(page.get(address)).texts("a")

    nothing = read(page.get("/rates?framework=rm1&as_of=2026-03-31&unit=hour"))
    assert "These are the rates as of 31 March 2026. Show those of today" in nothing.texts("p")


def test_a_link_without_a_line_that_has_gone_shows_the_others(page: Client) -> None:
    before = read(page.get("/rates?framework=rm1")).texts("h2")[1]
    card = RateCard.objects.get(reference="rm1~alders")
    old = RateCardVersion.objects.create(card=card, number=99, status="draft", actor="system")
    RateLine.objects.create(version=old, key="gone", ordinal=1, price_minor=1, role_title="Analyst")
    RateCardVersion.objects.filter(pk=old.pk).update(status="superseded")

    found = read(page.get("/rates?framework=rm1&exclude=rm1~alders~gone"))

    assert found.texts("h2")[1] == before
    assert not [text for text in found.texts("p") if text.startswith("You left out")]


def test_a_question_of_signs_alone_is_told_why_it_finds_nothing(page: Client) -> None:
    assert "“---” holds no word to search by." in read(page.get("/rates?q=---")).texts("p")


def test_the_form_offers_the_lots_on_which_somebody_has_a_card(page: Client) -> None:
    found = read(page.get("/rates?framework=rm1"))
    assert found.texts("select", id="lot") == ["Every lot Lot 1: Health Lot 2a: Digital"]
    Appointment.objects.filter(lot__reference="rm1~2a").delete()
    found = read(page.get("/rates?framework=rm1"))
    assert found.texts("select", id="lot") == ["Every lot Lot 1: Health"]


def test_the_form_takes_few_queries(page: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        page.get("/rates")
    with django_assert_num_queries(4):
        page.get("/rates?framework=rm1")


@pytest.mark.parametrize(
    ("most", "steps"),
    [
        (1, [0, 1]),
        (3, [0, 1, 2, 3]),
        (9, [0, 5, 10]),
        (100, [0, 50, 100]),
        (70_000, [0, 20_000, 40_000, 60_000, 80_000]),
    ],
)
def test_counts_stand_at_round_steps(most: int, steps: list[int]) -> None:
    assert count_steps(most) == steps


def test_bars_fill_the_plot_and_keep_their_proportion() -> None:
    chart = histogram(
        [Bin(10_000, 20_000, 1), Bin(20_000, 30_000, 4), Bin(30_000, 40_000, 2)], 25_000, None, "GBP"
    )
    assert chart.bars[0].x == LEFT
    assert chart.bars[-1].x + chart.bars[-1].width == pytest.approx(RIGHT, abs=3)
    assert [bar.height for bar in chart.bars] == [
        pytest.approx((BOTTOM - TOP) * count / 4, abs=0.1) for count in (1, 4, 2)
    ]
    assert [tick.label for tick in chart.prices] == ["£100", "£175", "£250", "£325", "£400"]
    assert chart.median.at == (LEFT + RIGHT) / 2
    assert chart.proposed is None


def test_a_proposed_price_outside_widens_the_plot() -> None:
    chart = histogram([Bin(10_000, 20_000, 3)], 15_000, 40_000, "GBP")
    assert chart.proposed is not None
    assert chart.proposed.at == RIGHT
    assert chart.bars[0].x + chart.bars[0].width < (LEFT + RIGHT) / 2
    chart = histogram([Bin(10_000, 20_000, 3)], 15_000, 0, "GBP")
    assert chart.proposed is not None
    assert chart.proposed.at == LEFT


def test_a_price_far_off_leaves_every_bar_within_the_plot() -> None:
    prices = [Bin(40_000 + 5_000 * place, 45_000 + 5_000 * place, 3) for place in range(12)]
    for proposed in (6_500_000, 90_000_000, 1):
        bars = histogram(prices, 70_000, proposed, "GBP").bars
        assert all(bar.x >= LEFT and bar.x + bar.width <= RIGHT for bar in bars)
        assert [bar.x for bar in bars] == sorted(bar.x for bar in bars)
    bars = histogram(prices, 70_000, 6_500_000, "GBP").bars
    assert all(1 <= bar.width < 1.05 * 568 * 5_000 / 6_460_000 + 1 for bar in bars)


def test_equal_prices_are_one_visible_bar() -> None:
    chart = histogram([Bin(50_000, 50_000, 7)], 50_000, 50_000, "GBP")
    assert len(chart.bars) == 1
    assert chart.bars[0].width == 38
    assert [tick.label for tick in chart.prices] == ["£500"]
    far = histogram([Bin(50_000, 50_000, 7)], 50_000, 6_500_000, "GBP")
    assert (far.bars[0].x, far.bars[0].width) == (LEFT, 38)


def test_among_hundreds_a_supplier_is_named_by_its_reference(page: Client) -> None:
    made = Supplier.objects.bulk_create(
        Supplier(reference=f"firm-{number}", name=f"Firm {number}", form=Supplier.Form.ALONE)
        for number in range(MOST_CHOICES)
    )
    alder = Partner.objects.get(reference="alder")
    SupplierMember.objects.bulk_create(
        SupplierMember(supplier=one, partner=alder, role="lead", joined_on=date(2020, 1, 1)) for one in made
    )
    rm1 = Framework.objects.get(reference="rm1")
    RateCard.objects.bulk_create(
        RateCard(reference=f"rm1-{one.reference}", supplier=one, framework=rm1, basis="published")
        for one in made
    )
    found = read(page.get("/rates?framework=rm1&supplier=alders"))
    assert found.all("select", id="supplier") == []
    assert found.one("input", id="supplier").attributes["value"] == "alders"
    cells = found.texts("td", class_="govuk-table__cell")
    assert "Supplier: Consortium Alder Fictional firm" in cells
    assert "Supplier: Dogwood Digital Fictional firm" not in cells
    refused = page.get("/rates?framework=rm1&supplier=nobody")
    assert refused.status_code == 400
    wrong = read(refused)
    assert "#supplier" in [one.attributes["href"] for one in wrong.all("a")]
    assert wrong.one("input", id="supplier").attributes["value"] == "nobody"
