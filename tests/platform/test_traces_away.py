"""A collector of traces that is away, or there and silent, holds up no process that ends, nor what begins after it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.platform.collector import collecting
from tests.platform.deployed import DROPPED
from tests.platform.supervised import ROOT, free_port

pytestmark = [pytest.mark.long, pytest.mark.timeout(120)]

ENDS_WITHIN = 7.0
"""Seconds: the two for which the last spans are waited for, and patience with a busy machine. One try of a collector
that is silent takes ten, three of one that is away more than twenty.
"""
SPANS = 1500
"""As many as three batches: each is tried by itself."""
SHORT_LIVED = f"""
import time
import django
django.setup()
from opentelemetry import trace
for number in range({SPANS}):
    trace.get_tracer("test").start_span("one").end()
began = time.monotonic()
trace.get_tracer_provider().shutdown()
print(time.monotonic() - began)
"""


def ending(folder: Path, address: str) -> float:
    """How many seconds the spans of a process with that collector keep it from ending."""
    kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
    environment = kept | {
        "CALLOFF_DATA": str(folder / "data"),
        "DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LOG_LEVEL": "CRITICAL",
        "OTEL_EXPORTER_OTLP_ENDPOINT": address,
        "STATIC_HASHED": "0",
    }
    done = subprocess.run(
        [sys.executable, "-c", SHORT_LIVED],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@contextmanager
def silent() -> Iterator[str]:
    """The address of something that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_collector_that_is_away_holds_up_no_process(tmp_path: Path) -> None:
    assert ending(tmp_path, f"http://127.0.0.1:{free_port()}") < ENDS_WITHIN


def test_a_collector_that_is_silent_holds_up_no_process(tmp_path: Path) -> None:
    with silent() as address:
        assert ending(tmp_path, address) < ENDS_WITHIN


def test_a_collector_that_answers_has_every_span_of_a_process_that_ends(tmp_path: Path) -> None:
    with collecting() as collector:
        ending(tmp_path, collector.address)
        assert len(collector.named("one")) == SPANS
