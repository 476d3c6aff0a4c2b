"""The demo's data holds together: quotes stand in their articles, labels name cards that exist."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

SEEDS = Path(__file__).parents[2] / "seeds"
ITEMS = sorted(path.parent for path in SEEDS.glob("[0-9][0-9]-*/gold.jsonl"))
CLAIM_KEYS = {"id", "quote", "claim", "speaker", "via", "anonymous", "label", "evidence_ids", "why"}
SUBTYPES = {"planted_number", "planted_date", "planted_place", "planted_person", "planted_negation", "conflict"}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def shared_cards() -> list[dict[str, Any]]:
    return [card for path in sorted((SEEDS / "evidence").glob("*.jsonl")) for card in lines(path)]


def cards_of(item: Path) -> dict[str, dict[str, Any]]:
    own = item / "evidence.jsonl"
    return {card["id"]: card for card in shared_cards() + (lines(own) if own.exists() else [])}


def checkable(item: Path) -> list[dict[str, Any]]:
    return [line for line in lines(item / "gold.jsonl") if line.get("checkable", True)]


def test_there_is_an_article_in_each_language() -> None:
    assert [item.name for item in ITEMS] == ["01-araghchi-moskow", "02-twelve-day-war"]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.name)
class TestItem:
    def test_quotes_stand_in_the_article_exactly_once_and_do_not_overlap(self, item: Path) -> None:
        article = (item / "article.txt").read_text(encoding="utf-8")
        spans = []
        for line in lines(item / "gold.jsonl"):
            assert article.count(line["quote"]) == 1, line["id"]
            start = article.index(line["quote"])
            spans.append((start, start + len(line["quote"]), line["id"]))
        spans.sort()
        for (_, end, first), (start, _, second) in pairwise(spans):
            assert end <= start, (first, second)

    def test_every_sentence_has_a_gold_line(self, item: Path) -> None:
        article = (item / "article.txt").read_text(encoding="utf-8")
        body = article.split("\n", 1)[1]
        rest = body
        for line in lines(item / "gold.jsonl"):
            rest = rest.replace(line["quote"], "\x00")
        for paragraph in rest.split("\n"):
            for sentence in re.split(r"(?<=[.!?])\s+", paragraph):
                assert "\x00" in sentence or not sentence.strip(" .\x00"), sentence

    def test_lines_have_the_keys_of_the_format(self, item: Path) -> None:
        for line in lines(item / "gold.jsonl"):
            if "checkable" in line:
                assert line.keys() == {"id", "quote", "checkable", "why"}
                assert line["checkable"] is False
            else:
                expected = CLAIM_KEYS | ({"subtype"} if line["label"] == "unsupported" else set())
                assert line.keys() == expected, line["id"]
                assert line["label"] in {"supported", "unsupported", "needs_source"}
                assert line["why"]
                assert line["claim"].strip()
                assert line.get("subtype", "conflict") in SUBTYPES
                assert not line["anonymous"] or line["speaker"]

    def test_evidence_is_named_where_the_label_needs_it_and_exists(self, item: Path) -> None:
        cards = cards_of(item)
        for line in checkable(item):
            assert set(line["evidence_ids"]) <= cards.keys(), line["id"]
            assert bool(line["evidence_ids"]) == (line["label"] != "needs_source"), line["id"]
            if line.get("subtype") == "conflict":
                assert len(line["evidence_ids"]) >= 2, line["id"]

    def test_the_mix_shows_all_that_saring_tells_apart(self, item: Path) -> None:
        gold = lines(item / "gold.jsonl")
        labels = Counter(line["label"] for line in checkable(item))
        subtypes = {line.get("subtype") for line in gold}
        assert 12 <= labels.total() <= 16
        assert set(labels) == {"supported", "unsupported", "needs_source"}
        assert "conflict" in subtypes
        assert len(subtypes & SUBTYPES) >= 4
        assert any(line.get("anonymous") for line in gold)
        assert any(line.get("speaker") for line in gold)
        assert sum("checkable" in line for line in gold) == 3

    def test_planted_numbers_are_not_in_the_cards_they_contradict(self, item: Path) -> None:
        cards = cards_of(item)
        for line in checkable(item):
            if line.get("subtype") == "planted_number":
                number = re.findall(r"\b(?:\d+|seven)\b", line["claim"])[-1]
                for card in line["evidence_ids"]:
                    assert number not in re.findall(r"\b\w+\b", cards[card]["text"]), line["id"]


def test_ids_are_unique_over_all_seeds() -> None:
    ids = Counter(line["id"] for item in ITEMS for line in lines(item / "gold.jsonl"))
    ids.update(card["id"] for card in shared_cards())
    assert [name for name, times in ids.items() if times > 1] == []


def test_cards_name_a_page_and_a_date_that_can_be_read() -> None:
    cards = shared_cards()
    assert len(cards) >= 60
    for card in cards:
        parts = urlsplit(card["url"])
        assert parts.scheme in {"http", "https"}, card["id"]
        assert parts.hostname, card["id"]
        assert card["publisher"], card["id"]
        assert len(card["text"]) > 100, card["id"]
        if card["published_at"] is not None:
            datetime.fromisoformat(card["published_at"])


def test_the_readme_says_that_the_articles_are_not_news() -> None:
    readme = (SEEDS / "README.md").read_text(encoding="utf-8")
    assert "deliberate errors" in readme
    assert "not\nnews" in readme or "not news" in readme
    for item in ITEMS:
        assert item.name in readme
