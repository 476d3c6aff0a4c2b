from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval.language import detect_language


@pytest.mark.parametrize(
    "text",
    [
        "Gempa bumi mengguncang Cianjur pada Senin siang, kata BMKG.",
        "Menteri luar negeri Iran bertemu Putin di Moskow",
        "Surat itu meminta dukungan Putin, kata seorang sumber senior kepada Reuters.",
        "Harga cabai naik di pasar tradisional",
        "KPK menahan mantan menteri",
    ],
)
def test_indonesian(text: str) -> None:
    assert detect_language(text) == "id"


@pytest.mark.parametrize(
    "text",
    [
        "An earthquake shook Cianjur on Monday, the agency said.",
        "Putin meets the Iranian foreign minister in Moscow",
        "The letter asked for more support, a senior source told Reuters.",
        "Chili prices rise at markets",
    ],
)
def test_english(text: str) -> None:
    assert detect_language(text) == "en"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "12 345 678",
        "Moskow",
        "Президент России принял министра иностранных дел Ирана",
        "国家主席会见了外长",
        "De minister van buitenlandse zaken heeft in Moskou gezegd dat het land niet zal wijken voor druk",
        "Le ministre des affaires étrangères a été reçu par le président dans la capitale, qui est sous pression",
        "Der Minister ist nach Moskau gereist und hat den Präsidenten getroffen, das ist nicht neu für das Land",
        "El ministro de los asuntos exteriores fue recibido por el presidente en la capital para hablar del tema",
    ],
)
def test_neither(text: str) -> None:
    assert detect_language(text) == ""


def test_the_cards_of_the_story() -> None:
    """Every card of the shared evidence whose language is one of the two is recognised."""
    cards = Path(__file__).parents[2] / "../shared/evidence-cards.jsonl"
    if not cards.exists():
        pytest.skip("the shared evidence cards are not at ../shared")
    rows = [json.loads(line) for line in cards.read_text("utf-8").splitlines()]
    wrong = [r["id"] for r in rows if r["language"] in ("id", "en") and detect_language(r["text"]) != r["language"]]
    assert wrong == []
