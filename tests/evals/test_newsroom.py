from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.errors import DataError
from evals.newsroom import body_start, guess_language, init_case, load_newsroom, read_newsroom, validate

CARD = {"id": "k1", "text": "The bridge opens in March.", "language": "en", "published_at": "2026-01"}


def write(
    folder: Path, article: str, gold: list[dict[str, object]], cards: list[dict[str, object]] | None = None
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "article.txt").write_text(article, encoding="utf-8")
    (folder / "gold.jsonl").write_text("".join(json.dumps(line) + "\n" for line in gold), encoding="utf-8")
    if cards is not None:
        (folder / "evidence.jsonl").write_text("".join(json.dumps(card) + "\n" for card in cards), encoding="utf-8")


def gold(**change: object) -> dict[str, object]:
    line = {
        "id": "c1",
        "quote": "the bridge opens in March",
        "claim": "It opens in March.",
        "label": "supported",
        "evidence_ids": ["k1"],
    }
    return {**line, **change}


ARTICLE = "Bridge news\n\nCITY - Officials said the bridge opens in March. They also said it is long.\n"


def test_the_skeleton_validates_and_is_never_overwritten(tmp_path: Path) -> None:
    init_case(tmp_path / "case")
    assert validate(tmp_path / "case") == []
    assert validate(tmp_path) == []
    item = read_newsroom(tmp_path)[0]
    assert [claim.checkable for claim in item.gold] == [True, False]
    with pytest.raises(DataError, match="already there"):
        init_case(tmp_path / "case")


def test_spans_point_into_the_article(tmp_path: Path) -> None:
    write(tmp_path / "01-a", ARTICLE, [gold()], [CARD])
    item = read_newsroom(tmp_path)[0]
    claim = item.gold[0]
    assert item.text[claim.start : claim.end] == claim.quote
    assert item.text[item.body_start :].startswith("CITY")
    assert item.language == "en"


def test_a_byte_order_mark_does_not_shift_offsets(tmp_path: Path) -> None:
    write(tmp_path / "01-a", "\ufeff" + ARTICLE, [gold()], [CARD])
    item = read_newsroom(tmp_path)[0]
    assert item.text.startswith("Bridge")


def test_shared_cards_reach_every_item(tmp_path: Path) -> None:
    write(tmp_path / "01-a", ARTICLE, [gold()])
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "all.jsonl").write_text(json.dumps(CARD) + "\n")
    (tmp_path / "distractors.jsonl").write_text(json.dumps({"id": "d1", "text": "Weather."}) + "\n")
    item = read_newsroom(tmp_path)[0]
    assert {card["id"] for card in item.shared} == {"k1", "d1"}
    assert item.cards == ()


@pytest.mark.parametrize(
    ("lines", "message", "line"),
    [
        ([gold(quote="the tunnel opens")], "not in article.txt", 1),
        ([gold(quote="said")], "more than once", 1),
        ([gold(), gold(quote="it is long")], "id 'c1' is already used", 2),
        ([gold(evidence_ids=["nope"])], "no card 'nope'", 1),
        ([gold(label="true")], "label", 1),
        ([gold(label="needs_source")], "leave evidence_ids empty", 1),
        ([gold(evidence_ids=[])], "needs the ids of the cards", 1),
        ([gold(claim="")], "a checkable line needs claim", 1),
        ([{"quote": "it is long", "checkable": False}], "no checkable line", 0),
        ([gold(quote="Bridge news")], "in the headline", 1),
        ([gold(start=-1)], "start", 1),
        ([gold(evidence_ids="k1")], "evidence_ids", 1),
        ([gold(anonymous="perhaps")], "anonymous", 1),
        ([gold(quote=["it is long"])], "quote", 1),
    ],
)
def test_each_mistake_is_named_by_file_and_line(
    tmp_path: Path, lines: list[dict[str, object]], message: str, line: int
) -> None:
    write(tmp_path / "01-a", ARTICLE, lines, [CARD])
    mistakes = validate(tmp_path)
    assert [(m.path.name, m.line) for m in mistakes] == [("gold.jsonl", line)]
    assert message in mistakes[0].message
    with pytest.raises(DataError, match=r"gold\.jsonl"):
        read_newsroom(tmp_path)


@pytest.mark.parametrize(
    ("line", "messages"),
    [
        ("[]", ["a line must be a JSON object"]),
        ("null", ["a line must be a JSON object"]),
        ('"text"', ["a line must be a JSON object"]),
        ("{broken", ["not JSON"]),
        ('{"id": 3, "text": ""}', ["id: ", "text: "]),
        ('{"id": "k", "text": "t", "published_at": "2025-02-30"}', ["published_at: must be an ISO date"]),
        ('{"id": "k", "text": "t", "published_at": "2025-13"}', ["published_at: must be an ISO date"]),
        ('{"id": "k", "text": "t", "published_at": 2025}', ["published_at: "]),
        ('{"id": "k", "text": "t", "via": "Reuters"}', ["via: "]),
    ],
)
def test_each_mistake_of_a_card_is_named(tmp_path: Path, line: str, messages: list[str]) -> None:
    write(tmp_path / "01-a", ARTICLE, [gold()], [CARD])
    with (tmp_path / "01-a" / "evidence.jsonl").open("a") as handle:
        handle.write(line + "\n")
    mistakes = validate(tmp_path)
    assert [(m.path.name, m.line) for m in mistakes] == [("evidence.jsonl", 2)] * len(messages)
    for mistake, message in zip(mistakes, messages, strict=True):
        assert mistake.message.startswith(message)
        assert "Value error" not in mistake.message


@pytest.mark.parametrize("date", ["2025", "2025-06", "2025-06-23", "2025-06-23T08:00Z", "2025-06-23T08:00:01+07:00"])
def test_dates_of_every_precision_are_taken(tmp_path: Path, date: str) -> None:
    write(tmp_path / "01-a", ARTICLE, [gold()], [{**CARD, "published_at": date}])
    assert validate(tmp_path) == []


@pytest.mark.parametrize("name", ["article.txt", "gold.jsonl", "evidence.jsonl"])
def test_what_is_no_text_is_named(tmp_path: Path, name: str) -> None:
    write(tmp_path / "01-a", ARTICLE, [gold()], [CARD])
    (tmp_path / "01-a" / name).write_bytes(b"\xff\xfe\x00")
    found = [(m.path.name, m.line) for m in validate(tmp_path) if "not UTF-8" in m.message]
    assert found == [(name, 0)]


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    write(
        tmp_path / "01-a",
        ARTICLE,
        [gold(quote="nowhere")],
        [CARD, CARD, {"id": "k2", "text": "x", "published_at": "soon"}],
    )
    with (tmp_path / "01-a" / "gold.jsonl").open("a") as handle:
        handle.write("{broken\n[1]\n")
    named = [(m.path.name, m.line) for m in validate(tmp_path)]
    assert named == [
        ("evidence.jsonl", 2), ("evidence.jsonl", 3), ("gold.jsonl", 1), ("gold.jsonl", 2), ("gold.jsonl", 3),
    ]  # fmt: skip


def test_a_quote_that_occurs_twice_may_be_given_its_start(tmp_path: Path) -> None:
    start = ARTICLE.rindex("said")
    write(tmp_path / "01-a", ARTICLE, [gold(quote="said", start=start)], [CARD])
    assert read_newsroom(tmp_path)[0].gold[0].start == start
    write(tmp_path / "01-a", ARTICLE, [gold(quote="said", start=start + 1)], [CARD])
    assert "at start" in validate(tmp_path)[0].message


def test_the_digest_follows_the_content_and_not_the_place(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name / "01-x", ARTICLE, [gold()], [CARD])
    first, second = load_newsroom(tmp_path / "a").digest, load_newsroom(tmp_path / "b").digest
    assert first == second
    write(tmp_path / "b" / "01-x", ARTICLE + "More.\n", [gold()], [CARD])
    assert load_newsroom(tmp_path / "b").digest != first


def test_headline_and_language() -> None:
    assert body_start("No headline here. Just text.\nMore.") == 0
    assert guess_language("Presiden mengatakan bahwa jembatan itu akan dibuka pada bulan Maret") == "id"
