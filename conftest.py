"""What every test stands on: a data folder of its own, thrown away; no test touches a developer's data."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

import hypothesis
import pytest

# Before Django reads its settings, and so here, not in a fixture. Each worker of xdist has its own folder.
_FOLDER = tempfile.mkdtemp(prefix="calloff-tests-")
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
os.environ.update(
    DEMO="1",
    CALLOFF_DATA=_FOLDER,
    STATIC_HASHED="0",
    LOG_LEVEL="WARNING",
    # Nobody listens there: what a test publishes is lost at once, as with a dead queue.
    BROKER_URL=f"redis+socket://{_FOLDER}/nobody.sock",
)
for _name in ("DATABASE_URL", "DEBUG", "HOST", "PORT", "SECRET_KEY", "ALLOWED_HOSTS", "SEARCH_URL"):
    os.environ.pop(_name, None)

# Time limits are pytest's; two busy cores must not make a property look slow. Nothing is kept between runs.
hypothesis.settings.register_profile("calloff", deadline=None, database=None, print_blob=True)
hypothesis.settings.load_profile("calloff")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the machine's Chromium. Without one a newcomer's browser tests are skipped; in CI they fail."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    reason = "Chromium is not installed (Debian and Ubuntu: apt-get install chromium)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
