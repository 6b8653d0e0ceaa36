"""Which role titles a question finds, and how well: the reader of what rates_text.py wrote.

A question is answered for the distinct titles of a generation, a tenth of its lines or fewer; rates.py
spreads the answer over the lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np
import orjson
from numpy.typing import NDArray

from search.analysis import GAP, term_of
from search.engines.columns import Array, Codes, Mask, Parts, Strings, rows_of
from search.engines.rates_words import Words
from search.rate_roles import Role

SCORE_STEPS: Final = 10_000
"""Scores are compared to four decimals: as whole numbers of this part."""

LOOSE_SCORE: Final = 1.0
"""What a prefix or a near word adds, however rare it is: engines score these alike."""


@dataclass(frozen=True, slots=True)
class Found:
    """`scores` (T,) are whole ten-thousandths, 0 where a title does not match; `corrections` are (asked,
    nearest).
    """

    scores: NDArray[np.int32]
    corrections: tuple[tuple[str, str], ...]


class TitleSearch:
    """The titles of one generation. Safe for many threads: what it remembers is only added to.

    `lines` (T,) says how many lines bear each title: one that none bears any more stays until the index is rebuilt.
    """

    def __init__(self, columns: Parts, lines: Array) -> None:
        self._lines = lines
        self.titles = Strings(columns.array("titles"), columns.array("title_ends"))
        self.rank = columns.array("title_rank")
        self.label = columns.array("title_label")
        self._terms = Codes.load(columns.data("terms"))
        words: list[str] = orjson.loads(columns.data("words"))
        in_order = [words[place] for place in columns.array("word_order").tolist()]
        self._words = Words(in_order, columns.array("word_lines"))
        self._term_starts = columns.array("term_starts")
        self._term_titles = columns.array("term_titles")
        self._term_weights = columns.array("term_weights")
        self._rarity = columns.array("term_rarity")
        self._places_starts = columns.array("term_places_starts")
        self._places = columns.array("term_places")
        self._norms = columns.array("title_norms")
        self._token_terms = columns.array("token_terms")
        self._token_titles = columns.array("token_titles")
        self._word_starts = columns.array("word_starts")
        self._word_titles = columns.array("word_titles")

    def find(self, roles: Sequence[Role]) -> Found:
        """Titles that meet any of the roles, each with the score of the role that it meets best."""
        corrections: dict[str, str] = {}
        scores = reduce(np.maximum, (self._role(role, corrections) for role in roles))
        return Found(scores, tuple(corrections.items()))

    def _role(self, role: Role, corrections: dict[str, str]) -> NDArray[np.int32]:
        scores = np.zeros(len(self.titles), np.float32)
        matched: Mask | None = None
        if role.phrases:
            matched = self._phrases(role.phrases, scores)
            self._slips(role.quoted, corrections)
        for word in role.words:
            self._word(word, scores, corrections)
        for prefix in role.prefixes:
            scores[np.unique(self._titles_of_words(*self._words.stretch(prefix)))] += LOOSE_SCORE
        # What matches has a score, however little a word that stands nearly everywhere is worth.
        rounded = np.maximum(np.rint(scores * SCORE_STEPS).astype(np.int32), scores > 0)
        if matched is not None:
            rounded[~matched] = 0
        elif not role.words and not role.prefixes:
            rounded[:] = 1
        for excluded in role.excluded:
            rounded[self._phrase_titles(excluded)[0]] = 0
        for prefix in role.excluded_prefixes:
            rounded[self._titles_of_words(*self._words.stretch(prefix))] = 0
        return rounded

    def _word(self, word: str, scores: NDArray[np.float32], corrections: dict[str, str]) -> None:
        """Adds what a word is worth to the titles that hold it; one that stands nowhere, a near word's."""
        term = term_of(word)
        code = None if term == GAP else self._terms.get(term)
        if code is not None and self._is_borne(code):
            stretch = self._stretch_of_term(code)
            scores[self._term_titles[stretch]] += self._term_weights[stretch] * np.float32(self._rarity[code])
            return
        places = self._words.near(word)
        if not places:
            return
        found = [self._titles_of_words(place, place + 1) for place in places]
        scores[np.unique(np.concatenate(found))] += LOOSE_SCORE
        if self._words[places[0]] != word:
            corrections[word] = self._words[places[0]]

    def _slips(self, quoted: Sequence[str], corrections: dict[str, str]) -> None:
        """Tells what words of phrases may have been meant for that stand nowhere."""
        for word in quoted:
            code = self._terms.get(term_of(word))
            if code is None or not self._is_borne(code):
                places = self._words.near(word)
                if places and self._words[places[0]] != word:
                    corrections[word] = self._words[places[0]]

    def _is_borne(self, code: int) -> bool:
        """Whether any line bears a title with the term."""
        return bool(self._lines[self._term_titles[self._stretch_of_term(code)]].any())

    def _stretch_of_term(self, code: int) -> slice:
        return slice(int(self._term_starts[code]), int(self._term_starts[code + 1]))

    def _phrases(self, phrases: Sequence[tuple[str, ...]], scores: NDArray[np.float32]) -> Mask:
        """Adds what the phrases are worth; which titles hold them all."""
        matched = np.ones(len(scores), bool)
        for phrase in phrases:
            titles, counts, rarity = self._phrase_titles(phrase)
            scores[titles] += (rarity * counts / (counts + self._norms[titles])).astype(np.float32)
            holds = np.zeros(len(scores), bool)
            holds[titles] = True
            matched &= holds
        return matched

    def _phrase_titles(self, phrase: tuple[str, ...]) -> tuple[Array, Array, float]:
        """Titles that hold the terms at these distances, how often each, and the terms' rarity summed."""
        wanted = [(offset, self._terms.get(term)) for offset, term in enumerate(phrase) if term != GAP]
        codes = [code for _, code in wanted if code is not None]
        if len(codes) < len(wanted):
            nothing = np.zeros(0, np.int64)
            return nothing, nothing, 0.0
        starts = self._places_starts
        anchor, rarest = min(
            ((offset, code) for offset, code in wanted if code is not None),
            key=lambda pair: int(starts[pair[1] + 1] - starts[pair[1]]),
        )
        begins = self._places[int(starts[rarest]) : int(starts[rarest + 1])] - anchor
        begins = begins[(begins >= 0) & (begins + len(phrase) <= len(self._token_terms))]
        begins = begins[self._token_titles[begins] == self._token_titles[begins + len(phrase) - 1]]
        for offset, code in wanted:
            begins = begins[self._token_terms[begins + offset] == code]
        titles, counts = np.unique(self._token_titles[begins], return_counts=True)
        return titles, counts, float(sum(self._rarity[code] for code in codes))

    def _titles_of_words(self, first: int, last: int) -> Array:
        """Titles that hold any of the words at these places; one that holds several comes several times."""
        return self._word_titles[int(self._word_starts[first]) : int(self._word_starts[last])]

    def begins(self, prefixes: Iterable[str]) -> list[Array]:
        """For each prefix the titles with a word that begins so, repetitions among them."""
        return [self._titles_of_words(*self._words.stretch(prefix)) for prefix in prefixes]


def lines_of_titles(starts: Array, lines: Array, titles: Array) -> Array:
    """The lines that bear the titles, given each title's stretch of `lines`."""
    found: Array = lines[rows_of(starts, titles)]
    return found
