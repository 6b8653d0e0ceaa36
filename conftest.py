"""What every test stands on; its settings are in tests/settings.py."""

from __future__ import annotations

import os
import shutil

import hypothesis
import pytest
from django.conf import settings

# Time limits are pytest's; two busy cores must not make a property look slow. Nothing is kept between runs.
hypothesis.settings.register_profile("calloff", deadline=None, database=None, print_blob=True)
hypothesis.settings.load_profile("calloff")


def pytest_unconfigure() -> None:
    """Removes the data folder; a worker of xdist ends without running what atexit knows."""
    shutil.rmtree(settings.CALLOFF_DATA, ignore_errors=True)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the machine's Chromium. Without one browser tests are skipped by name; in CI they fail."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    reason = "Chromium is not installed (Debian and Ubuntu: apt-get install chromium)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
