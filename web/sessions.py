"""The sessions of the pages, in the database with whose they are (SESSION_ENGINE).

What somebody is told of a session stands in its own data, written at the sign-in (`describe`), and is copied to columns
whenever it is saved.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_noop as N_

from procurement.models import Session
from procurement.models.base import opaque

REFERENCE: Final = "reference"
SIGNED_IN: Final = "signed_in_at"
AGENT: Final = "agent"

BROWSERS: Final = (("Edge", "Edg"), ("Opera", "OPR/"), ("Firefox", "Firefox|FxiOS"), ("Chrome", "Chrom|CriOS"),
                   ("Safari", "Safari/"))  # fmt: skip
SYSTEMS: Final = (("Android", "Android"), ("iPhone or iPad", "iPhone|iPad"), ("Windows", "Windows"), ("Mac", "Mac OS"),
                  ("Linux", "Linux|X11"))  # fmt: skip
"""Names and how a browser says them of itself, in the order in which they are looked for: most say several."""


class SessionStore(DatabaseStore):
    """Django's database store with a model of our own."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        made = super().create_model_instance(data)
        assert isinstance(made, Session)
        made.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        made.reference = data.get(REFERENCE)
        made.agent = data.get(AGENT, "")
        made.signed_in_at = datetime.fromisoformat(data[SIGNED_IN]) if SIGNED_IN in data else None
        return made


def describe(session: SessionBase, request: HttpRequest) -> None:
    """Notes at a sign-in what its owner is told of it."""
    session[REFERENCE] = opaque("ses")
    session[SIGNED_IN] = timezone.now().isoformat()
    session[AGENT] = agent_in_words(request.headers.get("User-Agent", ""))


def agent_in_words(said: str) -> str:
    """The browser and its system, as coarse as somebody needs who asks whether it was theirs."""
    browser, system = _first(BROWSERS, said), _first(SYSTEMS, said)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or N_("An unknown browser")


def _first(known: tuple[tuple[str, str], ...], said: str) -> str:
    return next((name for name, pattern in known if re.search(pattern, said)), "")
