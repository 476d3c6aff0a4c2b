"""Pairs made of newsroom cases, so that the judge alone can be measured on them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from evals.types import Dataset, NewsroomItem, Pair

_NEUTRAL_CARDS = 2
"""Cards that a claim without any evidence is held against; each is neutral, by what `needs_source` means."""


def pairs_of(dataset: Dataset) -> Sequence[Pair]:
    """The pairs of a data set; those of newsroom cases follow from their labels."""
    if dataset.kind != "newsroom":
        return dataset.records
    return [pair for item in dataset.records for pair in _of_item(dataset.name, item)]


def _of_item(name: str, item: NewsroomItem) -> Iterator[Pair]:
    """Claims that one card decides: it supports them, or contradicts a planted error. And claims that none addresses.

    Claims that several cards decide together are left out, for none of the cards need say all of it; so are those that
    cards disagree on.
    """
    cards = {
        str(card["id"]): f"{card.get('title') or ''}\n{card['text']}".strip() for card in (*item.shared, *item.cards)
    }
    for gold in item.gold:
        if not gold.checkable:
            continue
        if gold.label == "needs_source":
            ranked = sorted(cards, key=lambda card: hashlib.sha256(f"{gold.id}\0{card}".encode()).hexdigest())
            for card in ranked[:_NEUTRAL_CARDS]:
                yield Pair(f"{gold.id}:{card}", name, item.language, gold.claim, cards[card], "neutral")
        elif len(gold.evidence_ids) == 1 and gold.subtype != "conflict":
            card = gold.evidence_ids[0]
            label = "supports" if gold.label == "supported" else "refutes"
            yield Pair(f"{gold.id}:{card}", name, item.language, gold.claim, cards[card], label)
