"""The migrated SQLite database that test runs begin with: made by the migrations once, kept in pytest's cache, copied.

It is known by a digest of whatever decides what the migrations write; when one of these changes, the next run migrates
from nothing again. So does `pytest --create-db`, and every run on PostgreSQL.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from pathlib import Path

import django
from django.apps import apps
from django.db import connection

from tests.given import ROOT

BESIDE = ("closed_values.py", "guards.py", "live_migrations.py", "apps.py")
"""Modules of ours that migrations call, beside the models, from which Django names permissions."""


def digest() -> str:
    """Of every application's migrations and models, of what these call, and of Django's and SQLite's versions."""
    found = hashlib.sha256(f"{django.VERSION} {sqlite3.sqlite_version}".encode())
    for app in apps.get_app_configs():
        folder = Path(app.path)
        ours = BESIDE if folder.is_relative_to(ROOT) and not folder.is_relative_to(ROOT / ".venv") else ()
        files = [*folder.glob("migrations/*.py"), *folder.glob("models.py"), *folder.glob("models/*.py")]
        for file in sorted([*files, *(folder / name for name in ours if (folder / name).exists())]):
            found.update(f"{app.label}/{file.name}\n".encode() + file.read_bytes())
    return found.hexdigest()[:32]


def copied(folder: Path, database: Path) -> bool:
    """Whether the folder held a database that these migrations made; `database` is then a copy of it."""
    kept = folder / f"{digest()}.sqlite3"
    if not kept.exists():
        return False
    shutil.copyfile(kept, database)
    return True


def keep(folder: Path) -> None:
    """Keeps the connected database, which was just migrated, in place of any that other migrations made. Workers that
    do so at once each put a whole one there.
    """
    made = folder / f"{os.getpid()}.new"
    made.unlink(missing_ok=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(made)])
    for old in folder.glob("*.sqlite3"):
        old.unlink(missing_ok=True)
    made.replace(folder / f"{digest()}.sqlite3")
