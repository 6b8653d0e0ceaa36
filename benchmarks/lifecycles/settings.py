"""The service's settings in a run, of every process: those of config/settings.py, by the moved clock.

Read before any model is loaded, so that nothing has asked for the time yet. What differs beside: a request's statements
are counted, and secrets are hashed quickly, because each move of the clock lets every token and session expire.
"""

from __future__ import annotations

from benchmarks.lifecycles.clock import install

CLOCK = install()

from config.settings import *  # noqa: E402, F403 - the clock comes first

MIDDLEWARE = ["benchmarks.lifecycles.counting.Counting", *MIDDLEWARE]  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
