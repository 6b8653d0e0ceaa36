"""What is looked for when somebody types something: words, phrases, exclusions, beginnings, corrections,
synonyms, needs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis import GAP, fold, term_of, words_of
from search.engines.lexicon import Lexicon, sorted_counts
from search.planner import (
    LONG_QUESTION,
    NEED_WORDS,
    Alternative,
    Clause,
    Plan,
    nothing_telling,
    plan,
    signs_unread,
)
from search.synonyms import synonyms


@dataclass
class Words:
    """A lexicon of some words, each in as many documents as it is given times."""

    text: str
    names: str = ""
    documents: int = 100

    def frequency(self, term: str) -> int:
        return [term_of(word) for word in words_of(self.text)].count(term)

    def beginning(self, start: str) -> list[str]:
        return sorted({term_of(word) for word in words_of(self.text) if fold(word).startswith(start)} - {GAP})

    def names_beginning(self, start: str) -> list[str]:
        return sorted(
            {term_of(word) for word in words_of(self.names) if fold(word).startswith(start)} - {GAP}
        )

    def near(self, word: str, distance: int) -> Sequence[str]:
        return [other for other in words_of(self.text) if len(set(other) ^ set(word)) <= distance][:1]


LEXICON = Words(
    "vision rehabilitation evaluation social care finance health data school board", "Collaborate Vision20"
)


def terms_wanted(found: Plan) -> list[tuple[str, ...]]:
    return [
        alternative.terms
        for clause in found.clauses
        for alternative in clause.alternatives
        if alternative.weight == 1
    ]


def test_words_are_any_of() -> None:
    found = plan("vision data", LEXICON)
    assert terms_wanted(found) == [("vision",), ("data",)]
    assert not any(clause.required for clause in found.clauses)


def test_quoted_words_must_stand_together() -> None:
    found = plan('data "social care"', LEXICON)
    assert Clause("social care", (Alternative(("social", "care")),), required=True) in found.clauses


@pytest.mark.parametrize("question", ['"social care" OR "data"', '"social care" || data'])
def test_or_makes_phrases_optional(question: str) -> None:
    assert not any(clause.required for clause in plan(question, LEXICON).clauses)


def test_a_phrase_keeps_the_place_of_its_stop_words() -> None:
    assert terms_wanted(plan('"school of the data"', LEXICON)) == [("school", GAP, GAP, "data")]


def test_minus_excludes_words_phrases_and_beginnings() -> None:
    found = plan('data -school -"social care" -heal* --vision', LEXICON)
    assert found.excluded == (("school",), ("social", "care"), ("vision",), ("health",))
    assert terms_wanted(found) == [("data",)]


def test_a_hyphen_inside_a_word_excludes_nothing() -> None:
    assert plan("health-data", LEXICON).excluded == ()


def test_star_stands_for_beginnings() -> None:
    assert plan("hea*", LEXICON).clauses == (Clause("hea*", constants=("health",)),)


def test_unknown_word_that_begins_known_ones_is_taken_as_a_beginning() -> None:
    found = plan("rehabil", LEXICON)
    assert found.clauses == (Clause("rehabil", constants=("rehabilit",)),)
    assert found.did_you_mean is None


def test_unknown_word_is_corrected_and_told() -> None:
    found = plan("evalaution of data", LEXICON)
    assert found.did_you_mean == "evaluation of data"
    assert any(
        clause.words == "evalaution" and clause.alternatives[0] == Alternative(("evalu",), 0.8)
        for clause in found.clauses
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ('"evalaution of data"', '"evaluation of data"'),
        ("data “evalaution of data”", 'data "evaluation of data"'),
        ('evalaution "evalaution data" -"evalaution"', 'evaluation "evaluation data" -"evalaution"'),
        ('evalaution "of', 'evaluation "of'),
        ('"evaluation of data"', None),
        ('-"evalaution"', None),
    ],
)
def test_a_slip_in_a_phrase_is_told_and_the_phrase_stands_as_it_was_typed(
    typed: str, meant: str | None
) -> None:
    found = plan(typed, LEXICON)
    assert found.did_you_mean == meant
    phrases = [clause.alternatives for clause in found.clauses if clause.required]
    stands = {"evalaution": ("evalaut", "_", "data"), "evaluation": ("evalu", "_", "data")}
    if typed.startswith('"'):
        assert phrases == [(Alternative(stands[typed[1:11]]),)]


def test_corrected_words_count_as_if_typed_but_for_their_lesser_weight() -> None:
    words = lexicon("social impact evaluation social impact evaluation bond")
    right, wrong = plan("social impact evaluation", words), plan("socal impct evalution", words)
    assert wrong.did_you_mean == "social impact evaluation"
    assert [[(one.terms, one.weight) for one in clause.alternatives] for clause in wrong.clauses] == [
        [(one.terms, pytest.approx(one.weight * 0.8)) for one in clause.alternatives]
        for clause in right.clauses
    ]
    assert wrong.together == right.together
    bond = [one.terms for clause in plan("socal impct bond", words).clauses for one in clause.alternatives]
    assert ("sib",) in bond


def test_a_number_is_never_corrected() -> None:
    assert plan("vision21x", LEXICON).did_you_mean is None


def test_names_are_found_by_their_beginning() -> None:
    assert plan("vision", LEXICON).clauses == (
        Clause("vision", (Alternative(("vision",)),), name_starts=("vision20",)),
    )


def test_synonyms_weigh_less() -> None:
    found = plan("rehab", Words("rehabilitation rehab"))
    assert found.clauses == (Clause("rehab", (Alternative(("rehab",)), Alternative(("rehabilit",), 0.6))),)


def test_synonyms_of_several_words_are_phrases_both_ways() -> None:
    assert ("artifici", "intellig") in synonyms()[("ai",)]
    assert ("ai",) in synonyms()[("artifici", "intellig")]


def test_it_in_capitals_is_information_technology() -> None:
    asked = plan("IT", LEXICON).clauses
    assert asked == (Clause("IT", (Alternative(("ict",), 0.6), Alternative(("inform", "technolog"), 0.6))),)
    assert plan("it", LEXICON).clauses == ()


def test_a_phrase_of_letters_has_synonyms_as_words_have() -> None:
    (clause,) = plan("M&E", LEXICON).clauses
    assert clause.alternatives == (
        Alternative(("m", "e")),
        Alternative(("monitor", "_", "evalu"), 0.6),
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [("R&D", "research and development"), ("H&S", "health and safety"), ("24/7", "round the clock")],
)
def test_signs_between_letters_do_not_keep_a_word_from_its_synonyms(asked: str, said: str) -> None:
    (clause,) = plan(asked, LEXICON).clauses
    assert tuple(map(term_of, said.split())) in [one.terms for one in clause.alternatives]


def lexicon(text: str) -> Lexicon:
    """The words of an index as every engine keeps them."""
    words = Counter(text.split())
    terms = Counter(map(term_of, text.split()))
    return Lexicon(9, *sorted_counts(words), *sorted_counts(terms), [])


def test_an_abbreviation_in_capitals_is_not_corrected() -> None:
    assert plan("SIZ", lexicon("six sight")).did_you_mean is None
    assert plan("siz", lexicon("six sight")).did_you_mean == "six"


def test_of_equals_a_word_with_the_same_first_letter_is_meant() -> None:
    assert plan("socal", lexicon("local local local social")).did_you_mean == "social"


def test_pieces_too_short_to_tell_are_a_phrase() -> None:
    assert terms_wanted(plan("R&D 24/7", LEXICON)) == [("r", "d"), ("24", "7")]


def test_a_word_joined_to_a_short_one_counts_alone_and_written_as_one_word() -> None:
    known = lexicon("elearning design")
    (learning,) = plan("e-learning", known).clauses
    assert learning == Clause(
        "e-learning", (Alternative(("e", "learn")), Alternative(("elearn",)), Alternative(("learn",), 0.4))
    )
    (design,) = plan("co-design", known).clauses
    assert [one.terms for one in design.alternatives] == [("co", "design"), ("design",)]
    (numbered,) = plan("RM3745/5", known).clauses
    assert [one.terms for one in numbered.alternatives] == [("rm3745", "5")]


def test_an_unclosed_quote_is_no_phrase() -> None:
    assert not any(clause.required for clause in plan('"social care', LEXICON).clauses)


def test_a_long_need_is_reduced_to_what_tells_most() -> None:
    need = " ".join(f"word{number}" for number in range(60))
    lexicon = Words(" ".join(f"word{number} " * (1 + number % 7) for number in range(60)))
    found = plan(need, lexicon)
    assert len(found.clauses) == NEED_WORDS
    rarest = {f"word{number}" for number in range(60) if number % 7 == 0}
    assert rarest <= {clause.words for clause in found.clauses}
    assert found.whole_name == ""


def test_a_word_repeated_in_a_need_counts_for_more() -> None:
    words = [f"word{number}" for number in range(NEED_WORDS + 5)]
    lexicon = Words(" ".join(words))
    found = plan(" ".join([*words, words[-1]]), lexicon)
    assert found.clauses[0].words == words[-1]
    assert len(words) > LONG_QUESTION


def test_quotation_marks_and_dashes_of_a_pasted_need_are_punctuation() -> None:
    need = (
        'The "Council" seeks a surveyor for the former "Fleece" building - condition, drainage and roof - with costs, '
        "a report on damp* and a plan of repairs. -PIP and -Atlas systems are in use"
    )
    found = plan(need, Words("council surveyor fleece drainage roof damp repairs pip atlas"))
    assert {clause.words for clause in found.clauses} >= {"Council", "Fleece", "damp", "PIP", "Atlas"}
    assert not any(clause.required for clause in found.clauses)
    assert found.excluded == ()


MANY = "evaluation health services adults learning disabilities community housing schools transport"


@pytest.mark.parametrize(
    "sign", ["-autism", '-"autism care"', '"autism"', "autis*", "-autis*", "“autism care”"]
)
def test_signs_that_do_not_count_are_told_in_a_long_question_alone(sign: str) -> None:
    assert signs_unread(f"{MANY} {sign}")
    assert signs_unread(f"{sign} {MANY}")
    assert not signs_unread(f"evaluation of health {sign}")


@pytest.mark.parametrize(
    "plain", ["autism", "- autism", "co-production", "10 - 20", "autism *", '"autism', "-", '""']
)
def test_dashes_and_marks_of_a_long_question_that_are_no_signs_are_not_told(plain: str) -> None:
    assert not signs_unread(f"{MANY} safety {plain}")


@pytest.mark.parametrize("typed", ["😀", "((((", "!!", "'", '"', '""', '"the"', "-", "-*", "- -", "the of"])
def test_signs_and_stop_words_are_a_question_that_finds_nothing(typed: str) -> None:
    found = plan(typed, LEXICON)
    assert (found.asked, found.clauses, found.excluded) == (True, (), ())


@pytest.mark.parametrize("typed", ["", "  ", "-care"])
def test_nothing_typed_and_exclusions_alone_begin_with_everything(typed: str) -> None:
    assert (plan(typed, LEXICON).asked, plan(typed, LEXICON).clauses) == (False, ())


@given(st.text(alphabet=st.sampled_from("ab \"-*|'’&ORé\u0301 \t"), max_size=60))
def test_nothing_typed_breaks_it(question: str) -> None:
    found = plan(question, LEXICON)
    for clause in found.clauses:
        assert clause.required or clause.alternatives or clause.constants or clause.name_starts
        assert all(alternative.terms and alternative.terms[0] != GAP for alternative in clause.alternatives)
    assert all(terms and terms[0] != GAP for terms in found.excluded)


@given(st.text())
def test_any_text_makes_the_same_plan_twice(question: str) -> None:
    assert plan(question, LEXICON) == plan(question, LEXICON)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("the", ("the",)),
        ("of the", ("of", "the")),
        ('"the"', ("the",)),
        ("-the", ("the",)),
        ("---", ()),
        ("()", ()),
        ("", None),
        ("   ", None),
        ("the evaluation", None),
        ("the*", None),
        ("IT", None),
        ("-evaluation", None),
        ("24/7", None),
    ],
)
def test_a_question_of_stop_words_or_signs_holds_nothing_to_look_for(
    question: str, words: tuple[str, ...] | None
) -> None:
    assert nothing_telling(question) == words
