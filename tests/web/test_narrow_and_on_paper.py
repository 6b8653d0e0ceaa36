"""Pages with as much as they may hold, on the narrowest screen: nothing is cut off."""

from __future__ import annotations

import pytest
from django.utils import timezone

from procurement.models import DayFinds, MonthFinds
from tests.web.test_in_a_browser import Site, sign_in, site, wide

__all__ = ["site"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600), pytest.mark.django_db(transaction=True)]


def test_a_firm_that_was_often_found_fits_320_pixels(site: Site) -> None:
    today = timezone.localdate()
    for month in range(1, today.month + 1):
        for number in range(120):
            partner = f"firm-{number}" if number else "alder"
            MonthFinds.objects.create(
                month=today.replace(month=month, day=1),
                partner=partner,
                searches=12_345 + number,
                matches=10_001,
                finds=22_346 + number,
            )
    DayFinds.objects.create(
        day=today, listing="rm1~alders~alder", partner="alder", searches=12_345, matches=10_001
    )
    context = site.context(viewport={"width": 320, "height": 256})
    page = context.new_page()
    sign_in(page)
    page.goto("/firms/alder")
    assert page.get_by_text("By month").is_visible()
    assert wide(page) == []
    context.close()
