"""Records made many at once are those made one by one, and those that a plain reading of the texts gives."""

from __future__ import annotations

import gc
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis import GAP, fold, mark_of, normalise, term_of, terms_of, words_of
from search.engines import record_maker
from search.engines.columns import Numbers, load_manifest, read_current
from search.engines.embedded import EmbeddedEngine
from search.engines.record_maker import Held, RecordMaker, _counted, _numbered
from search.engines.records import PackedRecord, whole_name
from search.fields import TEXT_FIELDS, texts_of
from tests.search.listing_documents import listing, specialism

WORDS = [
    "vision",
    "Café",
    "Cafe\u0301",
    "the",
    "partner’s",
    "R&D",
    "RM3745/5",
    "🙂",
    "𝒳𝒴",
    "\n",
    "x" * 300,
    "東京",
]

texts = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join) | st.text(max_size=20)


@st.composite
def documents(draw: st.DrawFn) -> list[dict[str, Any]]:
    return [
        listing(
            f"p{number}",
            name=draw(texts),
            summary=draw(texts),
            specialisms=[
                specialism("rm3745~5", str(at), name)
                for at, name in enumerate(draw(st.lists(texts, max_size=2)))
            ],
            case_studies=[
                {"key": f"c{at}", "title": draw(texts), "text": draw(texts)}
                for at in range(draw(st.integers(0, 2)))
            ],
        )
        for number in range(draw(st.integers(1, 4)))
    ]


def plain_lines(document: Mapping[str, Any]) -> dict[str, str]:
    lines: dict[str, list[str]] = {field.name: [] for field in TEXT_FIELDS}
    for field, _, text in texts_of(document):
        if text:
            lines[field].append(" ".join(terms_of(text)))
    joined = {field: f" {GAP} {GAP} {GAP} ".join(held) for field, held in lines.items()}
    return {field: line if set(line.split()) - {GAP} else "__" for field, line in joined.items()}


def plain_words(document: Mapping[str, Any]) -> set[str]:
    found = {fold(word) for _, _, text in texts_of(document) for word in words_of(normalise(text))}
    return found - {""}


@given(documents())
def test_a_record_holds_what_its_texts_say(made: list[dict[str, Any]]) -> None:
    batch = RecordMaker(None).make(made)
    for document, record in zip(made, batch.records, strict=True):
        parts = [part for part in texts_of(document) if part[2]]
        packed = PackedRecord(memoryview(record.packed))
        text = "\n".join(normalise(told) for _, _, told in parts)
        words = words_of(text)
        assert packed.text() == text.encode("utf-8", "replace").decode()
        assert packed.names() == [name for _, name, _ in parts]
        assert [TEXT_FIELDS[field].name for field in packed.fields()] == [field for field, _, _ in parts]
        assert packed.marks().tolist() == [mark_of(term_of(word)) for word in words]
        places = [divmod(place, 256) for place in packed.places().tolist()]
        assert [min(len(word), 255) for word in words] == [length for _, length in places]
        assert [
            text[start : start + len(word)] for word, (start, _) in zip(words, places, strict=True)
        ] == words
        begins = [0, *(end + 1 for end in packed.text_ends()[:-1])]
        assert [text[begin:end] for begin, end in zip(begins, packed.text_ends(), strict=True)] == [
            normalise(told) for _, _, told in parts
        ]
        assert packed.token_ends()[-1] == len(words)
        assert packed.stored() == orjson.dumps(document["stored"])
        assert record.lines == plain_lines(document)
        assert record.whole_name == whole_name(document["name"])
    held = [plain_words(document) for document in made]
    assert batch.words == Counter(word for words in held for word in words)
    terms = [{term_of(word) for word in words} - {GAP} for words in held]
    assert batch.terms == Counter(term for each in terms for term in each)


@given(documents(), st.booleans())
def test_many_at_once_are_those_made_one_by_one(made: list[dict[str, Any]], forgetful: bool) -> None:
    alone = [RecordMaker(None).make([document]) for document in made]
    with pytest.MonkeyPatch.context() as patch:
        if forgetful:
            patch.setattr(record_maker, "_REMEMBERED", 0)
            patch.setattr(record_maker, "_REMEMBERED_WORDS", 3)
        maker = RecordMaker(None)
        for _ in range(2):
            together = maker.make(made)
            assert together.records == [batch.records[0] for batch in alone]
            assert together.words == sum((Counter(batch.words) for batch in alone), Counter())
            assert together.terms == sum((Counter(batch.terms) for batch in alone), Counter())


def test_words_are_counted_alike_however_many_a_batch_may_have() -> None:
    """Beyond four thousand million pairs of a record and a word they are counted in 64 bits."""
    values = Numbers(["care", "", "road"])
    record_of, numbers = np.array([0, 0, 0, 2, 2]), np.array([2, 0, 2, 1, 0], dtype=np.uint32)
    few = _numbered(record_of, 3, numbers, values, "")
    many = _numbered(record_of, 1 << 32, numbers, values, "")
    assert (few.pairs.dtype, many.pairs.dtype) == (np.uint32, np.uint64)
    assert few.pairs.tolist() == many.pairs.tolist() == [0, 2, 6, 7]
    for numbered in (few, many):
        held = Held(3, (numbered, numbered))
        assert [held.by(record)[0] for record in range(3)] == [["care", "road"], [], ["care"]]
        assert _counted(numbered) == {"care": 2, "road": 1}
    nothing = _numbered(record_of[:0], 3, numbers[:0], values, "")
    assert (Held(2, (nothing, nothing)).by(1), _counted(nothing)) == (([], []), {})


def files_of(folder: Path, batches: Iterable[Sequence[Mapping[str, Any]]]) -> dict[str, str]:
    """The content of an index that is rebuilt of batches."""
    with EmbeddedEngine(folder).writer() as writer:
        rebuild = writer.begin_rebuild("listings")
        for batch in batches:
            rebuild.put(batch)
        rebuild.commit()
    current = read_current(folder / "listings")
    assert current is not None
    directory = folder / "listings" / current.directory
    records = hashlib.sha256((directory / "records").read_bytes()).hexdigest()
    return {**load_manifest(directory, current.generation).files, "records": records}


def test_batches_of_any_size_make_the_same_index(tmp_path: Path) -> None:
    """Older versions that come late, and newer ones in the same batch, among them."""
    told = [
        listing("opm", version=2, summary="apples and plums"),
        listing("opm", version=1, summary="figs"),
        listing("ase", version=1, summary="figs", name="Ase"),
        listing("ase", version=3, summary="pears", name="Ase Two", sectors=["health"]),
        listing("ase", version=2, summary="cherries"),
        listing("café", summary="apples’ plums"),
    ]
    alone = files_of(tmp_path / "alone", [[document] for document in told])
    assert files_of(tmp_path / "together", [told]) == alone
    assert files_of(tmp_path / "halves", [told[:3], told[3:]]) == alone


def test_a_document_that_cannot_be_indexed_leaves_its_batch_out(tmp_path: Path) -> None:
    """And Python looks for cycles again, whatever happens."""
    with EmbeddedEngine(tmp_path).writer() as writer:
        rebuild = writer.begin_rebuild("listings")
        with pytest.raises(KeyError):
            rebuild.put([listing("opm"), {"key": "bad", "version": 1}])
        assert gc.isenabled()
        rebuild.put([listing("ase")])
        assert rebuild.commit(1) == 1
    assert gc.isenabled()


def test_a_live_update_during_a_rebuild_stands(tmp_path: Path) -> None:
    with EmbeddedEngine(tmp_path).writer() as writer:
        writer.begin_rebuild("listings").commit(0)
        rebuild = writer.begin_rebuild("listings")
        rebuild.put([listing("opm", summary="apples"), listing("ase", summary="apples"), listing("cobic")])
        writer.apply(
            "listings", [listing("opm", version=3, stored={"told": 3})], [(listing("ase")["key"], 3)]
        )
        assert rebuild.commit(2) == 2
    view = EmbeddedEngine(tmp_path)
    found = {
        key: json.loads(view.listing(key) or b"{}") for key in (listing("opm")["key"], listing("ase")["key"])
    }
    assert [one.get("told") for one in found.values()] == [3, None]
