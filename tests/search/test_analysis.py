"""What a word is: golden terms, places in the text, and that the engine indexes exactly the terms it is
handed.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
import tantivy
from hypothesis import given
from hypothesis import strategies as st

from search.analysis import GAP, STOP_WORDS, fold, normalise, term_of, terms_of, tokens_of, words_of
from search.engines.words import SCHEMA, WordsReader, WordsWriter, open_words

GOLDEN = {
    # Porter 2, not Porter 1: "generous" and "general" stay apart.
    "evaluation evaluations evaluating evaluate evaluative": "evalu evalu evalu evalu evalu",
    "generous general generation": "generous general generat",
    "consultancy consultant consulting": "consult consult consult",
    "communities skies dying news": "communiti sky die news",
    # Lucene's English stop words leave a gap.
    "the cost of living": "_ cost _ live",
    # Letters are folded to ASCII, capitals do not matter.
    "Café CAFÉ naïve Straße Ærø Łódź ﬁnance": "cafe cafe naiv strass aero lodz financ",
    # A possessive goes, straight or curly; another apostrophe parts words.
    "the partner's partners’ James’s don't O'Brien": "_ partner partner jame don t o brien",
    # Punctuation parts words; digits belong to them.
    "R&D, e-mail; RM3745/5 3i ISO27001 50% snake_case": "r d e mail rm3745 5 3i iso27001 50 snake case",
    # Letters without case or ASCII counterpart are kept.
    "Ωμέγα Ελλάδα 東京 ٣": "ωμεγα ελλαδα 東京 ٣",
}


@pytest.mark.parametrize(("text", "expected"), GOLDEN.items())
def test_golden_terms(text: str, expected: str) -> None:
    assert " ".join(terms_of(text)) == expected


def test_stop_words_are_lucenes() -> None:
    assert len(STOP_WORDS) == 33
    assert all(term_of(word) == GAP for word in STOP_WORDS)


def test_composed_and_decomposed_letters_are_one() -> None:
    assert terms_of("Cafe\u0301") == terms_of("Café") == ["cafe"]


def test_very_long_run_of_letters_is_cut_and_still_found() -> None:
    assert terms_of("x" * 5_000) == terms_of("x" * 6_000) == ["x" * 100]


@given(st.text())
def test_places_are_those_of_the_words(text: str) -> None:
    text = normalise(text)
    tokens = tokens_of(text)
    assert tokens.words == words_of(text)
    assert [
        text[start : start + length]
        for start, length in zip(tokens.starts.tolist(), tokens.lengths.tolist(), strict=True)
    ] == tokens.words


@given(st.text(alphabet=st.sampled_from("aZ'’s _-é1\u0301&.\nßЖ東")))
def test_words_are_runs_of_letters_and_digits(text: str) -> None:
    for word in words_of(normalise(text)):
        assert word
        assert all(unicodedata.category(letter)[0] in "LN" for letter in word)


@given(st.text())
def test_folded_words_are_letters_and_digits_and_fold_to_themselves(text: str) -> None:
    for word in words_of(normalise(text)):
        folded = fold(word)
        assert folded == fold(folded)
        assert folded == "".join(letter for letter in folded if letter.isalnum())


@given(st.lists(st.text(), max_size=20))
def test_terms_never_look_like_a_gap_or_hold_a_space(texts: list[str]) -> None:
    for text in texts:
        for word in words_of(normalise(text)):
            term = term_of(word)
            assert term
            assert term == GAP or ("_" not in term and not any(letter.isspace() for letter in term))


@given(st.lists(st.text() | st.sampled_from([*GOLDEN]), min_size=1, max_size=8))
def test_tantivy_splits_a_line_of_terms_into_those_terms(texts: list[str]) -> None:
    """The tokenizer that words.py registers keeps every term and its position, and leaves the gaps out."""
    spaces = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    analyzer = spaces.filter(tantivy.Filter.custom_stopword([GAP])).build()
    for text in texts:
        terms = terms_of(text)
        tokens = analyzer.pre_tokenize(" ".join(terms)).tokens
        assert [(token.position, token.text) for token in tokens] == [
            (at, term) for at, term in enumerate(terms) if term != GAP
        ]


def test_the_index_holds_the_terms(tmp_path: Path) -> None:
    directory = tmp_path / "words"
    writer = WordsWriter(directory, create=True)
    line = " ".join(terms_of(" ".join(GOLDEN)))
    writer.put(0, {"summary": line}, "x", replaces=False)
    writer.commit()
    writer.close()
    index = open_words(directory)
    index.reload()
    reader = WordsReader(index)
    found = {term for term in line.split() if reader.frequency("summary", term)}
    assert found == set(line.split()) - {GAP}
    phrase = tantivy.Query.phrase_query(SCHEMA, "summary", [(0, "cost"), (2, "live")])
    assert reader.search(phrase)[0].tolist() == [0]
