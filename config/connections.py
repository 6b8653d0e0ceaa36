"""The database, the queue, the cache and where e-mails go, as their addresses name them.

No sentence of this module repeats an address: it may hold a password.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from search.engines.elasticsearch.connection import check_authority

DATABASES: Final = ("sqlite", "postgres", "postgresql")
CACHES: Final = ("redis", "rediss", "locmemcache", "filecache")
MAILS: Final = ("smtp", "smtps", "smtp+tls", "smtp+ssl", "filemail", "consolemail", "memorymail", "dummymail")
BROKERS: Final = ("redis", "rediss", "redis+socket", "amqp", "amqps")
SQLITE_START: Final = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000; "
    "PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864;"
)
REDIS_CACHE: Final = "django.core.cache.backends.redis.RedisCache"
RESTING_CACHE: Final = "config.resting_cache.RestingCache"
ATTEMPTS_CACHE: Final = "config.attempts_cache.AttemptsCache"
ATTEMPTS_MOST: Final = 100_000
"""So many counts are kept in the file, some 20 MB."""
FILES: Final = "django.core.mail.backends.filebased.EmailBackend"
REACHED_WITHIN: Final = 5
"""Seconds that the database has to take a connection in."""
SILENT_FOR: Final = 15
"""Seconds in which nothing of what was sent to the database's machine arrives there, after which it counts as gone."""


def _address(variable: str, url: str, known: tuple[str, ...]) -> None:
    """Raises ImproperlyConfigured unless it is an address of a kind that we speak to."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in known and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        raise ImproperlyConfigured(f"{variable} must be an address that begins with {_listed(known)}.")


def _listed(schemes: tuple[str, ...]) -> str:
    *most, last = (f"{scheme}://" for scheme in schemes)
    return f"{', '.join(most)} or {last}"


def email_settings(url: str, folder: Path) -> dict[str, Any]:
    """Django's settings of e-mail by an address such as `smtp+tls://user:password@host:587`; files in `folder` without
    one. `filemail:///data/mail` is the folder /data/mail: the library that reads the others takes its first slash off,
    and files would lie wherever a process was started. Raises ImproperlyConfigured for an address that is none.
    """
    if not url:
        return {"EMAIL_BACKEND": FILES, "EMAIL_FILE_PATH": str(folder)}
    _address("EMAIL_URL", url, MAILS)
    made: dict[str, Any] = environ.Env.email_url_config(url)
    if made["EMAIL_BACKEND"] == FILES:
        made["EMAIL_FILE_PATH"] = unquote(urlsplit(url).path)
    return made


def cache_settings(url: str, *, seconds: float) -> dict[str, Any]:
    """What Django is told of the cache at an address. `seconds` is what a request waits for a Redis that hangs, unless
    the address says otherwise (`?socket_timeout=2`). Raises ImproperlyConfigured for an address that is none.
    """
    # Several servers may stand there, parted by commas.
    scheme, separator, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    for one in place.split(","):
        _address("CACHE_URL", f"{scheme}{separator}{one}{slash}{path}", CACHES)
    made: dict[str, Any] = environ.Env.cache_url_config(url)
    if made["BACKEND"] == REDIS_CACHE:
        made["BACKEND"] = RESTING_CACHE
        made["OPTIONS"] = {
            "socket_connect_timeout": seconds,
            "socket_timeout": seconds,
            **made.get("OPTIONS", {}),
        }
    return made


def attempts_settings(url: str, file: Path, *, seconds: float) -> dict[str, Any]:
    """What Django is told of where failed sign-ins are counted: the Redis at an address, else a file, as processes
    share neither a cache in memory nor one that forgets at random. Raises ImproperlyConfigured for an address that is
    none.
    """
    made = cache_settings(url, seconds=seconds)
    if made["BACKEND"] == RESTING_CACHE:
        return made
    return {"BACKEND": ATTEMPTS_CACHE, "LOCATION": str(file), "OPTIONS": {"MAX_ENTRIES": ATTEMPTS_MOST}}


def database_settings(url: str, *, busy_seconds: int, pool_least: int, pool_most: int) -> dict[str, Any]:
    """What Django is told of the database at an address.

    `busy_seconds` is how long a write waits for another before it is refused, on either database. Raises
    ImproperlyConfigured for an address that is none.
    """
    _address("DATABASE_URL", url, DATABASES)
    found: dict[str, Any] = environ.Env.db_url_config(url)
    found["ATOMIC_REQUESTS"] = False
    if found["ENGINE"] == "django.db.backends.sqlite3":
        found["CONN_MAX_AGE"] = None
        found["OPTIONS"] = {
            # A writer takes its lock when it begins, so two can never both have read and then both need to write.
            "transaction_mode": "IMMEDIATE",
            "timeout": busy_seconds,
            "init_command": SQLITE_START,
        }
        return found
    if not found["NAME"]:
        raise ImproperlyConfigured("DATABASE_URL names no database after the host.")
    if "@" in found["NAME"]:
        # What stands before the sign is the rest of a password: it is not repeated.
        raise ImproperlyConfigured(
            "DATABASE_URL: a /, : or @ within the password is percent-encoded (%2F, %3A, %40)."
        )
    if not pool_most > 0 or pool_least > pool_most:
        raise ImproperlyConfigured("DATABASE_POOL_MAX must be 1 or more, and DATABASE_POOL_MIN not above it.")
    found["HOST"] = unquote(found["HOST"])
    # The pool keeps the connections, so Django must not; it looks at each before it hands it out, so that a
    # database that was started again is met with a new one.
    found["CONN_MAX_AGE"] = 0
    found["CONN_HEALTH_CHECKS"] = True
    found["OPTIONS"] = {
        "connect_timeout": REACHED_WITHIN,
        "application_name": "calloff",
        # A machine that is gone closes no connection, and the system would try for a quarter of an hour. Both ask for a
        # sign of life of the other machine: a statement may take as long as it likes once it has been sent.
        "tcp_user_timeout": SILENT_FOR * 1000,
        "keepalives_idle": SILENT_FOR,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        **found.get("OPTIONS", {}),
        "options": f"-c lock_timeout={busy_seconds}s -c idle_in_transaction_session_timeout=10min",
        "pool": {"min_size": pool_least, "max_size": pool_most, "timeout": REACHED_WITHIN},
    }
    return found


def broker_tls(url: str, ca_cert: str) -> dict[str, Any]:
    """What the queue's client is told of TLS, {} where the address asks for none: the server's certificate must be
    signed by an authority in the file `ca_cert` (empty: by one of the system's) and hold the name that it is reached
    by. The libraries would by themselves verify nothing of a Redis, and of a RabbitMQ no name.

    Raises ImproperlyConfigured where the file holds no certificate.
    """
    address = urlsplit(url)
    if address.scheme not in ("rediss", "amqps"):
        return {}
    if ca_cert:
        try:
            check_authority(ca_cert, "BROKER_CA_CERT")
        except ValueError as error:
            raise ImproperlyConfigured(f"{error}: {ca_cert}.") from error
    if address.scheme == "rediss":
        asked = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
        return asked | ({"ssl_ca_certs": ca_cert} if ca_cert else {})
    # Given a name, the library holds it against the certificate.
    named: dict[str, Any] = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": address.hostname}
    return named | ({"ca_certs": ca_cert} if ca_cert else {})


def broker_options(url: str, *, seconds: float, visibility: int) -> dict[str, Any]:
    """The transport's options for a queue at an address.

    `seconds` is what a request waits for a queue that hangs. `visibility` is until a task that a killed worker
    held is given to another: RabbitMQ sees the connection close and gives it at once, Redis has to be told.
    Raises ImproperlyConfigured for an address that is none.
    """
    _address("BROKER_URL", url, BROKERS)
    if urlsplit(url).scheme.startswith("amqp"):
        return {
            # Published means that the server has it.
            "confirm_publish": True,
            "connect_timeout": seconds,
            "read_timeout": seconds,
            "write_timeout": seconds,
            "max_retries": 0,
        }
    return {
        "visibility_timeout": visibility,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 10,
        "socket_connect_timeout": seconds,
        "socket_timeout": seconds,
        "max_retries": 0,
    }
