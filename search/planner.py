"""From what a person typed to what is looked for, in terms: the same for every engine.

Words are any-of and ranked; "a phrase" must be there (unless the question says OR); -word and -"a phrase"
must not; word* is a beginning. A word that the index does not hold is taken as a beginning, else corrected, unless
it stands in a group of synonyms.txt: it is no slip then, and its synonyms are looked for. A long need (a pasted
paragraph) is reduced to its most informative words, and its quotation marks and dashes are punctuation: nothing in it
must, or must not, be there.
Nothing typed is a fault: what makes no sense is dropped.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from search.analysis import GAP, fold, normalise, term_of, terms_of, words_of
from search.synonyms import grouped, groups_among, groups_in, synonyms, term_as_written

QUESTION_CEILING: Final = 2_000
"""Characters of a question; search/params.py refuses more."""

LONG_QUESTION: Final = 10
"""With more different words a question is a need: no operators, synonyms, corrections or beginnings of names."""

NEED_WORDS: Final = 24
"""So many of a need's words are looked for: those that tell most."""

SYNONYM_WEIGHT: Final = 0.6
CORRECTED_WEIGHT: Final = 0.8
JOINED_WEIGHT: Final = 0.4
"""What a word alone counts that was typed joined to a short one (design in co-design)."""
SHORTEST_ALONE: Final = 3
"""Letters of a word that is looked for by itself where it was typed joined to another."""
TOGETHER_WEIGHT: Final = 0.6
"""What it adds, as a share of the words' own score, that a short question's words stand together and in
order.
"""

TOGETHER_WORDS: Final = 5
_ALL_OF: Final = range(2, 9)
"""Of so many words it counts that a listing holds them all."""

NAME_WORDS: Final = 4
"""Up to so many words a question may be the beginning of somebody's name."""
SHORTEST_BEGINNING: Final = 2
SHORTEST_NAME_START: Final = 3

LONGEST_ABBREVIATION: Final = 4

_PIECE: Final = re.compile(r'(?P<minus>-+)?"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+)')
_SIGNS: Final = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "＂": '"', "−": "-", "–": "-"}
)
_OPERATORS: Final = re.compile(r'["*|]|(?<!\S)-+')
_EITHER: Final = re.compile(r"(?:^|\s)(?:OR|\|+)(?:\s|$)")

Terms = tuple[str, ...]
Slip = tuple[str, int, str]
"""A word as it was typed, where it stands in the question, and what was meant."""


class Lexicon(Protocol):
    """What the planner asks of an index."""

    @property
    def documents(self) -> int:
        """How many documents there are."""

    def frequency(self, term: str) -> int:
        """How many of them hold a term."""

    def beginning(self, start: str) -> Sequence[str]:
        """The terms of the words that begin so."""

    def names_beginning(self, start: str) -> Sequence[str]:
        """The terms of the words of names that begin so."""

    def near(self, word: str, distance: int) -> Sequence[str]:
        """The words fewest letters away, at most so many: those with the same first letter before others, then the
        most frequent.
        """


@dataclass(frozen=True, slots=True)
class Alternative:
    """A term, or several as a phrase (GAP where a stop word stands), scored by BM25 times `weight`."""

    terms: Terms
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing asked for; any alternative or term of it will do, the best one counts.

    `constants` score the same wherever they stand: terms found by their beginning. `name_starts` are looked
    for in names only. `words` is what was typed.
    """

    words: str
    alternatives: tuple[Alternative, ...] = ()
    constants: Terms = ()
    name_starts: Terms = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What to look for. `asked` is False if nothing was typed, or only what must not be there: then everything
    else is found.

    `together` are the places in `clauses` of the words of a short question: a listing that answers them all
    counts more. `excluded` are terms or phrases that must not be there. `whole_name` is the question as a
    name, "" if it cannot be one.
    """

    clauses: tuple[Clause, ...] = ()
    together: tuple[int, ...] = ()
    excluded: tuple[Terms, ...] = ()
    whole_name: str = ""
    asked: bool = False
    did_you_mean: str | None = None


@dataclass(slots=True)
class _Typed:
    """A question taken apart: words (with where they stand in the text), phrases and their words, beginnings,
    exclusions.
    """

    text: str
    words: list[tuple[str, int]] = field(default_factory=list)
    phrases: list[tuple[str, Terms]] = field(default_factory=list)
    quoted: list[tuple[str, int]] = field(default_factory=list)
    joined: list[tuple[str, Terms]] = field(default_factory=list)
    beginnings: list[str] = field(default_factory=list)
    excluded: list[Terms] = field(default_factory=list)
    excluded_beginnings: list[str] = field(default_factory=list)


def plain_signs(question: str) -> str:
    """The question as it is kept, with the quotation marks and dashes that keyboards have in place of those that word
    processors write: what is pasted says by them what is a phrase and what must not be there.
    """
    return normalise(question.translate(_SIGNS))


def plan(question: str, lexicon: Lexicon) -> Plan:
    """What to look for. Deterministic for a question and an index."""
    text = plain_signs(question)
    long = _is_need(text)
    typed = _take_apart(_OPERATORS.sub(lambda found: " " * len(found[0]), text) if long else text)
    excluded = [*typed.excluded]
    for start in typed.excluded_beginnings:
        excluded.extend((term,) for term in lexicon.beginning(start))
    either = _EITHER.search(question) is not None
    clauses = [Clause(words, (Alternative(terms),), required=not either) for words, terms in typed.phrases]
    clauses.extend(_joined(words, terms, lexicon) for words, terms in typed.joined)
    clauses.extend(
        Clause(f"{start}*", constants=tuple(lexicon.beginning(start))) for start in typed.beginnings
    )
    words: list[Clause] = []
    slips: list[Slip] = [(word, at, near[0]) for word, at in typed.quoted if (near := _near(word, lexicon))]
    if long:
        clauses.extend(_need(typed, lexicon))
    elif typed.words:
        groups, words, others = _few_words(typed, lexicon)
        clauses.extend(groups)
        slips.extend(others)
    # Whatever is typed is a question: signs that are no words find nothing, never everything.
    asked = bool(clauses or words or (text.strip() and not excluded))
    every = len(words) in _ALL_OF and all(map(_can_be_found, words))
    kept = [clause for clause in (*clauses, *words) if clause.required or _can_be_found(clause)]
    return Plan(
        clauses=tuple(kept),
        together=tuple(range(len(kept) - len(words), len(kept))) if every else (),
        excluded=tuple(dict.fromkeys(excluded)),
        whole_name=" ".join(fold(word) for word in words_of(typed.text)) if asked and not long else "",
        asked=asked,
        did_you_mean=_corrected(typed.text, slips) if slips else None,
    )


def _is_need(text: str) -> bool:
    return len({term_of(word) for word in words_of(text)} - {GAP}) > LONG_QUESTION


def signs_unread(question: str) -> bool:
    """Whether a question says by signs what must or must not be there, or is a beginning, and is so long that it is
    read as a need, in which they are punctuation.
    """
    text = plain_signs(question)
    if not _is_need(text):
        return False
    typed = _take_apart(text)
    return any((typed.phrases, typed.beginnings, typed.excluded, typed.excluded_beginnings))


def nothing_telling(question: str) -> tuple[str, ...] | None:
    """The words of a question that holds nothing to look for, since all of them are stop words, or none is there.
    None where it does hold something, or is blank.
    """
    text = plain_signs(question)
    typed = _take_apart(text)
    operators = (typed.phrases, typed.joined, typed.beginnings, typed.excluded, typed.excluded_beginnings)
    if any(operators) or any(map(_tells_something, (word for word, _ in typed.words))) or not text.strip():
        return None
    return tuple(words_of(text))


def _tells_something(word: str) -> bool:
    """Whether a word can be looked for. A stop word in capitals stands for itself where it means something (IT, not
    AND).
    """
    return term_of(word) != GAP or (term_as_written(word),) in synonyms()


def short_beginnings(question: str) -> tuple[str, ...]:
    """The beginnings in a question (v*) that have too few letters to be looked for as such."""
    pieces = [piece["word"] or "" for piece in _PIECE.finditer(plain_signs(question))]
    return tuple(
        piece
        for piece in dict.fromkeys(pieces)
        if piece.endswith("*")
        and not piece.startswith("-")
        and (words := words_of(piece))
        and len(fold(words[-1])) < SHORTEST_BEGINNING
    )


def _can_be_found(clause: Clause) -> bool:
    return bool(clause.alternatives or clause.constants or clause.name_starts)


def _take_apart(text: str) -> _Typed:
    typed = _Typed(text)
    if text.count('"') % 2:
        # An unclosed quote is no phrase: what stands after it are words.
        last = text.rindex('"')
        text = text[:last] + " " + text[last + 1 :]
    for piece in _PIECE.finditer(text):
        if piece["word"] is None:
            terms = _trimmed(terms_of(piece["phrase"]))
            if terms and piece["minus"]:
                typed.excluded.append(terms)
            elif terms:
                typed.phrases.append((piece["phrase"], terms))
                typed.quoted.extend(_slips_of(piece["phrase"], piece.start("phrase")))
        elif piece["word"].startswith("-"):
            _exclude(typed, piece["word"])
        else:
            _include(typed, piece["word"], piece.start())
    return typed


def _exclude(typed: _Typed, word: str) -> None:
    words = words_of(word)
    if word.endswith("*") and len(words) == 1 and len(fold(words[0])) >= SHORTEST_BEGINNING:
        typed.excluded_beginnings.append(fold(words[0]))
    elif terms := _trimmed(terms_of(word)):
        typed.excluded.append(terms)


def _include(typed: _Typed, chunk: str, start: int) -> None:
    words = words_of(chunk)
    if not words:
        return
    if chunk.endswith("*") and len(fold(words[-1])) >= SHORTEST_BEGINNING:
        typed.beginnings.append(fold(words.pop()))
    if len(words) > 1 and any(len(word) < SHORTEST_ALONE for word in words):
        # R&D, 24/7, e-learning, RM3745/5: the short pieces alone would find anything.
        if terms := _trimmed([term_of(word) for word in words]):
            typed.joined.append((chunk, terms))
        return
    typed.words.extend(_placed(words, chunk, start))


def _placed(words: Iterable[str], chunk: str, start: int) -> Iterator[tuple[str, int]]:
    """The words of a chunk that begins at `start`, each with where it stands."""
    at = 0
    for word in words:
        at = chunk.index(word, at)
        yield word, start + at
        at += len(word)


def _slips_of(phrase: str, start: int) -> Iterator[tuple[str, int]]:
    """The words of a phrase that may be slips, each with where it stands: not those of groups of synonyms."""
    words = words_of(phrase)
    known = grouped(words)
    return (one for at, one in enumerate(_placed(words, phrase, start)) if at not in known)


def _trimmed(terms: Sequence[str]) -> Terms:
    """A phrase without the stop words at its ends."""
    kept = [at for at, term in enumerate(terms) if term != GAP]
    return tuple(terms[kept[0] : kept[-1] + 1]) if kept else ()


def _need(typed: _Typed, lexicon: Lexicon) -> list[Clause]:
    """The words of a long need that tell most: rare in the index, repeated in the need."""
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    for word, _ in typed.words:
        term = term_of(word)
        if term != GAP:
            counts[term] += 1
            written.setdefault(term, word)
    worth = {}
    for term, count in counts.items():
        if frequency := lexicon.frequency(term):
            worth[term] = math.log(1 + lexicon.documents / frequency) * (1 + math.log(count))
    best = sorted(worth, key=lambda term: (-worth[term], term))[:NEED_WORDS]
    return [Clause(written[term], (Alternative((term,)),)) for term in best]


def _few_words(typed: _Typed, lexicon: Lexicon) -> tuple[list[Clause], list[Clause], list[Slip]]:
    """What a short question asks for beside its words, its words, and those that are corrected.

    A corrected word counts as if it had been typed, but for its lesser weight: in groups, with its synonyms, and
    beside the others.
    """
    words = [word for word, _ in typed.words]
    alone = {at: others for at, length, others in groups_in(words) if length == 1}
    nearest = _nearest_words(words, lexicon)
    meant = [nearest[at][0] if at in nearest else word for at, word in enumerate(words)]
    groups: list[Clause] = []
    for at, length, others in groups_in(meant):
        share = CORRECTED_WEIGHT if nearest.keys() & set(range(at, at + length)) else 1.0
        if length == 1:
            alone[at] = others
        else:
            groups.append(Clause(" ".join(words[at : at + length]), _synonyms(others, share)))
    together = _trimmed([term_of(word) for word in meant])
    if 1 < len(together) <= TOGETHER_WORDS:
        weight = TOGETHER_WEIGHT * (CORRECTED_WEIGHT if nearest else 1.0)
        groups.append(Clause(" ".join(words), (Alternative(together, weight),)))
    clauses: list[Clause] = []
    slips: list[Slip] = []
    seen: set[str] = set()
    for at, (word, place) in enumerate(typed.words):
        term = term_as_written(word)
        if term == GAP or term in seen:
            continue
        seen.add(term)
        if near := nearest.get(at, ()):
            clauses.append(_corrected_word(word, near, alone.get(at, ())))
            slips.append((word, place, near[0]))
        else:
            clauses.append(_word(word, alone.get(at, ()), len(words) <= NAME_WORDS, lexicon))
    return groups, clauses, slips


def _nearest_words(words: Sequence[str], lexicon: Lexicon) -> dict[int, Sequence[str]]:
    """By place, what may have been meant by the words that are corrected.

    Never by one of a group of synonyms, be it a group once others are corrected (visualy impaired), nor by the same
    word elsewhere in the question.
    """
    known = {term_as_written(words[at]) for at in grouped(words)}
    near = {
        at: found
        for at, word in enumerate(words)
        if term_as_written(word) not in known and (found := _near(word, lexicon))
    }
    readings = [(word, near[at][0]) if at in near else (word,) for at, word in enumerate(words)]
    known = {
        term_as_written(words[at + place])
        for at, read in groups_among(readings)
        for place, word in enumerate(read)
        if word == words[at + place]
    }
    return {at: found for at, found in near.items() if term_as_written(words[at]) not in known}


def _joined(chunk: str, terms: Terms, lexicon: Lexicon) -> Clause:
    """What to look for by words joined with a sign, one of them too short to be looked for alone: the words as they
    stand together and, where they are letters alone, the one word that others write (elearning), and less the longer.
    """
    alternatives = [Alternative(terms), *_synonyms(synonyms().get(terms, ()))]
    words = words_of(chunk)
    if all(map(str.isalpha, words)):
        whole = term_of("".join(words))
        if lexicon.frequency(whole):
            alternatives.append(Alternative((whole,)))
        longer = dict.fromkeys(term_of(word) for word in words if len(word) >= SHORTEST_ALONE)
        alternatives += [Alternative((term,), JOINED_WEIGHT) for term in longer if term != GAP]
    return Clause(chunk, tuple(alternatives))


def _synonyms(others: tuple[Terms, ...], share: float = 1.0) -> tuple[Alternative, ...]:
    return tuple(Alternative(terms, SYNONYM_WEIGHT * share) for terms in others)


def _near(word: str, lexicon: Lexicon) -> Sequence[str]:
    """The words that may have been meant by one that the index neither holds nor has a longer word for."""
    term, folded = term_of(word), fold(word)
    begins = len(folded) > SHORTEST_NAME_START and lexicon.beginning(folded)
    if term == GAP or lexicon.frequency(term) or begins or _as_meant(word):
        return ()
    return lexicon.near(folded, edits(folded))


def _corrected_word(word: str, near: Sequence[str], others: tuple[Terms, ...]) -> Clause:
    meant = sorted({term_of(other) for other in near})
    alternatives = tuple(Alternative((term,), CORRECTED_WEIGHT) for term in meant)
    return Clause(word, (*alternatives, *_synonyms(others, CORRECTED_WEIGHT)))


def _word(word: str, others: tuple[Terms, ...], may_be_name: bool, lexicon: Lexicon) -> Clause:
    """What to look for by a word."""
    term, folded = term_of(word), fold(word)
    starts: Terms = ()
    if may_be_name and len(folded) >= SHORTEST_NAME_START:
        starts = tuple(other for other in lexicon.names_beginning(folded) if other != term)
    alternatives = _synonyms(others)
    if term != GAP and lexicon.frequency(term):
        alternatives = (Alternative((term,)), *alternatives)
    elif not alternatives and len(folded) > SHORTEST_NAME_START:
        return Clause(word, constants=tuple(lexicon.beginning(folded)), name_starts=starts)
    return Clause(word, alternatives, name_starts=starts)


def _as_meant(word: str) -> bool:
    """Whether a word is not corrected: it holds a digit, or is an abbreviation in capitals, which is no slip."""
    return any(letter.isdigit() for letter in word) or (word.isupper() and len(word) <= LONGEST_ABBREVIATION)


def name_meant(typed: str, lexicon: Lexicon) -> str | None:
    """The beginning of a name with every word corrected that begins nothing and has no synonyms; None if none is."""
    words = [fold(word) for word in words_of(normalise(typed))]
    known = grouped(words)
    meant = [word if at in known else _nearest(word, lexicon) for at, word in enumerate(words)]
    return " ".join(meant) if meant != words else None


def _nearest(word: str, lexicon: Lexicon) -> str:
    term = term_of(word)
    if term == GAP or lexicon.frequency(term) or len(word) < SHORTEST_BEGINNING or lexicon.beginning(word):
        return word
    near = lexicon.near(word, edits(word))
    return near[0] if near else word


def edits(word: str) -> int:
    """How many letters may be wrong in a word: none in two letters, one in up to five, two in more."""
    return 0 if len(word) < 3 else 1 if len(word) < 6 else 2


def _corrected(question: str, slips: Iterable[Slip]) -> str:
    """The question with its unknown words replaced."""
    text, at = "", 0
    for word, start, meant in sorted(slips, key=lambda slip: slip[1]):
        text += question[at:start] + meant
        at = start + len(word)
    return text + question[at:]
