"""The way back to the index before, when the search service dies on it: what is known is said, and no more."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from search.engines.elasticsearch import lease
from search.engines.elasticsearch.indices import Shape
from search.engines.elasticsearch.listings_shape import SHAPE as LISTINGS
from search.engines.elasticsearch.meta import META_ID, Meta
from search.engines.elasticsearch.rates_mapping import SHAPE as RATES
from tests.search.service import GONE, Answer, BadDay

THERE: Answer = (200, {})
WRITER: list[Answer] = [THERE, (404, {"found": False}), (200, {"result": "created"}), THERE, THERE, THERE]
"""The lease is there and nobody's, nothing is half built, and no index has other copies than are asked for."""
BACK = "the index before the last rebuild is in use"
TLS = "(if it speaks TLS, SEARCH_URL begins with https)"
GONE_AWAY = f"the search service closed the connection without an answer {TLS}"


def going_back(shape: Shape) -> list[Answer]:
    """What is answered to a way back that succeeds: what the index in use says, which there are, the swap, what the
    other says, a new generation written and shown.
    """
    name = f"calloff-{shape.collection}"
    said = {"_index": f"{name}-1", "found": True, "_source": Meta(mapping=shape.mapping).document()}
    indices = {
        f"{name}-{shape.mapping}-2": {"aliases": {name: {}, f"{name}-write": {}}},
        f"{name}-{shape.mapping}-1": {"aliases": {f"{name}-previous": {}}},
    }
    written = {"items": [{"index": {"_id": META_ID, "status": 200}}]}
    return [(200, said), (200, indices), THERE, (200, said), (200, written), THERE]


BOTH = [*going_back(LISTINGS), *going_back(RATES)]


@pytest.mark.parametrize(
    ("answers", "known"),
    [
        ([*WRITER, *BOTH[:2]], "of listings it may be"),
        ([*WRITER, *BOTH[:4]], "of listings it may be"),
        (
            [*WRITER, *BOTH[:8]],
            f"of listings {BACK}, of rate cards it may be",
        ),
        (
            [*WRITER, *BOTH],
            f"of listings {BACK}, of rate cards {BACK}",
        ),
    ],
    ids=["at the first swap", "after the first swap", "at the second swap", "after both"],
)
def test_a_way_back_on_which_the_service_dies_says_how_far_it_came(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch, answers: list[Answer], known: str
) -> None:
    monkeypatch.setattr(lease, "RENEW_SECONDS", 600)
    said = StringIO()
    with BadDay([*answers, GONE]) as day:
        settings.SEARCH_URL, settings.SEARCH_PREFIX = day.url, "calloff-"
        with pytest.raises(CommandError) as told:
            call_command("rebuild_index", rollback=True, stdout=said)
    assert str(told.value) == f"The way back broke off ({GONE_AWAY}): {known}."
    assert said.getvalue() == ""


def test_a_service_that_is_gone_before_the_way_back_changes_nothing(db: None, settings: Any) -> None:
    with BadDay([GONE]) as day:
        settings.SEARCH_URL = day.url
        with pytest.raises(CommandError) as told:
            call_command("rebuild_index", rollback=True, stdout=StringIO())
    assert str(told.value) == f"Nothing was changed: {GONE_AWAY}."
