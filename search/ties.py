"""Fair order among equals: what a tie between lines or listings is broken by, the same on every engine and
machine.

A seed chooses one of 16 orders. Each key is given 64 bits that look random but depend on nothing else than
the key and the seed, so that nobody stands first for the letter that their name begins with, and pages never
shuffle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SEEDS: Final = 16

_GOLDEN: Final = 0x9E3779B97F4A7C15
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)


def key_hash(key: str) -> int:
    """64 bits that stand for a key, from 0 to 2^64 - 1: blake2b, big-endian. Stored once, at indexing."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big")


def ties(hashes: NDArray[Any], seed: int) -> NDArray[np.uint64]:
    """What to order equals by, ascending, for their stored hashes (uint64, any shape): splitmix64 of hash and
    seed.
    """
    mixed: NDArray[np.uint64] = hashes ^ np.uint64((seed + 1) * _GOLDEN & 0xFFFFFFFFFFFFFFFF)
    with np.errstate(over="ignore"):
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    return mixed ^ (mixed >> np.uint64(31))


def seed_of(day: date) -> int:
    """The seed of a question that states none: each day has its own fair order, so that whoever counts pages by
    number reads everything once, and nobody stands first for good.
    """
    return day.toordinal() % SEEDS


def hashes_of(keys: Sequence[str]) -> NDArray[np.uint64]:
    """The hashes of some keys."""
    return np.array([key_hash(key) for key in keys], np.uint64)
