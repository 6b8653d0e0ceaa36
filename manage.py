#!/usr/bin/env python3
"""Django's command line for Calloff: `DEMO=1 .venv/bin/python manage.py COMMAND`."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError, ProgrammingError

from config.reached import database_refusal, tables_refusal

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        # Read before any command is: some of Django's own begin without settings and fail further on.
        database = settings.DATABASES["default"]
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
    except (OperationalError, ProgrammingError):
        if refusal := database_refusal(database) or tables_refusal():
            sys.exit(refusal)
        raise
