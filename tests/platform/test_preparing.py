"""What the start of a version leaves to the processes of the version before, which still run."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from config.recording import forget
from search.index import borrowed_writer, rebuild_because
from search.models import IndexRun
from tools.prepare import LONG_GONE, build_index, collect_static


def test_counts_of_a_process_that_may_run_are_kept_and_of_one_long_gone_are_not(tmp_path: Path) -> None:
    lives, gone = tmp_path / "counter_host-1.db", tmp_path / "counter_host-2.db"
    lives.write_bytes(b"1")
    gone.write_bytes(b"2")
    then = time.time() - LONG_GONE - 60
    os.utime(gone, (then, then))
    forget(tmp_path, LONG_GONE)
    assert sorted(tmp_path.iterdir()) == [lives]
    forget(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_static_files_of_the_version_before_stay_where_its_pages_ask_for_them(
    tmp_path: Path, settings: Any
) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    collect_static(tmp_path)
    now, before = (
        tmp_path / "static" / "web" / "icon.svg",
        tmp_path / "static" / "web" / "icon.0123456789ab.svg",
    )
    before.write_text("<svg/>")
    now.unlink()
    (tmp_path / "static-collected").unlink()
    collect_static(tmp_path)
    assert before.read_text() == "<svg/>"
    assert now.read_text() != "<svg/>"


@pytest.mark.django_db
def test_an_index_worker_that_runs_is_asked_for_no_index_and_delays_nothing(
    settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.INDEX_FOLDER = tmp_path / "index"
    with borrowed_writer():
        build_index()
    assert (IndexRun.objects.count(), set(rebuild_because())) == (0, {"listings", "rates"})
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        "Searches of this version will answer 503 until the index is built (listings, there is no listings index yet; "
        "rates, rates: there is no index yet): the index worker that runs holds it, and the one that takes its place "
        "begins with that.\n"
    )
    build_index()
    assert (rebuild_because(), IndexRun.objects.get().status) == ({}, "succeeded")
