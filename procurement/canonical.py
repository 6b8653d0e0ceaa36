"""One way to write a value as bytes, so that equal content has an equal digest wherever and whenever it is taken."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(value: Any) -> str:
    """The value as canonical JSON: sorted names, no blanks, characters as they are. Raises ValueError for NaN
    and infinities, TypeError for what JSON does not know (a date, a Decimal): state those as text.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:
    """SHA-256 of the value's canonical JSON in UTF-8, as 64 hexadecimal digits."""
    return digest_of_text(canonical(value))


def digest_of_text(text: str) -> str:
    """SHA-256 of a text in UTF-8, as 64 hexadecimal digits; half of a surrogate pair is no hindrance."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
