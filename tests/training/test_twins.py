"""Edited twins: the edit is found on both sides, changes what it says it changes, and nothing else."""

from __future__ import annotations

import random

import pytest

from training import twins
from training.pair_sources import REFUTES, SUPPORTS, Row
from training.pairs import four_ways


def edit(premise: str, claim: str, languages: tuple[str, str], kind: str, seed: int = 1) -> twins.Edit | None:
    return twins.find_edit(premise, claim, languages, random.Random(seed), kinds=(kind,))


@pytest.mark.parametrize(
    ("kind", "premise", "claim", "languages"),
    [
        ("number", "Growth was 3.9 percent in 2007.", "Pertumbuhan mencapai 3,9 persen.", ("en", "id")),
        ("magnitude", "It cost 5 billion rupiah.", "Biayanya Rp5 miliar.", ("en", "id")),
        ("weekday", "He arrived in Syria on Wednesday.", "Ia tiba di Suriah, Rabu.", ("en", "id")),
        ("month", "Pada 19 Maret mereka sembuh.", "They recovered on 19 March.", ("id", "en")),
        ("place", "He was born in Central Java.", "Ia lahir di Jawa Tengah.", ("en", "id")),
        ("number_word", "Some three people died.", "Ada tiga orang tewas.", ("en", "id")),
        ("opposite", "Exports rose before the vote.", "Ekspor naik sebelum pemungutan suara.", ("en", "id")),
        ("unit", "It lasted 20 years.", "Itu berlangsung 20 tahun.", ("en", "id")),
        ("person", "Police said Budi Hartanto fled.", "Ada laporan bahwa Budi Hartanto kabur.", ("en", "id")),
    ],
)
def test_an_edit_changes_both_sides(kind: str, premise: str, claim: str, languages: tuple[str, str]) -> None:
    found = edit(premise, claim, languages, kind)
    assert found is not None
    assert found.premise_edited != premise
    assert found.claim_edited != claim
    # One place was touched: most words stay.
    assert len(set(claim.split()) - set(found.claim_edited.split())) <= 2


def test_the_edited_number_is_the_same_on_both_sides() -> None:
    found = edit("It grew by 1,234.5 tons.", "Naik 1.234,5 ton.", ("en", "id"), "number")
    assert found is not None
    assert twins.numbers(found.premise_edited) == twins.numbers(found.claim_edited)
    assert twins.numbers(found.claim_edited) != twins.numbers("1.234,5")


def test_nothing_is_edited_that_the_premise_lacks() -> None:
    assert edit("He spoke on Monday.", "Ia bicara pada Selasa.", ("en", "id"), "weekday") is None
    assert edit("Two were hurt.", "Ada 15 orang terluka.", ("en", "id"), "number") is None


@pytest.mark.parametrize(
    ("text", "language", "denied"),
    [
        ("The bank will raise rates.", "en", "The bank will not raise rates."),
        ("The bank will not raise rates.", "en", "The bank will raise rates."),
        ("He did not go.", "en", "He did go."),
        ("Gempa itu berpotensi tsunami.", "id", "Gempa itu tidak berpotensi tsunami."),
        ("Gempa itu tidak berpotensi tsunami.", "id", "Gempa itu berpotensi tsunami."),
        ("Jakarta adalah ibu kota.", "id", "Jakarta bukan adalah ibu kota."),
        ("When it is dark, lamps are lit.", "en", None),
        ("Jika hujan, jalan akan banjir.", "id", None),
    ],
)
def test_negation(text: str, language: str, denied: str | None) -> None:
    assert twins.negate(text, language) == denied


def test_roles_are_left_alone_where_they_may_be_symmetrical() -> None:
    won, both = "Kabarnya tim Argentina mengalahkan Brasil.", "Kabarnya tim Argentina dan Brasil menang."
    swapped = edit(won, won, ("id", "id"), "roles")
    assert swapped is not None
    assert swapped.claim_edited == "Kabarnya tim Brasil mengalahkan Argentina."
    assert edit(both, both, ("id", "id"), "roles") is None


def test_four_ways_gives_a_claim_both_labels() -> None:
    row = Row("s", "He arrived on Wednesday.", "He arrived on Wednesday.", SUPPORTS)
    found = edit(row.premise, row.claim, ("en", "en"), "weekday")
    assert found is not None
    labels: dict[str, set[int]] = {}
    for seed in range(40):
        for made in four_ways(found, row, random.Random(seed), unedited=True):
            labels.setdefault(made.claim, set()).add(made.label)
            # Whatever was edited: equal sides support, unequal sides refute.
            assert (made.premise == made.claim) == (made.label == SUPPORTS)
    assert labels == {row.claim: {SUPPORTS, REFUTES}, found.claim_edited: {SUPPORTS, REFUTES}}


def test_reported_speech_names_its_speaker() -> None:
    for language in ("en", "id"):
        for seed in range(8):
            text = twins.said("The bank raised rates.", "Dewi Lestari", language, random.Random(seed))
            assert "Dewi Lestari" in text
            assert "bank raised rates" in text


def test_half_a_sentence_says_less() -> None:
    assert twins.drop_detail("Short, yes.") is None
    half = twins.drop_detail("The minister opened the new bridge today, in front of a large crowd.")
    assert half == "The minister opened the new bridge today."
