"""Throw-away services: started beside a command, gone with it, and never asked of a machine without them."""

from __future__ import annotations

import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from tests.given import ROOT
from tools.services import NotInstalledError, _program

SHOWN = "import os; print(os.environ['BROKER_URL'], os.getcwd())"


def beside(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.services", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_command_is_told_where_its_service_is_and_it_is_gone_afterwards() -> None:
    try:
        _program("redis-server", "redis-server")
    except NotInstalledError as missing:
        pytest.skip(str(missing))
    answer = beside("redis", "--", sys.executable, "-c", SHOWN)
    assert answer.returncode == 0, answer.stderr
    url, folder = answer.stdout.split()
    assert url.startswith("redis://:")
    assert folder == str(ROOT)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), 5).close()
    assert beside("redis", "--", sys.executable, "-c", "raise SystemExit(7)").returncode == 7


def test_a_program_that_is_not_installed_is_named_with_its_package() -> None:
    with pytest.raises(NotInstalledError) as missing:
        _program("no-such-server", "no-such-package")
    assert str(missing.value) == (
        "no-such-server is not installed (Debian and Ubuntu: apt-get install no-such-package)"
    )


def test_a_service_or_a_command_that_is_missing_is_said() -> None:
    assert "invalid choice: 'oracle'" in beside("oracle", "--", "true").stderr
    assert "say what to run after --" in beside("redis").stderr
