"""Web processes share connections that are kept alive: a new one goes to the process that has fewest."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.platform.supervised import ROOT, free_port, until

HOOKS = """
import django
django.setup()
from config.web_worker import FewestFirst
def child_exit(_server, worker):
    worker.gone()
"""


def application(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answers which process it is."""
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture(scope="module")
def port_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Two processes of gunicorn with our worker."""
    hooks = tmp_path_factory.mktemp("gunicorn") / "hooks.py"
    hooks.write_text(HOOKS)
    chosen = free_port()
    words = ["--worker-class", "config.web_worker.FewestFirst", "--workers", "2", "--threads", "4",
             "--keep-alive", "30", "-c", str(hooks), "--no-control-socket",
             "--bind", f"127.0.0.1:{chosen}", "tests.platform.test_web_worker:application"]  # fmt: skip
    settings = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "STATIC_HASHED": "false",
        "CALLOFF_DATA": str(hooks.parent),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *words],
        cwd=ROOT,
        env=os.environ | settings,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield chosen
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@pytest.fixture
def port(port_of_module: int) -> int:
    """The same, once both answer: a test may have killed one."""
    until(lambda: both_answer(port_of_module), 60, "two processes of gunicorn do not answer")
    return port_of_module


def both_answer(port: int) -> bool:
    try:
        with ExitStack() as kept:
            return len(shares(port, kept, 4)) == 2
    except OSError:
        return False


def connect(port: int, kept: ExitStack) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    kept.callback(connection.close)
    return connection


def ask(connection: http.client.HTTPConnection) -> int:
    connection.request("GET", "/")
    return int(connection.getresponse().read())


def shares(port: int, kept: ExitStack, count: int) -> Counter[int]:
    """How many of some new connections each process takes."""
    return Counter(ask(connect(port, kept)) for _ in range(count))


def test_connections_that_stay_open_are_shared_among_the_processes(port: int) -> None:
    with ExitStack() as kept:
        taken = shares(port, kept, 12)
    assert len(taken) == 2
    assert min(taken.values()) >= 3


def test_a_process_that_was_killed_is_not_waited_for(port: int) -> None:
    with ExitStack() as kept:
        killed = shares(port, kept, 2).most_common(1)[0][0]
        os.kill(killed, signal.SIGKILL)
    with ExitStack() as kept:
        taken: Counter[int] = until(
            lambda: len(found := shares(port, kept, 6)) == 2 and found, 20, "no other process takes its place"
        )
    assert killed not in taken


def test_an_address_that_is_too_long_is_a_problem_document(port: int) -> None:
    with ExitStack() as kept:
        connection = connect(port, kept)
        connection.request("GET", "/api/v1/listings/?q=" + "a" * 9_000)
        answer = connection.getresponse()
        told = json.loads(answer.read())
    assert (answer.status, answer.headers["Content-Type"]) == (414, "application/problem+json")
    assert (told["status"], told["code"]) == (414, "too_long")


def test_a_search_that_is_too_long_is_told_so_on_a_page(port: int) -> None:
    for address in ("/search?q=", "/?q="):
        with ExitStack() as kept:
            connection = connect(port, kept)
            connection.request("GET", address + "a" * 9_000)
            answer = connection.getresponse()
            told = answer.read().decode()
        assert (answer.status, answer.headers["Content-Type"]) == (414, "text/html; charset=utf-8")
        assert "What you typed is too long to search for</h1>" in told
        assert 'href="/match"' in told


def test_the_web_s_configuration_loads_no_model(tmp_path: Path) -> None:
    """It is read before Django is set up: a model that it loaded would stop the web from starting."""
    told = subprocess.run(
        [sys.executable, "-c", "import search.index, sys; print(*sys.modules)"],
        cwd=ROOT, env=os.environ | {"CALLOFF_DATA": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    ours = [name for name in told.stdout.split() if name.startswith(("procurement.", "search."))]
    assert "search.index" in ours
    assert [name for name in ours if "models" in name.split(".")] == []
