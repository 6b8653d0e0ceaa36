"""In which order a plain scan puts lines of rates, to hold the pages of benchmarks/rates.py against.

Every sort is worked out for all lines, from what the sheet says of each: no order of the index is looked at. Scores are
BM25 of a title in double precision; those of the engines are in single precision and ten-thousandths, so that of two
lines whose scores differ by less than NEAR either may come first.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis import GAP, term_of, terms_of
from search.rate_roles import Role
from search.ties import hashes_of, seed_of, ties

NEAR: Final = 0.0002
LAST: Final = 10**6
"""Unknown experience stands behind any that is known."""


class Order:
    """The lines that are looked for, as arrays side by side: `titles` by number in `title`, prices in cents, experience
    in years and -1 for unknown, and the reference of each. `every` are the titles' numbers of all lines of the index,
    by which words are rare or frequent.
    """

    def __init__(
        self,
        titles: Sequence[str],
        title: NDArray[np.int64],
        price: NDArray[np.int64],
        experience: NDArray[np.int64],
        keys: Sequence[str],
        every: NDArray[np.int64],
    ) -> None:
        self._title, self._keys = title, keys
        self._hashes = hashes_of(keys)
        named = sorted(range(len(titles)), key=lambda one: (titles[one].casefold(), titles[one]))
        place = np.empty(len(titles), np.int64)
        place[named] = np.arange(len(titles))
        by_key = np.empty(len(keys), np.int64)
        by_key[sorted(range(len(keys)), key=lambda one: keys[one].encode())] = np.arange(len(keys))
        self._by_key = by_key
        years = np.where(experience < 0, LAST, experience)
        self._orders = {
            "price": np.lexsort((by_key, price)),
            "-price": np.lexsort((by_key, -price)),
            "role": np.lexsort((by_key, price, place[title])),
            "experience": np.lexsort((by_key, price, years)),
        }
        self._terms = [terms_of(one) for one in titles]
        self._words = [{word for word in terms if word != GAP} for terms in self._terms]
        self._count_words(every)

    def _count_words(self, every: NDArray[np.int64]) -> None:
        self._holders: Counter[str] = Counter()
        words = texts = 0
        for number, many in enumerate(np.bincount(every, minlength=len(self._terms)).tolist()):
            length = sum(term != GAP for term in self._terms[number])
            words, texts = words + length * many, texts + (many if length else 0)
            for term in self._words[number]:
                self._holders[term] += many
        self._mean, self._texts = words / max(texts, 1), texts

    def wrong_with(
        self,
        told: Sequence[str],
        found: NDArray[np.bool_],
        sort: str,
        roles: Sequence[tuple[Role, NDArray[np.bool_]]],
        start: int,
        size: int,
    ) -> str:
        """What is wrong with the references that a page tells, "" if it holds. Lines `found` are those of the question,
        each role comes with the titles that bear one of its words as it is written (stop words), `start` is the place
        of the page's first line.
        """
        if sort == "relevance" and roles:
            return self._wrong_by_relevance(told, found, roles, start, size)
        order = self._orders["price" if sort == "relevance" else sort]
        wanted = [self._keys[line] for line in order[found[order]][start : start + size].tolist()]
        if list(told) == wanted:
            return ""
        at = next(
            (n for n, pair in enumerate(zip(told, wanted, strict=False)) if pair[0] != pair[1]), len(wanted)
        )
        return f"by {sort} the page of {len(told)} lines, not {len(wanted)}, differs at line {at}: {told[at : at + 1]}"

    def _wrong_by_relevance(
        self,
        told: Sequence[str],
        found: NDArray[np.bool_],
        roles: Sequence[tuple[Role, NDArray[np.bool_]]],
        start: int,
        size: int,
    ) -> str:
        lines = np.flatnonzero(found)
        places = {self._keys[line]: line for line in lines.tolist()}
        page = [places[key] for key in told if key in places]
        if (
            len(page) != len(told)
            or len(set(page)) != len(page)
            or len(page) != max(0, min(size, len(lines) - start))
        ):
            return f"a page of {len(told)} lines, {len(set(page))} of them found, from place {start} of {len(lines)}"
        scores = np.max([self._scores(role, spelt) for role, spelt in roles], axis=0)[self._title]
        best = np.sort(scores[lines])[::-1][start : start + size]
        if (off := np.flatnonzero(np.abs(scores[page] - best) > NEAR)).size:
            at = int(off[0])
            return f"line {at} of the page has score {scores[page[at]]:.5f}, not {best[at]:.5f}"
        return self._wrong_ties(page, lines, scores, start)

    def _wrong_ties(
        self, page: list[int], lines: NDArray[np.int64], scores: NDArray[np.float64], start: int
    ) -> str:
        """Lines of one score stand in the order of the day's seed and then of their keys, and none of them is left out
        between those on the page; before them only on a page that others come before.
        """
        drawn = ties(self._hashes, seed_of(date.today()))  # noqa: DTZ011
        for score in dict.fromkeys(scores[page].tolist()):
            equal = lines[scores[lines] == score]
            ordered = equal[np.lexsort((self._by_key[equal], drawn[equal]))].tolist()
            own = [line for line in page if scores[line] == score]
            begins = ordered.index(own[0])
            if own != ordered[begins : begins + len(own)] or (begins and not start):
                return f"lines of score {score:.5f} are not in the order of their ties"
        return ""

    def _scores(self, role: Role, spelt: NDArray[np.bool_]) -> NDArray[np.float64]:
        """BM25 of every title for a role that is words alone."""
        scores = np.zeros(len(self._terms))
        for word in role.words:
            term = term_of(word)
            if term == GAP:
                scores += spelt
                continue
            rarity = math.log1p((self._texts - self._holders[term] + 0.5) / (self._holders[term] + 0.5))
            for number, held in enumerate(self._words):
                if term in held:
                    terms = self._terms[number]
                    frequency, length = terms.count(term), sum(one != GAP for one in terms)
                    norm = 1.2 * (0.25 + 0.75 * length / self._mean)
                    scores[number] += rarity * frequency / (frequency + norm)
        return scores
