"""What a question about roles asks for: the text of `q` taken apart, before any engine looks at it.

Commas separate roles, any of which may be met. Inside a role any word may match; a phrase in quotes must;
`-word` and `-"a phrase"` must not; `word*`, of two letters or more, stands for every word that begins so, `-word*` too.
A part between commas that holds nothing but what must not be there is no role: it takes from all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from search.analysis import GAP, fold, term_of, terms_of, words_of
from search.planner import SHORTEST_BEGINNING, plain_signs

NO_TERM = "__"
"""A term that no text has: analysis makes none with an underscore."""

_ROLES = re.compile(r'((?:[^,"]|"[^"]*"?)+)')
_PIECES = re.compile(r'(-?)"([^"]*)"?|(\S+)')


@dataclass(frozen=True, slots=True)
class Role:
    """One of the roles asked for. Phrases are terms in order, GAP where a stop word stands; prefixes are
    folded. `quoted` are the folded words of its phrases, in which a slip is told.
    """

    words: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    prefixes: tuple[str, ...] = ()
    excluded: tuple[tuple[str, ...], ...] = ()
    excluded_prefixes: tuple[str, ...] = ()
    quoted: tuple[str, ...] = ()


NOBODY = Role(phrases=((NO_TERM,),))
"""What is left of a question that holds no word at all."""


@dataclass(slots=True)
class _Draft:
    words: list[str] = field(default_factory=list)
    phrases: list[tuple[str, ...]] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    excluded: list[tuple[str, ...]] = field(default_factory=list)
    excluded_prefixes: list[str] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)

    @property
    def wanted(self) -> bool:
        """Whether it says what is to be there, not only what is not."""
        return bool(self.words or self.phrases or self.prefixes)

    @property
    def beside(self) -> bool:
        """Whether anything but words is asked for."""
        return bool(self.phrases or self.prefixes or self.excluded or self.excluded_prefixes)


def roles_of(q: str) -> tuple[Role, ...]:
    """The roles in `q`; none if nothing is typed. Signs that are no words are a role that no line bears."""
    drafts, barred = [], _Draft()
    for text in _ROLES.findall(plain_signs(q)):
        draft = _Draft()
        for minus, quoted, bare in _PIECES.findall(text):
            if bare:
                _bare(bare, draft)
            elif phrase := _trimmed(terms_of(quoted)):
                (draft.excluded if minus else draft.phrases).append(phrase)
                draft.quoted += (
                    [] if minus else [fold(word) for word in words_of(quoted) if term_of(word) != GAP]
                )
        _without_stop_words(draft)
        if draft.wanted:
            drafts.append(draft)
        else:
            barred.excluded += draft.excluded
            barred.excluded_prefixes += draft.excluded_prefixes
    if barred.beside and not drafts:
        drafts.append(_Draft())
    roles = tuple(
        Role(
            tuple(dict.fromkeys(draft.words)),
            tuple(dict.fromkeys(draft.phrases)),
            tuple(dict.fromkeys(draft.prefixes)),
            tuple(dict.fromkeys([*draft.excluded, *barred.excluded])),
            tuple(dict.fromkeys([*draft.excluded_prefixes, *barred.excluded_prefixes])),
            tuple(dict.fromkeys(draft.quoted)),
        )
        for draft in drafts
    )
    return roles or ((NOBODY,) if q.strip() else ())


def corrected(q: str, corrections: Iterable[tuple[str, str]]) -> str | None:
    """The question with each (asked, used) word replaced; None if there is none."""
    used = dict(corrections)
    if not used:
        return None
    text, made, at = plain_signs(q), "", 0
    for word in words_of(text):
        start = text.index(word, at)
        made += text[at:start] + used.get(fold(word), word)
        at = start + len(word)
    return made + text[at:]


def _bare(piece: str, draft: _Draft) -> None:
    words = words_of(piece)
    excludes = piece.startswith("-") and len(piece) > 1
    if piece.endswith("*") and words and len(folded := fold(words[-1])) >= SHORTEST_BEGINNING:
        (draft.excluded_prefixes if excludes else draft.prefixes).append(folded)
        words.pop()
    if excludes:
        draft.excluded += [(term_of(word),) for word in words if term_of(word) != GAP]
    else:
        draft.words += [folded for word in words if (folded := fold(word))]


def _trimmed(terms: list[str]) -> tuple[str, ...]:
    """A phrase without the stop words at its ends."""
    while terms and terms[0] == GAP:
        terms = terms[1:]
    while terms and terms[-1] == GAP:
        terms = terms[:-1]
    return tuple(terms)


def _without_stop_words(draft: _Draft) -> None:
    """Stop words say nothing beside other words; alone they are what was asked for: "IT" is a role's whole
    name.
    """
    telling = [word for word in draft.words if term_of(word) != GAP]
    if telling or draft.beside:
        draft.words = telling
