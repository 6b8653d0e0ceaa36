"""What an evidence pack says, as plain tables of texts: the same for the workbook and for paper.

Everything comes from the snapshot; nothing is read anew, so that a pack made years later says the same. Amounts are
decimal strings in major units with their currency, VAT excluded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from procurement.pricing import money
from procurement.ranked import ranked_of, ruled_out_of

Row = tuple[str, ...]

FORMATS: Final = ("xlsx", "pdf", "json")

ILLUSTRATIVE: Final = (
    "Illustrative cards are made up to show how the service works: they are no supplier's real rates."
)
CEILINGS: Final = "Rates are ceilings: the most that the supplier may charge, VAT excluded."
VERIFYING: Final = (
    "The digest is the SHA-256 of the snapshot's document as JSON with sorted names, without blanks, in UTF-8. "
    "The pack as JSON holds that document."
)


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table of texts, with a sentence about it."""

    title: str
    columns: Row
    rows: tuple[Row, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pack:
    """All that a pack says: its title, when the snapshot was taken (ISO 8601), and its tables, the audit first."""

    title: str
    taken_at: str
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A snapshot as it stands in its row: the document as JSON values, and the digest of its text."""

    document: Mapping[str, Any]
    digest: str


def pack_of(source: Source) -> Pack:
    """The content of the pack."""
    document = source.document
    shortlist = document["shortlist"]
    tables = [
        _audit(source),
        _asked(document),
        *_answered(document["match"]),
        *_found(document.get("found")),
        _entries(document["entries"]),
        _profiles(document["entries"]),
        _offerings(document["entries"]),
        _cards(document["rate_cards"]),
        _rates(document["rate_cards"]),
        _lots(document["frameworks"]),
    ]
    title = f"Evidence for {shortlist['reference']}, snapshot {shortlist['snapshot']}"
    return Pack(title, document["locked"]["at"], tuple(tables))


def audit_of(source: Source) -> dict[str, Any]:
    """Digest, versions, who and when, by name: the audit sheet, and the head of the pack as JSON."""
    document = source.document
    shortlist, locked, index = document["shortlist"], document["locked"], document["index"]
    match, requirement = document["match"] or {}, document["requirement"] or {}
    return {
        "shortlist": shortlist["reference"],
        "title": shortlist["title"],
        "organisation": shortlist["organisation"]["reference"],
        "organisation_name": shortlist["organisation"]["name"],
        "snapshot": shortlist["snapshot"],
        "digest": source.digest,
        "digest_algorithm": "SHA-256",
        "format": document["format"],
        "locked_at": locked["at"],
        "locked_by": locked["actor"],
        "locked_on": locked["on"],
        "engine": index["engine"],
        "index_generation": index["generation"],
        "requirement": requirement.get("reference"),
        "requirement_revision": requirement.get("number"),
        "match": match.get("reference"),
        "match_digest": match.get("digest"),
        "match_run_at": match.get("run_at"),
        "match_engine": match.get("engine"),
        "match_index_generation": match.get("index_generation"),
        "ranking": match.get("ranking"),
        "model_digest": match.get("model_digest"),
        "profiles": [
            f"{entry['partner']['reference']} version {entry['partner']['profile']['version']}"
            for entry in document["entries"]
            if entry["partner"] and entry["partner"]["profile"]
        ],
        "rate_cards": [f"{card['reference']} version {card['version']}" for card in document["rate_cards"]],
    }


def told(value: Any) -> str:
    """Any JSON value as a text that a person reads: nothing for null, one line for each member of a list."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {told(one)}" for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return "\n".join(told(one) for one in value)
    return str(value)


def _row(*values: Any) -> Row:
    return tuple(told(value) for value in values)


def _named(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _fields(title: str, fields: Mapping[str, Any], note: str = "") -> Table:
    rows = tuple(_row(_named(name), value) for name, value in fields.items())
    return Table(title, ("Field", "Value"), rows, note)


def _audit(source: Source) -> Table:
    return _fields("Audit", audit_of(source), VERIFYING)


def _asked(document: Mapping[str, Any]) -> Table:
    """What was asked: by the match, else by the requirement as it stood, and by the search."""
    content = (document["match"] or document["requirement"] or {"content": {}})["content"]
    return _fields("What was asked", {"query": document["query"], **content})


def _answered(match: Mapping[str, Any] | None) -> Iterable[Table]:
    if match is None:
        return
    answer = match["answer"]
    yield Table(
        "Ranking",
        ("Rank", "Listing", "Score", "Reasons"),
        tuple(_row(one.rank, one.listing, one.score, _reasons(one.reasons)) for one in ranked_of(answer)),
        "As the match was answered, whoever is on the shortlist.",
    )
    yield Table(
        "Ruled out",
        ("Listing", "Reasons"),
        tuple(_row(one.listing, _reasons(one.reasons)) for one in ruled_out_of(answer)),
        "Listings that the match ruled out, and why.",
    )


def _found(found: Mapping[str, Any] | None) -> Iterable[Table]:
    """What the search found when the shortlist was begun; nothing without one, or in a document of format 1."""
    if found is None:
        return
    yield Table(
        "Found by the search",
        ("Place", "Listing", "Score"),
        tuple(
            _row(place, one["listing"], one["score"]) for place, one in enumerate(found["results"], start=1)
        ),
        f"On {found['on']} the search found {found['count']:,} listings, of which the first are named, with the seed "
        f"{found['seed']} and in generation {found['generation']} of the {found['engine']} index.",
    )


def _reasons(reasons: Sequence[Any]) -> list[str]:
    """One line for each reason, by what it is about."""
    return [_reason(one) for one in reasons]


def _reason(one: Any) -> str:
    if isinstance(one, Mapping) and set(one) == {"kind", "told"}:
        return f"{one['kind']}: {told(one['told'])}"
    return told(one)


def _entries(entries: Sequence[Mapping[str, Any]]) -> Table:
    columns = (
        "Listing", "Position", "Partner", "Supplier", "Decision", "Reason", "Source", "Rank", "Score",
        "Reasons of match or search", "Added by", "Decided by", "Decided at", "Found by buyers then", "Framework",
        "Framework's status then",
    )  # fmt: skip
    return Table("Entries", columns, tuple(_entry(entry) for entry in entries))


def _entry(entry: Mapping[str, Any]) -> Row:
    profile = _profile(entry)
    return _row(
        entry["listing"], entry["position"], profile.get("name"), (entry["supplier"] or {}).get("name"),
        entry["decision"], entry["reason"], entry["source"], entry["rank"], entry["score"], _reasons(entry["reasons"]),
        entry["added_by"], entry["decided_by"], entry["decided_at"], entry["shown"], entry["framework"],
        entry["framework_status"],
    )  # fmt: skip


def _profile(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return (entry["partner"] or {}).get("profile") or {}


def _profiles(entries: Sequence[Mapping[str, Any]]) -> Table:
    """Each partner once, as its profile stood."""
    columns = (
        "Partner", "Name", "Version", "Digest", "Published at", "Confirmed by the firm on", "Ownership",
        "Ownership's evidence", "Size", "Sectors", "Regions", "Accreditations", "Summary", "Case studies",
    )  # fmt: skip
    rows = {}
    for entry in entries:
        profile = _profile(entry)
        if profile:
            partner = entry["partner"]
            rows[partner["reference"]] = _row(
                partner["reference"], profile["name"], profile["version"], profile["digest"],
                profile["published_at"], partner["confirmed_on"], profile["ownership"],
                profile["ownership_evidence"], profile["size"], profile["sectors"], profile["regions"],
                profile["accreditations"], profile["summary"],
                [f"{study['title']}: {study['text']}" for study in profile["case_studies"]],
            )  # fmt: skip
    return Table("Profiles", columns, tuple(rows.values()), "As published when the shortlist was locked.")


def _offerings(entries: Sequence[Mapping[str, Any]]) -> Table:
    rows = tuple(
        _row(
            entry["listing"],
            offering["lot"],
            f"{offering['specialism']['reference']} {offering['specialism']['name']}"
            if offering["specialism"]
            else "not stated",
            ", ".join(offering["regions"]),
            ", ".join(offering["evidence"]),
        )
        for entry in entries
        for offering in entry["offerings"]
    )
    note = "Not stated: neither covered nor ruled out."
    return Table("Offerings", ("Listing", "Lot", "Specialism", "Regions", "Evidence"), rows, note)


def _cards(cards: Sequence[Mapping[str, Any]]) -> Table:
    columns = (
        "Rate card", "Version", "Basis", "Currency", "Unit", "VAT", "Valid from", "Valid to", "Source", "Lines",
        "Digest",
    )  # fmt: skip
    rows = tuple(
        _row(
            card["reference"], card["version"], card["basis"], card["currency"], card["unit"], card["vat"],
            card["valid_from"], card["valid_to"], card["source"], len(card["lines"]), card["digest"],
        )
        for card in cards
    )  # fmt: skip
    return Table("Rate cards", columns, rows, _caveat(cards))


def _rates(cards: Sequence[Mapping[str, Any]]) -> Table:
    rows = tuple(
        _row(
            f"{card['reference']} version {card['version']}{_mark(card)}",
            line["lot"] or "every lot",
            " ".join(part for part in (line["grade"], line["name"], line["work_type"]) if part),
            f"{money(line['price_minor'])} {card['currency']} a {card['unit']}",
        )
        for card in cards
        for line in card["lines"]
    )
    return Table("Rates", ("Rate card", "Lot", "Grade or role", "Rate"), rows, _caveat(cards))


def _mark(card: Mapping[str, Any]) -> str:
    return " (illustrative)" if card["basis"] == "illustrative" else ""


def _caveat(cards: Sequence[Mapping[str, Any]]) -> str:
    return f"{CEILINGS} {ILLUSTRATIVE}" if any(map(_mark, cards)) else CEILINGS


def _lots(frameworks: Sequence[Mapping[str, Any]]) -> Table:
    columns = (
        "Lot", "Name", "Framework", "Framework's name", "Regime", "Status", "Starts on", "Ends on", "Direct award",
        "Competition", "Direct award up to", "Least value", "Greatest value", "Longest term in months", "Closes on",
    )  # fmt: skip
    rows = tuple(
        _row(
            lot["reference"], lot["name"], framework["reference"], framework["name"], framework["regime"],
            framework["status"], framework["starts_on"], framework["ends_on"], lot["direct_award"],
            lot["competition"], *(_pounds(lot[f"{name}_pence"]) for name in ("direct_award_cap", "minimum_value",
            "maximum_value")), lot["longest_term_months"], lot["closes_on"],
        )
        for framework in frameworks
        for lot in framework["lots"]
    )  # fmt: skip
    return Table("Frameworks and lots", columns, rows, "Values in pounds, VAT excluded.")


def _pounds(pence: int | None) -> str | None:
    return None if pence is None else money(pence)
