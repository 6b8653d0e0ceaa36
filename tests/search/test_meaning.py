"""The model of meaning and the vectors beside the index."""

from __future__ import annotations

import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search import meaning
from search.engines.base import EngineUnavailable
from search.engines.meanings import MeaningsWriter, open_meanings, products
from search.meaning import DIMENSIONS, LENGTH, WordVectors, likeness, model, package_files

TEXTS = [
    "Support for blind people and those with sight loss",
    "Vision rehabilitation service",
    "Resurfacing of roads and repair of bridges",
    "the 2026 and 24/7",
    "",
]


def vectors() -> Any:
    understood = model()
    assert understood is not None
    return understood.encode(TEXTS)


def test_a_text_becomes_whole_numbers_of_one_length_and_nothing_where_no_word_means_anything() -> None:
    made = vectors()
    assert (made.shape, made.dtype) == ((len(TEXTS), DIMENSIONS), np.int8)
    assert np.abs(made.astype(int)).max() <= LENGTH
    lengths = np.linalg.norm(made.astype(float), axis=1)
    assert lengths[:3] == pytest.approx([LENGTH] * 3, abs=2)
    assert lengths[3:].tolist() == [0.0, 0.0]


def test_other_words_of_the_same_thing_are_nearer_than_those_of_another() -> None:
    sight, vision, roads, *_ = vectors()
    alike, unlike = likeness(products(sight, np.array([vision, roads])))
    assert alike > 0.2 > 0.1 > unlike


def test_a_text_means_the_same_whatever_stands_beside_it() -> None:
    understood = model()
    assert understood is not None
    alone = np.concatenate([understood.encode([text]) for text in TEXTS])
    assert np.array_equal(alone, vectors())


def test_the_model_is_named_by_all_that_it_is_made_of(tmp_path: Path) -> None:
    files = package_files()
    assert files is not None
    weights = tmp_path / "weights.npz"
    shutil.copy(Path(meaning.__file__).with_name("meaning_weights.npz"), weights)
    same = WordVectors(files, weights)
    assert same.digest == WordVectors(files).digest
    learned = dict(np.load(weights))
    learned["importance"][0] += 1
    np.savez_compressed(weights, **learned)
    assert WordVectors(files, weights).digest != same.digest


def test_there_is_no_model_where_its_package_is_missing_or_it_is_switched_off(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEANING = False
    assert model() is None
    monkeypatch.setattr("sys.path", [])
    monkeypatch.setattr("sys.path_importer_cache", {})
    assert package_files() is None


def test_a_vector_is_kept_once_and_known_again_after_reopening(tmp_path: Path) -> None:
    made = vectors()
    first = MeaningsWriter(tmp_path, 0)
    assert first.rows_of(made[[0, 1, 0, 3, 4]]) == [0, 1, 0, 2, 2]
    first.flush()
    assert first.count == 3
    first.close()
    again = MeaningsWriter(tmp_path, 3)
    assert again.rows_of(made[[1, 2]]) == [1, 3]
    again.close()
    kept = open_meanings(tmp_path, 4)
    assert np.array_equal(kept, made[[0, 1, 3, 2]])
    with pytest.raises(EngineUnavailable, match="vectors cannot be read"):
        open_meanings(tmp_path, 5)


def test_products_are_those_of_whole_numbers() -> None:
    chance = np.random.default_rng(5)
    rows = chance.integers(-LENGTH, LENGTH + 1, (500, DIMENSIONS)).astype(np.int8)
    assert np.array_equal(products(rows[0], rows), rows.astype(np.int32) @ rows[0].astype(np.int32))
    extreme = np.full((1, DIMENSIONS), LENGTH, dtype=np.int8)
    assert products(extreme[0], extreme).tolist() == [LENGTH * LENGTH * DIMENSIONS]
    assert products(rows[0], rows[:0]).tolist() == []


def test_threads_that_meet_new_words_at_once_read_each_word_as_one_thread_does() -> None:
    files = package_files()
    assert files is not None
    words = sorted({word for name in dir(np) for word in name.lower().split("_") if word.isalpha()})[:600]
    texts = [f"{first} {second}" for first, second in zip(words, reversed(words), strict=True)]
    alone = WordVectors(files).encode(texts)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(3):
            shared = WordVectors(files)
            begin = threading.Barrier(8)

            def each(own: int, shared: WordVectors = shared, begin: threading.Barrier = begin) -> list[Any]:
                begin.wait()
                return [shared.encode([text])[0] for text in texts[own::8]]

            with ThreadPoolExecutor(8) as threads:
                made = list(threads.map(each, range(8)))
            for own, rows in enumerate(made):
                assert np.array_equal(np.array(rows), alone[own::8])
            assert np.array_equal(shared.encode(texts), alone)
    finally:
        sys.setswitchinterval(interval)
