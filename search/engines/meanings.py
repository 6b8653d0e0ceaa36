"""The vectors of the listings' texts beside the embedded index: each different one once, in a file that only grows.

Many listings share a text (a specialism's name, a partner's case study on two frameworks), and live updates bring
most texts again as they were, so a listing holds the numbers of its vectors.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Final

import numpy as np
import simsimd
from numpy.typing import NDArray

from search.engines.base import EngineUnavailable
from search.engines.columns import AppendOnly
from search.meaning import DIMENSIONS, Vectors

MEANINGS: Final = "meanings"


class MeaningsWriter:
    """The writer's side. `count` vectors are there."""

    def __init__(self, directory: Path, count: int) -> None:
        self._file = AppendOnly(directory / MEANINGS, count * DIMENSIONS)
        self._rows: dict[bytes, int] = {}
        if count:
            held = self._file.read(0, count * DIMENSIONS)
            self._rows = {held[row * DIMENSIONS : (row + 1) * DIMENSIONS]: row for row in range(count)}

    @property
    def count(self) -> int:
        """How many there are."""
        return self._file.size // DIMENSIONS

    def rows_of(self, vectors: Vectors) -> list[int]:
        """The number of each vector, a new one being added."""
        rows = []
        for vector in np.ascontiguousarray(vectors).view(f"V{DIMENSIONS}").ravel().tolist():
            row = self._rows.get(vector)
            if row is None:
                row = self._rows[vector] = self._file.append(vector) // DIMENSIONS
            rows.append(row)
        return rows

    def flush(self) -> None:
        """Makes them readable by others; before the manifest that counts them."""
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def open_meanings(directory: Path, count: int) -> Vectors:
    """The vectors of a generation as a mapped matrix. Raises EngineUnavailable if they are not all there."""
    if not count:
        return np.zeros((0, DIMENSIONS), dtype=np.int8)
    try:
        with (directory / MEANINGS).open("rb") as file:
            mapped = mmap.mmap(file.fileno(), count * DIMENSIONS, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise EngineUnavailable(f"the vectors cannot be read ({error})") from error
    return np.frombuffer(mapped, dtype=np.int8).reshape(count, DIMENSIONS)


def products(vector: Vectors, rows: Vectors) -> NDArray[np.int32]:
    """The product of a vector with each row: whole numbers, the same on every machine."""
    if not len(rows):
        return np.zeros(0, dtype=np.int32)
    # They stay below 2^24, so that 32 bits hold them exactly whichever way they are written.
    told = np.asarray(simsimd.cdist(vector[None], rows, metric="dot", out_dtype="float32"))
    found: NDArray[np.int32] = told[0].astype(np.int32)
    return found


def vectors_from(told: bytes) -> Vectors:
    """Vectors from their bytes, one behind the other. Raises ValueError if they are no whole number of vectors."""
    return np.frombuffer(told, dtype=np.int8).reshape(-1, DIMENSIONS)


def as_alike(some: Vectors, others: Vectors) -> bool:
    """Whether these are the vectors of the same texts: made on another processor, a number may be rounded the other
    way.
    """
    if some.shape != others.shape:
        return False
    return bool((np.abs(some.astype(np.int16) - others) <= 1).all())
