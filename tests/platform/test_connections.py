"""What the two addresses become, and the one sentence for an address that is wrong or answers nobody."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config.connections import broker_options, broker_tls, database_settings, email_settings
from config.reached import broker_refusal, database_refusal
from tests.given import ROOT, broker, database
from tools.search_node.certificates import issue, make_authority, write_authority


def settings_of(url: str, least: int = 1, most: int = 8) -> dict[str, Any]:
    return database_settings(url, busy_seconds=20, pool_least=least, pool_most=most)


def test_postgresql_is_pooled_and_waits_as_long_as_sqlite_does() -> None:
    made = settings_of("postgres://calloff:p%40ss@db.example.org:5433/calloff?sslmode=require", 2, 6)
    assert made == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "calloff",
        "USER": "calloff",
        "PASSWORD": "p@ss",
        "HOST": "db.example.org",
        "PORT": 5433,
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "sslmode": "require",
            "connect_timeout": 5,
            "application_name": "calloff",
            "tcp_user_timeout": 15_000,
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "options": "-c lock_timeout=20s -c idle_in_transaction_session_timeout=10min",
            "pool": {"min_size": 2, "max_size": 6, "timeout": 5},
        },
    }


def test_a_socket_folder_may_stand_for_the_host() -> None:
    assert settings_of("postgres://calloff@%2Frun%2Fpostgresql/calloff")["HOST"] == "/run/postgresql"


def test_sqlite_keeps_its_connection_and_takes_its_lock_first() -> None:
    made = settings_of("sqlite:////srv/calloff.sqlite3")
    assert (made["NAME"], made["CONN_MAX_AGE"]) == ("/srv/calloff.sqlite3", None)
    assert (made["OPTIONS"]["transaction_mode"], made["OPTIONS"]["timeout"]) == ("IMMEDIATE", 20)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (
            "mysql://u:hidden@h/d",
            "DATABASE_URL must be an address that begins with sqlite://, postgres:// or ",
        ),
        ("calloff", "DATABASE_URL must be an address that begins with"),
        ("postgres://u:hidden@h:port/d", "DATABASE_URL must be an address that begins with"),
        ("postgres://u:hidden@h", "DATABASE_URL names no database after the host."),
        ("postgres://u:p@ss/hidden@h/d", "DATABASE_URL: a /, : or @ within the password is percent-encoded"),
    ],
)
def test_an_address_that_is_none_is_refused_without_repeating_it(url: str, sentence: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        settings_of(url)
    assert str(refusal.value).startswith(sentence)
    assert "hidden" not in str(refusal.value)


def test_a_pool_has_a_size() -> None:
    for least, most in ((1, 0), (5, 4)):
        with pytest.raises(ImproperlyConfigured, match="DATABASE_POOL_MAX must be 1 or more"):
            settings_of("postgres://h/d", least, most)


@pytest.mark.parametrize("scheme", ["redis", "rediss", "redis+socket"])
def test_redis_is_told_when_to_give_a_dead_workers_task_to_another(scheme: str) -> None:
    assert broker_options(f"{scheme}://h/0", seconds=0.5, visibility=60) == {
        "visibility_timeout": 60,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 10,
        "socket_connect_timeout": 0.5,
        "socket_timeout": 0.5,
        "max_retries": 0,
    }


@pytest.mark.parametrize("scheme", ["amqp", "amqps"])
def test_rabbitmq_confirms_what_is_published_and_hears_nothing_of_redis(scheme: str) -> None:
    assert broker_options(f"{scheme}://h/v", seconds=0.5, visibility=60) == {
        "confirm_publish": True,
        "connect_timeout": 0.5,
        "read_timeout": 0.5,
        "write_timeout": 0.5,
        "max_retries": 0,
    }


def test_a_queue_of_another_kind_is_refused_without_repeating_it() -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        broker_options("kafka://u:hidden@h", seconds=1, visibility=1)
    assert str(refusal.value) == (
        "BROKER_URL must be an address that begins with redis://, rediss://, redis+socket://, amqp:// or amqps://."
    )


def started(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "BROKER_URL"}}
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**kept, "DEMO": "1", "DJANGO_SETTINGS_MODULE": "config.settings", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.whole
@pytest.mark.parametrize("words", [("-m", "tools.run"), ("manage.py", "verify_events")])
def test_a_database_that_does_not_answer_is_one_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    answer = started(
        *words, DATABASE_URL="postgres://calloff:hidden@127.0.0.1:1/calloff", CALLOFF_DATA=str(tmp_path)
    )
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr == (
        "DATABASE_URL: the database calloff at 127.0.0.1:1 cannot be reached (Connection refused).\n"
    )


@pytest.mark.whole
def test_a_database_without_tables_or_of_an_earlier_version_is_one_line(tmp_path: Path) -> None:
    place = tmp_path / "calloff.sqlite3"
    answer = started("manage.py", "verify_events", CALLOFF_DATA=str(tmp_path))
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == (
        f"There is nothing in the database {place} yet: `manage.py migrate` makes its tables. Where the installation "
        "lies elsewhere, CALLOFF_DATA or DATABASE_URL says so.\n"
    )
    earlier = started("manage.py", "migrate", "procurement", "0001", "-v0", CALLOFF_DATA=str(tmp_path))
    assert earlier.returncode == 0, earlier.stderr
    answer = started("manage.py", "load_fixtures", CALLOFF_DATA=str(tmp_path))
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == (
        f"The database {place} is of an earlier version: `manage.py migrate` brings it up to this one.\n"
    )


@pytest.mark.whole
@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_queue_that_does_not_answer_is_one_line(tmp_path: Path, scheme: str) -> None:
    answer = started(
        "-m", "tools.run", BROKER_URL=f"{scheme}://u:hidden@127.0.0.1:1/0", CALLOFF_DATA=str(tmp_path)
    )
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.startswith("BROKER_URL: the queue at 127.0.0.1:1 cannot be reached (Connection")
    assert answer.stderr.count("\n") == 1
    assert "hidden" not in answer.stderr


def test_a_database_that_answers_is_used_and_a_wrong_password_is_said_without_it() -> None:
    url = database()
    if url is None:
        pytest.skip("DATABASE_URL gives no PostgreSQL")
    assert database_refusal(settings_of(url)) is None
    password = urlsplit(url).password
    refusal = database_refusal(settings_of(url.replace(f":{password}@", ":hidden@")))
    assert refusal is not None
    assert refusal.endswith('cannot be reached (password authentication failed for user "calloff").')
    assert "hidden" not in refusal
    assert database_refusal(settings_of(f"{url}_none")) == (
        f"DATABASE_URL: the database calloff_none at 127.0.0.1:{urlsplit(url).port} cannot be reached "
        '(database "calloff_none" does not exist).'
    )


def test_a_database_that_cannot_hold_every_name_is_refused() -> None:
    url = database()
    if url is None:
        pytest.skip("DATABASE_URL gives no PostgreSQL")
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("CREATE DATABASE calloff_ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        try:
            refusal = database_refusal(settings_of(f"{url.rpartition('/')[0]}/calloff_ascii"))
        finally:
            server.execute("DROP DATABASE calloff_ascii")
    assert refusal == (
        f"DATABASE_URL: the database calloff_ascii at 127.0.0.1:{urlsplit(url).port} "
        "has the encoding SQL_ASCII, not UTF8."
    )


def test_a_queue_that_answers_is_used_and_one_that_does_not_let_us_in_is_named() -> None:
    url = broker()
    if url is None:
        pytest.skip("BROKER_URL gives no Redis or RabbitMQ")
    assert broker_refusal(url) is None
    refusal = broker_refusal(url.replace(f":{urlsplit(url).password}@", ":hidden@"))
    assert refusal is not None
    assert refusal.startswith("BROKER_URL: the queue at 127.0.0.1:")
    assert "hidden" not in refusal


@contextmanager
def behind_tls(folder: Path, key: bytes, certificate: bytes) -> Iterator[tuple[int, list[bool]]]:
    """The port of a server that does no more than shake hands, and whether each who came went on after that."""
    (folder / "key.pem").write_bytes(key)
    (folder / "certificate.pem").write_bytes(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    trusted: list[bool] = []

    def serve() -> None:
        while True:
            try:
                reached, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(reached, server_side=True) as secured:
                    trusted.append(secured.recv(1) != b"")
            except OSError:
                trusted.append(False)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1], trusted
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("scheme", ["rediss", "amqps"])
def test_a_queue_behind_tls_is_spoken_to_where_its_certificate_is_trusted_and_holds_its_name(
    tmp_path: Path, scheme: str
) -> None:
    authority, file = make_authority(), tmp_path / "authority.pem"
    write_authority(authority, file)

    def refusal(name: str, ca_cert: str) -> tuple[str, set[bool]]:
        with behind_tls(tmp_path, *issue(authority, [name])) as (port, trusted):
            said = broker_refusal(f"{scheme}://u:hidden@127.0.0.1:{port}/0", ca_cert)
        assert said is not None
        return said.replace(f":{port}", "").partition(" (")[0], set(trusted)

    untrusted = (
        "BROKER_URL: the certificate of the queue at 127.0.0.1 does not hold that name, or is of no authority that "
        "BROKER_CA_CERT, or without it the system, names."
    )
    assert refusal("127.0.0.1", "") == (untrusted, {False})
    assert refusal("queue.example.org", str(file)) == (untrusted, {False})
    # What shakes hands and says no more is no queue, but was spoken to.
    assert refusal("127.0.0.1", str(file)) == ("BROKER_URL: the queue at 127.0.0.1 cannot be reached", {True})


def test_an_authority_of_the_queue_that_is_none_is_refused_by_its_variable(tmp_path: Path) -> None:
    assert broker_tls("redis://h/0", str(tmp_path / "none.pem")) == {}
    with pytest.raises(
        ImproperlyConfigured, match=r"^BROKER_CA_CERT names a file that is not there: .*none.pem\.$"
    ):
        broker_tls("rediss://h/0", str(tmp_path / "none.pem"))


def test_e_mails_are_files_in_the_data_folder_unless_an_address_says_where_they_go() -> None:
    files = "django.core.mail.backends.filebased.EmailBackend"
    assert str(settings.CALLOFF_DATA / "mail") == settings.EMAIL_FILE_PATH
    assert email_settings("", Path("/srv/data#1/mail")) == {
        "EMAIL_BACKEND": files,
        "EMAIL_FILE_PATH": "/srv/data#1/mail",
    }
    made = email_settings("filemail:///data/sent%20mail", Path("/srv"))
    assert (made["EMAIL_BACKEND"], made["EMAIL_FILE_PATH"]) == (files, "/data/sent mail")
    made = email_settings("smtp+tls://calloff:p%40ss@mail.example.org:587", Path("/srv"))
    assert made["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert (made["EMAIL_HOST"], made["EMAIL_PORT"], made["EMAIL_HOST_PASSWORD"]) == (
        "mail.example.org",
        587,
        "p@ss",
    )
    assert made["EMAIL_USE_TLS"] is True
