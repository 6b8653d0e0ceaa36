"""A word that stands in a group of synonyms is no slip: whatever else the index holds, nothing is found, offered or
explained by a word that resembles it.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from search import synonyms as module
from search.analysis import fold, normalise, term_of, words_of
from search.engines.lexicon import Lexicon, sorted_counts
from search.planner import CORRECTED_WEIGHT, Plan, name_meant, plan

LINES = [
    line.partition("#")[0].strip()
    for line in Path(module.__file__).with_name("synonyms.txt").read_text(encoding="utf-8").splitlines()
]
PHRASES = sorted(
    {
        normalise(phrase.strip())
        for line in LINES
        for phrase in line.partition("=>")[0].split(",")
        if phrase.strip()
    }
)
"""Every phrase that has synonyms, as the file spells it."""


def lexicon(*words: str) -> Lexicon:
    """The words of an index as every engine keeps them."""
    return Lexicon(
        9, *sorted_counts(Counter(words)), *sorted_counts(Counter(map(term_of, words))), sorted(words)
    )


def beside(word: str) -> str:
    """A word one letter away."""
    letter = "q" if word[1] != "q" else "x"
    return f"{word[0]}{letter}{word[2:]}"


WORDS = sorted({fold(word) for phrase in PHRASES for word in words_of(phrase) if len(fold(word)) > 2})
BESIDE = lexicon(*(beside(word) for word in WORDS))
"""An index that holds none of the words of the file, and of each a near neighbour."""


def corrected(found: Plan) -> list[str]:
    """The words for which others are looked for."""
    weights = {CORRECTED_WEIGHT}
    return [clause.words for clause in found.clauses if {one.weight for one in clause.alternatives} & weights]


def test_the_neighbours_are_near_enough_for_a_word_that_is_no_synonym() -> None:
    assert len(PHRASES) > 200
    assert plan("misuse", BESIDE).did_you_mean == "mqsuse"
    assert name_meant("misuse", BESIDE) == "mqsuse"


@pytest.mark.parametrize("phrase", PHRASES)
def test_no_phrase_with_synonyms_is_corrected(phrase: str) -> None:
    for question in (phrase, phrase.lower(), f'"{phrase}"'):
        found = plan(question, BESIDE)
        assert (found.did_you_mean, corrected(found)) == (None, []), question
    assert name_meant(phrase.lower(), BESIDE) is None


@pytest.mark.parametrize(
    ("question", "held", "meant"),
    [
        ("substance misuse", "substance missed", None),
        ("visually impaired", "visually paired", None),
        ("hearing impaired", "hearing paired", None),
        ("accident and emergency", "incident emergency", None),
        ("outline business case", "outside business case", None),
        ("web site", "we site", None),
        ('"substance misuse"', "substance missed", None),
        ("substance-misuse servces", "substance missed services", "substance-misuse services"),
        ("visualy impaired", "visually paired", "visually impaired"),
        ("outline bussiness caze", "outside business case", "outline business case"),
        ("misuse of substance misuse", "substance missed", None),
        ("impaired visually", "visually paired", "paired visually"),
        ('"substance" misuse', "substance missed", '"substance" missed'),
    ],
)
def test_a_group_is_left_as_it_was_typed_and_slips_beside_it_are_corrected(
    question: str, held: str, meant: str | None
) -> None:
    assert plan(question, lexicon(*held.split())).did_you_mean == meant


def test_synonyms_of_a_group_are_looked_for_where_a_word_of_it_stands_nowhere() -> None:
    found = plan("substance misuse", lexicon("substance", "missed", "addiction"))

    wanted = [one.terms for clause in found.clauses for one in clause.alternatives]
    assert ("addict",) in wanted
    assert ("miss",) not in wanted
