"""Topical neutrals: a claim beside evidence on the same matter that says something else.

The first judge took whatever was like the claim and not the same for a refutation: its neutrals were mostly far from
the claim, its edited twins near. Here the embedder finds sentences about the claim's matter (cosine in a band: nearer
ones may say the same). They stand as neutral premises alone, and beside the true premise under every other label, so
that their presence gives nothing away.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from training import twins
from training.pair_sources import NEUTRAL, REFUTES, SUPPORTS, Row, overlap, relabel
from training.parallel import Pair

Embed = Callable[[Sequence[str]], np.ndarray]
"""Texts to unit vectors, (n, width)."""

BAND = (0.42, 0.70)
"""Cosines of the same matter and another statement, looked at in samples: above it stand retold sentences."""


def near(
    vectors: np.ndarray, others: np.ndarray, *, band: tuple[float, float] = BAND, most: int = 12
) -> list[list[int]]:
    """For each vector, the others whose cosine lies in the band, nearest first."""
    found: list[list[int]] = []
    for at in range(0, len(vectors), 512):
        cosines = vectors[at : at + 512] @ others.T
        for row in cosines:
            inside = np.flatnonzero((row > band[0]) & (row < band[1]))
            found.append(inside[np.argsort(-row[inside])][:most].tolist())
    return found


def _joined(texts: Sequence[str]) -> str:
    return " ".join(t if t.rstrip().endswith((".", "!", "?", '"')) else t + "." for t in texts)


def topical_pairs(pairs: Sequence[Pair], embed: Embed, count: int, rng: random.Random) -> Iterator[Row]:
    """Rows from translation pairs and their neighbours by meaning, within and across the two languages.

    Of the rows, nearly half are neutral, the rest the sentence itself among such neighbours: unedited, edited, or both.
    """
    good = [p for p in pairs if 7 <= len(p.en.split()) <= 34]
    good = rng.sample(good, min(len(good), count))
    vectors = embed([p.en for p in good])
    mixes = (("en", "id"),) * 4 + (("id", "en"),) * 3 + (("id", "id"),) * 3 + (("en", "en"),)
    for pair, beside in zip(good, near(vectors, vectors), strict=True):
        beside = [i for i in beside if overlap(good[i].en, pair.en) < 0.6]
        if not beside:
            continue
        lp, lc = rng.choice(mixes)
        own, claim = getattr(pair, lp), getattr(pair, lc)
        around = [getattr(good[i], lp) for i in rng.sample(beside, min(len(beside), rng.choice((1, 1, 2, 3))))]
        name = f"topical-{lp}-{lc}"
        draw = rng.random()
        if draw < 0.5:
            yield Row(name, _joined(around), claim, NEUTRAL, (lp, lc))
            continue
        around = around[:2]

        def passage(text: str, around: list[str] = around, where: int = rng.randrange(3)) -> str:
            where = min(where, len(around))
            return _joined([*around[:where], text, *around[where:]])

        lengths = len(own) / max(1, len(claim))
        faithful = lp == lc or (0.7 < lengths < 1.6 and set(twins.numbers(claim)) <= set(twins.numbers(own)))
        if not faithful:
            continue
        edit = twins.find_edit(own, claim, (lp, lc), rng)
        shorter = twins.drop_detail(claim)
        if edit is not None and draw < 0.85:
            yield Row(name, passage(edit.premise), edit.claim_edited, REFUTES, (lp, lc))
            if edit.premise_edited != edit.premise and rng.random() < 0.5:
                yield Row(name, passage(edit.premise_edited), edit.claim_edited, SUPPORTS, (lp, lc))
            else:
                yield Row(name, passage(edit.premise), edit.claim, SUPPORTS, (lp, lc))
        elif lp != lc or shorter is not None:
            yield Row(name, passage(own), shorter if shorter is not None and rng.random() < 0.6 else claim, SUPPORTS,
                      (lp, lc))  # fmt: skip


def topical_rows(rows: Sequence[Row], embed: Embed, count: int, rng: random.Random) -> Iterator[Row]:
    """Claims of a labelled set beside other claims' evidence on the same matter: neutral."""
    some = rng.sample(list(rows), min(len(rows), 2 * count))
    premises = list(dict.fromkeys(r.premise for r in some))
    claims, evidence = embed([r.claim for r in some]), embed(premises)
    for row, beside in zip(some, near(claims, evidence, band=(0.40, 0.68)), strict=True):
        fitting = [i for i in beside if premises[i] != row.premise and overlap(premises[i], row.claim) < 0.6]
        if fitting and count > 0:
            count -= 1
            yield relabel(row, NEUTRAL, premise=premises[rng.choice(fitting[:6])], source=f"{row.source}-topical",
                          weight=0.8)  # fmt: skip


__all__ = ["BAND", "near", "topical_pairs", "topical_rows"]
