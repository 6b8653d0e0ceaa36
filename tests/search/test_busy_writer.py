"""While a command holds the writer, what asks the index worker waits as one message, and is not lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.prepared import Prepared
from tests.search.stage import Stage

BUSY = """
import time
from config.celery import app
from search.index import borrowed_writer, holds_writer, release_writer
from search.tasks import BUSY_SECONDS, index_sweep, index_sync
def waiting():
    with app.connection_for_read() as connection:
        return connection.default_channel.queue_purge("index")
def told(): # what a worker does with each message that has come due
    time.sleep(BUSY_SECONDS)
    for _ in range(found := waiting()):
        index_sync()
    return found
waiting()
with borrowed_writer():
    for _ in range(20):
        index_sync()
    index_sweep()
    print(told(), told())
    index_sweep()
    print(told())
print(told(), holds_writer(), waiting())
release_writer()
"""


@pytest.mark.whole
def test_however_many_find_the_writer_held_one_looks_again_until_it_is_free(
    prepared: Prepared, tmp_path: Path
) -> None:
    with prepared.copied(tmp_path / "data") as environment:
        stage = Stage(tmp_path / "data", environment)
        try:
            stage.start_queue()
            assert stage.run(BUSY).splitlines() == ["1 1", "1", "1 True 0"]
        finally:
            stage.end()
