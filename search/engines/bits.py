"""Sets of slots as bits, 64 to a word: who bears each value of a facet, and how many of some slots do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search.engines.columns import Array, Mask

Bits = NDArray[np.uint64]


def bearers(owners: Array, codes: Array, size: int, count: int) -> Bits:
    """For each of `count` codes the slots (below `size`) that bear it, given each pair's owner and code: codes by
    words.
    """
    bits = np.zeros((count, _words(size) * 8), dtype=np.uint8)
    np.bitwise_or.at(bits, (codes, owners >> 3), np.left_shift(1, owners & 7).astype(np.uint8))
    return bits.view(np.uint64)


def counts_among(bits: Bits, mask: Mask) -> Array:
    """How many of the slots in the mask bear each code."""
    wanted = np.zeros(_words(len(mask)) * 8, dtype=np.uint8)
    packed = np.packbits(mask, bitorder="little")
    wanted[: len(packed)] = packed
    counts: Array = np.bitwise_count(bits & wanted.view(np.uint64)).sum(axis=1, dtype=np.uint32)
    return counts.astype(np.int64)


def bearing_any(bits: Bits, codes: Sequence[int], size: int) -> Mask:
    """Which slots bear any of the codes."""
    if not codes:
        return np.zeros(size, dtype=np.bool_)
    either = np.bitwise_or.reduce(bits[list(codes)], axis=0)
    return np.unpackbits(either.view(np.uint8), count=size, bitorder="little").view(np.bool_)


def mask_of(slots: Array, size: int) -> Mask:
    """Some slots as a mask."""
    mask = np.zeros(size, dtype=np.bool_)
    mask[slots] = True
    return mask


def _words(size: int) -> int:
    return -(-size // 64)
