"""A PostgreSQL that says no more and closes nothing: health says so in time. One that is gone is noticed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.given import ROOT, database
from tests.platform.supervised import free_port

ASKED = """
import os, signal, time
import django; django.setup()
from django.test import Client
client, relay = Client(SERVER_NAME="localhost"), int(os.environ["RELAY"])
def ready():
    began = time.monotonic()
    answer = client.get("/api/v1/health/ready/")
    print(answer.status_code, answer.json()["database"]["status"], time.monotonic() - began < 5)
client.get("/api/v1/health/ready/")
ready()
os.kill(relay, signal.SIGSTOP)
ready()
ready()
os.kill(relay, signal.SIGCONT)
for _ in range(200):
    if client.get("/api/v1/health/ready/").status_code == 200:
        break
    time.sleep(0.05)
ready()
"""
SET = """
import socket
import django; django.setup()
from django.db import connection
connection.ensure_connection()
with socket.socket(fileno=os.dup(connection.connection.fileno())) as used:
    print(*(used.getsockopt(*one) for one in (
        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT), (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE), (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT))))
"""


@pytest.fixture
def url() -> str:
    given = database()
    if given is None:
        pytest.skip("DATABASE_URL gives no PostgreSQL")
    return given


def said(code: str, folder: Path, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import os\n{code}"],
        cwd=ROOT,
        env={
            **os.environ,
            "DEMO": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "CALLOFF_DATA": str(folder),
            "DATABASE_POOL_MAX": "2",
            "LOG_LEVEL": "CRITICAL",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_health_says_in_time_that_a_database_is_silent_and_that_it_is_back(url: str, tmp_path: Path) -> None:
    target, port = urlsplit(url), free_port()
    words = [str(port), str(target.hostname), str(target.port)]
    relay = subprocess.Popen([sys.executable, "-m", "tests.relay", *words], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert relay.stdout is not None
        assert relay.stdout.readline() == b"listening\n"
        behind = target._replace(netloc=f"{target.netloc.rpartition('@')[0]}@127.0.0.1:{port}").geturl()
        assert said(ASKED, tmp_path, DATABASE_URL=behind, RELAY=str(relay.pid)) == [
            "200 ok True",
            "503 down True",
            "503 down True",
            "200 ok True",
        ]
    finally:
        relay.kill()
        relay.communicate()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system has no such option")
def test_a_machine_that_is_gone_is_noticed_by_each_connection(url: str, tmp_path: Path) -> None:
    assert said(SET, tmp_path, DATABASE_URL=url) == ["15000 1 15 5 3"]
