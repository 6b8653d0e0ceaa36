"""Learns how much each piece of a word tells and how meanings are turned: `search/meaning_weights.npz`.

    python -m benchmarks.train_meaning DIR [--suppliers even|odd] [--epochs 8] [--to FILE]

It reads DIR/corpus.jsonl(.gz) alone: no need and no judgement of who fits it. Two earlier awards of one supplier
ought to be alike, and so ought an award's heading and the text below it; awards of different suppliers drawn at
random ought not to be (a contrastive loss over 256 pairs at a time, both ways, by Adam). `--suppliers` learns from
half of the suppliers, so that needs won by the other half tell whether it holds for firms never seen.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from benchmarks.judged import Piece, read_corpus
from search.analysis import fold, normalise, tells, words_of
from search.meaning import DIMENSIONS, package_files

Floats = NDArray[np.float32]
Pair = tuple[list[int], list[int], int]

BATCH: Final = 256
TEMPERATURE: Final = 0.07
PAIRS_OF_ONE: Final = 6
"""Pairs of awards that one supplier adds to an epoch, so that those with many do not rule."""
HEADINGS: Final = 4_000
STAY: Final = 1e-3
"""How strongly the turn is held to where it began."""
RATES: Final = {"importance": 2e-2, "projection": 1e-3}


@dataclass
class Parameters:
    """`importance` of each piece (its logarithm) and the `projection` of the sum."""

    importance: Floats
    projection: Floats


class Corpus:
    """The pieces of words of every award, its heading and its text, by supplier."""

    def __init__(self, awards: list[list[Piece]], pieces: Tokenizer) -> None:
        self._pieces = pieces
        self._known: dict[str, list[int]] = {}
        self.awards = [[self.cut(f"{one.text} {one.category}") for one in several] for several in awards]
        self.headings = [
            (self.cut(f"{heading} {one.category}"), self.cut(rest))
            for several in awards
            for one in several
            for heading, _, rest in [one.text.partition(". ")]
            if len(rest) > 60 and len(heading) > 12
        ]

    def cut(self, text: str) -> list[int]:
        """The pieces of the words that mean something, as search/meaning.py takes them."""
        words = list(filter(tells, words_of(normalise(text))))[:200]
        for word in words:
            if word not in self._known:
                self._known[word] = self._pieces.encode(fold(word), add_special_tokens=False).ids
        return [piece for word in words for piece in self._known[word]]

    def pairs(self, chance: random.Random) -> list[Pair]:
        """What an epoch learns from: two texts that belong together, and a number of whom they belong to."""
        drawn: list[Pair] = []
        for owner, awards in enumerate(self.awards):
            if len(awards) > 1:
                order = chance.sample(awards, len(awards))
                drawn.extend(
                    (a, b, owner) for a, b in list(zip(order[::2], order[1::2], strict=False))[:PAIRS_OF_ONE]
                )
        some = chance.sample(range(len(self.headings)), min(HEADINGS, len(self.headings)))
        drawn.extend((*self.headings[at], -1 - at) for at in some)
        chance.shuffle(drawn)
        return [pair for pair in drawn if pair[0] and pair[1]]


@dataclass
class Encoded:
    """Texts on their way to vectors, with what the way back needs."""

    flat: NDArray[np.intp]
    begins: NDArray[np.intp]
    text_of: NDArray[np.intp]
    turned: Floats
    sums: Floats
    lengths: Floats
    vectors: Floats


def encode(texts: list[list[int]], table: Floats, now: Parameters) -> Encoded:
    """The sums of the weighted pieces, turned, each made one long."""
    counts = np.array([len(text) for text in texts])
    flat = np.concatenate([np.array(text) for text in texts])
    begins = np.cumsum(counts) - counts
    sums = np.add.reduceat(table[flat] * np.exp(now.importance[flat])[:, None], begins)
    scale = np.linalg.norm(sums, axis=1, keepdims=True)
    turned = sums / scale @ now.projection
    lengths = np.linalg.norm(turned, axis=1, keepdims=True)
    return Encoded(
        flat, begins, np.repeat(np.arange(len(texts)), counts), turned, sums, lengths, turned / lengths
    )


def back(one: Encoded, slope: Floats, table: Floats, now: Parameters, into: Parameters) -> None:
    """Adds to `into` how the loss changes with each parameter, given how it does with the vectors."""
    turned = (slope - one.vectors * (slope * one.vectors).sum(axis=1, keepdims=True)) / one.lengths
    scale = np.linalg.norm(one.sums, axis=1, keepdims=True)
    unit = one.sums / scale
    into.projection += unit.T @ turned
    inner = turned @ now.projection.T
    sums = (inner - unit * (inner * unit).sum(axis=1, keepdims=True)) / scale
    by_piece = (table[one.flat] * sums[one.text_of]).sum(axis=1) * np.exp(now.importance[one.flat])
    np.add.at(into.importance, one.flat, by_piece)


def loss_of(batch: list[Pair], table: Floats, now: Parameters, start: Floats) -> tuple[float, Parameters]:
    """The loss of a batch and its slope."""
    left = encode([pair[0] for pair in batch], table, now)
    right = encode([pair[1] for pair in batch], table, now)
    logits = left.vectors @ right.vectors.T / TEMPERATURE
    owners = np.array([pair[2] for pair in batch])
    # Other awards of the same supplier are no counter-examples.
    logits[(owners[:, None] == owners[None]) & ~np.eye(len(batch), dtype=bool)] = -1e9
    total, slope = 0.0, np.zeros_like(logits)
    for axis in (0, 1):
        shifted = np.exp(logits - logits.max(axis=axis, keepdims=True))
        chances = shifted / shifted.sum(axis=axis, keepdims=True)
        total -= float(np.log(np.maximum(np.diagonal(chances), 1e-12)).mean()) / 2
        slope += (chances - np.eye(len(batch), dtype=np.float32)) / (2 * len(batch))
    slope /= TEMPERATURE
    into = Parameters(np.zeros_like(now.importance), 2 * STAY * (now.projection - start))
    back(left, slope @ right.vectors, table, now, into)
    back(right, slope.T @ left.vectors, table, now, into)
    return total, into


class Adam:
    """Kingma and Ba's Adam with its usual constants."""

    def __init__(self, now: Parameters) -> None:
        self._now, self._steps = now, 0
        self._means = {name: np.zeros_like(getattr(now, name)) for name in RATES}
        self._squares = {name: np.zeros_like(getattr(now, name)) for name in RATES}

    def step(self, slope: Parameters, share: float) -> None:
        """One step, with this share of the full rates."""
        self._steps += 1
        for name, rate in RATES.items():
            gradient = getattr(slope, name)
            mean, square = self._means[name], self._squares[name]
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient**2 - square)
            rise = mean / (1 - 0.9**self._steps)
            spread = np.sqrt(square / (1 - 0.999**self._steps)) + 1e-8
            getattr(self._now, name).__isub__((share * rate * rise / spread).astype(np.float32))


def began(corpus: Corpus, table: Floats) -> Parameters:
    """Rarer pieces tell more; the projection keeps the directions in which the corpus's pieces differ most."""
    texts = [text for awards in corpus.awards for text in awards]
    holding = np.bincount([piece for text in texts for piece in set(text)], minlength=len(table))
    importance = np.log(np.log(1 + len(texts) / (1 + holding)) + 1e-3)
    seen = holding > 0
    spread = table[seen] * np.sqrt(holding[seen])[:, None]
    _, directions = np.linalg.eigh(spread.T @ spread)
    projection = directions[:, ::-1][:, :DIMENSIONS]
    return Parameters(importance.astype(np.float32), np.ascontiguousarray(projection, dtype=np.float32))


def learn(corpus: Corpus, table: Floats, epochs: int, seed: int) -> Parameters:
    """The parameters after so many epochs, the rate falling to nothing; prints the mean loss of each."""
    chance = random.Random(seed)
    now = began(corpus, table)
    start, adam = now.projection.copy(), Adam(now)
    for epoch in range(epochs):
        pairs = corpus.pairs(chance)
        batches = [pairs[at : at + BATCH] for at in range(0, len(pairs) - BATCH + 1, BATCH)]
        losses = []
        for number, batch in enumerate(batches):
            loss, slope = loss_of(batch, table, now, start)
            adam.step(slope, 1 - (epoch + number / len(batches)) / epochs)
            losses.append(loss)
        print(f"epoch {epoch + 1}: {len(pairs)} pairs, loss {np.mean(losses):.3f}", flush=True)
    return now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--suppliers", choices=("all", "even", "odd"), default="all")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--to", type=Path, default=Path("search/meaning_weights.npz"))
    asked = parser.parse_args()
    suppliers = read_corpus(asked.directory)
    if asked.suppliers != "all":
        suppliers = [one for one in suppliers if one.even == (asked.suppliers == "even")]
    files = package_files()
    (vectors,) = load_file(files.table).values()
    corpus = Corpus([one.pieces for one in suppliers], Tokenizer.from_file(str(files.pieces)))
    learned = learn(corpus, vectors.astype(np.float32), asked.epochs, asked.seed)
    np.savez_compressed(
        asked.to,
        importance=learned.importance.astype(np.float16),
        projection=learned.projection.astype(np.float16),
    )
    print(f"{asked.to}: {asked.to.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
