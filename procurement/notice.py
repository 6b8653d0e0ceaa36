"""A row of the table of notices: who is told of a type of event, how and in which words. The rows stand in notices.py
and market_notices.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from procurement.models import Delivery, Event
from procurement.permissions import EDITORS, Role

Words = str | Callable[[Mapping[str, Any]], str]
INBOX: Final = (Delivery.Channel.INBOX,)
URGENT: Final = (Delivery.Channel.INBOX, Delivery.Channel.EMAIL)

USER: Final = "user"
"""The way to the one person that the event names, who is told in the inbox alone; the others are concerned.py's."""


@dataclass(frozen=True, slots=True)
class Notice:
    """`whom` is a way of concerned.py, each but once for a type; `roles` say who of an organisation gets the
    e-mail. `link` is the name of an address and the format string of its reference. `when` says of which events of the
    type it is told, None: of each.
    """

    whom: str
    title: Words
    text: Words
    link: tuple[str, str] | None = None
    channels: tuple[Delivery.Channel, ...] = INBOX
    roles: frozenset[Role] = EDITORS
    when: Callable[[Event], bool] | None = None
