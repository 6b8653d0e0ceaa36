"""The pages' tests: a small market in the database and, for search and rates, an index of it in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoDbBlocker

from search.index import borrowed_writer, release_writer
from search.rebuild import rebuild
from tests.web.market import PASSWORD, make_market
