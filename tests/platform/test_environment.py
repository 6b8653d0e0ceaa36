"""What a process refuses to start with, and what it makes in its data folder."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.connections import cache_settings, email_settings
from config.environment import (
    broker_socket,
    data_folder,
    is_loopback,
    kept_secret,
    port_number,
    refuse_unsafe,
)
from config.variables import Variables
from procurement.retention import DAYS

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


CACHES = "redis://, rediss://, locmemcache:// or filecache://"
NAMES = ", ".join(sorted(DAYS))
MAILS = (
    "smtp://, smtps://, smtp+tls://, smtp+ssl://, filemail://, consolemail://, memorymail:// or dummymail://"
)

OWN_ORIGIN = "https://calloff.example.org"


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


@pytest.mark.whole
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
        ("WEB_PROCESSES", "x", "WEB_PROCESSES must be a whole number, not 'x'."),
        ("WEB_THREADS", "0", "WEB_THREADS must be a whole number of at least 1, not 0."),
        ("DELIVERY_ATTEMPTS", "0", "DELIVERY_ATTEMPTS must be a whole number of at least 1, not 0."),
        ("EMAIL_TIMEOUT", "400", "EMAIL_TIMEOUT must be a whole number of at most 299, not 400."),
        (
            "RETENTION_DAYS",
            "deliveries=x",
            "RETENTION_DAYS must give deliveries whole days up to 99999, not 'x'.",
        ),
        (
            "PUBLIC_URL",
            "example",
            "PUBLIC_URL must be an address that begins with http:// or https:// and a host.",
        ),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "foo",
            "OTEL_EXPORTER_OTLP_ENDPOINT must be an address that begins with http:// or https:// and a host.",
        ),
        (
            "ALLOWED_HOSTS",
            "example.org,http://x/",
            "ALLOWED_HOSTS must be names of hosts, comma-separated, without http:// and port, not 'http://x/'.",
        ),
        *(
            (
                "CSRF_TRUSTED_ORIGINS",
                told,
                f"CSRF_TRUSTED_ORIGINS must be origins, comma-separated, such as {OWN_ORIGIN}, not {wrong!r}.",
            )
            for told, wrong in (
                ("calloff.example.org", "calloff.example.org"),
                ("https://a.example.org,https://b.example.org/", "https://b.example.org/"),
            )
        ),
        (
            "DEFAULT_FROM_EMAIL",
            "nobody",
            "DEFAULT_FROM_EMAIL must be an e-mail address, such as calloff@example.org, not 'nobody'.",
        ),
        *(
            ("CACHE_URL", url, f"CACHE_URL must be an address that begins with {CACHES}.")
            for url in ("foo", "redis://h:abc/0", "redis://h:1,i:abc/0")
        ),
        *(
            ("EMAIL_URL", url, f"EMAIL_URL must be an address that begins with {MAILS}.")
            for url in ("foo", "smtp://h:abc")
        ),
        *(
            (
                "RETENTION_DAYS",
                told,
                f"RETENTION_DAYS must be names and days, such as deliveries=30, of {NAMES}, not {told!r}.",
            )
            for told in ("foo", "nothing=3")
        ),
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


def test_links_of_an_installation_that_answers_to_any_host_must_be_told_where_they_lead(
    tmp_path: Path,
) -> None:
    """They would begin with https:/ and lead nowhere."""
    own = {"DEMO": "0", "ALLOWED_HOSTS": "*", "SECRET_KEY": "s" * 64, "CALLOFF_DATA": str(tmp_path / "data")}
    answer = check(**own)
    told = (
        "PUBLIC_URL must be set where ALLOWED_HOSTS begins with *: links in e-mails begin with it, such as "
        "https://calloff.example.org."
    )
    assert (answer.returncode, answer.stderr.strip()) == (1, told)
    assert check(**own, PUBLIC_URL="https://calloff.example.org").returncode == 0


def test_every_variable_that_is_read_stands_in_a_table_of_the_operations_guide() -> None:
    source = "".join(path.read_text() for path in sorted((ROOT / "config").glob("*.py")))
    read = set(re.findall(r'\b(?:env|os\.environ)\.[a-z]+\(\s*"([A-Z_]+)"', source))
    rows = [line for line in (ROOT / "docs/operations.md").read_text().splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row.split(" | ")[0])}
    # Stated as _READ and so on, beside the first of them.
    limits = {f"API_LIMIT{name}" for name in told if name.startswith("_")}
    assert {"WEB_BIND", "WEB_THREADS", "CACHE_SECONDS", "MEANING"} <= read
    assert read - told - limits - {"DJANGO_SETTINGS_MODULE"} == set()


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


def test_what_these_variables_may_be_is_still_taken() -> None:
    hosts = "calloff.example.org,.example.org,*,localhost,127.0.0.1,[::1],web_1"
    site, sender = "https://calloff.example.org:8443/at", "Calloff <calloff@intranet>"
    read = Variables()
    read.ENVIRON = {"H": hosts, "U": site, "F": sender, "D": "deliveries=30, removed_files=7"}  # type: ignore[assignment]
    assert read.hosts("H", []) == hosts.split(",")
    assert (read.site("U", ""), read.sender("F", "")) == (site, sender)
    read.ENVIRON["O"] = "https://calloff.example.org,https://*.example.org:8443,http://[::1]:8000"  # type: ignore[index]
    assert read.origins("O") == read.ENVIRON["O"].split(",")
    assert read.origins("UNSET") == []
    assert read.days("D", DAYS) == {"deliveries": 30, "removed_files": 7}
    # What a demo on ::1 says of itself.
    assert read.site("UNSET", "http://::1:8000") == "http://::1:8000"
    for url in (
        "redis://:p@a:1,b:2/0",
        "redis:///run/cache.sock",
        "locmemcache://",
        "filecache:///srv/cache",
    ):
        assert cache_settings(url, seconds=1)["BACKEND"]
    for url in ("smtp://mail.example.org", "consolemail://", "filemail:///data/mail"):
        assert email_settings(url, Path("/srv"))["EMAIL_BACKEND"]
