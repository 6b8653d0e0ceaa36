"""What every test stands on: a data folder of its own, thrown away; no test touches a developer's data."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

# Before Django reads its settings, and so here, not in a fixture. Each worker of xdist has its own folder.
_FOLDER = tempfile.mkdtemp(prefix="calloff-tests-")
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
os.environ.update(
    DEMO="1",
    CALLOFF_DATA=_FOLDER,
    STATIC_HASHED="0",
    # Nobody listens there: what a test publishes is lost at once, as with a dead queue.
    BROKER_URL=f"redis+socket://{_FOLDER}/nobody.sock",
)
for _name in ("DATABASE_URL", "DEBUG", "HOST", "SECRET_KEY", "ALLOWED_HOSTS", "SEARCH_URL"):
    os.environ.pop(_name, None)
