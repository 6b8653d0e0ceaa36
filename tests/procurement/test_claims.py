"""Two workers at one queue: neither waits for the other, and none takes what the other has."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from procurement.actions.deliveries import claim as claim_delivery
from procurement.actions.events import Happening, record_many
from procurement.actions.operations import begin
from procurement.models import Delivery, Operation
from procurement.permissions import SYSTEM
from search.models import IndexRequest
from search.sync import claim
from tests.world import editor_of, make_partners, make_regions

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _many_writers() -> None:
    if not connection.features.has_select_for_update_skip_locked:
        pytest.skip("SQLite has one writer at a time and locks no rows")


@contextmanager
def another_worker(
    rows: QuerySet[IndexRequest] | QuerySet[Operation] | QuerySet[Delivery],
) -> Iterator[None]:
    """Somebody who is about to take these rows: locked, and not yet committed."""
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            assert list(rows.select_for_update().values_list("pk", flat=True))
            held.set()
            over.wait(30)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(30)
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_worker_takes_the_requests_that_no_other_is_taking() -> None:
    for reference in ("ash", "elm", "oak"):
        IndexRequest.objects.create(kind="partner", reference=reference)
    with another_worker(IndexRequest.objects.filter(reference="ash")):
        taken = claim()
        assert taken is not None
        assert sorted(request.reference for request in taken.requests) == ["elm", "oak"]
        assert claim() is None
    rest = claim()
    assert rest is not None
    assert [request.reference for request in rest.requests] == ["ash"]


def test_an_operation_that_another_worker_is_taking_is_passed_over() -> None:
    Operation.objects.create(reference="OP-2026-000001", kind="import_partners", actor="system")
    with another_worker(Operation.objects.all()):
        assert begin("OP-2026-000001") is None
    begun = begin("OP-2026-000001")
    assert begun is not None
    assert (begun.status, begin("OP-2026-000001")) == ("running", None)


def test_workers_that_claim_at_once_share_everything_and_nothing_twice() -> None:
    IndexRequest.objects.bulk_create(
        IndexRequest(kind="partner", reference=f"firm-{number}") for number in range(2_500)
    )
    taken: list[list[int]] = []

    def work() -> None:
        while (claimed := claim()) is not None:
            taken.append([request.pk for request in claimed.requests])
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    # Whoever found everything locked went home early; what is left is still there to be taken.
    while (left := claim()) is not None:
        taken.append([request.pk for request in left.requests])
    assert sorted(key for keys in taken for key in keys) == list(
        IndexRequest.objects.order_by("pk").values_list("pk", flat=True)
    )


def test_a_worker_takes_the_delivery_that_no_other_is_taking() -> None:
    make_regions()
    make_partners({"oak": "Oak"})
    editor_of("oak")
    with transaction.atomic():
        record_many(SYSTEM, [Happening("partner.suspended", "partner", "oak", {}, {})] * 2)
    first, second = Delivery.objects.filter(channel="inbox").order_by("pk")
    with another_worker(Delivery.objects.filter(pk=first.pk)):
        taken = claim_delivery("inbox", timezone.now())
        assert taken is not None
        assert taken.pk == second.pk
        assert claim_delivery("inbox", timezone.now()) is None
    left = claim_delivery("inbox", timezone.now())
    assert left is not None
    assert left.pk == first.pk
