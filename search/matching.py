"""A requirement answered: eligible listings ranked with reasons, and the ruled out with theirs.

Journey: POST /api/v1/matches/ (or the page /match) -> here: the need in terms of the index (need.py), candidates
(an engine's gather), scores (relevance.py), ranks (ranks.py), reasons (explaining.py), the answer (answers.py) ->
procurement/actions/matches.py keeps it. No database read, but of rates by role (role_prices.py); the same on both
engines.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from procurement.requirements import RequirementContent
from search.answers import Told
from search.engines.matching_base import MatchingEngine, Reading
from search.explaining import Explainer
from search.lots import FittingLot, fitting
from search.meaning import Model, Vectors, model
from search.need import Mode, Need, NeedTerm, pairs_of, terms_of_need
from search.ranks import WEIGHTS, preferred, ranked
from search.relevance import pieces_of, score
from search.role_prices import RolePrices, priced_by_role
from search.ties import SEEDS

RANKING: Final = "2026-11.3"
"""The version of the ranking's rules: another one may rank the same facts differently."""

LARGEST_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class MatchOptions:
    """How to rank. `size` is how many results are told (at most LARGEST_PAGE), `seed` None draws one; `explained`
    False leaves the reasons out, for whoever wants the order alone.
    """

    on: date
    mode: Mode = "balanced"
    weights: Mapping[str, int] = field(default_factory=lambda: dict(WEIGHTS))
    seed: int | None = None
    size: int = 20
    explained: bool = True


@dataclass(frozen=True, slots=True)
class Matched:
    """An answer as JSON values, and by what it was made."""

    answer: dict[str, Any]
    ranking: str
    model: str
    generation: int
    seed: int


def match(content: RequirementContent, options: MatchOptions, engine: MatchingEngine) -> Matched:
    """The answer to a requirement. Raises EngineUnavailable if the index cannot be read."""
    reading = engine.reading()
    understood, terms, vector = _understood(content.text, reading)
    seed = secrets.randbelow(SEEDS) if options.seed is None else options.seed
    pairs = pairs_of(content.specialisms, content.regions)
    by_role = any(line.role for line in content.team)
    need = Need(
        on=options.on,
        framework=content.framework,
        lot=content.lot,
        pairs=pairs,
        must=frozenset(
            at
            for at, pair in enumerate(pairs)
            if pair.specialism in content.must_have.specialisms or pair.region in content.must_have.regions
        ),
        terms=terms,
        vector=vector,
        days={} if by_role else {line.called: line.hundredths for line in content.team},
        work_type=content.work_type,
        preferences=preferred(content),
        order=options.mode,
        weights=options.weights,
        seed=seed,
        by_role=by_role,
    )
    # No index knows what a role costs: it gathers by everything else.
    gathered = reading.gather(replace(need, order="balanced") if by_role and need.order == "price" else need)
    prices = RolePrices()
    if by_role:
        gathered, prices = priced_by_role(content, gathered, options.on)
    pieces = scores = None
    if gathered.candidates.keys and (terms or vector is not None):
        pieces = pieces_of(gathered.candidates, terms)
        scores = score(pieces, terms, gathered.lengths)
    shown = ranked(gathered, scores, need, options.size)
    whys = None
    if options.explained and pieces is not None and scores is not None:
        explainer = Explainer(need, understood, gathered, pieces, scores)
        whys = explainer.explain([one.place for one in shown])
    told = Told(content, need, gathered, reading.labels, understood, prices)
    fits = fitting(content.text, terms, vector, reading, understood, gathered.lots)
    answer = told.answer(shown, whys, fits)
    answer |= {"weights": dict(options.weights), "ranking": RANKING}
    return Matched(answer, RANKING, understood.digest if understood else "", gathered.index.generation, seed)


def lots_for(text: str, lots: Collection[str], engine: MatchingEngine) -> list[FittingLot]:
    """The lots among these references that a text seems to be about, best first, at most RECOMMENDED of them.

    Raises EngineUnavailable if the index cannot be read.
    """
    reading = engine.reading()
    understood, terms, vector = _understood(text, reading)
    return fitting(text, terms, vector, reading, understood, lots)[1]


def _understood(text: str, reading: Reading) -> tuple[Model | None, tuple[NeedTerm, ...], Vectors | None]:
    """The model that made the index's vectors, if it is at hand, and the text's words and meaning."""
    at_hand = model()
    understood = at_hand if at_hand is not None and at_hand.digest == reading.meaning else None
    vector = understood.encode([text])[0] if understood and text else None
    if vector is not None and not vector.any():
        vector = None
    return understood, terms_of_need(text, reading.lexicon), vector
