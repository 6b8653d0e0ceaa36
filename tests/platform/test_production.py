"""The settings of a real installation: what Django's own deployment check, a browser and a proxy find."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import SECRETS, with_secret_files
from tests.platform.deployed import DROPPED
from tests.platform.supervised import ROOT

SHOW = """
import json
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in %r}))
"""
NAMES = [
    "BEHIND_PROXY",
    "CSRF_COOKIE_SECURE",
    "DEBUG",
    "MIDDLEWARE",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "SECURE_HSTS_SECONDS",
    "SECURE_PROXY_SSL_HEADER",
    "SECURE_SSL_REDIRECT",
    "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_SAMESITE",
    "SESSION_COOKIE_SECURE",
]


def production(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A command in the environment of a real installation."""
    environment = {name: value for name, value in os.environ.items() if name not in DROPPED} | {
        "ALLOWED_HOSTS": "calloff.example.org",
        "CALLOFF_DATA": str(folder),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        **more,
    }
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def shown(folder: Path, **more: str) -> dict[str, Any]:
    done = production(folder, "-c", SHOW % NAMES, **more)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.whole
def test_djangos_deployment_check_finds_nothing(tmp_path: Path) -> None:
    done = production(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "System check identified no issues (1 silenced).\n"
    # Its secret is the one that it was given.
    assert not (tmp_path / "secret-key").exists()


def test_a_command_without_settings_says_what_is_missing_and_nothing_else(tmp_path: Path) -> None:
    done = production(tmp_path, "manage.py", "makemigrations", SECRET_KEY="", ALLOWED_HOSTS="")
    assert done.returncode == 1
    assert done.stderr.startswith("Without DEMO=1 these must be set: SECRET_KEY, ALLOWED_HOSTS.")
    assert len(done.stderr.splitlines()) == 1


def test_an_installation_is_strict_by_default(tmp_path: Path) -> None:
    told = shown(tmp_path)
    assert {name: value for name, value in told.items() if name != "MIDDLEWARE"} == {
        "BEHIND_PROXY": False,
        "CSRF_COOKIE_SECURE": True,
        "DEBUG": False,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_PROXY_SSL_HEADER": None,
        "SECURE_SSL_REDIRECT": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": True,
    }


def test_a_proxys_word_counts_only_where_there_is_one(tmp_path: Path) -> None:
    behind = "config.middleware.BehindProxy"
    told = shown(tmp_path, BEHIND_PROXY="1")
    assert told["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
    assert (behind in told["MIDDLEWARE"], behind in shown(tmp_path)["MIDDLEWARE"]) == (True, False)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_stand_in_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("from-the-file\n")
    read = with_secret_files({f"{name}_FILE": str(tmp_path / "secret"), "HOST": "::1"})
    assert read[name] == "from-the-file"
    assert read["HOST"] == "::1"


def test_a_secret_whose_file_is_missing_empty_or_beside_a_value_is_refused(tmp_path: Path) -> None:
    missing, empty = tmp_path / "missing", tmp_path / "empty"
    empty.touch()
    with pytest.raises(ImproperlyConfigured, match=r"SECRET_KEY_FILE names .*missing, which cannot be read"):
        with_secret_files({"SECRET_KEY_FILE": str(missing)})
    with pytest.raises(ImproperlyConfigured, match=r"SECRET_KEY_FILE names .*empty, which is empty"):
        with_secret_files({"SECRET_KEY_FILE": str(empty)})
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL and DATABASE_URL_FILE are both set"):
        with_secret_files({"DATABASE_URL": "sqlite:///x", "DATABASE_URL_FILE": str(empty)})


def test_a_missing_secret_file_is_a_sentence_and_no_trace(tmp_path: Path) -> None:
    done = production(tmp_path, "manage.py", "check", SEARCH_API_KEY_FILE=str(tmp_path / "nowhere"))
    assert done.returncode == 1
    assert done.stderr == (
        f"SEARCH_API_KEY_FILE names {tmp_path / 'nowhere'}, which cannot be read (FileNotFoundError).\n"
    )


def test_an_exporter_that_nothing_feeds_does_not_start(tmp_path: Path) -> None:
    done = production(tmp_path, "-m", "config.exporter")
    assert (done.returncode, done.stderr) == (
        1,
        "METRICS_PORT is not set: nothing is counted, so there is nothing to export.\n",
    )
