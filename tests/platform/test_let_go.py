"""On SQLite a request that was refused for want of the write lock holds nothing that another thread could wait for."""

from __future__ import annotations

import gc
import threading
import time
from contextlib import suppress

import pytest
from django.db import OperationalError, connection, transaction

pytestmark = [
    pytest.mark.one_machine,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own one writer"),
]
PATIENCE = 20_000
"""Milliseconds that the other thread waits for the lock the second time."""


def test_whoever_writes_collects_what_a_refused_request_left_without_waiting_for_it() -> None:
    """A thread is refused, its error kept in a circle as a traceback is; it waits again while we write and collect."""
    refused, again, told = threading.Event(), threading.Event(), []

    def other() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA busy_timeout=50")
            errors: list[object] = []
            try:
                with transaction.atomic():
                    told.append("written at once")
            except OperationalError as error:
                errors.extend((errors, error))
            del errors
            refused.set()
            assert again.wait(30)
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA busy_timeout={PATIENCE}")
            with transaction.atomic():
                told.append("written")
        except OperationalError as error:
            told.append(str(error))
        finally:
            connection.close()

    gc.disable()
    try:
        with transaction.atomic():
            waiting = threading.Thread(target=other)
            waiting.start()
            assert refused.wait(30)
            again.set()
            # It comes to the lock, and waits there.
            time.sleep(0.5)
            began = time.monotonic()
            gc.collect()
            took = time.monotonic() - began
        waiting.join(30)
    finally:
        gc.enable()
    assert told == ["written"]
    assert took < PATIENCE / 1000 / 2


def test_a_cursor_that_was_refused_is_closed_and_the_next_one_works() -> None:
    with suppress(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
