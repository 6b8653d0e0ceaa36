"""What a process refuses to start with, and what it makes in its data folder."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import (
    broker_socket,
    data_folder,
    is_loopback,
    kept_secret,
    port_number,
    refuse_unsafe,
)
from config.variables import Variables

ROOT = Path(__file__).resolve().parents[2]
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if name
    not in {
        "DEMO",
        "HOST",
        "SECRET_KEY",
        "ALLOWED_HOSTS",
        "CALLOFF_DATA",
        "BROKER_URL",
        "DJANGO_SETTINGS_MODULE",
    }
}


def check(**variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**CLEAN, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_demo_it_names_every_secret_that_is_missing(tmp_path: Path) -> None:
    answer = check(CALLOFF_DATA=str(tmp_path / "data"))
    assert answer.returncode == 1
    assert answer.stderr.strip() == (
        "Without DEMO=1 these must be set: SECRET_KEY, ALLOWED_HOSTS. "
        "For a try on your own machine: `make run`, which sets DEMO=1; commands beside it as "
        "`DEMO=1 .venv/bin/python manage.py COMMAND`."
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "localhost", "::1", "[::1]"])
def test_loopback_is_recognised(host: str) -> None:
    assert is_loopback(host)
    refuse_unsafe(True, host, {})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "calloff.example.org", ""])
def test_what_others_reach_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(ImproperlyConfigured):
        refuse_unsafe(True, host, {})


@pytest.mark.parametrize("text", ["eighty", "0", "70000", "-1", ""])
def test_a_port_is_a_number_that_a_port_may_have(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"PORT must be a number from 1 to 65535, not '{text}'"):
        port_number(text)
    assert port_number("65535") == 65_535


def test_the_secret_is_made_once_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "secret-key"
    first = kept_secret(path)
    assert len(first) >= 64
    assert kept_secret(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret-key"]


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    program = "import sys, pathlib, config.environment as e; print(e.kept_secret(pathlib.Path(sys.argv[1])))"
    path = str(tmp_path / "secret-key")
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, path],
            cwd=ROOT,
            env={**CLEAN, "DEMO": "1"},
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    assert len({process.communicate()[0] for process in started}) == 1


def test_the_data_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = data_folder(tmp_path / "deep" / "data")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(entry.name for entry in folder.iterdir()) == [
        "broker",
        "index",
        "logs",
        "mail",
        "media",
        "metrics",
        "static",
    ]


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(
        ImproperlyConfigured, match=r"The data folder .*/file/data cannot be made or written to"
    ):
        data_folder(tmp_path / "file" / "data")


def test_a_long_data_folder_gets_a_socket_that_fits(tmp_path: Path) -> None:
    short, long = Path("/srv/calloff"), tmp_path / ("deep/" * 40)
    assert broker_socket(short) == short / "broker" / "valkey.sock"
    assert len(os.fsencode(broker_socket(long))) <= 100
    assert broker_socket(long) == broker_socket(long)
    assert broker_socket(long) != broker_socket(long / "other")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DATABASE_POOL_MAX", "abc", "DATABASE_POOL_MAX must be a whole number, not 'abc'."),
        ("SEARCH_REPLICAS", "-1", "SEARCH_REPLICAS must be a whole number of at least 0, not -1."),
        ("API_LIMIT_SEARCH", "x", "API_LIMIT_SEARCH must be a whole number, not 'x'."),
        ("SEARCH_TIMEOUT", "0", "SEARCH_TIMEOUT must be a number above 0, not 0."),
        ("SEARCH_TIMEOUT", "nan", "SEARCH_TIMEOUT must be a number, not 'nan'."),
        ("SEARCH_COMPRESS", "perhaps", "SEARCH_COMPRESS must be 1 or 0, not 'perhaps'."),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, not 'LOUD'."),
        (
            "SEARCH_PREFIX",
            "Other_*",
            "SEARCH_PREFIX must be small letters, digits, - and _, and begin with a letter or digit, not 'Other_*'.",
        ),
    ],
)
def test_a_variable_that_cannot_be_used_is_named_in_one_line(
    name: str, value: str, told: str, tmp_path: Path
) -> None:
    answer = check(DEMO="1", CALLOFF_DATA=str(tmp_path / "data"), **{name: value})
    assert (answer.returncode, answer.stderr.strip()) == (1, told)


def test_yes_and_no_are_read_as_people_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Variables()
    for told, meant in (
        ("1", True),
        ("Yes", True),
        (" on ", True),
        ("0", False),
        ("False", False),
        ("", False),
    ):
        read.ENVIRON = {"SWITCH": told}  # type: ignore[assignment] # only read from
        assert read.switch("SWITCH", default=not meant) is meant
    read.ENVIRON = {}  # type: ignore[assignment]
    assert (read.switch("SWITCH", default=True), read.switch("SWITCH", default=False)) == (True, False)
