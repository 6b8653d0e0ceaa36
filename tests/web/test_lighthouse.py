"""Lighthouse gives the main pages of the demonstration 95 or more for performance, as a phone on a slow line has
them.
"""

from __future__ import annotations

import pytest
from django.conf import settings

from tests.web.test_whole_journey import BUYER, address
from tools.lighthouse.measuring import MAIN, SIGNED_IN, WANTED, LighthouseError, install, measure, signed_in

pytestmark = [
    pytest.mark.long,
    pytest.mark.browser,
    pytest.mark.timeout(2400),
    pytest.mark.django_db(transaction=True),
]

__all__ = ["address"]


def test_the_main_pages_are_as_fast_as_is_wanted(address: str, chromium: str) -> None:
    try:
        install()
    except LighthouseError as missing:
        pytest.skip(str(missing))
    assert settings.DEMO_PASSWORD is not None
    cookie = signed_in(address, BUYER, settings.DEMO_PASSWORD)
    scores = [
        measure(f"{address}{path}", chromium, cookie if path in SIGNED_IN else "")
        for path in (*MAIN, *SIGNED_IN)
    ]
    print(f"{len(scores)} pages")
    for one in scores:
        print(one.address, one.points, one.metrics)
    assert [(one.address, one.points) for one in scores if one.points < WANTED] == []
