"""The settings of a test run: config/settings.py in a data folder of its own that is thrown away afterwards.

Set before Django reads its settings, which pytest-django does before any conftest.py. Each worker of xdist
imports this anew and so has its own folder; no test touches a developer's data.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

from tools.search_node.account import wanted_folder

_FOLDER = tempfile.mkdtemp(prefix="calloff-tests-")
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
for _name in ("DEBUG", "HOST", "PORT", "SECRET_KEY", "ALLOWED_HOSTS", "SEARCH_URL"):
    os.environ.pop(_name, None)
# The node's software is not fetched again for each run, so it stays where it is beside a developer's data.
os.environ.setdefault("SEARCH_NODE_FOLDER", str(wanted_folder()))
os.environ.update(
    DEMO="1",
    CALLOFF_DATA=_FOLDER,
    STATIC_HASHED="0",
    LOG_LEVEL="WARNING",
)
# Nobody listens there: what a test publishes is lost at once, as with a dead queue.
os.environ.setdefault("BROKER_URL", f"redis+socket://{_FOLDER}/nobody.sock")

from config.settings import *  # noqa: E402, F403

if "sqlite" in DATABASES["default"]["ENGINE"]:  # noqa: F405
    # A file, so that threads meet the locking of a real installation and not that of a shared memory.
    DATABASES["default"]["TEST"] = {"NAME": f"{_FOLDER}/test.sqlite3"}  # noqa: F405
# Fast on purpose: nothing that a test signs in with is a secret.
# A test client signs in without a request; tests of the lock-out turn it on.
AXES_ENABLED = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A static file is looked for when it is asked for: each of some thousand clients would read the whole folder first.
WHITENOISE_AUTOREFRESH = True
