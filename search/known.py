"""A value that nothing in the index bears, in whatever capitals, is a fault of the question, not an empty answer,
unless it is a framework, a lot, a specialism or a supplier that there is: then a link to it holds when its last firm
leaves, and a note says why it is empty. So does a link that leaves a rate line out, when that line is gone.

Between reading a question and answering it: the engine knows which frameworks, lots, specialisms, suppliers and
regions its listings and rate lines name (in memory), so that the database is read for what it does not know alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from django.db.models import Model

from procurement.models import Framework, Lot, RateCardVersion, RateLine, Specialism, Supplier
from procurement.querysets import RateCardVersionQuerySet
from procurement.references import as_they_stand, frameworks_named
from search.engines.base import Collection, Engine
from search.notes import Note
from search.parameters import BadParameters, ParameterFault, of_frameworks
from search.query import ListingQuery, SuggestionQuery, Unknown
from search.rate_query import RateQuery, RoleQuery

Completed = TypeVar("Completed", SuggestionQuery, RoleQuery)

OPEN_FILTERS: Final = ("framework", "lot", "specialism", "region", "supplier")
"""The filters of listings whose values data adds; those of the others are a closed list."""

MOST_NAMED: Final = 10
"""Up to so many values that there are instead are named."""

_WORDS: Final[Mapping[Collection, str]] = {"listings": "has no listings", "rates": "has no rates"}
_OWN_WORDS: Final = {"region": "is no region", "exclude": "is no rate line"}
_KEPT: Final[Mapping[str, type[Model]]] = {
    "framework": Framework,
    "lot": Lot,
    "specialism": Specialism,
    "supplier": Supplier,
}
"""What stands in the database whether or not anything in the index bears it, and is public."""
_EMPTY: Final[Mapping[Collection, tuple[str, str]]] = {
    "listings": ("no_listings", "Nobody is listed at present"),
    "rates": ("no_rates", "There are no rates at present"),
}
_WHERE: Final = {"framework": "under", "lot": "on", "specialism": "for", "supplier": "for"}


def known_values(engine: Engine, query: ListingQuery) -> tuple[ListingQuery, tuple[Note, ...]]:
    """The question by references as they stand, whatever capitals they were given with, and a framework by its number;
    and a note on each value that there is and that no listing bears (a query or two for each such parameter). Raises
    BadParameters naming each that there is not; EngineUnavailable as a search does.
    """
    asked = {name: query.filters[name] for name in OPEN_FILTERS if name in query.filters}
    known, notes = _known(engine, "listings", asked)
    return replace(query, filters={**query.filters, **known}), notes


def known_rate_values(engine: Engine, query: RateQuery) -> tuple[RateQuery, tuple[Note, ...]]:
    """The same for rate lines; one to leave out that has gone is left out of the question (one query more)."""
    asked = {
        "framework": query.frameworks,
        "lot": query.lots,
        "supplier": query.suppliers,
        "exclude": query.exclude,
    }
    known, notes = _known(engine, "rates", {name: values for name, values in asked.items() if values})
    return (
        replace(
            query,
            frameworks=known.get("framework", ()),
            lots=known.get("lot", ()),
            suppliers=known.get("supplier", ()),
            exclude=known.get("exclude", ()),
        ),
        notes,
    )


def known_frameworks(engine: Engine, query: Completed) -> Completed:
    """The same for the frameworks within which a name or a role title is completed; without notes, since nothing
    completed needs no reason.
    """
    if not query.frameworks:
        return query
    collection: Collection = "listings" if isinstance(query, SuggestionQuery) else "rates"
    known, _ = _known(engine, collection, {"framework": query.frameworks})
    return replace(query, frameworks=known["framework"])


def _known(
    engine: Engine, collection: Collection, asked: Mapping[str, tuple[str, ...]]
) -> tuple[Mapping[str, tuple[str, ...]], tuple[Note, ...]]:
    unknown = engine.unknown_values(collection, asked) if asked else ()
    small = [one.value for one in unknown if one.parameter == "supplier"]
    stand = as_they_stand(Supplier, small) if small else {}
    named = [one.value for one in unknown if one.parameter == "framework"]
    frameworks = frameworks_named(named) if named else {}
    if stand or any(name != reference for name, reference in frameworks.items()):
        asked = of_frameworks(asked, frameworks)
        if stand:
            asked["supplier"] = tuple(stand.get(value, value) for value in asked["supplier"])
        unknown = engine.unknown_values(collection, asked)
    there = {name: [one.value for one in unknown if one.parameter == name] for name in _KEPT}
    # Whether these stand was just asked.
    there["supplier"] = [value for value in there["supplier"] if value in stand.values()]
    there["framework"] = [value for value in there["framework"] if value in frameworks.values()]
    kept = {name: _names(name, values) for name, values in there.items()}
    kept["exclude"] = _once_public([one.value for one in unknown if one.parameter == "exclude"])
    if faults := [one for one in unknown if one.value not in kept.get(one.parameter, {})]:
        raise BadParameters([_fault(collection, one) for one in faults])
    if gone := kept["exclude"]:
        asked = {**asked, "exclude": tuple(one for one in asked["exclude"] if one not in gone)}
    return asked, (
        *(_note(collection, one, kept[one.parameter][one.value]) for one in unknown),
        *_apart(asked),
    )


def _note(collection: Collection, unknown: Unknown, name: str) -> Note:
    """Why a value that there is, or was, finds nothing or leaves nothing out."""
    if unknown.parameter == "exclude":
        return Note(
            "no_line", f"{unknown.value} is no rate line at present, so that none is left out for it."
        )
    code, nobody = _EMPTY[collection]
    return Note(code, f"{nobody} {_WHERE[unknown.parameter]} {unknown.value} ({name}).")


def _apart(asked: Mapping[str, tuple[str, ...]]) -> Iterator[Note]:
    """That nothing can be in both what is asked for and what is asked for around it: a lot of one framework and another
    framework.
    """
    for within, around in (("lot", "framework"), ("specialism", "framework"), ("specialism", "lot")):
        inner, outer = asked.get(within, ()), asked.get(around, ())
        if inner and outer and not any(one.startswith(f"{held}~") for one in inner for held in outer):
            named = [" or ".join(values[:MOST_NAMED]) for values in (inner, outer)]
            what = f"is a {within} of" if len(inner) == 1 else f"are {within}s of"
            yield Note(
                "elsewhere", f"{named[0]} {what} another {around} than {named[1]}: nothing is in both."
            )
            return


def _names(parameter: str, references: Sequence[str]) -> Mapping[str, str]:
    """What those of the references that there are bear as names."""
    if not references:
        return {}
    rows = _KEPT[parameter]._default_manager.filter(reference__in=references)
    return dict(rows.values_list("reference", "name"))


def _once_public(lines: Sequence[str]) -> Mapping[str, str]:
    """Those of the references that a line of a card in public bore at any time, without names."""
    if not lines:
        return {}
    # A card's reference and a line's key may both hold the sign that stands between them.
    parts = [value.split("~") for value in lines]
    cards = {"~".join(one[:place]) for one in parts for place in range(1, len(one))}
    keys = {"~".join(one[place:]) for one in parts for place in range(1, len(one))}
    rows = RateLine.objects.filter(
        version__in=RateCardVersionQuerySet(RateCardVersion).ever_public(),
        version__card__reference__in=cards,
        key__in=keys,
    )
    found = {f"{card}~{key}" for card, key in rows.values_list("version__card__reference", "key")}
    return dict.fromkeys(found.intersection(lines), "")


def _fault(collection: Collection, unknown: Unknown) -> ParameterFault:
    what = _OWN_WORDS.get(unknown.parameter, _WORDS[collection])
    message = f"{unknown.value[:80]!r} {what}"
    if 0 < len(unknown.instead) <= MOST_NAMED:
        message += f"; there {'is' if len(unknown.instead) == 1 else 'are'} {', '.join(unknown.instead)}"
    return ParameterFault(unknown.parameter, "choice", f"{message}.", unknown.value)
