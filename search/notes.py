"""What an answer says of its question where it found nothing and could not have found anything."""

from __future__ import annotations

from dataclasses import dataclass

from search.planner import nothing_telling


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know about an answer: `code` is too_common or no_words, `detail` a sentence for people."""

    code: str
    detail: str


def notes_on(question: str, count: int) -> tuple[Note, ...]:
    """Why a question of nothing but stop words or signs found nothing; () for any other answer."""
    words = nothing_telling(question) if not count else None
    if words is None:
        return ()
    if not words:
        return (Note("no_words", f"“{question.strip()[:40]}” holds no word to search by."),)
    quoted = [f"“{word}”" for word in dict.fromkeys(words)]
    if len(quoted) == 1:
        return (Note("too_common", f"{quoted[0]} is too common to search by."),)
    return (Note("too_common", f"{', '.join(quoted[:-1])} and {quoted[-1]} are too common to search by."),)
