"""Why an action was refused: every journey's way out, raised by actions and rules, told by api and web."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from procurement.visible import storable


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what was sent.

    `pointer` is a JSON pointer into the body (RFC 6901), such as `/offerings/0/lot`, or "" for the whole of it. What
    no database stores of either text, or no page shows of the pointer, stands as a question mark.
    """

    pointer: str
    code: str
    message: str

    def __post_init__(self) -> None:
        # Names of fields are the sender's own words, and a fault is kept, answered and printed where no body ever was.
        if not self.pointer.isprintable():
            shown = "".join(sign if sign.isprintable() else "?" for sign in self.pointer)
            object.__setattr__(self, "pointer", shown)
        object.__setattr__(self, "message", storable(self.message))


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a failure of ours
    """An action that was not carried out; nothing has changed."""

    code: ClassVar[str] = "refused"

    def __init__(self, message: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.faults = faults


class NotPermitted(Refused):
    """The actor may see the subject but not do this to it (HTTP 403)."""

    code = "not_permitted"


class NotFound(Refused):
    """No such subject, or none that the actor may see (HTTP 404)."""

    code = "not_found"


class Conflict(Refused):
    """The subject's state does not allow this (HTTP 409)."""

    code = "conflict"


class Stale(Refused):
    """The subject has changed since the actor read it (HTTP 412)."""

    code = "stale"


class Invalid(Refused):
    """What was sent is well formed but breaks a rule (HTTP 422); `faults` name each."""

    code = "invalid"
