"""What a profile may hold: pure rules that turn an edit into whole content, or name everything that is wrong
with it.

Both ways in use it: a firm's own edit (actions/profiles.py) and an import (actions/partner_imports.py).
Nothing here reads the database; the region codes are handed in.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils.text import slugify

from procurement.errors import Fault
from procurement.merging import merged
from procurement.visible import SHOWS_NOTHING, shows_something
from procurement.vocabulary import ACCREDITATIONS, OWNERSHIP, SECTORS, SIZES

NAME_LENGTH: Final = 250
TEXT_LENGTH: Final = 20_000
NOTE_LENGTH: Final = 1_000
CASE_STUDIES: Final = 50
UNKNOWN: Final = "not-stated"
FEW: Final = 12
"""Values of a closed list that a fault still names, all of them."""
KEY_SHAPE: Final = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,88}[a-z0-9])?$")
# Control characters with NUL (Unicode Cc), and halves of a surrogate pair (Cs), which no database stores.
FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
FORBIDDEN_IN_LINE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
TURNING: Final = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of what follows: a page shows something else then than what is stored."""
DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
EARLIEST_YEAR: Final = 1900
LATEST_YEAR: Final = 2100


@dataclass(frozen=True, slots=True)
class ProfileContent:
    """The content of a profile version, as its columns hold it."""

    name: str
    summary: str = ""
    ownership: str = "not-stated"
    ownership_evidence: Mapping[str, Any] = field(default_factory=dict)
    size: str = "not-stated"
    sectors: Sequence[str] = ()
    regions: Sequence[str] = ()
    accreditations: Sequence[str] = ()
    case_studies: Sequence[Mapping[str, Any]] = ()
    contacts: Mapping[str, Any] = field(default_factory=dict)

    def columns(self) -> dict[str, Any]:
        """Column names to JSON-able values."""
        held = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            name: list(value) if isinstance(value, (list, tuple)) else value for name, value in held.items()
        }

    def digest(self) -> str:
        """SHA-256 of the content in canonical JSON: equal for equal content."""
        canonical = json.dumps(self.columns(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


FIELDS: Final = tuple(one.name for one in fields(ProfileContent))
EMPTY: Final = ProfileContent(name="")


def edited(
    current: ProfileContent | None, changes: Mapping[str, Any], regions: Collection[str], pointer: str = ""
) -> tuple[ProfileContent, list[Fault]]:
    """The content after `changes` (a field that is absent keeps its value), and every fault found, each with
    its pointer.

    With faults the content is not to be used.
    """
    faults = [
        Fault(
            f"{pointer}/{escaped(name)}", "unknown_field", f"There is no field {_shown(name)} in a profile."
        )
        for name in changes
        if name not in FIELDS
    ]
    base = current or EMPTY
    new: dict[str, Any] = {}
    for name in FIELDS:
        if name in changes:
            reader = Reader(f"{pointer}/{name}", faults, shown=True)
            new[name] = READERS[name](reader, changes[name], base, regions)
    content = replace(base, **new)
    if not content.name and not any(fault.pointer.endswith("/name") for fault in faults):
        faults.append(Fault(f"{pointer}/name", "required", "A profile has a name."))
    return content, faults


def merged_changes(current: ProfileContent | None, patch: Mapping[str, Any]) -> dict[str, Any]:
    """The changes that a merge patch (RFC 7396) of the content comes to, for `edited`: a field that it takes away is
    as in a profile that states nothing.
    """
    changes = merged((current or EMPTY).columns(), patch)
    nothing = EMPTY.columns()
    return {name: nothing.get(name) if value is None else value for name, value in changes.items()}


def escaped(token: str) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return token.replace("~", "~0").replace("/", "~1")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one value at `pointer`, noting what is wrong with it in `faults`; a wrong value reads as
    empty. What is `shown` beside the words of others takes no marks that turn the direction of text.
    """

    pointer: str
    faults: list[Fault]
    shown: bool = False

    def at(self, step: str | int) -> Reader:
        return Reader(f"{self.pointer}/{escaped(str(step))}", self.faults, self.shown)

    def wrong(self, code: str, message: str) -> None:
        self.faults.append(Fault(self.pointer, code, message))

    def text(self, value: object, longest: int, *, required: bool = False, lines: bool = False) -> str:
        """A text in NFC without outer blanks. Control characters are refused, but for line ends and tabs if `lines`;
        so is one that shows nothing where it is `required`.
        """
        if not isinstance(value, str):
            self.wrong("type", "This must be text.")
            return ""
        text = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
        bad = (FORBIDDEN if lines else FORBIDDEN_IN_LINE).search(text)
        bad = bad or (TURNING.search(text) if self.shown else None)
        if bad is not None:
            self.wrong("control_character", f"The character U+{ord(bad.group()):04X} is not allowed here.")
            return ""
        if len(text) > longest:
            self.wrong("too_long", f"At most {longest} characters; this has {len(text)}.")
            return ""
        if required and not shows_something(text):
            self.wrong("required", SHOWS_NOTHING if text else "This must not be empty.")
            return ""
        return text

    def day(self, text: str) -> date | None:
        """What a text says, YYYY-MM-DD and nothing else that ISO 8601 allows; None for none, or one that is wrong."""
        try:
            return date.fromisoformat(text if DAY.fullmatch(text) else "") if text else None
        except ValueError:
            self.wrong("shape", "Write the day as 2027-04-01.")
            return None

    def choice(self, value: object, known: Collection[str], told: Mapping[str, str] | None = None) -> str:
        """One of the known values; where they are few the fault names them. `told` has what to say instead of certain
        others.
        """
        if not isinstance(value, str):
            self.wrong("type", "This must be text.")
        elif not value and value not in known:
            # A list that has a value for what nobody knows is told whole: an empty text is no way to say that.
            which = (
                f": {', '.join(sorted(known))}; {UNKNOWN} where it is not known" if UNKNOWN in known else ""
            )
            self.wrong("required", f"Say which{which}.")
        elif value not in known:
            which = f": {', '.join(sorted(known))}" if len(known) <= FEW else ""
            message = f"{_shown(value)} is not one of the known values{which}."
            self.wrong("unknown_value", (told or {}).get(value, message))
        else:
            return value
        return ""

    def choices(
        self, value: object, known: Collection[str], told: Mapping[str, str] | None = None
    ) -> list[str]:
        """Known values, each once; `told` as choice has it."""
        chosen: list[str] = []
        for step, one in enumerate(self.items(value)):
            inner = self.at(step)
            read = inner.choice(one, known, told)
            if read and read in chosen:
                inner.wrong("duplicate", f"{_shown(read)} stands here twice.")
            elif read:
                chosen.append(read)
        return chosen

    def items(self, value: object, most: int = 500) -> list[Any]:
        if not isinstance(value, list):
            self.wrong("type", "This must be a list.")
            return []
        if len(value) > most:
            self.wrong("too_many", f"At most {most} entries; these are {len(value)}.")
            return []
        return value

    def members(self, value: object, known: Sequence[str]) -> dict[str, Any]:
        """An object's members, refusing those that are not known."""
        if not isinstance(value, dict):
            self.wrong("type", "This must be an object.")
            return {}
        for name in value:
            if name not in known:
                told = f"There is no field {_shown(name)} here; there are {', '.join(known)}."
                self.at(name).wrong("unknown_field", told)
        return {name: value[name] for name in known if name in value}


def _shown(value: object) -> str:
    text = str(value)
    safe = "".join(sign if sign.isprintable() else "?" for sign in text[:60])
    return f"“{safe}{'…' if len(text) > 60 else ''}”"


def _case_studies(
    reader: Reader, value: object, base: ProfileContent, _: Collection[str]
) -> list[dict[str, Any]]:
    """Case studies, each with a key that stays: its own, that of the study with the same title, or one from
    its title. Of several with one title the first gets the key of the first that stands.
    """
    studies: list[dict[str, Any]] = []
    keys: set[str] = set()
    for step, one in enumerate(reader.items(value, CASE_STUDIES)):
        inner = reader.at(step)
        held = inner.members(one, ("key", "title", "text", "sector", "year"))
        if not isinstance(one, dict):
            continue
        title = inner.at("title").text(held.get("title", ""), NAME_LENGTH, required=True)
        study: dict[str, Any] = {
            "key": "",
            "title": title,
            "text": inner.at("text").text(held.get("text", ""), TEXT_LENGTH, required=True, lines=True),
        }
        if held.get("sector") is not None:
            study["sector"] = inner.at("sector").choice(held["sector"], SECTORS)
        if held.get("year") is not None:
            study["year"] = _year(inner.at("year"), held["year"])
        if held.get("key"):
            study["key"] = _given_key(inner.at("key"), held["key"], keys)
            keys.add(study["key"])
        studies.append(study)
    # What stands keeps its key before anything new takes one: it is cited by it.
    standing: dict[str, list[str]] = {}
    for one in base.case_studies:
        if one["key"] not in keys:
            standing.setdefault(one["title"], []).append(one["key"])
    keyless = [study for study in studies if not study["key"]]
    for study in keyless:
        if standing.get(study["title"]):
            study["key"] = standing[study["title"]].pop(0)
            keys.add(study["key"])
    for study in keyless:
        study["key"] = study["key"] or _fresh_key(study["title"], keys)
        keys.add(study["key"])
    return studies


def _given_key(reader: Reader, given: object, taken: Collection[str]) -> str:
    if not isinstance(given, str) or not KEY_SHAPE.fullmatch(given):
        reader.wrong("shape", "A key holds small letters, digits and hyphens, at most 90.")
        return ""
    if given in taken:
        reader.wrong("duplicate", f"{_shown(given)} stands here twice.")
    return given


def _fresh_key(title: str, taken: Collection[str]) -> str:
    plain = slugify(title)[:80].strip("-") or "case-study"
    key, number = plain, 2
    while key in taken:
        key, number = f"{plain}-{number}", number + 1
    return key


def _year(reader: Reader, value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or not EARLIEST_YEAR <= value <= LATEST_YEAR:
        reader.wrong("range", f"A year between {EARLIEST_YEAR} and {LATEST_YEAR}.")
        return None
    return value


def _evidence(reader: Reader, value: object, _: ProfileContent, __: Collection[str]) -> dict[str, str]:
    held = reader.members(value, ("register", "number", "note"))
    read = {name: reader.at(name).text(one, NOTE_LENGTH) for name, one in held.items()}
    return {name: one for name, one in read.items() if one}


def _contacts(reader: Reader, value: object, _: ProfileContent, __: Collection[str]) -> dict[str, str]:
    held = reader.members(value, ("email", "phone", "website"))
    read = {name: reader.at(name).text(one, NAME_LENGTH) for name, one in held.items()}
    _check(reader.at("email"), read.get("email", ""), validate_email, "This is not an e-mail address.")
    _check(
        reader.at("website"),
        read.get("website", ""),
        URLValidator(["http", "https"]),
        "This is not a web address.",
    )
    return {name: one for name, one in read.items() if one}


def _check(reader: Reader, value: str, validate: Callable[[str], None], message: str) -> None:
    if value:
        try:
            validate(value)
        except ValidationError:
            reader.wrong("shape", message)


FieldReader = Callable[[Reader, object, ProfileContent, Collection[str]], Any]

READERS: Final[dict[str, FieldReader]] = {
    "name": lambda reader, value, *_: reader.text(value, NAME_LENGTH, required=True),
    "summary": lambda reader, value, *_: reader.text(value, TEXT_LENGTH, lines=True),
    "ownership": lambda reader, value, *_: reader.choice(value, OWNERSHIP),
    "ownership_evidence": _evidence,
    "size": lambda reader, value, *_: reader.choice(value, SIZES),
    "sectors": lambda reader, value, *_: reader.choices(value, SECTORS),
    "regions": lambda reader, value, _, regions: reader.choices(value, regions),
    "accreditations": lambda reader, value, *_: reader.choices(value, ACCREDITATIONS),
    "case_studies": _case_studies,
    "contacts": _contacts,
}
