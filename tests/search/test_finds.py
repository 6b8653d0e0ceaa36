"""What answers show is counted in the process and written beside it: whole, bounded, and never by the search itself."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from django.db import connection

from procurement.models import DayFinds
from search.finds import MOST, Finds

TODAY, LATER = date(2026, 11, 26), date(2026, 11, 27)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def rows() -> list[tuple[str, str, int, int]]:
    return [
        (f"{one.day}", one.listing, one.searches, one.matches)
        for one in DayFinds.objects.order_by("day", "listing")
    ]


def test_what_was_added_is_written_once(db: None) -> None:
    counted = Finds()
    counted.add(TODAY, ["a~b~c", "a~b~d"], "searches")
    counted.add(TODAY, ["a~b~c"], "matches")
    counted.add(LATER, ["a~b~c"], "searches")
    assert counted.write() == 3
    assert counted.write() == 0
    assert rows() == [
        ("2026-11-26", "a~b~c", 1, 1),
        ("2026-11-26", "a~b~d", 1, 0),
        ("2026-11-27", "a~b~c", 1, 0),
    ]


def test_threads_lose_nothing(db: None) -> None:
    counted = Finds()

    def add() -> None:
        for _ in range(500):
            counted.add(TODAY, ["a~b~c"], "searches")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted.write()
    assert rows() == [("2026-11-26", "a~b~c", 2000, 0)]


def test_what_is_held_is_bounded(db: None) -> None:
    counted = Finds()
    counted.add(TODAY, (f"a~b~p{number}" for number in range(MOST)), "searches")
    counted.add(TODAY, ["a~b~late", "a~b~p0"], "searches")
    assert len(counted._counts) == MOST
    assert counted._counts[TODAY, "a~b~p0"].searches == 2


@pytest.mark.django_db(transaction=True)
def test_what_the_database_does_not_take_is_kept_for_later() -> None:
    counted = Finds()
    counted.add(TODAY, ["a~b~c"], "searches")
    with connection.schema_editor() as editor:
        editor.alter_db_table(DayFinds, "procurement_dayfinds", "elsewhere")
    try:
        assert counted.write() == 0
        counted.add(TODAY, ["a~b~c"], "matches")
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(DayFinds, "elsewhere", "procurement_dayfinds")
    assert counted.write() == 1
    assert rows() == [("2026-11-26", "a~b~c", 1, 1)]


def test_nothing_is_counted_where_nobody_began(db: None) -> None:
    counted = Finds()
    counted.shown(["a~b~c"], "searches", BROWSER)
    assert (counted.counting, counted.write()) == (False, 0)


@pytest.mark.django_db(transaction=True)
def test_a_process_that_ends_writes_what_is_left() -> None:
    counted = Finds()
    counted.begin(600)
    counted.shown(["a~b~c"], "searches", BROWSER)
    counted.shown(["a~b~c"], "searches", "Mozilla/5.0 (compatible; Examplebot/2.1)")
    assert rows() == []
    counted.end()
    assert [one[1:] for one in rows()] == [("a~b~c", 1, 0)]
    assert not counted.counting
