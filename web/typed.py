"""What people type into a field, as the actions and parsers take it: what is no sound entry is handed on as it was
written, so that it is refused and never guessed at.
"""

from __future__ import annotations

import re
from typing import Final

THOUSANDS: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
"""An amount whose every comma stands before three digits."""


def amount_typed(text: str) -> str:
    """An amount of pounds without the blanks around it, its sign and the commas between thousands: "£1,250.50" is
    "1250.50". Any other comma stays, for "9,99" may be nearly ten pounds or nearly a thousand.
    """
    plain = text.strip().removeprefix("£").strip()
    return plain.replace(",", "") if THOUSANDS.fullmatch(plain) else plain


def whole_typed(text: str) -> object:
    """A whole number of at most five digits; anything else as it was written."""
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 6 else plain
