"""Whether the database and the queue answer, asked once before anything starts: else one sentence that names
the variable to look at. It says where they were looked for, never with which password.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.db import connection as django_connection
from django.db.migrations.executor import MigrationExecutor
from kombu import Connection
from kombu.exceptions import KombuError

from config.connections import REACHED_WITHIN, broker_options, broker_tls


def database_refusal(database: Mapping[str, Any]) -> str | None:
    """Why the database cannot be used; None where it answers. `database` is one of Django's DATABASES."""
    if database["ENGINE"] == "django.db.backends.sqlite3":
        folder = Path(str(database["NAME"])).absolute().parent
        return (
            None if folder.is_dir() else f"DATABASE_URL: there is no folder {folder} for the database file."
        )
    options = {name: value for name, value in database["OPTIONS"].items() if name != "pool"}
    place = f"{database['HOST'] or 'this machine'}:{database['PORT'] or 5432}"
    try:
        connection = psycopg.connect(
            host=database["HOST"] or None,
            port=database["PORT"] or None,
            dbname=database["NAME"],
            user=database["USER"] or None,
            password=database["PASSWORD"] or None,
            **options,
        )
    except psycopg.OperationalError as error:
        said = str(error).splitlines()[0].rpartition(": ")[2].strip()
        return f"DATABASE_URL: the database {database['NAME']} at {place} cannot be reached ({said})."
    except psycopg.ProgrammingError:
        return "DATABASE_URL has an option after the ? that PostgreSQL does not know."
    with connection:
        encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        # It would keep some names and refuse others, or count bytes for letters.
        return (
            f"DATABASE_URL: the database {database['NAME']} at {place} has the encoding {encoding}, not UTF8."
        )
    return None


def tables_refusal() -> str | None:
    """Why the tables of the database, which answers, cannot be used; None where every migration is applied."""
    executor = MigrationExecutor(django_connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return None
    place = django_connection.settings_dict["NAME"]
    if not executor.loader.applied_migrations:
        return (
            f"There is nothing in the database {place} yet: `manage.py migrate` makes its tables. Where the "
            "installation lies elsewhere, CALLOFF_DATA or DATABASE_URL says so."
        )
    return f"The database {place} is of an earlier version: `manage.py migrate` brings it up to this one."


def broker_refusal(url: str, ca_cert: str = "") -> str | None:
    """Why the queue cannot be used; None where it answers and lets us in. `ca_cert` is as for broker_tls."""
    address = urlsplit(url)
    place = (
        address.path if address.scheme.endswith("+socket") else f"{address.hostname}:{address.port or ''}"
    ).rstrip(":")
    options = broker_options(url, seconds=REACHED_WITHIN, visibility=600)
    with Connection(url, transport_options=options, ssl=broker_tls(url, ca_cert)) as connection:
        known = (*connection.connection_errors, *connection.channel_errors)
        failures: tuple[type[BaseException], ...] = (OSError, KombuError, *known)
        try:
            connection.connect()
        except failures as error:
            if _is_of_a_certificate(error):
                return (
                    f"BROKER_URL: the certificate of the queue at {place} does not hold that name, or is of no "
                    "authority that BROKER_CA_CERT, or without it the system, names."
                )
            return f"BROKER_URL: the queue at {place} cannot be reached ({type(error).__name__})."
    return None


def _is_of_a_certificate(error: BaseException | None) -> bool:
    """Whether a failure began with a certificate that does not verify."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None
