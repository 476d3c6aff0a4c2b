from __future__ import annotations

import pytest

from checker.chat.meeting import Words, names_one, offices
from retrieval.testing import HashEmbedder


@pytest.mark.parametrize(
    ("words", "places"),
    [
        (["juru", "bicara", "kremlin"], [(0, 2)]),
        (["prime", "minister"], [(0, 2)]),
        (["wakil", "gubernur"], [(0, 2)]),
        (["pelatih", "timnas"], [(0, 1)]),
        (["jembatan", "sula"], []),
        ([], []),
    ],
)
def test_offices_are_found_by_their_longest_name(words: list[str], places: list[tuple[int, int]]) -> None:
    assert [(start, end) for start, end, _ in offices(words)] == places


def test_an_office_is_met_in_either_language_and_by_nothing_near_it() -> None:
    held = offices(["juru", "bicara"])
    assert names_one("Kremlin spokesman Dmitry Peskov said so.", held)
    assert names_one("Jubir Kremlin berkata demikian.", held)
    assert not names_one("Presiden berbicara.", held)
    assert not names_one("Health Minister Ana Wirja", offices(["prime", "minister"]))


def test_every_word_of_a_question_must_be_met() -> None:
    words = Words(HashEmbedder(), ["jembatan", "ditutup"])
    words.learn(["Jembatan itu ditutup kemarin.", "Jembatan itu panjang."])
    assert words.met_in("Jembatan itu ditutup kemarin.")
    assert not words.met_in("Jembatan itu panjang.")
    assert words.share("Jembatan itu ditutup kemarin.") > words.share("Jembatan itu panjang.")
    assert Words(HashEmbedder(), []).met_in("Apa saja.")
    held = Words(HashEmbedder(), ["prime", "minister"], offices(["prime", "minister"]))
    held.learn(["The health minister spoke.", "The premier spoke."])
    assert not held.met_in("The health minister spoke.")
    assert held.met_in("The premier spoke.")
