"""`make run` that cannot start says why in a sentence, starts nothing and changes nothing."""

from __future__ import annotations

import fcntl
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.platform.supervised import ROOT, free_port, processes_of, variables

pytestmark = pytest.mark.one_machine


def start(data: Path, port: int, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.run"],
        cwd=ROOT,
        env={**variables(data, port), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_port_in_use_is_named_with_another_to_try(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = start(tmp_path, port)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr == (
        f"Port {port} on 127.0.0.1 cannot be used (Address already in use). "
        f"Stop what listens there, or choose another: PORT={port + 1} make run\n"
    )
    assert not (tmp_path / "calloff.sqlite3").exists()
    assert processes_of(tmp_path) == {}


def test_a_data_folder_is_run_by_one_supervisor(tmp_path: Path) -> None:
    with (tmp_path / "run.lock").open("w") as held:
        held.write("4711")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        answer = start(tmp_path, free_port())
    assert answer.returncode == 1
    assert answer.stderr == (
        f"Calloff already runs on the data folder {tmp_path} (process 4711). "
        "Stop it, or set CALLOFF_DATA to another folder.\n"
    )
    assert not (tmp_path / "calloff.sqlite3").exists()
    assert processes_of(tmp_path) == {}


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    answer = start(tmp_path / "file" / "data", free_port())
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"The data folder {tmp_path}/file/data cannot be made or written to")
    assert answer.stderr.endswith("Set CALLOFF_DATA to a folder that can be.\n")


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DEMO": "0"}, "Without DEMO=1 these must be set: SECRET_KEY, ALLOWED_HOSTS."),
        ({"HOST": "0.0.0.0"}, "listens on loopback only, not on HOST=0.0.0.0."),
        ({"PORT": "eighty"}, "PORT must be a number from 1 to 65535, not 'eighty'."),
    ],
)
def test_an_unsafe_or_wrong_environment_is_named(
    tmp_path: Path, environment: dict[str, str], sentence: str
) -> None:
    answer = start(tmp_path / "data", free_port(), **environment)
    assert answer.returncode == 1
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (tmp_path / "data" / "calloff.sqlite3").exists()
